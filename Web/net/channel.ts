// One direct path to a device: an RTCPeerConnection with one negotiated, ordered, reliable DataChannel.
// Descriptions and candidates come from and go to the core, which carries them inside the conversation.

import type { SignalKind } from "../worker/boundary";
import { signalledCandidate, withoutOwnAddresses } from "./candidates";
import type { NoPath } from "./nopath";
import { PathKeeper } from "./pathkeeper";
import type { Relay } from "./relay";
import { announcedFingerprints, fingerprintOf, wasRefused } from "./fingerprint";
import { Path, PathStatistics, Reports, selectedPair } from "./selectedpair";

export interface ChannelListener {
    onSignal(kind: SignalKind, text: string): void;
    onOpen(path: Path): void;
    onMessage(bytes: Uint8Array): void;
    onClosed(): void;
    onFingerprintMismatch(): void;
    /** Why there is no path; null: there is one again. */
    onNoPath(reason: NoPath | null): void;
    /** The peer has opened another one beside the first. */
    onChannel(channel: RTCDataChannel): void;
}

/** Above this the browser's own buffer is full enough, and messages wait here. */
const highWater = 1 << 20;
const lowWater = 256 << 10;
/** Without a path by then there is none: the mailbox carries the messages. Before the core gives the attempt up. */
const patience = 25_000;
/** A path that is cut may come back by itself. */
const grace = 1_500;
/** How long another path is looked for, before the mailbox carries the messages. */
const lossPatience = 10_000;
const pathInterval = 5_000;
/** Chromium's statistics may be 50 ms old. */
const statisticsAge = 60;
/** A message that says nothing, and is not passed on. */
const nothing = new Uint8Array(0);

export class Channel {
    #relayOnly: boolean;
    #keeper: PathKeeper;
    #listener: ChannelListener;
    #connection: RTCPeerConnection;
    #statistics: PathStatistics;
    #data: RTCDataChannel;
    #initiator: boolean;
    #waiting: Uint8Array[] = [];
    /** Candidates that came before the description they belong to. */
    #early: RTCIceCandidateInit[] = [];
    /** Signals are applied one after the other. */
    #signals: Promise<void> = Promise.resolve();
    #announced: string[] = [];
    #path: Path | null = null;
    #closed = false;
    #isLost = false;
    #deadline: ReturnType<typeof setTimeout>;
    #pathTimer: ReturnType<typeof setInterval> | undefined;
    #pairTimer: ReturnType<typeof setTimeout> | undefined;

