// A file on its way in: each chunk's tag is verified before it is stored, and the whole file's hash at the end.

import { chunkCount, lengthOfChunk, sealedChunk, storedChunks } from "./geometry";
import { isSame, openChunk, RunningHash } from "./stream";
import type { StoredFile } from "./storage";

/** Stored chunks are made durable, and acknowledged, so many at a time, or after so many milliseconds. */
const flushChunks = 64;
const flushInterval = 500;
/** Chunks hashed between two reports, after a reload. */
const checkedChunks = 512;

/** A tag or the hash is wrong: it is not the file that was announced. */
export class Damaged extends Error {}

/** How far a file has come, kept while its transfer is interrupted so that nothing is hashed twice. */
export interface Received {
    readonly chunks: number;
    readonly hash: RunningHash;
}

export interface ReceivingListener {
    onChecking(chunks: number): void;
    onDurable(chunks: number): void;
}

export class Receiving {
    #file: StoredFile;
    #size: number;
    #key: CryptoKey;
    #expected: Uint8Array;
    #listener: ReceivingListener;
    #hash = new RunningHash();
    /** Verified and written. */
    #chunks = 0;
    #durable = 0;
    #flushedAt = Date.now();
    #isSound = true;

    private constructor(file: StoredFile, size: number, key: CryptoKey, expected: Uint8Array, listener: ReceivingListener) {
        this.#file = file;
        this.#size = size;
        this.#key = key;
        this.#expected = expected;
        this.#listener = listener;
    }

    /** Goes on after the last whole chunk that is stored. */
    static async resume(
        file: StoredFile, size: number, key: CryptoKey, expected: Uint8Array, before: Received | undefined, listener: ReceivingListener,
    ): Promise<Receiving> {
        const receiving = new Receiving(file, size, key, expected, listener);
        const stored = storedChunks(size, file.length);
        if (before !== undefined && before.chunks <= stored) {
            receiving.#hash = before.hash;
            receiving.#chunks = before.chunks;
        } else {
            await receiving.#hashStored(stored);
        }
        receiving.#durable = receiving.#chunks;
        if (!receiving.isWhole) file.cut(receiving.#chunks * sealedChunk);
        return receiving;
    }

    get state(): Received {
        return { chunks: this.#chunks, hash: this.#hash };
    }

    get chunks(): number {
        return this.#chunks;
    }

    /** The hash covers what is stored, no more and no less. */
    get isSound(): boolean {
        return this.#isSound;
    }

    get isWhole(): boolean {
        return this.#chunks === chunkCount(this.#size);
    }

    async add(sealed: Uint8Array): Promise<void> {
        const index = this.#chunks;
        if (this.isWhole || sealed.length !== lengthOfChunk(this.#size, index)) throw new Damaged("a chunk of another length");
        const isLast = index === chunkCount(this.#size) - 1;
        // Both at once: the hash of a chunk that is refused is never looked at.
        this.#isSound = false;
        const [opened] = await Promise.allSettled([openChunk(this.#key, index, isLast, sealed), this.#hash.add(sealed)]);
        if (opened.status === "rejected") throw new Damaged("a chunk's tag is wrong");
        this.#file.write(index * sealedChunk, sealed);
        this.#chunks += 1;
        this.#isSound = true;
        const isDue = this.#chunks - this.#durable >= flushChunks || Date.now() - this.#flushedAt >= flushInterval;
        if (isDue || this.isWhole) this.flush();
    }

    flush(): void {
        this.#flushedAt = Date.now();
        if (this.#durable === this.#chunks) return;
        this.#file.flush();
        this.#durable = this.#chunks;
        this.#listener.onDurable(this.#durable);
    }

    /** The hash is the announced one. Otherwise nothing of what is stored is worth keeping. */
    verify(): void {
        if (isSame(this.#hash.value, this.#expected)) return;
        this.#file.cut(0);
        throw new Damaged("the whole has another hash");
    }

    async #hashStored(stored: number): Promise<void> {
        const chunk = new Uint8Array(sealedChunk);
        for (; this.#chunks < stored; this.#chunks += 1) {
            const part = chunk.subarray(0, lengthOfChunk(this.#size, this.#chunks));
            if (this.#file.read(this.#chunks * sealedChunk, part) !== part.length) throw new Error("a stored chunk cannot be read");
            await this.#hash.add(part);
            if (this.#chunks % checkedChunks === 0) this.#listener.onChecking(this.#chunks);
        }
    }
}
