// The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár; as in age and Tink): AES-256-GCM in numbered chunks, of
// which the last is marked, so that chunks cannot be moved, left out or cut off.

import { sealedChunk, tagLength } from "./geometry";

/** Seven zero bytes, the chunk's number, and 1 in the last chunk. */
export function chunkNonce(index: number, isLast: boolean): Uint8Array {
    const nonce = new Uint8Array(12);
    new DataView(nonce.buffer).setUint32(7, index);
    nonce[11] = isLast ? 1 : 0;
    return nonce;
}

function parameters(index: number, isLast: boolean): AesGcmParams {
    return { name: "AES-GCM", iv: chunkNonce(index, isLast), tagLength: 8 * tagLength };
}

export function sealChunk(key: CryptoKey, index: number, isLast: boolean, plain: BufferSource): Promise<ArrayBuffer> {
    return crypto.subtle.encrypt(parameters(index, isLast), key, plain);
}

/** Refused with an OperationError unless the chunk is the one of this number, of this file, unchanged. */
export function openChunk(key: CryptoKey, index: number, isLast: boolean, sealed: BufferSource): Promise<ArrayBuffer> {
    return crypto.subtle.decrypt(parameters(index, isLast), key, sealed);
}

const digestLength = 32;

/** h(0) is 32 zero bytes, h(i + 1) = SHA-256(h(i) || sealed chunk i). The file's hash is the last. */
export class RunningHash {
    #buffer = new Uint8Array(digestLength + sealedChunk);

    /** The hash so far. */
    get value(): Uint8Array {
        return this.#buffer.slice(0, digestLength);
    }

    /** Takes the next chunk; one at a time. */
    async add(sealed: Uint8Array): Promise<void> {
        this.#buffer.set(sealed, digestLength);
        const digest = await crypto.subtle.digest("SHA-256", this.#buffer.subarray(0, digestLength + sealed.length));
        this.#buffer.set(new Uint8Array(digest));
    }
}

/** Its other end is closed: what is sent there is moved into the message, and freed with it. (If this end were closed,
 *  Chromium would not even move it.) */
const nowhere = (() => {
    const { port1, port2 } = new MessageChannel();
    port2.close();
    return port1;
})();

/** Gives chunks' memory back at once: what a gibibyte leaves to the collector piles up faster than it is collected.
 *  (`transfer(0)` does not: in Chromium the buffer's wrapper keeps the memory until it is collected itself.) */
export function letGo(buffers: ArrayBuffer[]): void {
    nowhere.postMessage(null, buffers);
}

export function isSame(first: Uint8Array, second: Uint8Array): boolean {
    return first.length === second.length && first.every((byte, index) => byte === second[index]);
}
