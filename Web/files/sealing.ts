// From a picked file to its sealed chunks. What the sender sends is what it has stored.

import { chunkCount, plainChunk, sealedChunk } from "./geometry";
import { letGo, RunningHash, sealChunk } from "./stream";
import type { StoredFile } from "./storage";

/** Chunks that are read and sealed together, while the ones before are hashed and written: a few at a time, so that
 *  what they leave is used again while it is warm. */
const batchChunks = 8;

/** The picked file has changed since it was picked, or cannot be read. */
export class Unreadable extends Error {}

export interface SealingProgress {
    isStopped(): boolean;
    onChunks(chunks: number): void;
}

/** The file's hash, or null when it was stopped. Everything is durable when this returns. */
export async function seal(blob: Blob, size: number, key: CryptoKey, file: StoredFile, progress: SealingProgress): Promise<Uint8Array | null> {
    if (progress.isStopped()) return null;
    if (blob.size !== size) throw new Unreadable("another size than it had");
    const count = chunkCount(size);
    const hash = new RunningHash();
    file.cut(0);
    let next = sealBatch(blob, size, key, 0);
    for (let index = 0; index < count;) {
        const batch = await next;
        if (progress.isStopped()) return null;
        next = sealBatch(blob, size, key, index + batch.length);
        // Its failure shows when its turn comes, if it does.
        next.catch(() => undefined);
        for (const sealed of batch) {
            const bytes = new Uint8Array(sealed);
            file.write(index * sealedChunk, bytes);
            await hash.add(bytes);
            index += 1;
        }
        letGo(batch);
        progress.onChunks(index);
    }
    await next;
    if (progress.isStopped()) return null;
    file.flush();
    return hash.value;
}

async function sealBatch(blob: Blob, size: number, key: CryptoKey, from: number): Promise<ArrayBuffer[]> {
    const count = chunkCount(size);
    const end = Math.min(count, from + batchChunks);
    if (from >= end) return [];
    const start = from * plainChunk;
    const length = Math.min(size, end * plainChunk) - start;
    const plain = await blob.slice(start, start + length).arrayBuffer().catch((error) => {
        throw new Unreadable(String(error));
    });
    if (plain.byteLength !== length) throw new Unreadable("shorter than it was");
    const chunks: Promise<ArrayBuffer>[] = [];
    for (let index = from; index < end; index += 1) {
        const offset = (index - from) * plainChunk;
        const part = new Uint8Array(plain, offset, Math.min(plainChunk, length - offset));
        chunks.push(sealChunk(key, index, index === count - 1, part));
    }
    const sealed = await Promise.all(chunks);
    letGo([plain]);
    return sealed;
}
