// DTLS certificate fingerprints (RFC 8122 §5) in an SDP, and of the certificate that was really used.

/** The SHA-256 fingerprints that the description announces, as upper-case pairs with colons. A description with none has nothing
 *  to compare, and is not taken: all browsers announce this hash. The hash function's name may be in any case (RFC 8122 §5). */
export function announcedFingerprints(sdp: string): string[] {
    return [...sdp.matchAll(/^a=fingerprint:sha-256 ([0-9A-Fa-f:]+)\s*$/gim)].map((match) => match[1]!.toUpperCase());
}

export async function fingerprintOf(certificate: ArrayBuffer): Promise<string> {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", certificate));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join(":");
}
