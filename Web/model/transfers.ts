// How files move: how far they are, and how fast.

import { plainChunk } from "../files/geometry";
import type { FileProgress } from "../net/files";
import type { Clock } from "./clock";
import { Observable, Value } from "./value";

export interface Transfer extends Omit<FileProgress, "file"> {
    /** Bytes a second over the last few seconds; null while there is too little to tell. */
    readonly rate: number | null;
}

/** The rate is measured over so long. */
const span = 6_000;
/** A rate needs at least so long. */
const shortestSpan = 400;

interface Sample {
    readonly time: number;
    readonly chunks: number;
}

export class Transfers {
    #clock: Clock;
    #shown = new Map<string, Value<Transfer | null>>();
    #samples = new Map<string, Sample[]>();

    constructor(clock: Clock) {
        this.#clock = clock;
    }

    of(file: string): Observable<Transfer | null> {
        return this.#value(file);
    }

    onProgress({ file, phase, chunks }: FileProgress): void {
        const value = this.#value(file);
        const before = value.current;
        const now = this.#clock.now();
        // Another phase, or back to what is durable: a fresh start.
        const isContinued = before !== null && before.phase === phase && chunks >= before.chunks;
        const samples = isContinued ? this.#samples.get(file) ?? [] : [];
        const recent = [...samples.filter(({ time }) => now - time <= span), { time: now, chunks }];
        this.#samples.set(file, recent);
        const first = recent[0]!;
        const rate = now - first.time < shortestSpan ? null : (chunks - first.chunks) * plainChunk * 1_000 / (now - first.time);
        value.set({ phase, chunks, rate });
    }

    /** Whether any file moves. */
    get isMoving(): boolean {
        return [...this.#shown.values()].some(({ current }) => current !== null);
    }

    /** The file does not move any more. */
    end(file: string): void {
        this.#samples.delete(file);
        this.#shown.get(file)?.set(null);
    }

    clear(): void {
        for (const value of this.#shown.values()) value.set(null);
        this.#shown.clear();
        this.#samples.clear();
    }

    #value(file: string): Value<Transfer | null> {
        let value = this.#shown.get(file);
        if (value === undefined) {
            value = new Value<Transfer | null>(null);
            this.#shown.set(file, value);
        }
        return value;
    }
}

/** Whole seconds until all of it is there; null where that cannot be told. */
export function secondsLeft({ chunks, rate }: Transfer, size: number): number | null {
    if (rate === null || rate <= 0) return null;
    return Math.ceil(Math.max(0, size - chunks * plainChunk) / rate);
}
