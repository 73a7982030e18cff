// A session without a core: it answers inputs from a script, so that every screen can be shown and photographed.

import { Attachment } from "../../../Web/net/files";
import { OpenedFile } from "../../../Web/net/openedfile";
import { Relay } from "../../../Web/net/relay";
import type { Reports } from "../../../Web/net/selectedpair";
import type { SessionListener, SessionPort } from "../../../Web/net/session";
import type { CallAction, Conversation, CoreEvent, EventOf, FileSummary, Message } from "../../../Web/worker/boundary";
import type { PageInput } from "../../../Web/worker/protocol";
import { DemoPeer } from "./peer";

const minute = 60_000;
const id = (number: number) => number.toString(16).padStart(2, "0").repeat(16);
const now = Date.now();

function conversation(number: number, name: string, change: Partial<Conversation> = {}): Conversation {
    return {
        conversation: id(number), member: id(0x40 + number * 0x1b), device: id(0x80 + number), name, selfName: name, petname: "",
        verified: false, removed: false, unread: 0, lastTime: now - number * 47 * minute, connection: "direct",
        nameCollision: false, gap: false, warning: false, calls: "frames", unmasked: false, ...change,
    };
}

const people: Conversation[] = [
    conversation(1, "Ada Lovelace", { verified: true }),
    conversation(2, "Léa Moreau", { unread: 3, connection: "mailbox", calls: "media" }),
    conversation(3, "خالد المنصور", { removed: true, connection: "offline" }),
    conversation(4, "Cellule de crise, préfecture du Finistère, permanence de nuit", { gap: true, connection: "relayed" }),
    conversation(6, "Noor", { lastTime: now - 30 * minute }),
    conversation(5, "Grace", { lastTime: now - 3 * 86_400_000, nameCollision: true }),
];

function message(number: number, change: Partial<Message>): Message {
    return {
        id: id(number), own: false, time: now - (40 - number) * 7 * minute, order: number, state: "delivered", kind: "text",
        notice: "none", masked: true, text: "", failure: null, file: null, ...change,
    };
}

function file(number: number, summary: Partial<FileSummary>, change: Partial<Message> = {}): Message {
    return message(number, {
        kind: "file", masked: false, time: now - (60 - number) * minute,
        file: {
            name: "Situation report, northern sector.pdf", mediaType: "application/pdf", size: 2_400_000, kind: "file", durationMs: 0,
            waveform: new Uint8Array(0), state: "complete", chunks: 0, readableCopy: false, ...summary,
        },
        ...change,
    });
}

const waveform = Uint8Array.from({ length: 56 }, (_, bar) => 40 + 200 * Math.abs(Math.sin(bar * 0.45) * Math.cos(bar * 0.13)));

/** Every state that a file can be in. */
const files: Message[] = [
    file(20, { readableCopy: true }),
    file(21, { name: "convoy.mp4", mediaType: "video/mp4", size: 734_003_200, state: "moving", chunks: 4_000 }),
    file(22, { name: "carte-des-accès-et-des-points-de-ravitaillement-version-définitive-2.png", mediaType: "image/png", size: 8_100_000 },
        { own: true, state: "read" }),
    file(23, { name: "archive.tar.gz", mediaType: "application/gzip", size: 4_294_967_296, state: "moving", chunks: 20_000 }, { own: true }),
    file(24, { name: "recording.wav", mediaType: "audio/wav", size: 120_000_000, state: "pausedHere", chunks: 900 }),
    file(25, { name: "plans.zip", mediaType: "application/zip", size: 52_000_000, state: "waiting" }, { own: true }),
    file(26, { name: "note.txt", mediaType: "text/plain", size: 1_240, state: "atNode" }, { own: true, state: "sent" }),
    file(27, { name: "backup.img", mediaType: "", size: 9_000_000_000, state: "failed" }, { failure: "noRoom" }),
    file(28, { name: "old.doc", mediaType: "application/msword", size: 88_000, state: "cancelled" }),
    file(29, { name: "", mediaType: "", size: 34_000, kind: "voice" }, { masked: true }),
    file(30, { name: "voice.webm", mediaType: "audio/webm", size: 34_000, kind: "voice", durationMs: 47_000, waveform },
        { own: true, state: "delivered" }),
];

