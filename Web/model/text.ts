// Names and messages as people type them.

const utf8 = new TextEncoder();

/** The longest message, in bytes of UTF-8. */
export const messageLimit = 65_536;
/** The shortest passphrase, in Unicode scalars. */
export const shortestPassphrase = 8;

/** NFC, for which the core has no tables. What a name may have in it and how long it may be, the core decides. */
export function composedName(name: string): string {
    return name.normalize("NFC").trim();
}

export function byteLength(text: string): number {
    return utf8.encode(text).length;
}

/** A rough, kind measure of a passphrase: 0 too short to be worth anything, 1 weak, 2 fair, 3 strong. */
export function passphraseStrength(passphrase: string): 0 | 1 | 2 | 3 {
    const scalars = [...passphrase.normalize("NFC")];
    if (scalars.length < shortestPassphrase) return 0;
    const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}]/u].filter((kind) => kind.test(passphrase)).length;
    const alphabet = [0, 26, 40, 60, 80][kinds] ?? 80;
    // Repetition adds little: only different characters count in full.
    const effective = new Set(scalars).size + 0.4 * (scalars.length - new Set(scalars).size);
    const bits = effective * Math.log2(Math.max(alphabet, 10));
    return bits < 50 ? 1 : bits < 72 ? 2 : 3;
}
