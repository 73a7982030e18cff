// One life of the core: its worker, its connection to the node, its channels to other devices. It ends with Lock.

import type { CallAction, ChannelAction, CoreEvent } from "../worker/boundary";
import type { Fault, FromWorker, PageInput, ToWorker } from "../worker/protocol";
import { authorityFingerprint } from "./authority";
import { Channel } from "./channel";
import { keepsNothing } from "./choices";
import { each } from "./each";
import { Attachment, FileProgress, Files } from "./files";
import type { NoPath } from "./nopath";
import { onNetworkChange } from "./network";
import { NodeSocket } from "./nodesocket";
import type { OpenedFile } from "./openedfile";
import { Relay } from "./relay";
import type { Reports } from "./selectedpair";
import { startWorker } from "./trusted";
import { callSupport } from "./webrtc";
import { roomLeft } from "../files/storage";

export interface SessionListener {
    onEvent(event: CoreEvent): void;
    /** What is to be done for a call's media. */
    onCall(action: CallAction): void;
    /** The worker has stopped. */
    onFault(fault: Fault, detail: string): void;
    onNodeReachable(reachable: boolean): void;
    /** The node answers, but does not take this page's address for its own. */
    onAddressUnknown(): void;
    /** Why there is no path to a device that is there; null: there is one, or the device is away. */
    onNoPath(device: string, reason: NoPath | null): void;
    onFileProgress(progress: FileProgress): void;
    /** Answers the input `openFile`. */
    onFileOpened(opened: OpenedFile): void;
}

/** What the model needs of a session; the tests have one of their own. */
export interface SessionPort {
    readonly relay: Relay;
    input(input: PageInput): void;
    enrol(displayName: string, passphrase: string): void;
    unlock(passphrase: string): void;
    changePassphrase(old: string, replacement: string): void;
    /** Asks for the authority's recovery file. */
    recoveryFile(passphrase: string): void;
    /** Has it sealed and sent. */
    attach(conversation: string, attachment: Attachment): void;
    /** Bytes that the browser still grants; null where it does not say. */
    roomLeft(): Promise<number | null>;
    /** Whether the node answers just now, to anybody. */
    nodeAnswers(): Promise<boolean>;
    /** The fingerprint that others compare before they trust the node's certificate; null if there is none to compare. */
    authorityFingerprint(): Promise<string | null>;
    /** What the browser counts of the channel to a device; null while there is none. */
    statistics(device: string): Promise<Reports | null>;
    /** Ends everything at once: the worker's memory goes with it. */
    end(): void;
}

export class Session implements SessionPort {
    readonly relay = new Relay(location, (username) => this.input({ type: "relayRefused", username }));
    #listener: SessionListener;
    #worker: Worker;
    #socket: NodeSocket;
    #channels = new Map<string, Channel>();
    #files: Files;
    #ended = false;
    #stopWatching: () => void;

