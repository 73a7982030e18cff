// Locks when nobody has touched the app for a while, a computer's sleep included.

import type { Clock } from "./clock";

const checkInterval = 1_000;

export class IdleLock {
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
        this.#lastTouch = clock.now();
        this.#schedule();
    }

    /** The user did something. After too long an absence, that comes too late. */
    touch(): void {
        if (this.#isIdle()) return this.#lock();
        this.#lastTouch = this.#clock.now();
    }

    setLimit(seconds: number): void {
        this.#limit = seconds * 1_000;
        this.#schedule();
    }

    stop(): void {
        this.#cancel?.();
        this.#cancel = null;
    }

    #isIdle(): boolean {
        return this.#limit > 0 && this.#clock.now() - this.#lastTouch >= this.#limit;
    }

    /** By the clock and not by one long timer: timers do not count while a computer sleeps. */
    #schedule(): void {
        this.stop();
        if (this.#limit === 0) return;
        this.#cancel = this.#clock.at(this.#clock.now() + checkInterval, () => {
            if (this.#isIdle()) this.#lock();
            else this.#schedule();
        });
    }

    #lock(): void {
        this.stop();
        this.#onIdle();
    }
}
