// What can be counted of a connection, and shown: of a conversation's channel, or of a call's media.

import type { Path } from "../net/selectedpair";
import type { Observable } from "./value";

/** What is sent beside each other in a call. */
export type Slot = "microphone" | "camera" | "screen" | "screenSound";
export type Direction = "sent" | "received";

export interface StreamFigures {
    readonly direction: Direction;
    readonly slot: Slot;
    readonly codec: string;
    readonly bitsPerSecond: number;
    readonly width: number;
    readonly height: number;
    readonly framesPerSecond: number;
    /** Encoded or decoded so far. */
    readonly frames: number;
    /** Between 0 and 1, since the figures before; null where it is not known. */
    readonly loss: number | null;
    readonly jitterMs: number | null;
}

export interface Figures {
    readonly path: Path | null;
    /** Of the two ends: host, srflx, prflx or relay (RFC 8445 §5.1.1). */
    readonly candidateTypes: readonly string[];
    readonly protocol: string;
    /** What this end speaks to its relay: UDP, TCP or TLS; empty without one. */
    readonly relayProtocol: string;
    readonly roundTripMs: number | null;
    /** What the browser may send, as it estimates the line. */
    readonly availableBitsPerSecond: number | null;
    /** Null where there are no frames. */
    readonly encrypted: boolean | null;
    readonly refused: number;
    readonly streams: readonly StreamFigures[];
}

/** What can be measured: a call, or a conversation's channel. */
export interface Measured {
    /** Null: not yet. */
    readonly figures: Observable<Figures | null>;
    measure(): Promise<void>;
}
