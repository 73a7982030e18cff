// DTLS certificate fingerprints (RFC 8122 §5) in an SDP, and of the certificate that was really used.

/** The SHA-256 fingerprints that the description announces, as upper-case pairs with colons. A description with none has nothing
 *  to compare, and is not taken: all browsers announce this hash. The hash function's name may be in any case (RFC 8122 §5). */
export function announcedFingerprints(sdp: string): string[] {
    return [...sdp.matchAll(/^a=fingerprint:sha-256 ([0-9A-Fa-f:]+)\s*$/gim)].map((match) => match[1]!.toUpperCase());
}

/** Whether a path was found and the handshake over it failed: the certificate was not the announced one. Where no path was found,
 *  Firefox calls the handshake failed, too, and nobody has shown any certificate. */
export function wasRefused(connection: RTCPeerConnection, dtls: RTCDtlsTransport | null | undefined): boolean {
    const hasPath = connection.iceConnectionState === "connected" || connection.iceConnectionState === "completed";
    return hasPath && dtls?.state === "failed";
}

export async function fingerprintOf(certificate: ArrayBuffer): Promise<string> {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", certificate));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join(":");
}
