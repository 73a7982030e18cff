// One call, from the first ring to the word why it is over.

import type { Call } from "../model/calls";
import type { Figures } from "../model/figures";
import { Value } from "../model/value";
import type { NoPath } from "../net/nopath";
import type { CallAction } from "../worker/boundary";
import type { CallHost } from "./host";
import { MediaConnection } from "./net/connection";
import { CaptureKind, Devices, SharedScreen, shareScreen } from "./net/devices";
import { FrameEncryption } from "./net/frames";
import { Playback } from "./net/playback";
import { SideState, silentSide, Slot } from "./net/slots";
import { figuresOf, Snapshot } from "./net/statistics";

/** How the two pictures share the window. */
export type Layout = "speaker" | "grid";

export class CallModel {
    readonly summary: Value<Call>;
    readonly name: string;
    readonly devices: Devices;
    readonly isMuted = new Value(false);
    readonly sharing = new Value<SharedScreen | null>(null);
    /** The system, or the browser, let no screen be shared. */
    readonly screenRefused = new Value(false);
    /** What the other side says of its own tracks. */
    readonly peer = new Value<SideState>(silentSide);
    /** The other side's pictures; they may show nothing. */
    readonly remote = new Value<{ readonly camera: MediaStreamTrack | null; readonly screen: MediaStreamTrack | null }>(
        { camera: null, screen: null });
    /** Whether the two agreed to encrypt frames a second time. Null: not known before it is answered. */
    readonly encrypted = new Value<boolean | null>(null);
    /** Why there is no path to the other side. */
    readonly noPath = new Value<NoPath | null>(null);
    readonly layout = new Value<Layout>("speaker");
    readonly isSmall = new Value(false);
    readonly figures = new Value<Figures | null>(null);

    #host: CallHost;
    #connection: MediaConnection | null = null;
    #frames: FrameEncryption | null = null;
    #playback: Playback;
    #snapshot: Snapshot | null = null;
    #wasForged = false;
    #isReleased = false;
    #endings: (() => void)[] = [];

    constructor(host: CallHost, devices: Devices, call: Call, name: string) {
        this.#host = host;
        this.devices = devices;
        this.summary = new Value(call);
        this.name = name;
        this.#playback = new Playback(devices.chosen.speaker.current);
        this.#endings.push(devices.chosen.speaker.subscribe((id) => this.#playback.setSpeaker(id)));
        for (const kind of ["microphone", "camera"] as const) {
            this.#endings.push(devices.track[kind].subscribe((track) => this.#carry(kind, track)));
        }
    }

    get id(): string {
        return this.summary.current.call;
    }

    /** How loud the other side is, from 0 to 1. */
    get level(): number {
        return this.#connection?.level() ?? 0;
    }

    get isOver(): boolean {
        return this.summary.current.state === "over";
    }

    // What the user does

    hangUp(): void {
        if (!this.isOver) this.#host.input({ type: "hangUp", call: this.id });
    }

    toggleMute(): void {
        this.isMuted.update((muted) => !muted);
        const microphone = this.devices.track.microphone.current;
        if (microphone !== null) microphone.enabled = !this.isMuted.current;
        // A user who wants to speak and has no microphone is asked for one again.
        else if (!this.isMuted.current) void this.devices.open("microphone");
        this.#tellSide();
    }

    /** A camera that is off is closed: its light goes out. */
    toggleCamera(): void {
        if (this.devices.track.camera.current !== null) this.devices.close("camera");
        else void this.devices.open("camera");
    }

    async toggleScreen(): Promise<void> {
        if (this.sharing.current !== null) return this.#stopSharing();
        this.screenRefused.set(false);
        const shared = await shareScreen();
        if (shared === null || shared === "refused") return this.screenRefused.set(shared === "refused" && !this.isOver);
        if (this.isOver) return stopShared(shared);
        // The browser's own bar has a button that ends it, too.
        shared.picture.onended = () => this.#stopSharing();
        this.sharing.set(shared);
        this.#connection?.setTrack("screen", shared.picture);
        this.#connection?.setTrack("screenSound", shared.sound);
        this.#tellSide();
    }

