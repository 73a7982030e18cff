// In a tab of the profile that does not work on it: it rings here, too, and a call that is answered here stays here.

import type { Call } from "../../model/calls";
import { Clock, systemClock } from "../../model/clock";
import { Value } from "../../model/value";
import { Relay } from "../../net/relay";
import { ringsAloud } from "../../net/ring";
import { randomId } from "../../net/randomid";
import { callLock, tabsChannel } from "../../net/tab";
import type { CallHost, CallInput, Person } from "../host";
import { Telephone } from "../telephone";
import { makeTabKey, TabLine } from "./line";
import {
    awaitFree, GuestWord, guestLock, guestWord, hold, ProfileWord, profileWord, TabMessage,
} from "./words";

/** The last word of a tab, on its way while its lock is free already. */
const lastWordTakes = 1_000;
/** How long it says that another tab has taken the call. */
const noticeLasts = 8_000;

type Line = TabLine<GuestWord, ProfileWord>;

export class Guest implements CallHost {
    readonly clock: Clock = systemClock;
    readonly isLarge = null;
    readonly ring = null;
    readonly relay = new Relay(location, (username) => this.#enqueue(() => this.#say({ type: "relayRefused", username })));
    readonly telephone: Telephone;
    /** The call that rang here was answered in another tab, a moment ago. */
    readonly isTaken = new Value(false);
    #channel = new BroadcastChannel(tabsChannel);
    #id = randomId();
    #offer: string | null = null;
    #line: Line | null = null;
    #person: Person | null = null;
    #call: Call | null = null;
    #jobs: Promise<void>;
    #release: (() => void) | null = null;
    #stopWaiting: (() => void) | null = null;
    #cancelNotice: (() => void) | null = null;
    #isOver = false;

    constructor() {
        this.telephone = new Telephone(this);
        this.#channel.onmessage = ({ data }: MessageEvent<TabMessage>) => this.#receive(data);
        // The tab that waits for this one's end must find it alive first.
        this.#jobs = hold(guestLock(this.#id)).then((release) => {
            this.#release = release;
            this.#post({ type: "whoRings" });
        });
    }

    dispose(): void {
        this.telephone.dispose();
        this.#cancelNotice?.();
        // Behind the word that hangs up.
        this.#enqueue(async () => {
            this.#leave();
            this.#isOver = true;
            this.#release?.();
            this.#channel.close();
        });
    }

    // What the telephone needs

    /** Aloud where somebody looks: several tabs at once would be noise. */
    get ringsAloud(): boolean {
        return ringsAloud() && document.visibilityState === "visible";
    }

    input(input: CallInput): void {
        this.#enqueue(async () => {
            if (this.#call?.call === input.call) await this.#say(input);
        });
    }

    person(): Person | null {
        return this.#person;
    }

    /** The tab that works on the profile knows of the call by itself. */
    touch(): void {}

    // What that tab says

    #receive(message: TabMessage): void {
        if (message.type === "calls" && message.state === "ringing") this.#enqueue(() => this.#join(message.offer, message.key));
        if (message.type === "word" && message.to === this.#id) this.#enqueue(() => this.#hear(message.from, message.sealed));
    }

    async #join(offer: string, theirs: Uint8Array): Promise<void> {
        if (offer === this.#offer) return;
        this.#leave();
        const own = await makeTabKey();
        this.#line = await TabLine.between("guest", own, theirs, guestWord, profileWord);
        this.#offer = offer;
        this.#stopWaiting = awaitFree(callLock, () => this.#awaitLastWord(offer));
        this.#post({ type: "join", offer, guest: this.#id, key: own.shown });
    }

    async #hear(from: string, sealed: Uint8Array): Promise<void> {
        if (from !== this.#offer || this.#line === null) return;
        const word = await this.#line.open(sealed);
        switch (word.type) {
            case "person":
                this.#person = { name: word.name, member: word.member, calls: "unknown" };
                return;
            case "relay":
                this.relay.setNode(word.hasNode);
                if (word.access !== null) this.relay.set(word.access);
                return;
            case "call": {
                const { type: _, ...call } = word;
                this.#call = call;
                this.isTaken.set(false);
                this.telephone.onCall(call);
                if (call.state === "over") this.#leave();
                return;
            }
            case "action":
                return this.telephone.onAction(word.action);
            case "taken":
                return this.#giveUp();
        }
    }

    /** Another tab was quicker. */
    #giveUp(): void {
        const call = this.#call;
        this.#leave();
        if (call === null) return;
        this.telephone.onCall({ ...call, state: "over", reason: "answeredElsewhere" });
        this.telephone.dismiss();
        this.isTaken.set(true);
        this.#cancelNotice?.();
        this.#cancelNotice = this.clock.at(this.clock.now() + noticeLasts, () => this.isTaken.set(false));
    }

    /** That tab is gone, or done with the call: words and locks take different ways, and one may overtake the other. */
    #awaitLastWord(offer: string): void {
        if (offer !== this.#offer) return;
        this.#stopWaiting = this.clock.at(this.clock.now() + lastWordTakes, () => this.#enqueue(async () => this.#lose(offer)));
    }

    /** The tab that works on the profile is gone, and with it the call. */
    #lose(offer: string): void {
        if (offer !== this.#offer) return;
        const call = this.#call;
        this.#leave();
        if (call !== null) this.telephone.onCall({ ...call, state: "over", reason: "lost" });
    }

    #leave(): void {
        this.#stopWaiting?.();
        this.#stopWaiting = null;
        this.#offer = null;
        this.#line = null;
        this.#call = null;
    }

    async #say(word: GuestWord): Promise<void> {
        if (this.#line === null || this.#offer === null) return;
        this.#post({ type: "word", to: this.#offer, from: this.#id, sealed: await this.#line.seal(word) });
    }

    #post(message: TabMessage): void {
        if (!this.#isOver) this.#channel.postMessage(message);
    }

    /** One after the other, as they came. What was not sealed for this tab is nothing. */
    #enqueue(job: () => Promise<void>): void {
        this.#jobs = this.#jobs.then(job).catch(() => undefined);
    }
}