    constructor(listener: SessionListener) {
        this.#listener = listener;
        this.#worker = startWorker("/worker.js", "core");
        this.#worker.onmessage = (event: MessageEvent<FromWorker>) => this.#receive(event.data);
        this.#worker.onerror = (event) => {
            event.preventDefault();
            this.#stop("load", event.message ?? "worker.js");
        };
        this.#socket = new NodeSocket(`wss://${location.host}/ws`, {
            onConnected: () => {
                this.#listener.onNodeReachable(true);
                this.input({ type: "nodeConnected" });
            },
            onDisconnected: () => this.input({ type: "nodeDisconnected" }),
            onFrame: (bytes) => this.input({ type: "nodeFrame", bytes }),
            onFailure: () => {
                this.#listener.onNodeReachable(false);
                void this.#askAddress();
            },
        });
        this.#files = new Files({
            onInput: (input) => this.input(input),
            onProgress: (progress) => this.#listener.onFileProgress(progress),
            onOpened: (opened) => this.#listener.onFileOpened(opened),
            openChannel: (device, label) => this.#channels.get(device)?.open(label) ?? null,
        });
        // Until it has been told, the core takes no calls.
        this.input({ type: "callsSupported", support: callSupport() });
        document.addEventListener("visibilitychange", this.#wake);
        this.#stopWatching = onNetworkChange((isCertain) => isCertain && this.#socket.renew());
        window.addEventListener("pagehide", this.#leave);
    }

    input(input: PageInput): void {
        this.#post({ type: "input", input });
    }

    enrol(displayName: string, passphrase: string): void {
        const bytes = passphraseBytes(passphrase);
        this.#post({ type: "enrol", displayName, passphrase: bytes }, bytes);
    }

    unlock(passphrase: string): void {
        const bytes = passphraseBytes(passphrase);
        this.#post({ type: "unlock", passphrase: bytes }, bytes);
    }

    changePassphrase(old: string, replacement: string): void {
        const oldBytes = passphraseBytes(old);
        const newBytes = passphraseBytes(replacement);
        this.#post({ type: "changePassphrase", old: oldBytes, new: newBytes }, oldBytes, newBytes);
    }

    recoveryFile(passphrase: string): void {
        const bytes = passphraseBytes(passphrase);
        this.#post({ type: "recoveryFile", passphrase: bytes }, bytes);
    }

    attach(conversation: string, attachment: Attachment): void {
        this.#files.attach(conversation, attachment);
    }

    roomLeft(): Promise<number | null> {
        return roomLeft();
    }

    async nodeAnswers(): Promise<boolean> {
        const answer = await fetch("/healthz", { cache: "no-store" }).catch(() => null);
        return answer?.ok === true;
    }

    authorityFingerprint(): Promise<string | null> {
        return authorityFingerprint();
    }

    async statistics(device: string): Promise<Reports | null> {
        return this.#channels.get(device)?.statistics() ?? null;
    }

    /** A page is not told why its WebSocket was refused: whether the node knows this address is asked for. */
    async #askAddress(): Promise<void> {
        const headers = { "CryptPeer-Origin": location.origin };
        const answer = await fetch("/origin", { headers, cache: "no-store" }).catch(() => null);
        if (answer?.status === 403 && !this.#ended) this.#listener.onAddressUnknown();
    }

    end(): void {
        this.#ended = true;
        document.removeEventListener("visibilitychange", this.#wake);
        this.#stopWatching();
        window.removeEventListener("pagehide", this.#leave);
        this.#worker.onmessage = this.#worker.onerror = null;
        this.#worker.terminate();
        this.#socket.dispose();
        this.#files.end();
        for (const channel of this.#channels.values()) channel.close();
        this.#channels.clear();
    }

    #post(message: ToWorker, ...secrets: Uint8Array[]): void {
        // Transferred, not copied: no second copy of a passphrase stays in the page.
        if (!this.#ended) this.#worker.postMessage(message, secrets.map((secret) => secret.buffer));
    }

    #receive(message: FromWorker): void {
        if (this.#ended) return;
        if (message.type === "fault") return this.#stop(message.fault, message.detail);
        if (message.connection !== "unchanged") this.#socket[message.connection]();
        this.#socket.send(message.toNode);
        if (message.relay !== null) this.relay.set(message.relay);
        each(message.channels, (action) => this.#act(action));
        each(message.files, (action) => this.#files.act(action));
        each(message.calls, (action) => this.#listener.onCall(action));
        each(message.events, (event) => {
            if (event.type === "nodeStatus") this.relay.setNode(event.state === "connected");
            if (!this.#ended) this.#listener.onEvent(event);
        });
    }

    #stop(fault: Fault, detail: string): void {
        this.end();
        this.#listener.onFault(fault === "storage" && keepsNothing() ? "blocked" : fault, detail);
    }

    #act(action: ChannelAction): void {
        const { device } = action;
        switch (action.type) {
            case "connect":
                this.#drop(device);
                return this.#connect(device, action.initiator, action.relayOnly);
            case "remoteSignal":
                return this.#channels.get(device)?.receive(action.kind, action.text);
            case "send":
                return this.#channels.get(device)?.send(action.bytes);
            case "close":
                // Nobody is there: that is no question of paths.
                if (!this.#channels.has(device)) this.#setNoPath(device, null);
                return this.#drop(device);
        }
    }

    #drop(device: string): void {
        this.#channels.get(device)?.close();
        this.#channels.delete(device);
        this.#files.onChannelsClosed(device);
    }

    #setNoPath(device: string, reason: NoPath | null): void {
        if (!this.#ended) this.#listener.onNoPath(device, reason);
    }

    #connect(device: string, initiator: boolean, relayOnly: boolean): void {
        const close = () => this.input({ type: "channelState", device, state: "closed", path: "direct" });
        try {
            this.#channels.set(device, this.#openChannel(device, initiator, relayOnly, close));
        } catch (error) {
            // A browser makes so many connections and no more. The core must not wait for this one.
            reportError(error);
            close();
        }
    }

    #openChannel(device: string, initiator: boolean, relayOnly: boolean, close: () => void): Channel {
        const channel: Channel = new Channel(initiator, relayOnly, this.relay, {
            onSignal: (kind, text) => this.input({ type: "localSignal", device, kind, text }),
            onOpen: (path) => {
                // Of an earlier attempt.
                this.#setNoPath(device, null);
                this.input({ type: "channelState", device, state: "open", path });
            },
            onMessage: (bytes) => this.input({ type: "channelMessage", device, bytes }),
            onNoPath: (reason) => this.#setNoPath(device, reason),
            onFingerprintMismatch: () => this.input({ type: "channelFingerprintMismatch", device }),
            onChannel: (other) => this.#files.onChannel(device, other),
            onClosed: () => {
                if (this.#channels.get(device) === channel) this.#drop(device);
                close();
            },
        });
        return channel;
    }

    /** Timers sleep in a hidden page and a closed laptop: the core looks at the time anew. */
    #wake = (): void => {
        if (document.visibilityState === "visible") this.input({ type: "tick" });
    };

    /** A page that may be put aside whole must not keep its keys: it starts anew when it comes back. */
    #leave = (event: PageTransitionEvent): void => {
        if (event.persisted) {
            this.end();
            window.addEventListener("pageshow", () => location.reload(), { once: true });
        }
    };
}

/** The same passphrase in every way of typing it: NFC, then UTF-8. */
function passphraseBytes(passphrase: string): Uint8Array {
    return new TextEncoder().encode(passphrase.normalize("NFC"));
}
