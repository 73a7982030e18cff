// The worker through which each frame of a call passes between encoder and packets. Without a key nothing passes: a frame that
// cannot be encrypted is not sent, and one that does not open is not shown.

import { WasmInstance } from "../../worker/instance";
import { codecNumber, MediaCipher } from "./cipher";
import type { FromMedia, ToMedia, TransformOptions } from "./protocol";

interface EncodedFrame {
    data: ArrayBuffer;
    getMetadata(): { readonly payloadType?: number; readonly mimeType?: string };
}

interface Transformer {
    readonly readable: ReadableStream<EncodedFrame>;
    readonly writable: WritableStream<EncodedFrame>;
    readonly options: TransformOptions;
    generateKeyFrame?(): Promise<unknown>;
    sendKeyFrameRequest?(): Promise<unknown>;
}

interface MediaScope {
    onmessage: ((event: MessageEvent<ToMedia>) => void) | null;
    onrtctransform: ((event: { readonly transformer: Transformer }) => void) | null;
    postMessage(message: FromMedia): void;
    close(): void;
}

const scope = self as unknown as MediaScope;
const reportInterval = 1_000;
/** A picture that broke off is asked for anew, and not with every frame. */
const keyFrameInterval = 500;

const mimeTypes = new Map<number, string>();
const senders = new Set<Transformer>();
let refused = 0;
let reported = 0;
let hasSendKey = false;

function stop(error: unknown): never {
    scope.postMessage({ type: "fault", detail: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
    scope.close();
    throw error;
}

const cipher = WasmInstance.load("/media.wasm").then((module) => new MediaCipher(module)).catch(stop);

// Keys take effect in the order in which they come.
let last: Promise<unknown> = Promise.resolve();
scope.onmessage = ({ data }) => {
    last = last.then(async () => receive(await cipher, data)).catch(stop);
};

function receive(opened: MediaCipher, message: ToMedia): void {
    switch (message.type) {
        case "sendKey":
            if (!opened.setSendKey(message.key)) throw new Error("a key for sending was refused");
            hasSendKey = true;
            // Whoever joins with the new key can begin at once.
            for (const sender of senders) void sender.generateKeyFrame?.().catch(() => undefined);
            return;
        case "receiveKey":
            if (!opened.addReceiveKey(message.key)) throw new Error("a key for receiving was refused");
            return;
        case "forgetKey":
            return opened.forgetKey(message.id);
        case "codecs":
            for (const [payloadType, mimeType] of message.codecs) mimeTypes.set(payloadType, mimeType);
            return;
    }
}

scope.onrtctransform = ({ transformer }) => {
    const { side, kind } = transformer.options;
    const step = side === "send" ? sealing(transformer, kind) : opening(transformer, kind);
    transformer.readable
        .pipeThrough(new TransformStream<EncodedFrame, EncodedFrame>({ transform: step }))
        .pipeTo(transformer.writable)
        // The connection has gone, and with it the stream.
        .catch(() => undefined);
};

type Step = (frame: EncodedFrame, controller: TransformStreamDefaultController<EncodedFrame>) => Promise<void>;

function codecOf(frame: EncodedFrame, kind: "audio" | "video"): number | null {
    const { mimeType, payloadType } = frame.getMetadata();
    return codecNumber(kind, mimeType ?? mimeTypes.get(payloadType ?? -1));
}

function sealing(transformer: Transformer, kind: "audio" | "video"): Step {
    if (kind === "video") senders.add(transformer);
    return async (frame, controller) => {
        const opened = await cipher;
        const codec = codecOf(frame, kind);
        if (!hasSendKey || codec === null || frame.data.byteLength === 0) return;
        const sealed = opened.protect(codec, new Uint8Array(frame.data));
        if (sealed === null) return;
        frame.data = sealed.buffer as ArrayBuffer;
        controller.enqueue(frame);
    };
}

function opening(transformer: Transformer, kind: "audio" | "video"): Step {
    let asked = 0;
    return async (frame, controller) => {
        const opened = await cipher;
        if (frame.data.byteLength === 0) return;
        const codec = codecOf(frame, kind);
        const plain = codec === null ? null : opened.unprotect(codec, new Uint8Array(frame.data));
        if (plain !== null) {
            frame.data = plain.buffer as ArrayBuffer;
            controller.enqueue(frame);
            return;
        }
        refused += 1;
        if (kind === "video" && Date.now() - asked > keyFrameInterval) {
            asked = Date.now();
            void transformer.sendKeyFrameRequest?.().catch(() => undefined);
        }
    };
}

setInterval(() => {
    if (refused === reported) return;
    reported = refused;
    scope.postMessage({ type: "refused", refused });
}, reportInterval);
