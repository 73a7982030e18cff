// ICE candidates (RFC 8839) as text: their kinds, and what of them may leave a device that hides its addresses.

export type CandidateKind = "host" | "srflx" | "prflx" | "relay";

/** Null for what is no candidate. */
export function kindOf(candidate: string): CandidateKind | null {
    const kind = /^(?:a=)?candidate:.* typ (host|srflx|prflx|relay)(?: |$)/.exec(candidate)?.[1];
    return (kind as CandidateKind | undefined) ?? null;
}

/** The transport addresses of a description's relayed candidates. */
export function relayAddressesIn(sdp: string): Set<string> {
    const lines = sdp.matchAll(/^a=candidate:\S+ \d+ \S+ \d+ (\S+) (\d+) typ relay(?: |\r?$)/gm);
    return new Set(Array.from(lines, ([, address = "", port]) => transportAddress(address, Number(port))));
}

/** As text that is the same for the same address: of an IPv6 address's many ways to be written, the one of RFC 5952. */
export function transportAddress(address: string, port: number): string {
    const bare = address.replace(/^\[|%.*|\]$/g, "");
    if (!bare.includes(":")) return `${bare.toLowerCase()}:${port}`;
    try {
        return `${new URL(`http://[${bare}]`).hostname}:${port}`;
    } catch {
        return `[${bare}]:${port}`;
    }
}

/**
 * The candidate as a peer may see it that is to see the relay only; null: not at all.
 *
 * A relayed candidate's related address is the device's own as the relay sees it (RFC 8839 §5.1); which it is matters to
 * nobody (RFC 8828 §5.2).
 */
export function withoutOwnAddress(candidate: string): string | null {
    if (kindOf(candidate) !== "relay") return null;
    return candidate.replace(/ raddr \S+ rport \d+/, (related) => ` raddr ${related.includes(":") ? "::" : "0.0.0.0"} rport 0`);
}

/** The description without an address of the device's own. */
export function withoutOwnAddresses(sdp: string): string {
    const lines: string[] = [];
    for (const line of sdp.split("\r\n")) {
        if (line.startsWith("a=candidate:")) {
            const hidden = withoutOwnAddress(line);
            if (hidden !== null) lines.push(hidden);
        } else if (line.startsWith("c=")) {
            // ICE does not look at it (RFC 8839 §4.2.1.2).
            lines.push("c=IN IP4 0.0.0.0");
        } else if (line.startsWith("a=rtcp:")) {
            lines.push("a=rtcp:9 IN IP4 0.0.0.0");
        } else if (line.startsWith("o=")) {
            lines.push(line.replace(/ IN IP[46] \S+$/, " IN IP4 0.0.0.0"));
        } else {
            lines.push(line.replace(/^m=(\w+) \d+ /, (whole, kind) => (/ 0 $/.test(whole) ? whole : `m=${kind} 9 `)));
        }
    }
    return lines.join("\r\n");
}

/** A candidate as it is signalled, in JSON; null: it is not. */
export function signalledCandidate(candidate: RTCIceCandidate, relayOnly: boolean): string | null {
    const json = candidate.toJSON();
    if (!relayOnly) return JSON.stringify(json);
    const hidden = withoutOwnAddress(json.candidate ?? "");
    return hidden === null ? null : JSON.stringify({ ...json, candidate: hidden });
}
