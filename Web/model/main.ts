// Everything that is there while the profile is unlocked. Locking drops this object, and with it every text and name.

import type { CallAction, Conversation, CoreEvent, EventOf, Problem, Settings, Warning } from "../worker/boundary";
import { NoPath, whyNoPath } from "../net/nopath";
import type { SessionPort } from "../net/session";
import type { Clock } from "./clock";
import { Calls } from "./calls";
import { ConversationModel } from "./conversation";
import { Drafts } from "./drafts";
import { FilesModel } from "./files";
import { IdleLock } from "./idle";
import { Invitations } from "./invitations";
import { Outdated } from "./outdated";
import { Recovery } from "./recovery";
import { Toasts } from "./toasts";
import { composedName } from "./text";
import type { RecordedVoice } from "./voice";
import { Value } from "./value";

export type Profile = Omit<EventOf<"unlocked">, "type">;

/** What the page has of a conversation that is stored nowhere any more. */
export interface Kept {
    readonly name: string;
    /** What was shown of the open conversation. */
    readonly messages: readonly { readonly own: boolean; readonly time: number; readonly text: string }[];
    /** What was typed and not sent. */
    readonly draft: string;
    /** What was recorded and not sent. */
    readonly voice: RecordedVoice | null;
}

/** How the node is doing, as the user needs to know it. */
export type NodeState =
    | { state: "connected" }
    | { state: "connecting" }
    | { state: "unreachable" }
    | { state: "refused"; reason: Problem | null };

export type DialogName = "invite" | "verify" | "details" | "path" | "settings" | "recovery" | "viewer" | "leaveCall" | "link";

/** They go with the conversation that they are about. */
const dialogsOfConversation: ReadonlySet<DialogName> = new Set(["verify", "details", "path", "link"]);
const nobody = "0".repeat(32);
/** How long a reconnection goes unmentioned. */
const unreachableAfter = 4_000;

export class MainModel {
    readonly profile: Value<Profile>;
    readonly conversations = new Value<readonly Conversation[]>([]);
    readonly open = new Value<ConversationModel | null>(null);
    readonly node = new Value<NodeState>({ state: "connecting" });
    /** Why there is no path to a device that is there. */
    readonly noPath = new Value<ReadonlyMap<string, NoPath>>(new Map());
    /** Why relay-only mode has no working relay; null if it works or is off. */
    readonly noRelay = new Value<NoPath | null>(null);
    /** The link of which the user is asked whether to follow it. */
    link: string | null = null;
    /** The dialog in front of everything, if there is one. */
    readonly dialog = new Value<DialogName | null>(null);
    readonly toasts: Toasts;
    readonly invitations: Invitations;
    readonly recovery: Recovery;
    readonly idle: IdleLock;
    readonly files: FilesModel;
    readonly calls = new Calls();
    readonly outdated: Outdated;
    /** Answered by the core's next word on the matter. */
    readonly passphraseChange = new Value<"idle" | "working" | "changed" | "refused">("idle");

    #session: SessionPort;
    /** The core was asked for another name, and has not said that we have it. */
    #isRenaming = false;
    #clock: Clock;
    #drafts: Drafts;
    #warnings = new Map<string, Warning[]>();
    #cancelUnreachable: (() => void) | null = null;
    #stopJudging: () => void;

    constructor(session: SessionPort, clock: Clock, profile: Profile, lock: () => void) {
        this.#session = session;
        this.#clock = clock;
        this.profile = new Value(profile);
        this.#drafts = new Drafts(session, clock);
        this.toasts = new Toasts(clock);
        this.outdated = new Outdated(
            () => session.nodeAnswers(), () => this.toasts.show({ kind: "problem", problem: "nodeUnreachable" }));
        this.files = new FilesModel(session, clock, this.toasts);
        this.invitations = new Invitations(session, clock, (name) => this.toasts.show({ kind: "joined", name }));
        this.recovery = new Recovery(session, profile.recoverySaved || !profile.isOperator);
        this.idle = new IdleLock(clock, profile.settings.idleLockSeconds, lock);
        // During a call nothing else is recorded: what was said before it is kept.
        this.calls.current.subscribe((call) => {
            if (call !== null && call.state !== "ringingHere") void this.open.current?.voice.settle();
        });
        this.files.viewing.subscribe((opened) => this.dialog.set(opened === null ? null : "viewer"));
        this.#awaitNode();
        this.#stopJudging = session.relay.subscribe(() => this.#judgeRelay());
        this.#judgeRelay();
    }

