// The certificate authority that a node makes for itself, when no other vouches for it.

import { fingerprintOf } from "./fingerprint";

/** SHA-256 of the authority's certificate; null if the node shows a certificate of another's, or cannot be reached. */
export async function authorityFingerprint(): Promise<string | null> {
    try {
        const answer = await fetch("/ca.crt", { cache: "no-store" });
        return answer.ok ? await fingerprintOf(await answer.arrayBuffer()) : null;
    } catch {
        return null;
    }
}
