// Why two devices do not find a path to each other, from what the browser tells while it looks for one.

import type { RelayAccess } from "../worker/boundary";
import { CandidateKind, kindOf } from "./candidates";

export type NoPath =
    /** Without the node the two cannot tell each other where they are. */
    | "nodeAway"
    | "relayOff"
    /** The node gives no credential for the relay, or the relay rejects it. */
    | "relayRefused"
    | "relayExpired"
    /** The node's relay has no room for another connection. */
    | "relayFull"
    /** Neither UDP nor TURN over TCP or TLS gets through from here. */
    | "relayUnreachable"
    /** From here the relay is reached: what is missing is on the other side. */
    | "otherSide";

export interface PathFacts {
    /** Whether the session with the node stands. */
    readonly hasNode: boolean;
    readonly access: RelayAccess | null;
    /** In milliseconds since 1970. */
    readonly now: number;
    /** Of the candidates found here. */
    readonly kinds: ReadonlySet<CandidateKind>;
    /** What servers answered: STUN's error codes (RFC 8489 §14.8, RFC 8656 §19); 701 for none that could be reached. */
    readonly codes: ReadonlySet<number>;
}

/** A credential that is not valid, or not for us. */
export const refusals: readonly number[] = [401, 403, 438, 441];
/** Allocation Quota Reached, Insufficient Capacity. */
const shortages = [486, 508];

export function whyNoPath({ hasNode, access, now, kinds, codes }: PathFacts): NoPath {
    if (!hasNode) return "nodeAway";
    if (kinds.has("relay")) return "otherSide";
    if (access?.type === "off") return "relayOff";
    if (access?.type !== "granted") return "relayRefused";
    if (access.until <= now) return "relayExpired";
    if (shortages.some((code) => codes.has(code))) return "relayFull";
    if (refusals.some((code) => codes.has(code))) return "relayRefused";
    return "relayUnreachable";
}

/** What one connection has learnt since it began to look. */
export class PathSearch {
    readonly kinds = new Set<CandidateKind>();
    readonly codes = new Set<number>();

    found(candidate: RTCIceCandidate): void {
        const kind = kindOf(candidate.candidate);
        if (kind !== null) this.kinds.add(kind);
    }

    failed({ errorCode }: RTCPeerConnectionIceErrorEvent): void {
        this.codes.add(errorCode);
    }

    /** Whether the relay cannot be used because it rejects the credential. */
    get isRefused(): boolean {
        return refusals.some((code) => this.codes.has(code)) && !this.kinds.has("relay");
    }

    /** It begins anew. */
    clear(): void {
        this.kinds.clear();
        this.codes.clear();
    }
}