    /** Forgets what outlives the object: its timers. */
    dispose(): void {
        this.calls.dispose();
        this.idle.stop();
        this.toasts.clear();
        this.#cancelUnreachable?.();
        this.#stopJudging();
        this.dialog.set(null);
        this.files.dispose();
        this.#leaveConversation();
        this.conversations.set([]);
        this.invitations.forget();
        this.recovery.forget();
        this.#drafts.forget();
        this.profile.set({ ...this.profile.current, ownName: "" });
    }

    /** What a call needs of the rest. */
    get session(): SessionPort {
        return this.#session;
    }

    get clock(): Clock {
        return this.#clock;
    }

    /** Has what was typed sealed now. */
    keepDrafts(): void {
        this.#drafts.flush();
    }

    /** Has everything sealed that was typed or recorded. Null: it is. */
    settle(): Promise<void> | null {
        const recording = this.open.current?.voice.settle() ?? null;
        const kept = this.#drafts.settle();
        if (recording === null) return kept;
        return recording.then(() => this.#drafts.settle() ?? undefined);
    }

    /** What can still be copied out where the storage is gone. */
    inMemory(): Kept[] {
        const open = this.open.current;
        return this.conversations.current.flatMap(({ conversation, name }): Kept[] => {
            const messages = (open?.id === conversation ? open.messages.current : []).filter(({ text, kind }) => kind === "text" && text !== "");
            const draft = this.#drafts.text(conversation);
            const voice = this.#drafts.voice(conversation);
            return messages.length === 0 && draft === "" && voice === null ? [] : [{ name, messages, draft, voice }];
        });
    }

    // What the user does

    openConversation(id: string): void {
        const summary = this.conversations.current.find((conversation) => conversation.conversation === id);
        if (summary === undefined || this.open.current?.id === id) return;
        this.#leaveConversation();
        this.open.set(new ConversationModel(
            this.#session, this.#clock, summary, this.#drafts, this.#warnings.get(id) ?? [], this.files,
            this.outdated, () => this.idle.touch(), (href) => this.#askToFollow(href)));
    }

    closeConversation(): void {
        if (this.open.current === null) return;
        this.#leaveConversation();
        this.#session.input({ type: "closeConversation" });
    }

    /** What Back does: closes what is on top, and asks before a call is left. False: there is nothing to close. */
    goBack(): boolean {
        const call = this.calls.current.current;
        if (this.dialog.current === "viewer") this.files.viewing.set(null);
        else if (this.dialog.current !== null) this.dialog.set(null);
        else if (call !== null && this.calls.isLarge.current) this.#askToLeaveCall();
        else if (this.open.current !== null) this.closeConversation();
        else if (call !== null) this.#askToLeaveCall();
        else return false;
        return true;
    }

    /** Whether Back has something to close. */
    get isLayered(): boolean {
        return this.dialog.current !== null || this.open.current !== null || this.calls.current.current !== null;
    }

    /** Whether closing the page would end something that the user would miss. */
    get isBusy(): boolean {
        const { state } = this.open.current?.voice.state.current ?? { state: "idle" };
        return this.calls.current.current !== null || this.files.transfers.isMoving || state === "recording";
    }

    hangUp(): void {
        const call = this.calls.current.current;
        if (call !== null) this.#session.input({ type: "hangUp", call: call.call });
    }

    #askToFollow(href: string): void {
        this.link = href;
        this.dialog.set("link");
    }

    /** Whoever is rung decides by the dialog that rings. */
    #askToLeaveCall(): void {
        if (this.calls.current.current?.state !== "ringingHere") this.dialog.set("leaveCall");
    }

    changeSettings(change: Partial<Settings>): void {
        const settings = { ...this.profile.current.settings, ...change };
        this.profile.update((profile) => ({ ...profile, settings }));
        this.idle.setLimit(settings.idleLockSeconds);
        this.#judgeRelay();
        this.#session.input({ type: "settings", settings });
    }

    /** Whether there is a name at all. Whether it will do, the core says. */
    rename(name: string): boolean {
        const displayName = composedName(name);
        if (displayName === "") return false;
        this.#isRenaming = true;
        this.#session.input({ type: "rename", displayName });
        return true;
    }

    changePassphrase(old: string, replacement: string): void {
        this.passphraseChange.set("working");
        this.#session.changePassphrase(old, replacement);
    }

    #leaveConversation(): void {
        const open = this.open.current;
        if (open === null) return;
        // First the views, which would show what is being forgotten.
        if (this.dialog.current !== null && dialogsOfConversation.has(this.dialog.current)) this.dialog.set(null);
        this.link = null;
        this.open.set(null);
        this.files.playing.set(null);
        this.#warnings.set(open.id, [...open.warnings.current]);
        open.dispose();
    }

    // What the core says