const history: Message[] = [
    message(1, { kind: "notice", notice: "began", masked: false, time: now - 26 * 60 * minute }),
    message(2, { time: now - 25.5 * 60 * minute }),
    message(3, { own: true, state: "read", time: now - 25.4 * 60 * minute }),
    message(4, { time: now - 90 * minute }),
    message(5, { time: now - 89 * minute }),
    message(6, { own: true, state: "read", masked: false, text: "On my way. I take the service road, the bridge is closed.", time: now - 60 * minute }),
    message(7, { own: true, state: "delivered", time: now - 59 * minute }),
    message(8, { masked: false, text: "Understood. Two generators left, fuel until Thursday.\nSend the list when you have it 🙏", time: now - 20 * minute }),
    message(9, { time: now - 12 * minute }),
    message(10, { own: true, state: "failed", failure: "mailboxFull", time: now - 6 * minute }),
    message(11, { own: true, state: "sending", masked: false, text: "نعم، سنصل قبل الفجر", time: now - minute }),
];

export const texts = "The convoy leaves at 05:40 from the north gate.";

/** A call with a peer in this same page: ?ring lets it ring here, ?plain without encrypted frames, ?reason=... ends it at once. */
class DemoCalls {
    #emit: (event: CoreEvent) => void;
    #onCall: (action: CallAction) => void;
    #peer: DemoPeer | null = null;
    #query = new URLSearchParams(location.search);
    #call: EventOf<"call">;

    constructor(emit: (event: CoreEvent) => void, onCall: (action: CallAction) => void) {
        this.#emit = emit;
        this.#onCall = onCall;
        this.#call = {
            type: "call", call: id(0x77), conversation: id(1), own: true, video: true, state: "calling", reason: "none", startedMs: 0,
            encryption: this.#query.has("plain") ? "none" : "unknown",
        };
        if (this.#query.has("ring")) setTimeout(() => this.#tell({ own: false, state: "ringingHere", video: this.#query.get("ring") !== "voice" }), 300);
    }

