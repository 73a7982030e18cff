// A line between two tabs of the profile. Tabs can only speak on a channel that every tab of this origin hears, and that passes
// through other processes of the browser: what is said of a call (names, addresses, the keys of its frames) goes sealed, under
// a key that the two agreed upon for this call alone.

import { Codec, decode, encode } from "../../worker/codec";

/** One side's part of the agreement. */
export interface TabKey {
    readonly secret: CryptoKey;
    /** What the other side has to know. */
    readonly shown: Uint8Array;
}

export type Side = "profile" | "guest";

const agreement = { name: "ECDH", namedCurve: "P-256" };

/** The secret cannot be read, by this page either. */
export async function makeTabKey(): Promise<TabKey> {
    const { privateKey, publicKey } = await crypto.subtle.generateKey(agreement, false, ["deriveBits"]);
    return { secret: privateKey, shown: new Uint8Array(await crypto.subtle.exportKey("raw", publicKey)) };
}

/** Words are to be opened in the order in which they were sealed. */
export class TabLine<Said, Heard> {
    #said: Codec<Said>;
    #heard: Codec<Heard>;
    #sealing: CryptoKey;
    #opening: CryptoKey;
    #sealed = 0;
    #opened = 0;

    private constructor(said: Codec<Said>, heard: Codec<Heard>, sealing: CryptoKey, opening: CryptoKey) {
        this.#said = said;
        this.#heard = heard;
        this.#sealing = sealing;
        this.#opening = opening;
    }

    /** Throws when `theirs` is no public key. */
    static async between<Said, Heard>(
        side: Side, own: TabKey, theirs: Uint8Array, said: Codec<Said>, heard: Codec<Heard>,
    ): Promise<TabLine<Said, Heard>> {
        const peer = await crypto.subtle.importKey("raw", theirs, agreement, false, []);
        const bits = new Uint8Array(await crypto.subtle.deriveBits({ name: "ECDH", public: peer }, own.secret, 256));
        const shared = await crypto.subtle.importKey("raw", bits, "HKDF", false, ["deriveKey"]);
        bits.fill(0);
        const salt = side === "profile" ? joined(own.shown, theirs) : joined(theirs, own.shown);
        const key = (speaker: Side, usage: KeyUsage) => crypto.subtle.deriveKey(
            { name: "HKDF", hash: "SHA-256", salt, info: new TextEncoder().encode(`CryptPeer tabs 1 ${speaker}`) },
            shared, { name: "AES-GCM", length: 256 }, false, [usage]);
        return new TabLine(said, heard, await key(side, "encrypt"), await key(side === "profile" ? "guest" : "profile", "decrypt"));
    }

    async seal(word: Said): Promise<Uint8Array> {
        const iv = nonce(this.#sealed++);
        const plain = encode(this.#said, word);
        const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, this.#sealing, plain);
        plain.fill(0);
        return new Uint8Array(sealed);
    }

    /** Throws for what the other side has not sealed as its next word. */
    async open(sealed: Uint8Array): Promise<Heard> {
        const iv = nonce(this.#opened++);
        const plain = new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, this.#opening, sealed));
        const word = decode(this.#heard, plain);
        plain.fill(0);
        return word;
    }
}

function nonce(count: number): Uint8Array {
    const bytes = new Uint8Array(12);
    new DataView(bytes.buffer).setUint32(8, count);
    return bytes;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
    const bytes = new Uint8Array(first.length + second.length);
    bytes.set(first);
    bytes.set(second, first.length);
    return bytes;
}
