// Names and messages as people type them.

const utf8 = new TextEncoder();

/** The longest message, in bytes of UTF-8. */
export const messageLimit = 65_536;
/** The longest name, in Unicode scalars. */
export const nameLimit = 64;

/** Characters that turn the direction of what follows, and control characters: in a name they only deceive. */
const deceptive = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\p{Cc}]/gu;
/** Drawn as nothing, or as a space, without being one. */
const blank = /[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2028\u2029\u2060-\u2065\u206a-\u206f\u2800\u3164\ufeff\uffa0]/gu;

/** NFC, without deceptive characters, single spaces, at most 64 scalars. */
export function normalizedName(name: string): string {
    const plain = name.normalize("NFC").replace(deceptive, "").replace(blank, "").replace(/\s+/gu, " ").trim();
    return [...plain].slice(0, nameLimit).join("").trim();
}

export function byteLength(text: string): number {
    return utf8.encode(text).length;
}

/** A rough, kind measure of a passphrase: 0 too short to be worth anything, 1 weak, 2 fair, 3 strong. */
export function passphraseStrength(passphrase: string): 0 | 1 | 2 | 3 {
    const scalars = [...passphrase.normalize("NFC")];
    if (scalars.length < 8) return 0;
    const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}]/u].filter((kind) => kind.test(passphrase)).length;
    const alphabet = [0, 26, 40, 60, 80][kinds] ?? 80;
    // Repetition adds little: only different characters count in full.
    const effective = new Set(scalars).size + 0.4 * (scalars.length - new Set(scalars).size);
    const bits = effective * Math.log2(Math.max(alphabet, 10));
    return bits < 50 ? 1 : bits < 72 ? 2 : 3;
}
