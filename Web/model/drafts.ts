// What was typed or recorded and not sent, conversation by conversation. The core seals it and has it back after unlocking.

import type { EventOf } from "../worker/boundary";
import type { SessionPort } from "../net/session";
import type { Clock } from "./clock";
import type { RecordedVoice } from "./voice";

/** While the user types, the text is sealed this often, in milliseconds. */
const pause = 250;

export class Drafts {
    #session: SessionPort;
    #clock: Clock;
    #texts = new Map<string, string>();
    #voices = new Map<string, RecordedVoice>();
    /** Conversations whose text the core has not been given. */
    #unsaved = new Set<string>();
    #cancel: (() => void) | null = null;
    /** What is being read to be sealed. */
    #reading: Promise<void> = Promise.resolve();
    #isReading = 0;

    constructor(session: SessionPort, clock: Clock) {
        this.#session = session;
        this.#clock = clock;
    }

    text(conversation: string): string {
        return this.#texts.get(conversation) ?? "";
    }

    setText(conversation: string, text: string): void {
        if (text === this.text(conversation)) return;
        if (text === "") this.#texts.delete(conversation);
        else this.#texts.set(conversation, text);
        this.#unsaved.add(conversation);
        // The first letter at once, the next ones after a pause; what is empty was sent.
        if (this.#cancel !== null && text !== "") return;
        this.flush();
        this.#cancel?.();
        this.#cancel = this.#clock.at(this.#clock.now() + pause, () => {
            this.#cancel = null;
            this.flush();
        });
    }

    voice(conversation: string): RecordedVoice | null {
        return this.#voices.get(conversation) ?? null;
    }

    setVoice(conversation: string, voice: RecordedVoice | null): void {
        if (voice === null && !this.#voices.has(conversation)) return;
        if (voice === null) this.#voices.delete(conversation);
        else this.#voices.set(conversation, voice);
        this.#isReading += 1;
        // One after the other: the last word is the one that stays.
        this.#reading = this.#reading.then(async () => {
            const bytes = voice === null ? null : new Uint8Array(await voice.blob.arrayBuffer());
            this.#isReading -= 1;
            const draft = voice && bytes && { mediaType: voice.mediaType, durationMs: Math.round(voice.durationMs), waveform: voice.waveform, bytes };
            this.#session.input({ type: "voiceDraft", conversation, voice: draft });
        });
    }

    /** Has the core seal what it has not been given. */
    flush(): void {
        for (const conversation of this.#unsaved) {
            this.#session.input({ type: "draft", conversation, text: this.text(conversation) });
        }
        this.#unsaved.clear();
    }

    /** Null: the core has everything. */
    settle(): Promise<void> | null {
        this.flush();
        return this.#isReading === 0 ? null : this.#reading;
    }

    onResumed({ drafts }: EventOf<"resumed">): void {
        for (const { conversation, text, voice } of drafts) {
            if (text !== "") this.#texts.set(conversation, text);
            if (voice === null) continue;
            const { mediaType, durationMs, waveform, bytes } = voice;
            this.#voices.set(conversation, { blob: new Blob([bytes as BlobPart], { type: mediaType }), mediaType, durationMs, waveform });
        }
    }

    /** Of the page; the core keeps them. */
    forget(): void {
        this.flush();
        this.#cancel?.();
        this.#cancel = null;
        this.#texts.clear();
        this.#voices.clear();
    }
}
