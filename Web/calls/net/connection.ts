// A call's media: an RTCPeerConnection of its own, beside the channel that carries messages. Descriptions and candidates come
// from and go to the core, which carries them inside the conversation.

import { signalledCandidate, withoutOwnAddresses } from "../../net/candidates";
import type { NoPath } from "../../net/nopath";
import { PathKeeper } from "../../net/pathkeeper";
import type { Relay } from "../../net/relay";
import { PathStatistics, Reports } from "../../net/selectedpair";
import type { CallMediaState, CallSignalKind } from "../../worker/boundary";
import { announcedFingerprints, fingerprintOf, wasRefused } from "../../net/fingerprint";
import { hintContent, preferCodecs, tuneSender, withOpusWishes } from "./codecs";
import type { FrameEncryption } from "./frames";
import { levelOf } from "./sound";
import { kindOf, parseSideState, SideState, Slot, slots } from "./slots";

export interface ConnectionListener {
    onSignal(kind: CallSignalKind, text: string): void;
    /** Not called for what it is already. After "failed" and "fingerprintMismatch" nothing more comes. */
    onState(state: CallMediaState): void;
    /** The other side's track is there to be shown or played; it may send nothing yet. */
    onTrack(slot: Slot, track: MediaStreamTrack): void;
    onSideState(state: SideState): void;
    /** Why there is no path; null: there is one again. */
    onNoPath(reason: NoPath | null): void;
}

/** Without a first connection by then there is no path. */
const patience = 30_000;
/** A path that is cut often comes back by itself. */
const grace = 1_500;
/** A description's type with which a side says that the certificate it saw was not the announced one. */
const forgeryNotice = "forged";
/** How long that word has to arrive. */
const noticeDelay = 700;
/** A description's type with which the callee asks for an offer. */
const restartRequest = "restart";

export class MediaConnection {
    readonly connection: RTCPeerConnection;
    #listener: ConnectionListener;
    #polite: boolean;
    #relayOnly: boolean;
    #keeper: PathKeeper;
    #statistics: PathStatistics;
    #frames: FrameEncryption | null;
    #transceivers = new Map<Slot, RTCRtpTransceiver>();
    #tracks = new Map<Slot, MediaStreamTrack>();
    #data: RTCDataChannel | null = null;
    #side: SideState;
    /** Candidates that came before the description they belong to. */
    #early: RTCIceCandidateInit[] = [];
    /** Jobs on the connection run one after the other, so each finds it between two negotiation steps. */
    #jobs: Promise<void> = Promise.resolve();
    #announced: string[] = [];
    #state: CallMediaState | null = null;
    #closed = false;
    #wasForged = false;
    #deadline: ReturnType<typeof setTimeout>;

