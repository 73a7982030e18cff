import type { Problem } from "../worker/boundary";
import type { SessionPort } from "../net/session";
import type { Clock } from "./clock";
import { Value } from "./value";

/** Why it was locked: the user wanted it, or did nothing for so long. */
export type LockReason = { readonly by: "user" } | { readonly by: "idle"; readonly seconds: number };

/** The vault is there and closed. After wrong passphrases it makes one wait, ever longer. */
export class LockedModel {
    readonly unlocking = new Value(false);
    readonly refused = new Value(false);
    /** When the next attempt may be made, by the clock of what has passed. */
    readonly waitUntil = new Value(0);
    /** An invitation was opened although this browser has joined already. */
    readonly linkIgnored: boolean;
    /** What else stands in the way, or will be said once it is open. */
    readonly problem = new Value<Problem | null>(null);
    /** Null: the page was opened locked. */
    readonly reason: LockReason | null;
    readonly clock: Clock;
    #session: SessionPort;

    constructor(session: SessionPort, clock: Clock, linkIgnored: boolean, reason: LockReason | null = null) {
        this.#session = session;
        this.clock = clock;
        this.reason = reason;
        this.linkIgnored = linkIgnored;
    }

    unlock(passphrase: string): void {
        if (passphrase === "" || this.unlocking.current || this.secondsToWait() > 0) return;
        this.refused.set(false);
        this.unlocking.set(true);
        this.#session.unlock(passphrase);
    }

    secondsToWait(): number {
        return Math.max(0, Math.ceil((this.waitUntil.current - this.clock.elapsed()) / 1_000));
    }

    onWait(waitMs: number): void {
        this.waitUntil.set(waitMs === 0 ? 0 : this.clock.elapsed() + waitMs);
    }

    onProblem(problem: Problem | null): void {
        // The refusal that follows says it, with the time to wait.
        if (problem === null || problem === "wrongPassphrase") return;
        this.unlocking.set(false);
        this.problem.set(problem);
    }

    onRefused(waitMs: number): void {
        this.unlocking.set(false);
        this.refused.set(true);
        this.onWait(waitMs);
    }
}
