// Locks when nobody has used the app for a while, a computer's sleep included. It says so before.

import type { Clock } from "./clock";
import { Value } from "./value";

const checkInterval = 1_000;
/** How long before it locks it says so. */
export const lockWarning = 30_000;

export class IdleLock {
    /** In how many seconds it locks; null while that is not near. */
    readonly secondsLeft = new Value<number | null>(null);
    #clock: Clock;
    #limit: number;
    #onIdle: () => void;
    #lastTouch: number;
    #cancel: (() => void) | null = null;

    /** @param seconds 0: never. */
    constructor(clock: Clock, seconds: number, onIdle: () => void) {
        this.#clock = clock;
        this.#limit = seconds * 1_000;
        this.#onIdle = onIdle;
        this.#lastTouch = clock.elapsed();
        this.#schedule();
    }

    get limitSeconds(): number {
        return this.#limit / 1_000;
    }

    /** The user did something, or uses the app without touching it. After too long an absence, that comes too late. */
    touch(): void {
        if (this.#timeLeft() <= 0) return this.#lock();
        this.#lastTouch = this.#clock.elapsed();
        this.secondsLeft.set(null);
    }

    setLimit(seconds: number): void {
        this.#limit = seconds * 1_000;
        this.#schedule();
    }

    stop(): void {
        this.#cancel?.();
        this.#cancel = null;
        this.secondsLeft.set(null);
    }

    #timeLeft(): number {
        return this.#limit === 0 ? Infinity : this.#limit - (this.#clock.elapsed() - this.#lastTouch);
    }

    /** By what has passed and not by one long timer: timers do not count while a computer sleeps. */
    #schedule(): void {
        this.#cancel?.();
        this.#cancel = null;
        if (this.#limit === 0) return this.secondsLeft.set(null);
        this.#cancel = this.#clock.at(this.#clock.now() + checkInterval, () => {
            const left = this.#timeLeft();
            if (left <= 0) return this.#lock();
            this.secondsLeft.set(left <= lockWarning ? Math.ceil(left / 1_000) : null);
            this.#schedule();
        });
    }

    #lock(): void {
        this.stop();
        this.#onIdle();
    }
}
