// Invitation links: https://HOST:PORT/# and what only the two people know.

/** The link as the core takes it, where the text holds one for this node; whose it is otherwise. */
export function invitationLinkIn(text: string, origin: string): string | "none" | { otherHost: string } {
    let url: URL;
    try {
        url = new URL(text.trim());
    } catch {
        return "none";
    }
    if (url.protocol !== "https:" || !isInvitation(url.hash)) return "none";
    return url.origin === origin ? url.href : { otherHost: url.host };
}

/** Whether a fragment is an invitation's secret part, and not one of the page's own. */
export function isInvitation(fragment: string): boolean {
    return fragment.length > 16;
}