    constructor(initiator: boolean, relayOnly: boolean, relay: Relay, listener: ChannelListener) {
        this.#relayOnly = relayOnly;
        this.#initiator = initiator;
        this.#listener = listener;
        this.#connection = new RTCPeerConnection(relay.configuration(relayOnly));
        this.#statistics = new PathStatistics(this.#connection);
        this.#data = this.#connection.createDataChannel("cryptpeer", { negotiated: true, id: 0, ordered: true });
        this.#data.binaryType = "arraybuffer";
        this.#data.bufferedAmountLowThreshold = lowWater;
        this.#deadline = setTimeout(() => this.#fail(), patience);
        this.#keeper = new PathKeeper(this.#connection, relay, relayOnly, {
            restart: () => this.#restart(),
            onNoPath: (reason) => this.#listener.onNoPath(reason),
        });
        this.#watchConnection();
        this.#watchData();
        this.#enqueue(async () => {
            await relay.known();
            if (this.#closed) return;
            // Never by another way than the one that was chosen.
            if (relayOnly && relay.isUsable === false) this.#fail();
            else if (initiator) await this.#offer();
        });
    }

    send(message: Uint8Array): void {
        this.#waiting.push(message);
        this.#flush();
    }

    /** Another one beside the first, ordered and reliable. Null while there is no verified path. */
    open(label: string): RTCDataChannel | null {
        if (this.#closed || this.#path === null) return null;
        return this.#connection.createDataChannel(label, { ordered: true });
    }

    statistics(): Promise<Reports> {
        return this.#statistics.read();
    }

    receive(kind: SignalKind, text: string): void {
        this.#enqueue(() => this.#apply(kind, text));
    }

    /** Closes without a word to the listener. */
    close(): void {
        this.#closed = true;
        clearTimeout(this.#deadline);
        clearInterval(this.#pathTimer);
        clearTimeout(this.#pairTimer);
        this.#keeper.end();
        this.#waiting = [];
        this.#connection.onicecandidate = this.#connection.onconnectionstatechange = this.#connection.ondatachannel = null;
        this.#data.onopen = this.#data.onclose = this.#data.onmessage = this.#data.onbufferedamountlow = null;
        this.#connection.close();
    }

    #fail(): void {
        if (this.#closed) return;
        if (this.#connection.connectionState !== "connected") this.#keeper.explain();
        this.close();
        this.#listener.onClosed();
    }

    #refuse(): void {
        if (this.#closed) return;
        this.close();
        this.#listener.onFingerprintMismatch();
        this.#listener.onClosed();
    }

    // Negotiation

    /** A signal that cannot be applied belongs to an attempt that is over, or is not one. */
    #enqueue(job: () => Promise<void>): void {
        this.#signals = this.#signals.then(async () => {
            if (this.#closed) return;
            await job().catch(() => undefined);
        });
    }

    async #offer(): Promise<void> {
        await this.#connection.setLocalDescription();
        const { type, sdp = "" } = this.#connection.localDescription ?? {};
        this.#signal(type === "answer" ? "answer" : "offer", this.#relayOnly ? withoutOwnAddresses(sdp) : sdp);
    }

    /** The initiator makes every offer: none ever crosses another. One whose answer got lost is made again. */
    #restart(): void {
        if (!this.#initiator) return this.#signal("restart", "");
        this.#enqueue(async () => {
            this.#connection.restartIce();
            await this.#offer();
        });
    }

    async #apply(kind: SignalKind, text: string): Promise<void> {
        const connection = this.#connection;
        switch (kind) {
            case "offer":
            case "answer":
                if (!this.#announces(text)) return this.#refuse();
                await connection.setRemoteDescription({ type: kind, sdp: text });
                this.#keeper.heard();
                await this.#described();
                if (kind === "offer") await this.#offer();
                return;
            case "candidate": {
                const candidate = JSON.parse(text) as RTCIceCandidateInit;
                if (connection.remoteDescription === null) this.#early.push(candidate);
                else await connection.addIceCandidate(candidate);
                // It may tell what the end is that a check made known before.
                if (this.#path !== null) void this.#reportPath();
                return;
            }
            case "restart":
                if (this.#initiator && this.#announced.length > 0) this.#keeper.restart();
                return;
            case "endOfCandidates":
                return;
        }
    }

    /** Takes note of the announced certificate. It stays the same for as long as the channel lives. */
    #announces(sdp: string): boolean {
        const announced = announcedFingerprints(sdp);
        if (announced.length === 0) return false;
        if (this.#announced.length > 0 && announced.join() !== this.#announced.join()) return false;
        this.#announced = announced;
        return true;
    }

    async #described(): Promise<void> {
        const candidates = this.#early;
        this.#early = [];
        for (const candidate of candidates) await this.#connection.addIceCandidate(candidate).catch(() => undefined);
    }

    #signal(kind: SignalKind, text: string): void {
        if (!this.#closed) this.#listener.onSignal(kind, text);
    }

    #watchConnection(): void {
        const connection = this.#connection;
        connection.onicecandidate = ({ candidate }) => {
            if (candidate === null || candidate.candidate === "") return this.#signal("endOfCandidates", "");
            const text = signalledCandidate(candidate, this.#relayOnly);
            if (text !== null) this.#signal("candidate", text);
        };
        connection.ondatachannel = ({ channel }) => {
            // Before the peer's certificate is known to be the announced one, nothing of it is taken.
            if (this.#path === null) channel.close();
            else this.#listener.onChannel(channel);
        };
        connection.onconnectionstatechange = () => {
            switch (connection.connectionState) {
                case "connected":
                    clearTimeout(this.#deadline);
                    this.#isLost = false;
                    this.#keeper.up();
                    // Another path may be of another kind.
                    if (this.#path !== null) void this.#reportPath();
                    return;
                case "disconnected":
                    return this.#lost(grace);
                case "failed":
                    if (wasRefused(connection, connection.sctp?.transport)) return this.#refuse();
                    if (this.#path === null) return this.#fail();
                    return this.#lost(0);
            }
        };
    }

    #lost(wait: number): void {
        // From the first sign on, whatever signs follow.
        if (!this.#isLost) this.#deadline = setTimeout(() => this.#fail(), lossPatience);
        this.#isLost = true;
        this.#keeper.down(wait);
    }

    // The DataChannel

    #watchData(): void {
        this.#data.onopen = () => void this.#opened();
        this.#data.onclose = () => this.#fail();
        this.#data.onbufferedamountlow = () => this.#flush();
        this.#data.onmessage = ({ data }) => {
            if (data instanceof ArrayBuffer && data.byteLength > 0) this.#listener.onMessage(new Uint8Array(data));
        };
    }

    async #opened(): Promise<void> {
        clearTimeout(this.#deadline);
        if (!(await this.#certificateIsAnnounced())) return this.#refuse();
        this.#watchPath();
        await this.#reportPath();
        this.#flush();
    }

    #watchPath(): void {
        if (this.#closed) return;
        // Firefox does not say when it uses another pair.
        this.#pathTimer = setInterval(() => void this.#reportPath(), pathInterval);
        this.#connection.sctp?.transport.iceTransport.addEventListener("selectedcandidatepairchange", () => this.#pairChanged());
    }

    #pairChanged(): void {
        if (this.#closed) return;
        clearTimeout(this.#pairTimer);
        this.#pairTimer = setTimeout(() => void this.#reportPath(), statisticsAge);
        // A Chromium that is the controlled side follows the other side to another path when data comes there; a check is
        // not enough. On a silent channel SCTP's next heartbeat would be the first data, up to 30 s later (RFC 9260 §16).
        if (this.#data.readyState === "open") this.#data.send(nothing);
    }

    /** The browser compares too; this does not leave it to the browser alone where the certificate can be seen. */
    async #certificateIsAnnounced(): Promise<boolean> {
        const transport = this.#connection.sctp?.transport;
        if (transport === undefined || typeof transport.getRemoteCertificates !== "function") return true;
        const [certificate] = transport.getRemoteCertificates();
        return certificate === undefined || this.#announced.includes(await fingerprintOf(certificate));
    }

    async #reportPath(): Promise<void> {
        if (this.#closed) return;
        const path = selectedPair(await this.#statistics.read())?.path ?? this.#path ?? "direct";
        if (this.#closed || path === this.#path) return;
        this.#path = path;
        this.#listener.onOpen(this.#path);
    }

    #flush(): void {
        while (this.#data.readyState === "open" && this.#data.bufferedAmount < highWater) {
            const message = this.#waiting.shift();
            if (message === undefined) return;
            this.#data.send(message);
        }
    }
}
