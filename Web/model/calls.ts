// Calls, as far as they concern the rest of the app: what the core says of them waits here until the part that makes and shows
// them (Web/calls) is loaded.

import type { CallAction, EventOf } from "../worker/boundary";
import type { Measured } from "./figures";
import { Value } from "./value";

export type Call = Omit<EventOf<"call">, "type">;

/** What is loaded with the first call. */
export interface Telephone {
    /** Rings the other person of that conversation, after the device check if there was none yet. */
    call(conversation: string, video: boolean): void;
    answer(video: boolean): void;
    decline(): void;
    checkDevices(): void;
    /** The counters of the call that is under way. */
    readonly measured: Measured | null;
    onCall(call: Call): void;
    onAction(action: CallAction): void;
    /** The last thing that the user asked for is not possible. */
    onProblem(): void;
    dispose(): void;
}

export class Calls {
    /** The call that rings or is under way. */
    readonly current = new Value<Call | null>(null);
    /** Set when the part that makes calls has something to do; the view then loads it. */
    readonly isNeeded = new Value(false);
    /** A call fills the window: what is behind it is out of reach. */
    readonly isLarge = new Value(false);
    /** That part could not be loaded. */
    readonly isMissing = new Value(false);
    #telephone: Telephone | null = null;
    #waiting: ((telephone: Telephone) => void)[] = [];

    /** Null until the part is loaded. */
    get telephone(): Telephone | null {
        return this.#telephone;
    }

    /** The part is loaded. */
    attach(telephone: Telephone): void {
        this.#telephone = telephone;
        this.isMissing.set(false);
        for (const job of this.#waiting.splice(0)) job(telephone);
    }

    /** It could not be loaded: the next call tries again. */
    onLoadFailure(): void {
        this.#waiting = [];
        this.isNeeded.set(false);
        this.isMissing.set(true);
    }

    dispose(): void {
        this.#waiting = [];
        this.#telephone?.dispose();
        this.#telephone = null;
        this.isNeeded.set(false);
        this.current.set(null);
    }

    // What the user does

    call(conversation: string, video: boolean): void {
        if (this.current.current === null) this.#ask((telephone) => telephone.call(conversation, video));
    }

    answer(video: boolean): void {
        this.#ask((telephone) => telephone.answer(video));
    }

    decline(): void {
        this.#ask((telephone) => telephone.decline());
    }

    checkDevices(): void {
        this.#ask((telephone) => telephone.checkDevices());
    }

    // What the core says

    onCall({ type: _, ...call }: EventOf<"call">): void {
        const current = this.current.current;
        // The core answers a second call by itself: busy.
        const isCurrent = current === null || current.call === call.call;
        if (isCurrent) this.current.set(call.state === "over" ? null : call);
        this.#ask((telephone) => telephone.onCall(call));
    }

    onAction(action: CallAction): void {
        this.#ask((telephone) => telephone.onAction(action));
    }

    onProblem(): void {
        this.#telephone?.onProblem();
    }

    #ask(job: (telephone: Telephone) => void): void {
        if (this.#telephone !== null) return job(this.#telephone);
        this.#waiting.push(job);
        this.isNeeded.set(true);
    }
}
