// What calls need of the tab that they are in: the one that works on the profile, or another one of it.

import type { Clock } from "../model/clock";
import type { MainModel } from "../model/main";
import type { Value } from "../model/value";
import type { Relay } from "../net/relay";
import { ringsAloud } from "../net/ring";
import type { callInputs, Conversation } from "../worker/boundary";
import type { PageInput } from "../worker/protocol";

/** What is said to the core of a call that rings or is under way. */
export type CallInput = Extract<PageInput, { type: keyof typeof callInputs }>;

/** Whom a call is with, as far as it is shown. */
export type Person = Pick<Conversation, "name" | "member" | "calls">;

export interface CallHost {
    readonly clock: Clock;
    /** A call fills the window; null where there is nothing behind it. */
    readonly isLarge: Value<boolean> | null;
    readonly ringsAloud: boolean;
    readonly relay: Relay;
    input(input: CallInput): void;
    /** Has the core ring the other person; null where calls are only taken. */
    readonly ring: ((conversation: string, video: boolean) => void) | null;
    person(conversation: string): Person | null;
    /** There is a call: the app is in use. */
    touch(): void;
}

/** The tab that works on the profile. */
export class ProfileHost implements CallHost {
    readonly clock: Clock;
    readonly isLarge: Value<boolean>;
    #main: MainModel;

    constructor(main: MainModel) {
        this.#main = main;
        this.clock = main.clock;
        this.isLarge = main.calls.isLarge;
    }

    get ringsAloud(): boolean {
        return ringsAloud();
    }

    get relay(): Relay {
        return this.#main.session.relay;
    }

    input(input: CallInput): void {
        this.#main.session.input(input);
    }

    ring(conversation: string, video: boolean): void {
        this.#main.session.input({ type: "call", conversation, video });
    }

    person(conversation: string): Person | null {
        return this.#main.conversations.current.find((one) => one.conversation === conversation) ?? null;
    }

    touch(): void {
        this.#main.idle.touch();
    }
}
