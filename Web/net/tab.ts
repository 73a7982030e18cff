// One tab at a time works on the profile: two engines on one state would use a key twice. This decides who; the worker's
// store refuses the loser's writes in any case.

import type { Answer, Ringing } from "../model/app";

const lockName = "cryptpeer-profile";
const channelName = "cryptpeer-tabs";

export interface TabListener {
    /** Another tab takes over: stop at once. */
    onLost(): void;
    /** The tab that has the profile rings; null: no longer. */
    onRinging(ringing: Ringing | null): void;
    /** What the user wants, in another tab, of the call that rings in this one. */
    onAnswer(answer: Answer): void;
}

type TabMessage =
    | { type: "yield" }
    | { type: "whoRings" }
    | { type: "ringing"; ringing: Ringing | null }
    | { type: "answer"; answer: Answer };

export class TabLock {
    #channel = new BroadcastChannel(channelName);
    #listener: TabListener;
    #release: (() => void) | null = null;
    #ringing: Ringing | null = null;

    constructor(listener: TabListener) {
        this.#listener = listener;
        this.#channel.onmessage = ({ data }: MessageEvent<TabMessage>) => this.#receive(data);
    }

    /** To the other tabs: who rings in this one; null: nobody any more. */
    announceRinging(ringing: Ringing | null): void {
        this.#ringing = ringing;
        this.#post({ type: "ringing", ringing });
    }

    /** To the tab that rings: what the user wants. */
    answer(answer: Answer): void {
        this.#post({ type: "answer", answer });
    }

    /** Whether this tab has the profile now. */
    async acquire(): Promise<boolean> {
        const acquired = await this.#request({ ifAvailable: true });
        // A tab that comes while it rings rings, too.
        if (!acquired) this.#post({ type: "whoRings" });
        return acquired;
    }

    /** Asks the other tab to let go, and goes ahead without it when it does not answer. */
    async take(): Promise<void> {
        this.#post({ type: "yield" });
        for (let attempt = 0; attempt < 10; attempt += 1) {
            if (await this.#request({ ifAvailable: true })) return;
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
        await this.#request({ steal: true });
    }

    #request(options: LockOptions): Promise<boolean> {
        return new Promise((resolve) => {
            navigator.locks
                .request(lockName, options, (lock) => {
                    resolve(lock !== null);
                    if (lock === null) return;
                    // Held until released, or stolen: then the request is refused.
                    return new Promise<void>((release) => (this.#release = release));
                })
                .catch(() => this.#lose());
        });
    }

    #receive(message: TabMessage): void {
        switch (message.type) {
            case "yield":
                return this.#lose();
            case "ringing":
                // Only one tab has the profile, and so a call.
                if (this.#release === null) this.#listener.onRinging(message.ringing);
                return;
            case "answer":
                if (this.#release !== null && this.#ringing !== null) this.#listener.onAnswer(message.answer);
                return;
            case "whoRings":
                if (this.#release !== null && this.#ringing !== null) this.announceRinging(this.#ringing);
                return;
        }
    }

    #post(message: TabMessage): void {
        this.#channel.postMessage(message);
    }

    #lose(): void {
        const release = this.#release;
        if (release === null) return;
        this.#release = null;
        if (this.#ringing !== null) this.announceRinging(null);
        this.#listener.onLost();
        release();
    }
}
