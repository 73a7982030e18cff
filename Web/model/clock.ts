// Time as the models see it, so that a test can have its own.

export interface Clock {
    /** Milliseconds since 1970. */
    now(): number;
    /** Calls back once at that time, or soon after. Answers a way to call it off. */
    at(time: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
    now: () => Date.now(),
    at(time, callback) {
        const timer = setTimeout(callback, Math.max(0, time - Date.now()));
        return () => clearTimeout(timer);
    },
};
