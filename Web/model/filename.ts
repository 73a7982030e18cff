// File names as they are shown and saved. A name is a stranger's text: it must not look like another, nor lead anywhere.

const longest = 255;
/** Characters that turn the direction of what follows, and control characters. */
const deceptive = /[\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\p{Cc}\p{Cs}]/gu;
/** What separates folders, or means something to a shell or a file system somewhere. */
const structural = /[/\\:*?"<>|]/g;
/** Names of devices in Windows. */
const reserved = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i;

/** One plain name: no folders, no hidden characters, no leading dots, at most 255 bytes with its extension kept. */
export function safeFileName(name: string): string {
    const plain = name.normalize("NFC").replace(deceptive, "").replace(structural, "_").replace(/\s+/gu, " ")
        .replace(/^[. ]+|[. ]+$/g, "");
    const named = reserved.test(plain) ? `_${plain}` : plain;
    return shortened(named) || "file";
}

function shortened(name: string): string {
    const extension = /\.[^.]{1,16}$/.exec(name)?.[0] ?? "";
    const stem = [...name.slice(0, name.length - extension.length)];
    while (stem.length > 0 && new TextEncoder().encode(stem.join("") + extension).length > longest) stem.pop();
    return stem.join("") + extension;
}