    /** Looks at the browser's counters; the view asks while it shows them. */
    async measure(): Promise<void> {
        const connection = this.#connection;
        if (connection === null) return;
        const snapshot: Snapshot = { reports: await connection.statistics(), time: Date.now() };
        if (this.#connection !== connection) return;
        const encrypted = this.#frames !== null;
        this.figures.set(figuresOf(snapshot, this.#snapshot, encrypted, this.#frames?.refused ?? 0));
        this.#snapshot = snapshot;
    }

    // What the core says

    onCall(call: Call): void {
        if (call.encryption !== "unknown") this.encrypted.set(call.encryption === "frames");
        if (call.state === "over") this.#release();
        // The other side was quicker to hang up for what this side has seen, too.
        this.summary.set(this.#wasForged && call.reason === "hungUp" ? { ...call, reason: "fingerprintMismatch" } : call);
    }

    onAction(action: CallAction): void {
        switch (action.type) {
            case "start":
                return this.#start(action);
            case "signal":
                return this.#connection?.receive(action.kind, action.text);
            case "sendKey":
                return this.#frames?.setSendKey(action.key);
            case "receiveKey":
                return this.#frames?.addReceiveKey(action.key);
            case "forgetKey":
                return this.#frames?.forgetKey(action.id);
            case "end":
                return this.#release();
        }
    }

    dispose(): void {
        this.#release();
    }

    // Media

    #start({ polite, video, relayOnly, keys }: Extract<CallAction, { type: "start" }>): void {
        this.#connection?.close();
        this.#frames?.end();
        // A worker that died cannot count on where its keys were: the call ends rather than use a counter twice.
        this.#frames = keys === null ? null : new FrameEncryption(keys.send, keys.receive, () => this.hangUp());
        this.encrypted.set(keys !== null);
        const call = this.id;
        this.#connection = new MediaConnection(polite, relayOnly, this.#host.relay, this.#frames, this.#side, {
            onSignal: (kind, text) => this.#host.input({ type: "callSignal", call, kind, text }),
            onState: (state) => this.#host.input({ type: "callMedia", call, state }),
            onTrack: (slot, track) => this.#onTrack(slot, track),
            onSideState: (state) => this.peer.set(state),
            onNoPath: (reason) => this.noPath.set(reason),
        });
        this.#carry("microphone", this.devices.track.microphone.current);
        this.#carry("camera", this.devices.track.camera.current);
        void this.devices.open("microphone", ...(video ? ["camera" as const] : []));
    }

    #onTrack(slot: Slot, track: MediaStreamTrack): void {
        if (slot === "camera" || slot === "screen") this.remote.update((remote) => ({ ...remote, [slot]: track }));
        else this.#playback.play(track);
    }

    #carry(kind: CaptureKind, track: MediaStreamTrack | null): void {
        if (kind === "microphone" && track !== null) track.enabled = !this.isMuted.current;
        this.#connection?.setTrack(kind, track);
        this.#tellSide();
    }

    get #side(): SideState {
        const { microphone, camera } = this.devices.track;
        return {
            microphone: microphone.current !== null && !this.isMuted.current,
            camera: camera.current !== null,
            screen: this.sharing.current !== null,
        };
    }

    #tellSide(): void {
        this.#connection?.tellSide(this.#side);
    }

    #stopSharing(): void {
        const shared = this.sharing.current;
        if (shared === null) return;
        this.sharing.set(null);
        stopShared(shared);
        this.#connection?.setTrack("screen", null);
        this.#connection?.setTrack("screenSound", null);
        this.#tellSide();
    }

    /** Whatever of the call is in this page: its devices, its connection, its keys. Once: devices may be another call's by then. */
    #release(): void {
        if (this.#isReleased) return;
        this.#isReleased = true;
        for (const ending of this.#endings.splice(0)) ending();
        this.#stopSharing();
        this.#wasForged ||= this.#connection?.isForged === true;
        this.#connection?.close();
        this.#connection = null;
        this.#frames?.end();
        this.#frames = null;
        this.#playback.stop();
        this.devices.closeAll();
        this.remote.set({ camera: null, screen: null });
    }
}

function stopShared({ picture, sound }: SharedScreen): void {
    picture.onended = null;
    picture.stop();
    sound?.stop();
}
