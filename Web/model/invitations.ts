import type { EventOf } from "../worker/boundary";
import type { SessionPort } from "../net/session";
import type { Clock } from "./clock";
import { composedName } from "./text";
import { Value } from "./value";

export type Invitation = EventOf<"invitations">["invitations"][number];
export type NewInvitation = Omit<EventOf<"invitation">, "type">;

/** After this a user who waits for the node is told so. */
const patience = 5_000;
/** The core rounds the end of a life to seconds. */
const rounding = 2_000;
/** What ends sooner is not handed over any more. */
const soonOver = 5 * 60_000;

/** The invitation being handed over, and the ones still open. */
export class Invitations {
    readonly latest = new Value<NewInvitation | null>(null);
    readonly all = new Value<readonly Invitation[]>([]);
    /** "waiting": being made, and the node has not taken it for a while. It is asked again until it does. */
    readonly state = new Value<"none" | "making" | "waiting" | "failed">("none");
    /** Of the node's certificate authority, for the newcomer to compare; null while unknown, or if there is none. */
    readonly authority = new Value<string | null>(null);
    /** Who has just joined with the invitation that is shown. */
    readonly joined = new Value<string | null>(null);
    #session: SessionPort;
    #clock: Clock;
    #stopWaiting: () => void = () => {};
    #onJoined: (name: string) => void;
    /** Of the invitation that is shown or being made, in seconds. */
    #life = 0;
    /** The open one that the core was asked to show. */
    #wanted: string | null = null;
    /** Those whose guest is known, and has been told of. */
    #greeted: Set<string> | null = null;

    constructor(session: SessionPort, clock: Clock, onJoined: (name: string) => void = () => {}) {
        this.#session = session;
        this.#clock = clock;
        this.#onJoined = onJoined;
    }

    /** Shows the newest invitation that is still open; makes one only if there is none. Answers its life, in seconds. */
    offer(validForSeconds: number, now: number): number {
        const open = this.all.current
            .filter(({ state, showable, expires }) => state === "open" && showable && expires - now > soonOver)
            .sort((a, b) => b.created - a.created)[0];
        if (open === undefined) {
            this.create(validForSeconds);
            return validForSeconds;
        }
        this.show(open);
        return this.#life;
    }

    /** One that is open, once more. */
    show(invitation: Invitation): void {
        this.#life = Math.round((invitation.expires - invitation.created) / 1_000);
        this.#await();
        this.#wanted = invitation.invitation;
        this.#session.input({ type: "showInvitation", invitation: invitation.invitation });
    }

    /** A new link: one link is for one person. */
    create(validForSeconds: number): void {
        this.#life = validForSeconds;
        // One that is being made and was shown to nobody is not left open.
        for (const { state, showable, invitation } of this.all.current) {
            if (state === "open" && !showable) this.#session.input({ type: "withdrawInvitation", invitation });
        }
        this.#await();
        this.#session.input({ type: "invite", validForSeconds });
    }

    #await(): void {
        this.latest.set(null);
        this.joined.set(null);
        this.#enter("making");
        this.#stopWaiting = this.#clock.at(this.#clock.now() + patience, () => this.state.set("waiting"));
        void this.#session.authorityFingerprint().then((fingerprint) => this.authority.set(fingerprint));
    }

    setLabel(invitation: string, label: string): void {
        this.#session.input({ type: "labelInvitation", invitation, label: composedName(label) });
    }

    withdraw(invitation: string): void {
        if (this.latest.current?.invitation === invitation) this.latest.set(null);
        if (this.#wanted === invitation) this.#enter("none");
        this.#session.input({ type: "withdrawInvitation", invitation });
    }

    /** The link is a secret: it is gone from the page once the dialog is closed. */
    forget(): void {
        this.latest.set(null);
        this.joined.set(null);
        this.#enter("none");
    }

    onInvitation(event: EventOf<"invitation">): void {
        const known = this.all.current.find(({ invitation }) => invitation === event.invitation);
        const isOther = known !== undefined && Math.abs(known.expires - known.created - this.#life * 1_000) > rounding;
        // The life was changed while it was being made: nobody has seen it.
        if (isOther && this.#isMaking) return this.#session.input({ type: "withdrawInvitation", invitation: event.invitation });
        // Asked for by a dialog that is closed by now: it is offered when the next one opens.
        if (!this.#isMaking) return;
        this.#enter("none");
        this.latest.set({ invitation: event.invitation, link: event.link, expires: event.expires });
    }

    onInvitations(event: EventOf<"invitations">): void {
        this.all.set(event.invitations);
        const guests = event.invitations.filter(({ guest }) => guest !== "");
        // Whoever had joined before unlocking is no news.
        const greeted = this.#greeted ??= new Set(guests.map(({ invitation }) => invitation));
        for (const { invitation, guest } of guests) {
            if (greeted.has(invitation)) continue;
            greeted.add(invitation);
            this.#onJoined(guest);
            if (this.latest.current?.invitation !== invitation) continue;
            // Its link is spent.
            this.latest.set(null);
            this.joined.set(guest);
        }
        // Somebody has joined with it, or its time was over, before the core was asked to show it: it shows nothing then.
        const wanted = event.invitations.find(({ invitation }) => invitation === this.#wanted);
        if (wanted !== undefined && !(wanted.state === "open" && wanted.showable)) this.create(this.#life);
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
        this.#wanted = null;
        this.state.set(state);
    }
}
