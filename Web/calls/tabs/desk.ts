// In the tab that works on the profile: tells the other tabs of it that a call rings, and gives the call to the one that takes
// it. Core, keys and channels stay here; that tab gets what the call's media need, and says what its user and its media do.

import type { Call } from "../../model/calls";
import type { Relay } from "../../net/relay";
import { randomId } from "../../net/randomid";
import { callLock, tabsChannel } from "../../net/tab";
import type { CallAction } from "../../worker/boundary";
import type { CallInput, Person } from "../host";
import { makeTabKey, TabKey, TabLine } from "./line";
import {
    awaitFree, GuestWord, guestLock, guestWord, hold, ProfileWord, profileWord, TabMessage,
} from "./words";

export interface DeskListener {
    /** What the user wants in another tab, or what becomes of the media there. */
    onInput(input: CallInput): void;
    /** Another tab takes the call that rings. */
    onTaken(): void;
    person(conversation: string): Person | null;
}

type Line = TabLine<ProfileWord, GuestWord>;

export class Desk {
    #listener: DeskListener;
    #relay: Relay;
    #stopTelling: () => void;
    #channel = new BroadcastChannel(tabsChannel);
    #call: Call | null = null;
    #offer: Offer | null = null;

    constructor(listener: DeskListener, relay: Relay) {
        this.#listener = listener;
        this.#relay = relay;
        this.#stopTelling = relay.subscribe(() => this.#offer?.tell(this.#relayWord()));
        this.#channel.onmessage = ({ data }: MessageEvent<TabMessage>) => this.#receive(data);
    }

