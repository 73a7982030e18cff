// A file on its way in: each chunk's tag is verified before it is stored, and the whole file's hash at the end.

import { chunkCount, lengthOfChunk, sealedChunk, storedChunks } from "./geometry";
import { isSame, letGo, openChunk, RunningHash } from "./stream";
import type { StoredFile } from "./storage";

/** Stored chunks are made durable and acknowledged after this many, or after this many milliseconds. */
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
    /** Taken; verified, hashed and written; durable: each at most as many as the one before. */
    #taken = 0;
    #written = 0;
    #durable = 0;
    #timer: ReturnType<typeof setTimeout> | undefined;
    /** Tags are verified side by side, chunks hashed and written in their order. */
    #writing: Promise<void> = Promise.resolve();

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
            receiving.#written = before.chunks;
        } else {
            await receiving.#hashStored(stored);
        }
        receiving.#taken = receiving.#durable = receiving.#written;
        if (!receiving.isWhole) file.cut(receiving.#written * sealedChunk);
        return receiving;
    }

    /** How many chunks are verified and written. */
    get chunks(): number {
        return this.#written;
    }

    get isWhole(): boolean {
        return this.#written === chunkCount(this.#size);
    }

    /** Takes the next chunk at once, and its buffer if it is all there is in it. It is written when this returns. */
    add(sealed: Uint8Array): Promise<void> {
        const index = this.#taken;
        if (index === chunkCount(this.#size) || sealed.length !== lengthOfChunk(this.#size, index)) {
            return Promise.reject(new Damaged("a chunk of another length"));
        }
        this.#taken += 1;
        const opening = openChunk(this.#key, index, this.#taken === chunkCount(this.#size), sealed);
        // Its failure shows when its turn comes.
        opening.catch(() => undefined);
        this.#writing = this.#writing.then(() => this.#write(index, sealed, opening));
        return this.#writing;
    }

    async #write(index: number, sealed: Uint8Array, opening: Promise<ArrayBuffer>): Promise<void> {
        const opened = await opening.catch(() => {
            throw new Damaged("a chunk's tag is wrong");
        });
        await this.#hash.add(sealed);
        this.#file.write(index * sealedChunk, sealed);
        this.#written = index + 1;
        letGo(sealed.byteLength === sealed.buffer.byteLength ? [opened, sealed.buffer] : [opened]);
        if (this.isWhole || this.#written - this.#durable >= flushChunks) this.flush();
        else this.#timer ??= setTimeout(() => this.#flushInTurn(), flushInterval);
    }

    #flushInTurn(): void {
        this.#writing = this.#writing.then(() => this.flush());
        // Its failure shows when the next chunk is added, or the file settles.
        this.#writing.catch(() => undefined);
    }

    /** Waits for what was taken, and makes it durable. Answers how far it came. Where a chunk was refused or not written it
     *  fails: what was written behind may be lost, and must not be called durable. */
    async settle(): Promise<Received> {
        await this.#writing;
        this.flush();
        return { chunks: this.#written, hash: this.#hash };
    }

    flush(): void {
        clearTimeout(this.#timer);
        this.#timer = undefined;
        if (this.#durable === this.#written) return;
        this.#file.flush();
        this.#durable = this.#written;
        this.#listener.onDurable(this.#durable);
    }

    /** The hash is the announced one. Otherwise nothing of what is stored is worth keeping. */
    async verify(): Promise<void> {
        if (isSame(this.#hash.value, this.#expected)) return;
        this.#file.cut(0);
        throw new Damaged("the whole has another hash");
    }

    async #hashStored(stored: number): Promise<void> {
        const chunk = new Uint8Array(sealedChunk);
        for (; this.#written < stored; this.#written += 1) {
            const part = chunk.subarray(0, lengthOfChunk(this.#size, this.#written));
            if (this.#file.read(this.#written * sealedChunk, part) !== part.length) throw new Error("a stored chunk cannot be read");
            await this.#hash.add(part);
            if (this.#written % checkedChunks === 0) this.#listener.onChecking(this.#written);
        }
    }
}
