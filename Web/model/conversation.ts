// The open conversation: its messages, and for as long as they are revealed, their texts.

import type { Conversation, EventOf, FileSummary, Message, Warning } from "../worker/boundary";
import type { Clock } from "./clock";
import type { FilesModel } from "./files";
import type { SessionPort } from "../net/session";
import type { Drafts } from "./drafts";
import type { Outdated } from "./outdated";
import { byteLength, messageLimit } from "./text";
import { Value } from "./value";
import { VoiceModel } from "./voice";

export interface Safety {
    readonly digits: string;
    readonly qr: Uint8Array;
}

export interface ShownMessage extends Message {
    /** When its text is hidden again, by the clock of what has passed; null where no end is set. */
    readonly until: number | null;
}

const masked = { masked: true, text: "", until: null };

/** Nothing of a voice message but its size is shown while it is masked. */
function mask(shown: ShownMessage): ShownMessage {
    const { file } = shown;
    return { ...shown, ...masked, file: file && { ...file, name: "", mediaType: "", durationMs: 0, waveform: new Uint8Array(0) } };
}

/** Of what others wrote: texts and voice messages. One's own are never masked. */
export function isMaskable({ own, kind, file }: ShownMessage): boolean {
    return !own && (kind === "text" || (file?.kind === "voice" && file.state !== "cancelled"));
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
    /** How many messages have come that nobody can have seen: the page was hidden, or showed earlier ones. */
    readonly missed = new Value(0);
    readonly draft: Value<string>;
    readonly files: FilesModel;
    readonly voice: VoiceModel;
    /** Listening and the like, which is using the app without touching it. */
    readonly touch: () => void;
    /** The user is asked before a link is followed. */
    readonly follow: (href: string) => void;

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
    #stopKeeping: () => void;
    /** Whether the end of the log is being looked at. */
    #isAttentive = true;

    constructor(session: SessionPort, clock: Clock, summary: Conversation, drafts: Drafts, warnings: readonly Warning[],
        files: FilesModel, outdated: Outdated, touch: () => void = () => {}, follow: (href: string) => void = () => {}) {
        this.#session = session;
        this.#clock = clock;
        this.files = files;
        this.touch = touch;
        this.follow = follow;
        this.id = summary.conversation;
        this.voice = new VoiceModel(
            async () => (await outdated.load(import("../net/recorder"))).openMicrophone(), clock,
            (recorded) => files.sendVoice(this.id, recorded),
            drafts.voice(this.id), (recorded) => drafts.setVoice(this.id, recorded), touch);
        this.summary = new Value(summary);
        this.#unreadAtOpening = summary.unread;
        this.draft = new Value(drafts.text(this.id));
        this.#stopKeeping = this.draft.subscribe((text) => drafts.setText(this.id, text));
        this.warnings.set(warnings);
        session.input({ type: "openConversation", conversation: this.id });
    }

    /** Nobody looks at it any more: no text stays, and no timer that would keep one. */
    dispose(): void {
        for (const cancel of this.#timers) cancel();
        this.#timers.clear();
        // What is being recorded is kept.
        void this.voice.settle();
        this.messages.set([]);
        this.#stopKeeping();
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
        this.#session.input({ type: "hide", conversation: this.id, message });
    }

    /** Reveals what is masked of the messages that are shown. */
    revealAll(): void {
        for (const shown of this.messages.current) if (shown.masked && isMaskable(shown)) this.reveal(shown.id);
    }

    hideAll(): void {
        for (const shown of this.messages.current) if (!shown.masked && isMaskable(shown)) this.hide(shown.id);
    }

    /** Whether what arrives here is shown without being revealed. */
    setUnmasked(unmasked: boolean): void {
        this.#hidden.clear();
        this.#session.input({ type: "unmask", conversation: this.id, unmasked });
    }

    /** Whether somebody looks at the end of the log, where messages arrive. */
    setAttentive(isAttentive: boolean): void {
        this.#isAttentive = isAttentive;
        if (isAttentive) this.missed.set(0);
    }

    secondsLeft(until: number): number {
        return Math.max(0, Math.ceil((until - this.#clock.elapsed()) / 1_000));
    }

    /** A voice message is listened to: it stays until it is released. */
    hold(message: string): void {
        this.#held.add(message);
    }

    release(message: string): void {
        if (!this.#held.delete(message)) return;
        const now = this.#clock.elapsed();
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

    /** Nobody has compared a number that is not shown. */
    setVerified(verified: boolean): void {
        if (verified && this.safety.current === null) return;
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
        if (this.loaded.current && !event.replaceAll) this.#countMissed(event.messages);
        const messages = [...known.values()].sort((a, b) => a.order - b.order);
        if (!this.loaded.current) this.#markFirstUnread(messages);
        this.messages.set(messages);
        this.hasOlder.set(event.hasOlder);
        this.#loadingOlder = false;
        this.loaded.set(true);
    }

    onRevealed(event: EventOf<"revealed">): void {
        // The core gives the time of day at which it ends; what counts from here on is what passes until then.
        const left = event.untilMs - this.#clock.now();
        const until = event.untilMs === 0 ? null : this.#clock.elapsed() + left;
        if (until === null) this.#until.delete(event.message);
        else this.#until.set(event.message, until);
        this.messages.update((messages) => messages.map((shown) => shown.id === event.message
            ? { ...shown, masked: false, text: shown.kind === "file" ? "" : event.text, until }
            : shown));
        if (until === null) return;
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
        const now = this.#clock.elapsed();
        for (const shown of this.messages.current) {
            if (shown.masked || shown.until === null || shown.until > now || this.#held.has(shown.id)) continue;
            // The core goes by the time of day, which may have been set back.
            this.hide(shown.id);
        }
    }

    #countMissed(messages: readonly Message[]): void {
        if (this.#isAttentive) return;
        const last = this.messages.current.at(-1)?.order ?? -1;
        const missed = messages.filter(({ own, kind, order }) => !own && kind !== "notice" && order > last);
        if (missed.length === 0) return;
        if (this.missed.current === 0) this.firstUnread.set(missed[0]!.id);
        this.missed.update((count) => count + missed.length);
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
