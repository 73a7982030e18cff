// File names as they are shown and saved. A name is a stranger's text: it must not look like another, nor lead anywhere.

const longest = 255;
/** Characters that turn the direction of what follows, and control characters. */
const deceptive = /[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\p{Cc}\p{Cs}]/gu;
/** Joiners, where no script or pictograph needs them. */
const idleJoiner = /(?<![\p{L}\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])[\u200c\u200d]+|[\u200c\u200d]+(?![\p{L}\p{Extended_Pictographic}])|(?<=[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}])[\u200c\u200d]+/gu;
/** What separates folders, or means something to a shell or a file system somewhere. */
const structural = /[/\\:*?"<>|]/g;
/** Names of devices in Windows. */
const reserved = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i;

/** One plain name: no folders, no hidden characters, no dot in front, at most 255 bytes with its extension kept. */
export function safeFileName(name: string): string {
    const plain = name.normalize("NFC").replace(deceptive, "").replace(idleJoiner, "").replace(structural, "_").replace(/\s+/gu, " ")
        // A file that is known by its dot stays recognisable, without being hidden.
        .replace(/^ +|[. ]+$/g, "").replace(/^\.(?=[^. _])/, "_.").replace(/^[. ]+/, "");
    const named = reserved.test(plain) ? `_${plain}` : plain;
    return shortened(named) || "file";
}

function shortened(name: string): string {
    const extension = /\.[^.]{1,16}$/.exec(name)?.[0] ?? "";
    const stem = [...name.slice(0, name.length - extension.length)];
    while (stem.length > 0 && new TextEncoder().encode(stem.join("") + extension).length > longest) stem.pop();
    return stem.join("") + extension;
}
