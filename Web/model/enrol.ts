// Joining through an invitation link.

import type { EventOf, Problem } from "../worker/boundary";
import type { SessionPort } from "../net/session";
import { composedName } from "./text";
import { Value } from "./value";

export type Terms = Omit<EventOf<"newVaultParameters">, "type">;

export type EnrolState =
    /** The node is asked for what the link stands for. */
    | { state: "opening" }
    | { state: "ready" }
    | { state: "joining" }
    /** This link leads nowhere. */
    | { state: "refused"; problem: Problem };

export class EnrolModel {
    readonly state = new Value<EnrolState>({ state: "opening" });
    readonly terms = new Value<Terms | null>(null);
    /** What went wrong with the last attempt; the next one may go well. */
    readonly problem = new Value<Problem | null>(null);
    readonly nodeReachable = new Value(true);
    /** The node does not take this page's address for its own: it will let nobody in until it is started otherwise. */
    readonly addressUnknown = new Value(false);
    #session: SessionPort;
    /** Filled in before the node had answered. */
    #pending: { displayName: string; passphrase: string } | null = null;

    constructor(session: SessionPort) {
        this.#session = session;
    }

    join(name: string, passphrase: string): void {
        const displayName = composedName(name);
        if (displayName === "") return this.problem.set("badName");
        this.problem.set(null);
        this.state.set({ state: "joining" });
        if (this.terms.current === null) this.#pending = { displayName, passphrase };
        else this.#session.enrol(displayName, passphrase);
    }

    onTerms(event: EventOf<"newVaultParameters">): void {
        const { type: _, ...terms } = event;
        this.terms.set(terms);
        this.nodeReachable.set(true);
        const pending = this.#pending;
        this.#pending = null;
        if (pending === null) this.state.set({ state: "ready" });
        else {
            this.state.set({ state: "joining" });
            this.#session.enrol(pending.displayName, pending.passphrase);
        }
    }

    onRefused(problem: Problem | null): void {
        // Too many at once: the core tries again, and what was filled in is good then.
        if (problem !== "tooManyRequests") this.#pending = null;
        this.state.set({ state: "refused", problem: problem ?? "internalError" });
    }

    onProblem(problem: Problem | null): void {
        if (problem === null) return;
        // The core goes on by itself once the node is back.
        if (problem === "nodeUnreachable" && this.state.current.state === "joining") return this.nodeReachable.set(false);
        this.#pending = null;
        this.problem.set(problem);
        if (this.state.current.state === "joining") this.state.set({ state: this.terms.current ? "ready" : "opening" });
    }
}
