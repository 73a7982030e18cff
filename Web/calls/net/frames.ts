// The page's side of the worker that encrypts frames. Keys only pass through here: they are transferred, never copied.

import type { CallKey } from "../../worker/boundary";
import { startWorker } from "../../net/trusted";
import type { FromMedia, ToMedia, TransformOptions } from "../media/protocol";
import { kindOf, Slot } from "./slots";

export class FrameEncryption {
    #worker: Worker;
    #ended = false;
    /** Frames received that did not open. */
    refused = 0;

    /** @param onFault Neither direction can go on: no frame is sent in the clear instead. */
    constructor(send: CallKey, receive: CallKey, onFault: (detail: string) => void) {
        this.#worker = startWorker("/media.js", "media");
        this.#worker.onmessage = ({ data }: MessageEvent<FromMedia>) => {
            if (data.type === "fault") onFault(data.detail);
            else this.refused = data.refused;
        };
        this.#worker.onerror = (event) => {
            event.preventDefault();
            onFault(event.message ?? "media.js");
        };
        this.addReceiveKey(receive);
        this.setSendKey(send);
    }

    /** From now on frames may come under this key too. */
    addReceiveKey(key: CallKey): void {
        this.#post({ type: "receiveKey", key }, [key.key.buffer]);
    }

    /** Frames leave under this key from now on. */
    setSendKey(key: CallKey): void {
        this.#post({ type: "sendKey", key }, [key.key.buffer]);
    }

    /** No frame comes any more under the key with this KID. */
    forgetKey(id: number): void {
        this.#post({ type: "forgetKey", id });
    }

    /** Both directions of that place, before anything flows. */
    attach(transceiver: RTCRtpTransceiver, slot: Slot): void {
        const options = (side: TransformOptions["side"]): TransformOptions => ({ side, kind: kindOf[slot] });
        transceiver.sender.transform = new RTCRtpScriptTransform(this.#worker, options("send"));
        transceiver.receiver.transform = new RTCRtpScriptTransform(this.#worker, options("receive"));
    }

    /** Which payload type is which codec, for browsers that do not say it with the frame. */
    setCodecs(transceivers: ReadonlyMap<Slot, RTCRtpTransceiver>): void {
        const codecs: [number, string][] = [];
        for (const { sender, receiver } of transceivers.values()) {
            for (const parameters of [sender.getParameters(), receiver.getParameters()]) {
                for (const { payloadType, mimeType } of parameters.codecs) codecs.push([payloadType, mimeType]);
            }
        }
        this.#post({ type: "codecs", codecs });
    }

    end(): void {
        this.#ended = true;
        this.#worker.onmessage = this.#worker.onerror = null;
        this.#worker.terminate();
    }

    #post(message: ToMedia, transferred: Transferable[] = []): void {
        if (!this.#ended) this.#worker.postMessage(message, transferred);
    }
}
