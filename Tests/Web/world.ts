// A clock that moves when told to, and a session that writes down what it is asked for.

import type { Clock } from "../../Web/model/clock";
import type { Attachment } from "../../Web/net/files";
import type { NoPath } from "../../Web/net/nopath";
import { Relay } from "../../Web/net/relay";
import type { Reports } from "../../Web/net/selectedpair";
import type { SessionListener, SessionPort } from "../../Web/net/session";
import type { CallAction, Conversation, CoreEvent, EventOf, FileSummary, Message } from "../../Web/worker/boundary";
import type { PageInput } from "../../Web/worker/protocol";

export class FakeClock implements Clock {
    #now = 1_700_000_000_000;
    /** How far the time of day was set forward. */
    #set = 0;
    #waiting: { time: number; callback: () => void }[] = [];

    now(): number {
        return this.#now + this.#set;
    }

    elapsed(): number {
        return this.#now;
    }

    /** Sets the time of day; nothing has passed. */
    set(milliseconds: number): void {
        this.#set += milliseconds;
    }

    /** Timers that have not run. */
    get pending(): number {
        return this.#waiting.length;
    }

    at(time: number, callback: () => void): () => void {
        const entry = { time: time - this.#set, callback };
        this.#waiting.push(entry);
        return () => (this.#waiting = this.#waiting.filter((other) => other !== entry));
    }

    advance(milliseconds: number): void {
        const end = this.#now + milliseconds;
        for (;;) {
            const next = this.#waiting.filter(({ time }) => time <= end).sort((a, b) => a.time - b.time)[0];
            if (next === undefined) break;
            this.#waiting = this.#waiting.filter((other) => other !== next);
            this.#now = Math.max(this.#now, next.time);
            next.callback();
        }
        this.#now = end;
    }

    /** As a computer's sleep: the time has passed, no timer has run. */
    sleep(milliseconds: number): void {
        this.#now += milliseconds;
    }
}

export class FakeSession implements SessionPort {
    readonly relay = new Relay({ hostname: "node.example", port: "8443" });
    readonly asked: string[] = [];
    readonly inputs: PageInput[] = [];
    readonly attached: Attachment[] = [];
    room: number | null = null;
    ended = false;
    #listener: SessionListener;

    constructor(listener: SessionListener) {
        this.#listener = listener;
    }

    input(input: PageInput): void {
        this.inputs.push(input);
        this.asked.push(input.type);
    }

    enrol(displayName: string, passphrase: string): void {
        this.asked.push(`enrol ${displayName} ${passphrase}`);
    }

    unlock(passphrase: string): void {
        this.asked.push(`unlock ${passphrase}`);
    }

    changePassphrase(old: string, replacement: string): void {
        this.asked.push(`changePassphrase ${old} ${replacement}`);
    }

    recoveryFile(passphrase: string): void {
        this.asked.push(`recoveryFile ${passphrase}`);
    }

    attach(conversation: string, attachment: Attachment): void {
        this.attached.push(attachment);
        this.asked.push(`attach ${conversation} ${attachment.name} ${attachment.mediaType}`);
    }

    async roomLeft(): Promise<number | null> {
        return this.room;
    }

    answers = true;

    async nodeAnswers(): Promise<boolean> {
        return this.answers;
    }

    async authorityFingerprint(): Promise<string | null> {
        return null;
    }

    async statistics(): Promise<Reports | null> {
        return null;
    }

    end(): void {
        this.ended = true;
    }

    says(event: CoreEvent): void {
        this.#listener.onEvent(event);
    }

    findsNoPath(device: string, reason: NoPath | null): void {
        this.#listener.onNoPath(device, reason);
    }

    acts(action: CallAction): void {
        this.#listener.onCall(action);
    }

    fails(fault: Parameters<SessionListener["onFault"]>[0]): void {
        this.#listener.onFault(fault, "");
    }
}

export const id = (number: number): string => number.toString(16).padStart(2, "0").repeat(16);

export const scrypt = { n: 131_072, r: 8, p: 1, salt: new Uint8Array(16) };

export const unlocked: EventOf<"unlocked"> = {
    type: "unlocked", ownName: "Ada", ownMember: id(1), isOperator: false, mayInvite: true,
    settings: { revealSeconds: 30, idleLockSeconds: 300, readReceipts: true, relayOnly: false }, recoverySaved: false, confirmed: true, recoveryMade: 0,
};

export function conversation(number: number, change: Partial<Conversation> = {}): Conversation {
    return {
        conversation: id(number), member: id(number + 16), device: id(number + 32), name: `Person ${number}`, selfName: "",
        petname: "", verified: false, removed: false, unread: 0, lastTime: number, connection: "direct",
        nameCollision: false, gap: false, warning: false, calls: "frames", unmasked: false, ...change,
    };
}

export function message(number: number, change: Partial<Message> = {}): Message {
    return {
        id: id(number), own: false, time: number, order: number, state: "delivered", kind: "text", notice: "none",
        masked: true, text: "", failure: null, file: null, ...change,
    };
}

export function file(change: Partial<FileSummary> = {}): FileSummary {
    return {
        name: "plan.pdf", mediaType: "application/pdf", size: 1_000_000, kind: "file", durationMs: 0, waveform: new Uint8Array(0),
        state: "complete", chunks: 0, readableCopy: false, ...change,
    };
}

export const deaf: SessionListener = {
    onEvent() {}, onCall() {}, onFault() {}, onNodeReachable() {}, onAddressUnknown() {}, onNoPath() {}, onFileProgress() {}, onFileOpened() {},
};
