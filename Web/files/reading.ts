// Stored chunks, as they are for sending, or opened for looking at.

import { chunkCount, lengthOfChunk, plainChunk, sealedChunk } from "./geometry";
import { letGo, openChunk } from "./stream";
import type { StoredFile } from "./storage";

/** Sealed chunks from `from` on, at most `count`. */
export function takeChunks(file: StoredFile, from: number, count: number): ArrayBuffer {
    const offset = from * sealedChunk;
    const bytes = new Uint8Array(Math.min(count * sealedChunk, Math.max(0, file.length - offset)));
    if (file.read(offset, bytes) !== bytes.length) throw new Error("a stored chunk cannot be read");
    return bytes.buffer;
}

/** The file's own bytes from `start` up to `end`, which the caller keeps within reason. */
export async function openRange(file: StoredFile, key: CryptoKey, size: number, start: number, end: number): Promise<ArrayBuffer> {
    const result = new Uint8Array(Math.max(0, Math.min(end, size) - start));
    const last = chunkCount(size) - 1;
    const openings: Promise<void>[] = [];
    for (let index = Math.floor(start / plainChunk); index * plainChunk < start + result.length; index += 1) {
        const sealed = new Uint8Array(lengthOfChunk(size, index));
        if (file.read(index * sealedChunk, sealed) !== sealed.length) throw new Error("a stored chunk is missing");
        openings.push(openChunk(key, index, index === last, sealed).then((opened) => {
            const plain = new Uint8Array(opened);
            const offset = index * plainChunk - start;
            const skipped = Math.max(0, -offset);
            result.set(plain.subarray(skipped, Math.min(plain.length, result.length - offset)), offset + skipped);
            letGo([opened, sealed.buffer]);
        }));
    }
    await Promise.all(openings);
    return result.buffer;
}
