// What the page and the files' worker post to each other.

/** A stored file and its key, which the browser uses and does not show. */
export interface Sealed {
    /** The file's message. */
    readonly file: string;
    readonly storage: string;
    readonly key: CryptoKey;
    readonly size: number;
}

export type ToFiles =
    /** All that is to be kept. What lacks bytes has `failed`; of what may be incomplete, `ready` says how much is there. */
    | { type: "inventory"; files: { file: string; storage: string; length: number }[] }
    | ({ type: "seal"; blob: Blob } & Sealed)
    /** Answered by `ready`. */
    | ({ type: "receive"; hash: Uint8Array } & Sealed)
    /** A new channel brings the file from now on. Answered by `ready`. */
    | { type: "listen"; file: string; channel: RTCDataChannel }
    /** A new channel takes the file from now on. Answered by `acknowledged`, and `broken` if it closes too early. */
    | { type: "send"; file: string; storage: string; chunks: number; channel: RTCDataChannel }
    /** Sealed chunks that came through the node. Answered by `ready`. */
    | ({ type: "store"; hash: Uint8Array; from: number; bytes: Uint8Array } & Sealed)
    /** No more is sealed, sent or received; what is stored stays. */
    | { type: "stop"; file: string }
    | { type: "delete"; file: string; storage: string }
    /** Sealed chunks as they are stored, one after the other. Answered by `taken`. */
    | { type: "take"; request: number; storage: string; from: number; count: number }
    /** The file's own bytes from `start` up to `end`. Answered by `taken`. */
    | { type: "range"; request: number; storage: string; key: CryptoKey; size: number; start: number; end: number };

/** Why a file came to nothing. */
export type Failure =
    /** The browser grants no more room. */
    | "full"
    /** The picked file has changed or is gone. */
    | "unreadable"
    /** A tag or the hash is wrong. */
    | "damaged"
    | "storage";

export type FromFiles =
    | { type: "sealing"; file: string; chunks: number }
    | { type: "sealed"; file: string; hash: Uint8Array }
    /** How many whole chunks are stored, of a file that may be incomplete. */
    | { type: "ready"; file: string; chunks: number }
    /** What has been received is being hashed again, after a reload. */
    | { type: "checking"; file: string; chunks: number }
    /** How many chunks survive a power cut. */
    | { type: "durable"; file: string; chunks: number }
    | { type: "received"; file: string }
    /** How many chunks are durable at the receiver. */
    | { type: "acknowledged"; file: string; chunks: number }
    | { type: "broken"; file: string }
    | { type: "failed"; file: string; failure: Failure }
    /** Null: they cannot be read. */
    | { type: "taken"; request: number; bytes: ArrayBuffer | null };
