import type { EventOf } from "../worker/boundary";
import type { SessionPort } from "../net/session";
import { Value } from "./value";

export type Invitation = EventOf<"invitations">["invitations"][number];
export type NewInvitation = Omit<EventOf<"invitation">, "type">;

/** The invitation being handed over, and the ones still open. */
export class Invitations {
    readonly latest = new Value<NewInvitation | null>(null);
    readonly all = new Value<readonly Invitation[]>([]);
    readonly state = new Value<"none" | "making" | "failed">("none");
    /** Of the node's certificate authority, for the newcomer to compare; null while unknown, or if there is none. */
    readonly authority = new Value<string | null>(null);
    #session: SessionPort;

    constructor(session: SessionPort) {
        this.#session = session;
    }

    /** A new link each time: one link is for one person. */
    create(validForSeconds: number): void {
        this.latest.set(null);
        this.state.set("making");
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
        this.state.set("none");
    }

    onInvitation(event: EventOf<"invitation">): void {
        // Asked for by a dialog that is closed by now: it stands in the list.
        if (this.state.current !== "making") return;
        this.state.set("none");
        this.latest.set({ invitation: event.invitation, link: event.link, expires: event.expires });
    }

    onInvitations(event: EventOf<"invitations">): void {
        this.all.set(event.invitations);
    }

    onProblem(): void {
        if (this.state.current === "making") this.state.set("failed");
    }
}
