// Invitation links: https://HOST:PORT/# and what only the two people know.

/** A version, 32 bytes of secret and 32 of the authority's hash, in base64url. */
const secretLength = 87;
/** Drawn as nothing, or put in where a line was broken. */
const invisible = /[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]/gu;

/** The link as the core takes it, where the text holds one for this node; whose it is otherwise. What stands around it is left out. */
export function invitationLinkIn(text: string, origin: string): string | "none" | { otherHost: string } {
    const plain = text.replace(invisible, "");
    const found = /https:\/\/[^\s<>"'#]+#([\w-]+)/iu.exec(plain);
    if (found === null) return "none";
    let url: URL;
    try {
        url = new URL(found[0]!);
    } catch {
        return "none";
    }
    const secret = joined(found[1]!, plain.slice(found.index + found[0]!.length));
    if (!isInvitation(`#${secret}`)) return "none";
    url.hash = secret;
    return url.origin === origin ? url.href : { otherHost: url.host };
}

/** A secret that a line break cut in pieces, if they make a whole one. */
function joined(secret: string, rest: string): string {
    let whole = secret;
    for (const [, piece = ""] of rest.matchAll(/\s+([\w-]+)/gy)) {
        if (whole.length >= secretLength) break;
        whole += piece;
    }
    return whole.length === secretLength ? whole : secret;
}

/** A fragment without what cannot belong to it: what stood behind the link where it was pressed. */
export function invitationFragment(fragment: string): string {
    return /^#[\w-]*/u.exec(fragment.replace(/%c2%ad|%e2%80%8[b-f]|%ef%bb%bf/gi, ""))?.[0] ?? "";
}

/** Whether a fragment is an invitation's secret part, and not one of the page's own. */
export function isInvitation(fragment: string): boolean {
    return fragment.length > 16;
}
