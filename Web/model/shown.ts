// What a file may be shown as. Its first bytes decide, and among the few kinds that run nothing; its sender's word for it
// does not count. Whatever else it is, is text to be read or bytes to be saved.

export type ShownAs =
    | { as: "image" | "audio" | "video" | "pdf" | "text"; mediaType: string }
    | { as: "nothing" };

/** How many bytes decide. */
export const headLength = 4_096;
/** What is shown in one piece is decrypted into memory. */
export const largestShown = 64 << 20;
/** More text than this is nothing that anyone reads here. */
export const largestText = 4 << 20;

const signatures: readonly (readonly [offset: number, signature: string, as: "image" | "audio" | "video" | "pdf", mediaType: string])[] = [
    [0, "\x89PNG\r\n\x1a\n", "image", "image/png"],
    [0, "\xff\xd8\xff", "image", "image/jpeg"],
    [0, "GIF87a", "image", "image/gif"],
    [0, "GIF89a", "image", "image/gif"],
    [8, "WEBP", "image", "image/webp"],
    [4, "ftypavif", "image", "image/avif"],
    [0, "%PDF-", "pdf", "application/pdf"],
    [0, "\x1a\x45\xdf\xa3", "video", "video/webm"],
    [4, "ftypM4A", "audio", "audio/mp4"],
    [4, "ftypqt", "video", "video/mp4"],
    [4, "ftyp", "video", "video/mp4"],
    [0, "OggS", "audio", "audio/ogg"],
    [0, "ID3", "audio", "audio/mpeg"],
    [0, "fLaC", "audio", "audio/flac"],
    [8, "WAVE", "audio", "audio/wav"],
];

/** @param declared The sender's word, which only tells a container's sound from its pictures. */
export function shownAs(head: Uint8Array, declared: string): ShownAs {
    const text = Array.from(head.subarray(0, 32), (byte) => String.fromCharCode(byte)).join("");
    for (const [offset, signature, as, mediaType] of signatures) {
        if (!text.startsWith(signature, offset)) continue;
        if (offset === 8 && !text.startsWith("RIFF")) continue;
        if (as === "video" && declared.startsWith("audio/")) return { as: "audio", mediaType: mediaType.replace("video", "audio") };
        if (mediaType === "audio/ogg" && declared.startsWith("video/")) return { as: "video", mediaType: "video/ogg" };
        return { as, mediaType };
    }
    // A frame of MPEG audio, layer III or AAC, begins with eleven or twelve ones.
    if (head.length > 2 && head[0] === 0xff && (head[1]! & 0xe0) === 0xe0 && declared.startsWith("audio/")) {
        return (head[1]! & 0x06) === 0 ? { as: "audio", mediaType: "audio/aac" } : { as: "audio", mediaType: "audio/mpeg" };
    }
    const charset = charsetOf(head);
    return charset === null ? { as: "nothing" } : { as: "text", mediaType: `text/plain;charset=${charset}` };
}

/** Null where it is no text: a control character that no text has. */
function charsetOf(head: Uint8Array): string | null {
    if (head[0] === 0xff && head[1] === 0xfe) return "utf-16le";
    if (head[0] === 0xfe && head[1] === 0xff) return "utf-16be";
    if (head.some((byte) => byte < 32 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13 && byte !== 27)) return null;
    try {
        // Where more follows, the last character may be cut off.
        new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: head.length === headLength });
        return "utf-8";
    } catch {
        return "windows-1252";
    }
}
