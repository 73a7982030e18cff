// A voice message while it is made: recorded, listened to, sent or thrown away.

import type { Recording } from "../net/recorder";
import type { Clock } from "./clock";
import { PartMissing } from "./outdated";
import { Value } from "./value";

export interface RecordedVoice {
    readonly blob: Blob;
    readonly mediaType: string;
    readonly durationMs: number;
    /** A byte for each bar. */
    readonly waveform: Uint8Array;
}

export type VoiceState =
    | { state: "idle" }
    /** The browser asks the user for the microphone. */
    | { state: "asking" }
    | { state: "recording"; since: number }
    | { state: "recorded"; voice: RecordedVoice }
    | { state: "refused" };

/** Held for less, the button was clicked: recording goes on until the next click. */
const shortestHold = 500;
/** Shorter than this, it was a slip. */
const shortestVoice = 500;
export const longestVoice = 15 * 60_000;
const sampleInterval = 60;
/** Of what is being recorded, the beginning is kept this often: a page may end without a word. */
const keepInterval = 3_000;
/** As many bars as a message shows. */
export const bars = 56;

export class VoiceModel {
    readonly state = new Value<VoiceState>({ state: "idle" });
    /** How loud it was, sample by sample. */
    readonly levels = new Value<readonly number[]>([]);
    #open: () => Promise<Recording>;
    #send: (voice: RecordedVoice) => void;
    #clock: Clock;
    #recording: Recording | null = null;
    #pressedAt: number | null = null;
    /** Let go before the microphone was there. */
    #isReleased = false;
    #cancelSample: (() => void) | null = null;
    #keep: (voice: RecordedVoice | null) => void;
    #touch: () => void;
    #keptAt = 0;
    #stopping: Promise<void> | null = null;

    /**
     * @param kept What was recorded earlier and not sent.
     * @param keep Keeps what is recorded until it is sent or thrown away.
     * @param touch Recording is using the app.
     */
    constructor(open: () => Promise<Recording>, clock: Clock, send: (voice: RecordedVoice) => void,
        kept: RecordedVoice | null = null, keep: (voice: RecordedVoice | null) => void = () => {}, touch: () => void = () => {}) {
        this.#open = open;
        this.#clock = clock;
        this.#send = send;
        this.#keep = keep;
        this.#touch = touch;
        if (kept !== null) this.state.set({ state: "recorded", voice: kept });
    }

    get elapsed(): number {
        const state = this.state.current;
        return state.state === "recording" ? this.#clock.elapsed() - state.since : 0;
    }

    /** The button is pressed, or clicked by keyboard. */
    press(): void {
        const { state } = this.state.current;
        if (state === "idle" || state === "refused") {
            this.#pressedAt = this.#clock.elapsed();
            this.#isReleased = false;
            void this.#begin();
        } else if (state === "recording") {
            this.#pressedAt = null;
            void this.stop();
        }
    }

    /** The button is let go: held long enough, that ends the recording. */
    release(): void {
        if (this.#pressedAt === null) return;
        const isHeld = this.#clock.elapsed() - this.#pressedAt >= shortestHold;
        this.#pressedAt = null;
        if (!isHeld) return;
        this.#isReleased = true;
        if (this.state.current.state === "recording") void this.stop();
    }

    stop(): Promise<void> {
        this.#stopping ??= this.#stop().finally(() => (this.#stopping = null));
        return this.#stopping;
    }

    /** What was said so far stays, to be sent or thrown away later. Null: there is nothing to wait for. */
    settle(): Promise<void> | null {
        // Before the microphone is there, nothing was said.
        if (this.state.current.state === "asking") this.discard();
        return this.#recording === null ? this.#stopping : this.stop();
    }

    async #stop(): Promise<void> {
        const recording = this.#recording;
        const durationMs = this.elapsed;
        if (recording === null) return;
        this.#endSampling();
        this.#recording = null;
        if (durationMs < shortestVoice) {
            recording.cancel();
            return this.state.set({ state: "idle" });
        }
        const { blob, mediaType } = await recording.stop();
        // Thrown away meanwhile.
        if (this.state.current.state !== "recording") return;
        const voice = { blob, mediaType, durationMs, waveform: waveformOf(this.levels.current) };
        this.levels.set([]);
        this.#keep(voice);
        this.state.set({ state: "recorded", voice });
    }

    send(): void {
        const state = this.state.current;
        if (state.state !== "recorded") return;
        this.state.set({ state: "idle" });
        this.#send(state.voice);
        this.#keep(null);
    }

    /** Throws away what was recorded, or is being. */
    discard(): void {
        this.#endSampling();
        this.#recording?.cancel();
        this.#recording = null;
        this.#pressedAt = null;
        this.levels.set([]);
        this.state.set({ state: "idle" });
        this.#keep(null);
    }

    async #begin(): Promise<void> {
        this.state.set({ state: "asking" });
        let recording: Recording;
        try {
            recording = await this.#open();
        } catch (error) {
            // Of a part that is not to be had the app speaks, not of the microphone.
            if (this.state.current.state === "asking") this.state.set({ state: error instanceof PartMissing ? "idle" : "refused" });
            return;
        }
        // Thrown away, or let go, while the browser was asking.
        if (this.state.current.state !== "asking" || this.#isReleased) {
            recording.cancel();
            return this.state.set({ state: "idle" });
        }
        this.#recording = recording;
        this.levels.set([]);
        this.#keptAt = this.#clock.elapsed();
        this.state.set({ state: "recording", since: this.#clock.elapsed() });
        this.#sample();
    }

    #sample(): void {
        const recording = this.#recording;
        if (recording === null) return;
        this.levels.update((levels) => [...levels, recording.level()]);
        this.#touch();
        if (this.elapsed >= longestVoice) return void this.stop();
        if (this.#clock.elapsed() - this.#keptAt >= keepInterval) void this.#keepSoFar(recording);
        this.#cancelSample = this.#clock.at(this.#clock.now() + sampleInterval, () => this.#sample());
    }

    async #keepSoFar(recording: Recording): Promise<void> {
        this.#keptAt = this.#clock.elapsed();
        const durationMs = this.elapsed;
        const waveform = waveformOf(this.levels.current);
        const { blob, mediaType } = await recording.soFar();
        if (this.#recording === recording && blob.size > 0) this.#keep({ blob, mediaType, durationMs, waveform });
    }

    #endSampling(): void {
        this.#cancelSample?.();
        this.#cancelSample = null;
    }
}

/** The loudest moment of each bar, beside the loudest of all. */
export function waveformOf(levels: readonly number[], count = bars): Uint8Array {
    const loudest = Math.max(0.02, ...levels);
    return Uint8Array.from({ length: Math.min(count, levels.length) }, (_, bar) => {
        const length = Math.min(count, levels.length);
        const part = levels.slice(Math.floor(bar * levels.length / length), Math.floor((bar + 1) * levels.length / length));
        return Math.round(255 * Math.max(...part) / loudest);
    });
}
