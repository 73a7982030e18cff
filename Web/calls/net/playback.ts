// The other side's sound. Elements of its own, outside the page: they play on while the page is drawn anew.

export class Playback {
    #elements: HTMLAudioElement[] = [];
    #speaker: string;

    constructor(speaker: string) {
        this.#speaker = speaker;
    }

    play(track: MediaStreamTrack): void {
        const element = new Audio();
        element.srcObject = new MediaStream([track]);
        this.#elements.push(element);
        this.#route(element);
        // Refused only where the user has touched nothing on this page; answering and calling are touches.
        void element.play().catch(() => undefined);
    }

    setSpeaker(id: string): void {
        this.#speaker = id;
        for (const element of this.#elements) this.#route(element);
    }

    stop(): void {
        for (const element of this.#elements.splice(0)) {
            element.pause();
            element.srcObject = null;
        }
    }

    /** A speaker that is gone leaves the system's. */
    #route(element: HTMLAudioElement): void {
        void element.setSinkId?.(this.#speaker).catch(() => undefined);
    }
}
