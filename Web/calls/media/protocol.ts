// What the page and the media worker post to each other.

import type { CallKey } from "../../worker/boundary";

export type ToMedia =
    | { type: "sendKey"; key: CallKey }
    | { type: "receiveKey"; key: CallKey }
    | { type: "forgetKey"; id: number }
    /** Payload types and the codecs they stand for. */
    | { type: "codecs"; codecs: [payloadType: number, mimeType: string][] };

/** What an RTCRtpScriptTransform gives its worker along. */
export interface TransformOptions {
    readonly side: "send" | "receive";
    readonly kind: "audio" | "video";
}

export type FromMedia =
    /** Frames received so far that did not open. */
    | { type: "refused"; refused: number }
    /** Frames can be neither sealed nor opened any more. */
    | { type: "fault"; detail: string };