    dispose(): void {
        this.#stopTelling();
        if (this.#call !== null) this.onCall({ ...this.#call, state: "over", reason: "hungUp" });
        this.#channel.onmessage = null;
        // Closed when the last word is out.
        void (this.#offer?.end() ?? Promise.resolve()).then(() => this.#channel.close());
    }

    /** Whether another tab has that call. */
    onCall(call: Call): boolean {
        const isOver = call.state === "over";
        // The core answers a second call by itself.
        if (this.#call === null ? isOver : this.#call.call !== call.call) return false;
        const offer = this.#call === null || this.#offer === null ? (this.#offer = new Offer(this.#channel)) : this.#offer;
        this.#call = isOver ? null : call;
        offer.tell({ type: "call", ...call });
        offer.announce(isOver ? "none" : call.state === "ringingHere" ? "ringing" : "inCall");
        if (isOver) void offer.end();
        return offer.taker !== null;
    }

    /** Whether it was another tab's to do. */
    onAction(action: CallAction): boolean {
        const offer = this.#offer;
        if (offer === null || offer.taker === null || this.#call?.call !== action.call) return false;
        offer.tell({ type: "action", action });
        return true;
    }

    /** The call is this tab's. */
    onAnsweredHere(): void {
        this.#offer?.closeTo(null);
    }

    #receive(message: TabMessage): void {
        const offer = this.#offer;
        const call = this.#call;
        if (offer === null || call === null) return;
        if (message.type === "whoRings") return offer.announceAgain();
        if (message.type === "join" && message.offer === offer.id && call.state === "ringingHere") {
            return offer.join(message.guest, message.key, () => this.#introduction());
        }
        if (message.type === "word" && message.to === offer.id) {
            offer.hear(message.from, message.sealed, (word) => this.#obey(offer, message.from, word));
        }
    }

    #introduction(): ProfileWord[] {
        const call = this.#call;
        const person = call && this.#listener.person(call.conversation);
        if (call === null || person === null) return [];
        return [{ type: "person", name: person.name, member: person.member }, this.#relayWord(), { type: "call", ...call }];
    }

    #relayWord(): ProfileWord {
        return { type: "relay", access: this.#relay.access, hasNode: this.#relay.hasNode };
    }

    #obey(offer: Offer, guest: string, word: GuestWord): void {
        if (offer !== this.#offer) return;
        if (word.type === "relayRefused") {
            if (offer.taker === guest) this.#relay.refuse(word.username);
            return;
        }
        if (word.call !== this.#call?.call) return;
        const rings = this.#call.state === "ringingHere" && offer.taker === null;
        if (word.type === "answerCall") {
            // Of two tabs, the first.
            if (!rings || offer.isClosed) return;
            offer.closeTo(guest, () => this.#hangUp(offer));
            this.#listener.onTaken();
        } else if (offer.taker !== guest && !(rings && word.type === "declineCall")) return;
        this.#listener.onInput(word);
    }

    /** The tab that had the call is gone. */
    #hangUp(offer: Offer): void {
        if (offer === this.#offer && this.#call !== null) this.#listener.onInput({ type: "hangUp", call: this.#call.call });
    }
}

/** One call, as the other tabs are told of it. */
class Offer {
    readonly id = randomId();
    /** The tab that has taken it. */
    taker: string | null = null;
    /** Somebody has taken it, here or in another tab. */
    isClosed = false;
    #channel: BroadcastChannel;
    #key: TabKey | null = null;
    #state: "ringing" | "inCall" | "none" = "none";
    #lines = new Map<string, Line>();
    #release: (() => void) | null = null;
    #stopWaiting: (() => void) | null = null;
    /** One after the other, so that words arrive in their order. */
    #jobs: Promise<void>;

    constructor(channel: BroadcastChannel) {
        this.#channel = channel;
        this.#jobs = Promise.all([makeTabKey(), hold(callLock)]).then(([key, release]) => {
            this.#key = key;
            this.#release = release;
        });
    }

    announce(state: "ringing" | "inCall" | "none"): void {
        if (state === this.#state) return;
        this.#state = state;
        this.announceAgain();
    }

    announceAgain(): void {
        this.#enqueue(async () => {
            if (this.#key !== null) this.#post({ type: "calls", state: this.#state, offer: this.id, key: this.#key.shown });
        });
    }

    join(guest: string, key: Uint8Array, words: () => ProfileWord[]): void {
        this.#enqueue(async () => {
            if (this.#key === null || this.isClosed || this.#lines.has(guest)) return;
            const line: Line = await TabLine.between("profile", this.#key, key, profileWord, guestWord);
            this.#lines.set(guest, line);
            for (const word of words()) await this.#say(guest, line, word);
        });
    }

    hear(guest: string, sealed: Uint8Array, heard: (word: GuestWord) => void): void {
        this.#enqueue(async () => {
            const word = await this.#lines.get(guest)?.open(sealed);
            if (word !== undefined) heard(word);
        });
    }

    tell(word: ProfileWord): void {
        this.#enqueue(async () => {
            for (const [guest, line] of this.#lines) await this.#say(guest, line, word);
            if (word.type === "action") wipe(word.action);
        });
    }

    /**
     * The call is that tab's, or with null this one's: the others hear of it no more.
     *
     * @param onGone That tab is no longer there.
     */
    closeTo(taker: string | null, onGone: () => void = () => {}): void {
        if (this.isClosed) return;
        this.isClosed = true;
        this.taker = taker;
        this.#enqueue(async () => {
            for (const [guest, line] of [...this.#lines]) {
                if (guest === taker) continue;
                this.#lines.delete(guest);
                await this.#say(guest, line, { type: "taken" });
            }
        });
        if (taker !== null) this.#stopWaiting = awaitFree(guestLock(taker), onGone);
    }

    /** Nothing more is said. */
    end(): Promise<void> {
        this.#stopWaiting?.();
        this.#enqueue(async () => {
            this.#lines.clear();
            this.#release?.();
        });
        return this.#jobs;
    }

    async #say(guest: string, line: Line, word: ProfileWord): Promise<void> {
        this.#post({ type: "word", to: guest, from: this.id, sealed: await line.seal(word) });
    }

    #post(message: TabMessage): void {
        this.#channel.postMessage(message);
    }

    /** Runs jobs one at a time; a message that cannot be decrypted is ignored. */
    #enqueue(job: () => Promise<void>): void {
        this.#jobs = this.#jobs.then(job).catch(() => undefined);
    }
}

/** The keys are the other tab's now. */
function wipe(action: CallAction): void {
    if (action.type === "start") for (const key of [action.keys?.send, action.keys?.receive]) key?.key.fill(0);
    if (action.type === "sendKey" || action.type === "receiveKey") action.key.key.fill(0);
}
