// Time as the models see it, so that a test can have its own.

export interface Clock {
    /** Milliseconds since 1970. */
    now(): number;
    /** Milliseconds that have passed, a computer's sleep included, whatever becomes of the time of day. */
    elapsed(): number;
    /** Calls back once at that time of `now`, or soon after. Answers a way to call it off. */
    at(time: number, callback: () => void): () => void;
}

/**
 * Counts what has passed, from two clocks: one that the user or the network may set, and one that some systems stop while the
 * computer sleeps. Of what they say has passed since the last look, the longer counts: to lock too early loses nothing.
 */
export class Elapsed {
    #day: () => number;
    #running: () => number;
    #lastDay: number;
    #lastRunning: number;
    #passed = 0;

    constructor(day: () => number, running: () => number) {
        this.#day = day;
        this.#running = running;
        this.#lastDay = day();
        this.#lastRunning = running();
    }

    read(): number {
        const day = this.#day();
        const running = this.#running();
        this.#passed += Math.max(day - this.#lastDay, running - this.#lastRunning, 0);
        this.#lastDay = day;
        this.#lastRunning = running;
        return this.#passed;
    }
}

const elapsed = new Elapsed(() => Date.now(), () => Math.floor(performance.now()));

export const systemClock: Clock = {
    now: () => Date.now(),
    elapsed: () => elapsed.read(),
    at(time, callback) {
        const timer = setTimeout(callback, Math.max(0, time - Date.now()));
        return () => clearTimeout(timer);
    },
};
