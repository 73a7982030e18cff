// The open conversation: its messages, and for as long as they are revealed, their texts.

import type { Conversation, EventOf, FileSummary, Message, Warning } from "../worker/boundary";
import type { Clock } from "./clock";
import type { FilesModel } from "./files";
import type { SessionPort } from "../net/session";
import { byteLength, messageLimit } from "./text";
import { Value } from "./value";

export interface Safety {
    readonly digits: string;
    readonly qr: Uint8Array;
}

export interface ShownMessage extends Message {
    /** When its text is hidden again, in milliseconds since 1970; null where no end is set. */
    readonly until: number | null;
}

const masked = { masked: true, text: "", until: null };

/** Nothing of a voice message but its size is shown while it is masked. */
function mask(shown: ShownMessage): ShownMessage {
    const { file } = shown;
    return { ...shown, ...masked, file: file && { ...file, name: "", mediaType: "", durationMs: 0, waveform: new Uint8Array(0) } };
}

function isMoving(state: FileSummary["state"]): boolean {
    return state === "sealing" || state === "moving";
}

export class ConversationModel {
    readonly id: string;
    readonly summary: Value<Conversation>;
    readonly messages = new Value<readonly ShownMessage[]>([]);
    readonly hasOlder = new Value(false);
    readonly loaded = new Value(false);
    readonly safety = new Value<Safety | null>(null);
    readonly warnings = new Value<readonly Warning[]>([]);
    /** The first message that was new when the conversation was opened. */
    readonly firstUnread = new Value<string | null>(null);
    readonly draft: Value<string>;
    readonly files: FilesModel;

    #session: SessionPort;
    #clock: Clock;
    #unreadAtOpening: number;
    #loadingOlder = false;
    #timers = new Set<() => void>();
    /** Until when what is revealed may be shown; the core may say so before the message itself. */
    #until = new Map<string, number>();
    /** Being listened to: shown until that ends, whatever its time. */
    #held = new Set<string>();
    /** Hidden by the user while the core still counts them as revealed. */
    #hidden = new Set<string>();

    constructor(session: SessionPort, clock: Clock, summary: Conversation, draft: string, warnings: readonly Warning[],
        files: FilesModel) {
        this.#session = session;
        this.#clock = clock;
        this.files = files;
        this.id = summary.conversation;
        this.summary = new Value(summary);
        this.#unreadAtOpening = summary.unread;
        this.draft = new Value(draft);
        this.warnings.set(warnings);
        session.input({ type: "openConversation", conversation: this.id });
    }

    /** Nobody looks at it any more: no text stays, and no timer that would keep one. */
    dispose(): void {
        for (const cancel of this.#timers) cancel();
        this.#timers.clear();
        this.messages.set([]);
        this.draft.set("");
        this.safety.set(null);
        this.summary.set({ ...this.summary.current, name: "", selfName: "", petname: "" });
    }

    // What the user does

    /** Whether it was sent: an empty message and one that is too long are not. */
    send(text: string): boolean {
        if (text.trim() === "" || byteLength(text) > messageLimit) return false;
        this.#session.input({ type: "send", conversation: this.id, text });
        this.draft.set("");
        this.firstUnread.set(null);
        return true;
    }

    reveal(message: string): void {
        this.#hidden.delete(message);
        this.#session.input({ type: "reveal", conversation: this.id, message });
    }

    /** Hides a revealed message before its time. */
    hide(message: string): void {
        this.#held.delete(message);
        this.#hidden.add(message);
        this.#mask((shown) => shown.id === message);
    }

    /** A voice message is listened to: it stays until it is released. */
    hold(message: string): void {
        this.#held.add(message);
    }

    release(message: string): void {
        if (!this.#held.delete(message)) return;
        const now = this.#clock.now();
        this.#mask((shown) => shown.id === message && (this.#until.get(message) ?? Infinity) <= now);
    }

    retry(message: string): void {
        this.#session.input({ type: "retry", conversation: this.id, message });
    }

    loadOlder(): void {
        if (this.#loadingOlder || !this.hasOlder.current) return;
        this.#loadingOlder = true;
        this.#session.input({ type: "olderMessages", conversation: this.id });
    }

    setVerified(verified: boolean): void {
        this.#session.input({ type: "verified", member: this.summary.current.member, verified });
    }

    setPetname(name: string): void {
        this.#session.input({ type: "petname", member: this.summary.current.member, name });
    }

    dismissWarning(warning: Warning): void {
        this.warnings.update((warnings) => warnings.filter((other) => other !== warning));
    }

    // What the core says

    onMessages(event: EventOf<"messages">): void {
        const known = new Map((event.replaceAll ? [] : this.messages.current).map((shown) => [shown.id, shown]));
        for (const message of event.messages) {
            if (message.file !== null && !isMoving(message.file.state)) this.files.transfers.end(message.id);
            const shown = { ...message, until: message.masked ? null : this.#until.get(message.id) ?? null };
            const before = known.get(message.id);
            if (this.#held.has(message.id) && before !== undefined) known.set(message.id, { ...shown, masked: false, file: before.file });
            else known.set(message.id, this.#hidden.has(message.id) ? mask(shown) : shown);
        }
        const messages = [...known.values()].sort((a, b) => a.order - b.order);
        if (!this.loaded.current) this.#markFirstUnread(messages);
        this.messages.set(messages);
        this.hasOlder.set(event.hasOlder);
        this.#loadingOlder = false;
        this.loaded.set(true);
    }

    onRevealed(event: EventOf<"revealed">): void {
        this.#until.set(event.message, event.untilMs);
        this.messages.update((messages) => messages.map((shown) => shown.id === event.message
            ? { ...shown, masked: false, text: shown.kind === "file" ? "" : event.text, until: event.untilMs }
            : shown));
        const cancel = this.#clock.at(event.untilMs, () => {
            this.#timers.delete(cancel);
            this.hideExpired();
        });
        this.#timers.add(cancel);
    }

    onSafetyNumber(event: EventOf<"safetyNumber">): void {
        if (event.member === this.summary.current.member) this.safety.set({ digits: event.digits, qr: event.qr });
    }

    onWarning(warning: Warning): void {
        this.warnings.update((warnings) => warnings.includes(warning) ? warnings : [...warnings, warning]);
    }

    /** Also called when the page wakes up: a timer may have slept past the moment. */
    hideExpired(): void {
        const now = this.#clock.now();
        this.#mask((shown) => shown.until !== null && shown.until <= now);
    }

    #mask(which: (shown: ShownMessage) => boolean): void {
        const isConcerned = (shown: ShownMessage) => !shown.masked && !this.#held.has(shown.id) && which(shown);
        if (!this.messages.current.some(isConcerned)) return;
        this.messages.update((messages) => messages.map((shown) => isConcerned(shown)
            ? mask(shown)
            : shown));
    }

    #markFirstUnread(messages: readonly ShownMessage[]): void {
        const received = messages.filter((shown) => !shown.own && shown.kind !== "notice");
        const first = this.#unreadAtOpening > 0 ? received[Math.max(0, received.length - this.#unreadAtOpening)] : undefined;
        this.firstUnread.set(first?.id ?? null);
    }
}