    onEvent(event: CoreEvent): void {
        switch (event.type) {
            case "unlocked": {
                const { type: _, ...profile } = event;
                this.profile.set(profile);
                if (this.#isRenaming) this.toasts.show({ kind: "saved" });
                this.#isRenaming = false;
                this.idle.setLimit(profile.settings.idleLockSeconds);
                this.#judgeRelay();
                this.recovery.saved.set(profile.recoverySaved || !profile.isOperator);
                // The core says so again once the header is written anew.
                if (this.passphraseChange.current === "working") this.passphraseChange.set("changed");
                return;
            }
            case "conversations":
                return this.#onConversations(event.conversations);
            case "messages":
                if (this.open.current?.id === event.conversation) this.open.current.onMessages(event);
                return;
            case "revealed":
                if (this.open.current?.id === event.conversation) this.open.current.onRevealed(event);
                return;
            case "safetyNumber":
                return this.open.current?.onSafetyNumber(event);
            case "invitation":
                return this.invitations.onInvitation(event);
            case "invitations":
                return this.invitations.onInvitations(event);
            case "recoveryFile":
                return this.recovery.onFile(event);
            case "nodeStatus":
                return this.#onNodeStatus(event);
            case "warning":
                return this.#onWarning(event);
            case "problem":
                return this.#onProblem(event.problem);
            case "call":
                return this.calls.onCall(event);
            case "resumed":
                this.#drafts.onResumed(event);
                if (event.conversation !== null && this.open.current === null) this.openConversation(event.conversation);
                return;
        }
    }

    onCall(action: CallAction): void {
        this.calls.onAction(action);
    }

    onNodeReachable(reachable: boolean): void {
        if (!reachable && this.node.current.state === "connected") this.node.set({ state: "connecting" });
        if (!reachable) this.#awaitNode();
    }

    onNoPath(device: string, reason: NoPath | null): void {
        if ((this.noPath.current.get(device) ?? null) === reason) return;
        this.noPath.update((all) => {
            const changed = new Map(all);
            if (reason === null) changed.delete(device);
            else changed.set(device, reason);
            return changed;
        });
    }

    #judgeRelay(): void {
        const { access, isUsable } = this.#session.relay;
        const isMissing = this.profile.current.settings.relayOnly && isUsable === false;
        this.noRelay.set(isMissing
            ? whyNoPath({ hasNode: true, access, now: this.#clock.now(), kinds: new Set(), codes: new Set() }) : null);
    }

    #onConversations(conversations: readonly Conversation[]): void {
        this.conversations.set([...conversations].sort((a, b) => b.lastTime - a.lastTime));
        const open = this.open.current;
        const summary = conversations.find((conversation) => conversation.conversation === open?.id);
        if (open !== null && summary !== undefined) open.summary.set(summary);
    }

    #onNodeStatus(event: EventOf<"nodeStatus">): void {
        switch (event.state) {
            case "connected":
                this.#cancelUnreachable?.();
                this.#cancelUnreachable = null;
                return this.node.set({ state: "connected" });
            case "connecting":
                if (this.node.current.state !== "unreachable") this.node.set({ state: "connecting" });
                return this.#awaitNode();
            case "refused":
                return this.node.set({ state: "refused", reason: event.reason });
        }
    }

    #awaitNode(): void {
        this.#cancelUnreachable ??= this.#clock.at(this.#clock.now() + unreachableAfter, () => {
            this.#cancelUnreachable = null;
            if (this.node.current.state === "connecting") this.node.set({ state: "unreachable" });
        });
    }

    #onWarning(event: EventOf<"warning">): void {
        // In the open conversation it stands above the messages.
        if (this.open.current?.id === event.conversation) return this.open.current.onWarning(event.kind);
        this.toasts.show({ kind: "warning", warning: event.kind, name: this.nameOf(event.conversation) });
        if (event.conversation === nobody) return;
        const warnings = this.#warnings.get(event.conversation) ?? [];
        if (!warnings.includes(event.kind)) this.#warnings.set(event.conversation, [...warnings, event.kind]);
    }

    #onProblem(problem: Problem | null): void {
        if (problem === null) return;
        this.invitations.onProblem();
        this.calls.onProblem();
        if (problem === "badName") this.#isRenaming = false;
        if (this.recovery.onProblem(problem)) return;
        if (this.passphraseChange.current === "working") {
            this.passphraseChange.set(problem === "wrongPassphrase" ? "refused" : "idle");
            if (problem === "wrongPassphrase") return;
        }
        this.toasts.show({ kind: "problem", problem });
    }

    nameOf(id: string): string | null {
        return this.conversations.current.find((conversation) => conversation.conversation === id)?.name ?? null;
    }
}
