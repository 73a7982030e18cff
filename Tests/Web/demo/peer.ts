// The other side of a call, in the same page: a moving picture, a tone, and a screen with letters on it.

import { MediaConnection } from "../../../Web/calls/net/connection";
import { FrameEncryption } from "../../../Web/calls/net/frames";
import type { Slot } from "../../../Web/calls/net/slots";
import { Relay } from "../../../Web/net/relay";
import type { CallMediaState, CallSignalKind } from "../../../Web/worker/boundary";

const noRelay = new Relay(location);
noRelay.set({ type: "off" });

export interface PeerPlan {
    readonly polite: boolean;
    readonly video: boolean;
    readonly screen: boolean;
    /** The bytes that fill the two keys; null: frames are not encrypted. */
    readonly keys: { readonly send: number; readonly receive: number } | null;
}

export class DemoPeer {
    readonly states: CallMediaState[] = [];
    readonly tracks = new Map<Slot, MediaStreamTrack>();
    readonly connection: MediaConnection;
    readonly frames: FrameEncryption | null;
    #endings: (() => void)[] = [];

    constructor({ polite, video, screen, keys }: PeerPlan, onSignal: (kind: CallSignalKind, text: string) => void) {
        this.frames = keys === null ? null : new FrameEncryption(
            { id: 1, key: new Uint8Array(32).fill(keys.send) }, { id: 1, key: new Uint8Array(32).fill(keys.receive) },
            (detail) => console.error(`media worker: ${detail}`));
        this.connection = new MediaConnection(polite, false, noRelay, this.frames, { microphone: true, camera: video, screen }, {
            onSignal,
            onState: (state) => this.states.push(state),
            onTrack: (slot, track) => this.tracks.set(slot, track),
            onSideState: () => {},
            onNoPath: () => {},
        });
        this.connection.setTrack("microphone", this.#tone());
        if (video) this.connection.setTrack("camera", this.#picture(640, 360, drawFace));
        if (screen) this.connection.setTrack("screen", this.#picture(1_280, 720, drawPage));
    }

    end(): void {
        for (const ending of this.#endings.splice(0)) ending();
        this.connection.close();
        this.frames?.end();
    }

    #tone(): MediaStreamTrack {
        const context = new AudioContext();
        const oscillator = new OscillatorNode(context, { frequency: 330 });
        const gain = new GainNode(context, { gain: 0.2 });
        const target = context.createMediaStreamDestination();
        oscillator.connect(gain).connect(target);
        oscillator.start();
        this.#endings.push(() => void context.close());
        return target.stream.getAudioTracks()[0]!;
    }

    #picture(width: number, height: number, draw: (context: CanvasRenderingContext2D, time: number) => void): MediaStreamTrack {
        const canvas = document.createElement("canvas");
        canvas.width = width;
        canvas.height = height;
        const context = canvas.getContext("2d")!;
        const timer = setInterval(() => draw(context, performance.now() / 1_000), 50);
        this.#endings.push(() => clearInterval(timer));
        return canvas.captureStream(20).getVideoTracks()[0]!;
    }
}

function drawFace(context: CanvasRenderingContext2D, time: number): void {
    const { width, height } = context.canvas;
    const sky = context.createLinearGradient(0, 0, 0, height);
    sky.addColorStop(0, "#31555d");
    sky.addColorStop(1, "#8fa9a0");
    context.fillStyle = sky;
    context.fillRect(0, 0, width, height);
    const sway = Math.sin(time) * 8;
    context.fillStyle = "#2b3a55";
    context.beginPath();
    context.ellipse(width / 2 + sway, height * 1.06, width * 0.22, height * 0.36, 0, 0, 7);
    context.fill();
    context.fillStyle = "#d9a982";
    context.beginPath();
    context.ellipse(width / 2 + sway, height * 0.48, width * 0.1, height * 0.22, 0, 0, 7);
    context.fill();
    context.fillStyle = "#3a2a20";
    context.beginPath();
    context.ellipse(width / 2 + sway, height * 0.36, width * 0.105, height * 0.13, 0, Math.PI, 0);
    context.fill();
    for (const side of [-1, 1]) context.fillRect(width / 2 + sway + side * width * 0.035 - 4, height * 0.46, 8, 8);
    context.fillRect(width / 2 + sway - 14, height * 0.58, 28, 4 + 5 * Math.abs(Math.sin(time * 5)));
}

function drawPage(context: CanvasRenderingContext2D, time: number): void {
    const { width, height } = context.canvas;
    context.fillStyle = "#f7f5f0";
    context.fillRect(0, 0, width, height);
    context.fillStyle = "#182123";
    context.font = "28px sans-serif";
    ["Generators: 2 of 5", "Fuel until Thursday 18:00", "Convoy leaves 05:40, north gate", "Bridge D37 closed", "Hospital: 12 beds free"]
        .forEach((line, index) => context.fillText(line, 70, 110 + index * 62));
    context.fillStyle = "#0f5b57";
    context.fillRect(70, height - 90, (width - 140) * (time / 10 % 1), 18);
}