    /**
     * @param polite Of two offers that cross, this side's gives way. The callee is polite; the caller makes the first offer.
     * @param relayOnly None of this device's addresses may reach the other side.
     * @param frames Null where frames are not encrypted a second time.
     */
    constructor(polite: boolean, relayOnly: boolean, relay: Relay, frames: FrameEncryption | null, side: SideState, listener: ConnectionListener) {
        this.#polite = polite;
        this.#relayOnly = relayOnly;
        this.#frames = frames;
        this.#side = side;
        this.#listener = listener;
        this.connection = new RTCPeerConnection(relay.configuration(relayOnly));
        this.#statistics = new PathStatistics(this.connection);
        this.#deadline = setTimeout(() => this.#end("failed"), patience);
        this.#keeper = new PathKeeper(this.connection, relay, relayOnly, {
            restart: () => this.#askForRestart(),
            onNoPath: (reason) => this.#listener.onNoPath(reason),
        });
        this.#watch();
        this.#enqueue(() => relay.known());
        if (!polite) {
            for (const slot of slots) this.#occupy(slot, this.connection.addTransceiver(kindOf[slot], { direction: "sendrecv" }));
            this.#openData();
        }
    }

    receive(kind: CallSignalKind, text: string): void {
        this.#enqueue(() => this.#apply(kind, text));
    }

    /** What is sent in that place; null for nothing. */
    setTrack(slot: Slot, track: MediaStreamTrack | null): void {
        if (track === null) this.#tracks.delete(slot);
        else {
            hintContent(track, slot);
            this.#tracks.set(slot, track);
        }
        const sender = this.#transceivers.get(slot)?.sender;
        // Only the last of several changes that follow each other counts.
        if (sender !== undefined) this.#enqueue(() => sender.replaceTrack(this.#tracks.get(slot) ?? null));
    }

    /** Tells the other side which tracks are on. */
    tellSide(side: SideState): void {
        this.#side = side;
        if (this.#data?.readyState === "open") this.#data.send(JSON.stringify(side));
    }

    /** Whether the certificate was not the announced one. */
    get isForged(): boolean {
        return this.#wasForged || (this.#state === null && wasRefused(this.connection, this.#dtls()));
    }

    /** How loud the voice is that arrives: 0 for silence, 1 for as loud as can be. */
    level(): number {
        const [source] = this.#transceivers.get("microphone")?.receiver.getSynchronizationSources() ?? [];
        return levelOf(source?.audioLevel ?? 0);
    }

    statistics(): Promise<Reports> {
        return this.#statistics.read();
    }

    /** Closes without a word to the listener. */
    close(): void {
        this.#closed = true;
        clearTimeout(this.#deadline);
        this.#keeper.end();
        const { connection } = this;
        connection.onicecandidate = connection.onnegotiationneeded = connection.onconnectionstatechange = null;
        if (this.#data !== null) this.#data.onopen = this.#data.onmessage = null;
        connection.close();
    }

    #end(state: "failed" | "fingerprintMismatch"): void {
        if (this.#closed) return;
        this.#wasForged = state === "fingerprintMismatch";
        // The other side may not have seen it, and is to be warned as well, before our word ends the call over there.
        if (this.#wasForged) this.#signal("description", JSON.stringify({ type: forgeryNotice }));
        this.close();
        setTimeout(() => this.#listener.onState(state), this.#wasForged ? noticeDelay : 0);
    }

    #report(state: "connected" | "disconnected"): void {
        if (this.#closed || state === this.#state) return;
        this.#state = state;
        this.#listener.onState(state);
    }

    // Negotiation

    /** A signal that cannot be applied belongs to a negotiation that is over, or is not one. */
    #enqueue(job: () => Promise<void>): void {
        this.#jobs = this.#jobs.then(async () => {
            if (!this.#closed) await job().catch(() => undefined);
        });
    }

    #occupy(slot: Slot, transceiver: RTCRtpTransceiver): void {
        this.#transceivers.set(slot, transceiver);
        transceiver.direction = "sendrecv";
        preferCodecs(transceiver, slot);
        this.#frames?.attach(transceiver, slot);
        const track = this.#tracks.get(slot);
        if (track !== undefined) void transceiver.sender.replaceTrack(track);
        this.#listener.onTrack(slot, transceiver.receiver.track);
    }

    async #describe(): Promise<void> {
        const { connection } = this;
        await connection.setLocalDescription();
        this.#tellDescription();
    }

    #tellDescription(): void {
        const description = this.connection.localDescription;
        if (description === null) return;
        const sdp = withOpusWishes(description.sdp);
        this.#signal("description", JSON.stringify({ type: description.type, sdp: this.#relayOnly ? withoutOwnAddresses(sdp) : sdp }));
    }

    async #apply(kind: CallSignalKind, text: string): Promise<void> {
        if (kind === "candidate") {
            const candidate = JSON.parse(text) as RTCIceCandidateInit;
            if (this.connection.remoteDescription === null) this.#early.push(candidate);
            else await this.connection.addIceCandidate(candidate);
            return;
        }
        const { type, sdp } = JSON.parse(text) as { type: string; sdp?: string };
        if (type === restartRequest) return this.#restart();
        if (type === forgeryNotice) return this.#end("fingerprintMismatch");
        if (sdp === undefined || (type !== "offer" && type !== "answer")) return;
        // Perfect negotiation (WebRTC 1.0 §10.7): of two offers that cross, the polite side takes its own back, which
        // setRemoteDescription does by itself.
        if (type === "offer" && !this.#polite && this.connection.signalingState !== "stable") return;
        const announced = announcedFingerprints(sdp);
        // The certificate belongs to the call: one that changes in the middle of it is somebody else's.
        const isSame = this.#announced.length === 0 || announced.join() === this.#announced.join();
        if (announced.length === 0 || !isSame) return this.#end("fingerprintMismatch");
        this.#announced = announced;
        if (type === "offer" && this.#data === null) this.#openData();
        await this.connection.setRemoteDescription({ type, sdp });
        this.#keeper.heard();
        this.#occupyOffered();
        const candidates = this.#early;
        this.#early = [];
        for (const candidate of candidates) await this.connection.addIceCandidate(candidate).catch(() => undefined);
        if (type === "offer") await this.#describe();
        for (const [slot, { sender }] of this.#transceivers) await tuneSender(sender, slot).catch(() => undefined);
        this.#frames?.setCodecs(this.#transceivers);
    }

    /** The callee's places, which the first offer has made. */
    #occupyOffered(): void {
        if (this.#transceivers.size > 0) return;
        const offered = this.connection.getTransceivers();
        for (const [index, slot] of slots.entries()) {
            const transceiver = offered[index];
            if (transceiver?.receiver.track.kind === kindOf[slot]) this.#occupy(slot, transceiver);
        }
    }

    #signal(kind: CallSignalKind, text: string): void {
        if (!this.#closed) this.#listener.onSignal(kind, text);
    }

    #openData(): void {
        const data = this.connection.createDataChannel("state", { negotiated: true, id: 0 });
        this.#data = data;
        data.onopen = () => this.tellSide(this.#side);
        data.onmessage = ({ data: text }) => {
            const state = typeof text === "string" ? parseSideState(text) : null;
            if (state !== null) this.#listener.onSideState(state);
        };
    }

    // The connection's health

    #watch(): void {
        const { connection } = this;
        connection.onicecandidate = ({ candidate }) => {
            const text = candidate === null || candidate.candidate === "" ? null : signalledCandidate(candidate, this.#relayOnly);
            if (text !== null) this.#signal("candidate", text);
        };
        connection.onnegotiationneeded = () => this.#enqueue(async () => {
            if (connection.signalingState === "stable") await this.#describe();
        });
        connection.onconnectionstatechange = () => {
            switch (connection.connectionState) {
                case "connected":
                    return void this.#connected();
                case "disconnected":
                    return this.#lost(grace);
                case "failed":
                    if (this.isForged) return this.#end("fingerprintMismatch");
                    return this.#lost(0);
            }
        };
    }

    #dtls(): RTCDtlsTransport | null {
        return this.connection.sctp?.transport ?? this.connection.getSenders()[0]?.transport ?? null;
    }

    async #connected(): Promise<void> {
        clearTimeout(this.#deadline);
        this.#keeper.up();
        if (!(await this.#certificateIsAnnounced())) return this.#end("fingerprintMismatch");
        if (this.connection.connectionState === "connected") this.#report("connected");
    }

    /** The browser compares too; this does not leave it to the browser alone where the certificate can be seen. */
    async #certificateIsAnnounced(): Promise<boolean> {
        const transport = this.#dtls();
        if (transport === null || typeof transport.getRemoteCertificates !== "function") return true;
        const [certificate] = transport.getRemoteCertificates();
        return certificate === undefined || this.#announced.includes(await fingerprintOf(certificate));
    }

    #lost(wait: number): void {
        if (this.#closed || this.#state === null) return;
        this.#report("disconnected");
        this.#keeper.down(wait);
    }

    /** New candidates for the same call. The core gives it up if there is no path for too long. */
    restart(): void {
        if (!this.#closed && this.#state !== null) this.#keeper.restart();
    }

    /**
     * Both sides notice a loss at the same moment, so their offers would cross. Taking one back costs Chromium its receiving
     * streams and with them the step that opens frames, so the callee asks the caller for an offer.
     */
    #askForRestart(): void {
        if (this.#closed) return;
        if (this.#polite) this.#signal("description", JSON.stringify({ type: restartRequest }));
        else this.#restart();
    }

    #restart(): void {
        // While an offer is under way its answer is awaited: the core carries signals reliably.
        if (this.connection.signalingState === "stable") this.connection.restartIce();
    }
}
