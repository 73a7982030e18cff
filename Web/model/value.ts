// Observable values: what a view shows, it subscribes to.

export type Unsubscribe = () => void;

export interface Observable<T> {
    readonly current: T;
    /** Calls `listener` after each change, not for the present value. */
    subscribe(listener: (value: T) => void): Unsubscribe;
}

export class Value<T> implements Observable<T> {
    #current: T;
    #listeners = new Set<(value: T) => void>();

    constructor(initial: T) {
        this.#current = initial;
    }

    get current(): T {
        return this.#current;
    }

    set(value: T): void {
        if (Object.is(value, this.#current)) return;
        this.#current = value;
        for (const listener of [...this.#listeners]) listener(value);
    }

    update(change: (current: T) => T): void {
        this.set(change(this.#current));
    }

    subscribe(listener: (value: T) => void): Unsubscribe {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
    }
}