    answer(input: PageInput): void {
        switch (input.type) {
            case "call": {
                const reason = this.#query.get("reason") as EventOf<"call">["reason"] | null;
                this.#tell({ conversation: input.conversation, video: input.video, own: true, state: "calling", encryption: this.#query.has("plain") ? "none" : "frames" });
                setTimeout(() => this.#tell({ state: "ringingThere" }), 200);
                if (this.#query.has("ringing")) return;
                if (this.#query.has("glare")) return void setTimeout(() => this.#giveWay(input.video), 400);
                setTimeout(() => reason === null ? this.#begin(false, input.video) : this.#tell({ state: "over", reason }), 600);
                return;
            }
            case "answerCall":
                return this.#begin(true, input.video);
            case "declineCall":
            case "hangUp":
                this.#peer?.end();
                this.#peer = null;
                return this.#tell({ state: "over", reason: "hungUp" });
            case "callSignal":
                return this.#peer?.connection.receive(input.kind, input.text);
            case "callMedia":
                if (input.state !== "connected") return this.#tell({ state: "reconnecting" });
                this.#tell({ state: "inCall", startedMs: this.#call.startedMs || Date.now() - 187_000 });
                if (this.#query.has("lost")) setTimeout(() => this.#tell({ state: "reconnecting" }), 500);
                return;
        }
    }

    /** Both called at once, and the other one's call goes on: what is to be done comes before what is to be shown. */
    #giveWay(video: boolean): void {
        this.#emit({ ...this.#call, state: "over", reason: "replaced" });
        this.#call = { ...this.#call, call: id(0x78), own: false };
        this.#begin(true, video);
    }

    #begin(polite: boolean, video: boolean): void {
        const encrypted = !this.#query.has("plain");
        const { call } = this.#call;
        this.#peer = new DemoPeer(
            { polite: !polite, video: this.#query.get("peer") !== "voice", screen: this.#query.has("screen"), keys: encrypted ? { send: 2, receive: 1 } : null },
            (kind, text) => setTimeout(() => this.#onCall({ type: "signal", call, kind, text }), 10));
        const key = (byte: number) => ({ id: 1, key: new Uint8Array(32).fill(byte) });
        this.#onCall({ type: "start", call, device: id(0x81), polite, video, relayOnly: false, keys: encrypted ? { send: key(1), receive: key(2) } : null });
        this.#tell({ state: "connecting", encryption: encrypted ? "frames" : "none" });
    }

    #tell(change: Partial<EventOf<"call">>): void {
        this.#call = { ...this.#call, ...change };
        this.#emit(this.#call);
    }
}

export class DemoSession implements SessionPort {
    readonly relay = new Relay(location);
    #listener: SessionListener;
    #unlocked: boolean;
    #operator: boolean;
    #sent = 100;
    #invited = 0;
    #attempts = 0;
    /** What was attached, by its message. */
    #attached = new Map<string, Attachment>();
    #timers: ReturnType<typeof setTimeout>[] = [];
    #calls: DemoCalls;
    #lacksPath = new URLSearchParams(location.search).has("nopath");

    constructor(listener: SessionListener, options: { vault: boolean; unlocked: boolean; operator: boolean; empty: boolean; fault: string | null }) {
        this.#listener = listener;
        this.#calls = new DemoCalls((event) => this.#emit(event), (action) => listener.onCall(action));
        this.#unlocked = options.unlocked;
        this.#operator = options.operator;
        setTimeout(() => {
            if (options.fault !== null) return listener.onFault(options.fault as "core", "RuntimeError: unreachable");
            if (this.#unlocked) this.#unlock(options.empty);
            else if (options.vault) this.#emit({ type: "vault", waitMs: 0, n: 2, r: 8, p: 1, salt: new Uint8Array(16) });
            else this.#emit({ type: "noVault" });
        }, 20);
    }

    input(input: PageInput): void {
        setTimeout(() => this.#answer(input), 30);
    }

    enrol(displayName: string): void {
        setTimeout(() => {
            this.#emit({ type: "enrolled" });
            this.#unlock(true, displayName);
        }, 800);
    }

    unlock(passphrase: string): void {
        this.#attempts += 1;
        setTimeout(() => passphrase === "wrong"
            ? this.#emit({ type: "unlockRefused", waitMs: this.#attempts * 4_000 })
            : this.#unlock(false), 500);
    }

    recoveryFile(): void {
        this.#emit({ type: "recoveryFile", file: new Uint8Array(900), code: "7KQ2M-XW9TD-4HB3R-ZPNCV-8EJ6F-A5YGS" });
    }

    changePassphrase(old: string): void {
        setTimeout(() => old === "wrong" ? this.#emit({ type: "problem", problem: "wrongPassphrase" }) : this.#unlock(false), 500);
    }

    async nodeAnswers(): Promise<boolean> {
        return true;
    }

    async authorityFingerprint(): Promise<string | null> {
        return Array.from({ length: 32 }, (_, index) => (index * 7 + 16).toString(16).toUpperCase().padStart(2, "0")).join(":");
    }

    async statistics(): Promise<Reports> {
        return new Map<string, object>([
            ["T", { id: "T", type: "transport", selectedCandidatePairId: "P" }],
            ["P", { id: "P", type: "candidate-pair", localCandidateId: "L", remoteCandidateId: "R", currentRoundTripTime: 0.038 }],
            ["L", { id: "L", type: "local-candidate", candidateType: "relay", protocol: "udp", relayProtocol: "tls" }],
            ["R", { id: "R", type: "remote-candidate", candidateType: "srflx", protocol: "udp" }],
        ]);
    }

    end(): void {
        for (const timer of this.#timers) clearTimeout(timer);
    }

    #later(milliseconds: number, callback: () => void): void {
        this.#timers.push(setTimeout(callback, milliseconds));
    }

    attach(conversation: string, attachment: Attachment): void {
        const { name, mediaType, kind, durationMs, waveform } = attachment;
        const sent = file(0, { name, mediaType, kind, durationMs, waveform, size: attachment.blob.size },
            { id: id(this.#sent++), own: true, time: Date.now(), order: this.#sent });
        this.#attached.set(sent.id, attachment);
        const tell = (state: FileSummary["state"]) => this.#emit({
            type: "messages", conversation, replaceAll: false, hasOlder: true, messages: [{ ...sent, file: { ...sent.file!, state } }],
        });
        tell("sealing");
        this.#later(300, () => tell("waiting"));
        this.#later(600, () => tell("complete"));
    }

    async roomLeft(): Promise<number | null> {
        return 5_000_000_000;
    }

    /** Two files move for as long as the page is open. */
    #move(): void {
        let step = 0;
        const report = () => {
            step += 1;
            this.#listener.onFileProgress({ file: id(21), phase: "receiving", chunks: 4_000 + step * 60 });
            this.#listener.onFileProgress({ file: id(23), phase: "sending", chunks: 20_000 + step * 110 });
            if (step < 40) this.#later(200, report);
        };
        report();
    }

    #open(message: string, purpose: "view" | "readableCopy"): void {
        const attached = this.#attached.get(message);
        const blob = attached?.blob ?? new Blob(["Situation at 05:40\n\nThe north gate is open. <script>alert(1)</script>\n"]);
        this.#listener.onFileOpened(new OpenedFile(
            { file: message, name: attached?.name ?? "Situation.html", mediaType: attached?.mediaType ?? "text/html", size: blob.size, purpose },
            (start, end) => blob.slice(start, end).arrayBuffer()));
    }

    #emit(event: CoreEvent): void {
        this.#listener.onEvent(event);
    }

    #unlock(empty: boolean, ownName = "Camille"): void {
        this.#emit({
            type: "unlocked", ownName, ownMember: id(9), isOperator: this.#operator, mayInvite: true,
            settings: { revealSeconds: 0, idleLockSeconds: 300, readReceipts: true, relayOnly: false }, recoverySaved: !this.#operator, confirmed: true, recoveryMade: 0,
        });
        this.#emit({ type: "conversations", conversations: empty ? [] : people });
        this.#emit({ type: "nodeStatus", state: "connected", reason: null });
        this.relay.set({ type: "off" });
        // Léa is there, and not to be reached.
        if (this.#lacksPath) this.#listener.onNoPath(id(0x82), "relayUnreachable");
    }

    #answer(input: PageInput): void {
        this.#calls.answer(input);
        switch (input.type) {
            case "openLink":
                if (input.link.includes("used")) return this.#emit({ type: "linkRefused", reason: "alreadyUsed" });
                return this.#emit({
                    type: "newVaultParameters", n: 2, r: 8, p: 1, salt: new Uint8Array(16),
                    kind: this.#operator ? "operator" : "member", inviterName: this.#operator ? "" : "Ada Lovelace", host: "",
                });
            case "lock":
                return this.#emit({ type: "locked" });
            case "openConversation":
                this.#emit({ type: "messages", conversation: input.conversation, replaceAll: true, hasOlder: true,
                    messages: input.conversation === id(5) ? [] : input.conversation === id(6) ? files : history });
                if (input.conversation === id(6)) this.#move();
                if (new URLSearchParams(location.search).has("nonumber")) return;
                return this.#emit({
                    type: "safetyNumber", member: people.find((person) => person.conversation === input.conversation)!.member,
                    digits: "301447829560142375518830629471106384952077136482905518264730", qr: new Uint8Array(140).map((_, index) => index * 73 % 251),
                    verified: false,
                });
            case "olderMessages":
                return this.#emit({ type: "messages", conversation: input.conversation, replaceAll: false, hasOlder: false,
                    messages: [message(0, { time: now - 30 * 60 * minute })] });
            case "openFile":
                return this.#open(input.message, input.purpose);
            case "readableCopy":
            case "cancelFile":
                return;
            case "reveal":
                if (input.message === id(29)) {
                    const until = { type: "revealed" as const, conversation: input.conversation, message: input.message, text: "voice.webm", untilMs: 0 };
                    this.#emit(until);
                    return this.#emit({ type: "messages", conversation: input.conversation, replaceAll: false, hasOlder: true, messages: [
                        file(29, { name: "voice.webm", mediaType: "audio/webm", size: 34_000, kind: "voice", durationMs: 12_000, waveform }),
                    ] });
                }
                return this.#emit({ type: "revealed", conversation: input.conversation, message: input.message, text: texts, untilMs: 0 });
            case "send": {
                const sent = message(this.#sent, { id: id(this.#sent++), own: true, state: "sending", masked: false, text: input.text, time: Date.now() });
                const tell = (state: Message["state"]) => this.#emit({
                    type: "messages", conversation: input.conversation, replaceAll: false, hasOlder: true, messages: [{ ...sent, state }],
                });
                tell("sending");
                this.#later(400, () => tell("sent"));
                return this.#later(1_200, () => tell("delivered"));
            }
            case "invite": {
                this.#invited += 1;
                const invitation = id(200 + this.#invited);
                this.#emit({ type: "invitation", invitation, expires: Date.now() + (input.validForSeconds || 604_800) * 1_000,
                    link: `https://localhost:8443/#${"AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_".repeat(3).slice(0, 87 - this.#invited)}${"x".repeat(this.#invited)}` });
                return this.#emit({ type: "invitations", invitations: [
                    { invitation, created: Date.now(), expires: Date.now() + 604_800_000, state: "open", label: "", guest: "", showable: true },
                    { invitation: id(199), created: now - 86_400_000, expires: now + 5 * 86_400_000, state: "open", label: "Max", guest: "", showable: true },
                ] });
            }
            case "verified": {
                const index = people.findIndex((person) => person.member === input.member);
                people[index] = { ...people[index]!, verified: input.verified };
                return this.#emit({ type: "conversations", conversations: [...people] });
            }
        }
    }
}
