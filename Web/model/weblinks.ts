// Links in texts. A stranger wrote them: what is shown of one is where it leads, not what it says.

export interface WebLink {
    readonly text: string;
    readonly href: string;
}

const candidate = /https?:\/\/[^\s<>"\u{2018}-\u{201f}\u{ab}\u{bb}\p{Cc}\p{Cf}]+/giu;
/** Ends a sentence rather than a link. */
const trailing = /[.,;:!?'\u{2026}\u{3002}]+$/u;

/** A text in pieces, its links among them. */
export function withLinks(text: string): (string | WebLink)[] {
    const pieces: (string | WebLink)[] = [];
    let done = 0;
    for (const match of text.matchAll(candidate)) {
        const start = match.index ?? 0;
        const found = withoutEnd(match[0] ?? "");
        const href = addressOf(found);
        if (href === null) continue;
        if (start > done) pieces.push(text.slice(done, start));
        pieces.push({ text: found, href });
        done = start + found.length;
    }
    if (done < text.length) pieces.push(text.slice(done));
    return pieces;
}

/** Without what belongs to the sentence around it: a bracket that was opened before it, a full stop. */
function withoutEnd(found: string): string {
    for (;;) {
        const shorter = found.replace(trailing, "");
        const last = shorter.at(-1) ?? "";
        const opening = { ")": "(", "]": "[", "}": "{" }[last];
        const isUnmatched = opening !== undefined && shorter.split(opening).length < shorter.split(last).length;
        const next = isUnmatched ? shorter.slice(0, -1) : shorter;
        if (next === found) return found;
        found = next;
    }
}

function addressOf(text: string): string | null {
    try {
        const url = new URL(text);
        return url.hostname === "" ? null : url.href;
    } catch {
        return null;
    }
}

/** Where a link leads, as the browser will read it: other scripts in their ASCII form, nothing of names and passwords before it. */
export function hostOf(href: string): string {
    return new URL(href).host;
}
