import type { EventOf } from "../worker/boundary";
import type { SessionPort } from "../net/session";
import type { Clock } from "./clock";
import { Value } from "./value";

export type Invitation = EventOf<"invitations">["invitations"][number];
export type NewInvitation = Omit<EventOf<"invitation">, "type">;

/** Who waits longer than this for the node is told so. */
const patience = 5_000;

/** The invitation being handed over, and the ones still open. */
export class Invitations {
    readonly latest = new Value<NewInvitation | null>(null);
    readonly all = new Value<readonly Invitation[]>([]);
    /** "waiting": being made, and the node has not taken it for a while. It is asked again until it does. */
    readonly state = new Value<"none" | "making" | "waiting" | "failed">("none");
    /** Of the node's certificate authority, for the newcomer to compare; null while unknown, or if there is none. */
    readonly authority = new Value<string | null>(null);
    #session: SessionPort;
    #clock: Clock;
    #stopWaiting: () => void = () => {};

    constructor(session: SessionPort, clock: Clock) {
        this.#session = session;
        this.#clock = clock;
    }

    /** A new link each time: one link is for one person. */
    create(validForSeconds: number): void {
        this.latest.set(null);
        this.#enter("making");
        this.#stopWaiting = this.#clock.at(this.#clock.now() + patience, () => this.state.set("waiting"));
        this.#session.input({ type: "invite", validForSeconds });
        void this.#session.authorityFingerprint().then((fingerprint) => this.authority.set(fingerprint));
    }

    withdraw(invitation: string): void {
        if (this.latest.current?.invitation === invitation) this.latest.set(null);
        this.#session.input({ type: "withdrawInvitation", invitation });
    }

    /** The link is a secret: it is gone from the page once the dialog is closed. */
    forget(): void {
        this.latest.set(null);
        this.#enter("none");
    }

    onInvitation(event: EventOf<"invitation">): void {
        // Asked for by a dialog that is closed by now: it stands in the list.
        if (!this.#isMaking) return;
        this.#enter("none");
        this.latest.set({ invitation: event.invitation, link: event.link, expires: event.expires });
    }

    onInvitations(event: EventOf<"invitations">): void {
        this.all.set(event.invitations);
    }

    onProblem(): void {
        if (this.#isMaking) this.#enter("failed");
    }

    get #isMaking(): boolean {
        return this.state.current === "making" || this.state.current === "waiting";
    }

    #enter(state: "none" | "making" | "failed"): void {
        this.#stopWaiting();
        this.#stopWaiting = () => {};
        this.state.set(state);
    }
}
