// media.wasm: the cipher of one call's frames, both directions.

import type { CallKey } from "../../worker/boundary";
import { WasmInstance } from "../../worker/instance";

/** As the module numbers them (Sources/CallMedia/MediaCodec.swift). */
const codecs: { readonly [mimeType: string]: number } = {
    "video/vp8": 1, "video/vp9": 2, "video/h264": 3, "video/av1": 4,
};

/** Null for a video codec that the module does not know: its frames cannot be carried encrypted. */
export function codecNumber(kind: "audio" | "video", mimeType: string | undefined): number | null {
    return kind === "audio" ? 0 : codecs[mimeType?.toLowerCase() ?? ""] ?? null;
}

export class MediaCipher {
    #instance: WasmInstance;

    constructor(module: WebAssembly.Module) {
        this.#instance = new WasmInstance(module);
    }

    /** False where the key was used before: a counter must not begin again. */
    setSendKey(key: CallKey): boolean {
        return this.#setKey("send_key", key);
    }

    addReceiveKey(key: CallKey): boolean {
        return this.#setKey("receive_key", key);
    }

    forgetKey(id: number): void {
        this.#instance.call("forget_key", Uint8Array.of(id));
    }

    /** What the packetizer gets; null: it must not be sent. */
    protect(codec: number, frame: Uint8Array): Uint8Array | null {
        const answer = this.#instance.call("protect", Uint8Array.of(codec), frame);
        return answer.length === 0 ? null : answer;
    }

    /** What the decoder gets; null: the frame is dropped. */
    unprotect(codec: number, frame: Uint8Array): Uint8Array | null {
        const answer = this.#instance.call("unprotect", Uint8Array.of(codec), frame);
        return answer.length === 0 ? null : answer;
    }

    #setKey(name: "send_key" | "receive_key", { id, key }: CallKey): boolean {
        const answer = this.#instance.call(name, Uint8Array.of(id), key);
        key.fill(0);
        return answer.length === 1;
    }
}
