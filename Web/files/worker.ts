// The files' worker: it alone touches what is stored, and holds keys that nobody can read out of it. It ends with Lock.

import { FileReceiver, FileSender } from "./channel";
import { sealedChunk, sealedLength } from "./geometry";
import { Job } from "./job";
import type { Failure, FromFiles, Sealed, ToFiles } from "./protocol";
import { openRange, takeChunks } from "./reading";
import { Damaged, Received, Receiving } from "./receiving";
import { seal, Unreadable } from "./sealing";
import { FileStorage, roomLeft, StoredFile } from "./storage";

interface WorkerScope {
    onmessage: ((event: MessageEvent<ToFiles>) => void) | null;
    postMessage(message: FromFiles, transfer?: Transferable[]): void;
}

const scope = self as unknown as WorkerScope;
const post = (message: FromFiles, transfer: Transferable[] = []) => scope.postMessage(message, transfer);

class Full extends Error {}

function failureOf(error: unknown): Failure {
    if (error instanceof Full || (error instanceof DOMException && error.name === "QuotaExceededError")) return "full";
    if (error instanceof Unreadable) return "unreadable";
    return error instanceof Damaged ? "damaged" : "storage";
}

class FilesWorker {
    #storage = new FileStorage();
    #jobs = new Map<string, Job>();
    #receiving = new Map<Job, Receiving>();
    /** By file, the channel that takes it or brings it. */
    #senders = new Map<string, FileSender>();
    #receivers = new Map<string, FileReceiver>();
    /** By stored file: how far interrupted transfers came, so that nothing is hashed twice. */
    #interrupted = new Map<string, Received>();
    /** One file is sealed at a time, however many are picked: memory is for one. */
    #lastSealing: Promise<unknown> = Promise.resolve();

    /** At once: what a channel brings before somebody listens is lost. */
    receive(message: ToFiles): void {
        switch (message.type) {
            case "inventory":
                return void this.#check(message.files);
            case "seal":
                return this.#seal(message);
            case "receive":
                this.#closeChannels(message.file);
                return this.#receive(message, message.hash, true);
            case "listen":
                return this.#listen(message.file, message.channel);
            case "send":
                return this.#send(message);
            case "store":
                return this.#store(message);
            case "stop":
                return void this.#stop(message.file);
            case "delete":
                return void this.#delete(message.file, message.storage);
            case "take": {
                const { request, from, count } = message;
                return void this.#read(request, message.storage, async (stored) => takeChunks(stored, from, count));
            }
            case "range": {
                const { request, key, size, start, end } = message;
                return void this.#read(request, message.storage, (stored) => openRange(stored, key, size, start, end));
            }
        }
    }

    async #check(files: Extract<ToFiles, { type: "inventory" }>["files"]): Promise<void> {
        const lengths = await this.#storage.keepOnly(files.map(({ storage }) => storage)).catch(() => null);
        // Nothing is known of them: a later request will see.
        if (lengths === null) return;
        for (const { file, storage, length } of files) {
            const stored = lengths.get(storage) ?? 0;
            if (stored < length) post({ type: "failed", file, failure: "storage" });
            else if (length === 0 && stored >= sealedChunk) post({ type: "ready", file, chunks: Math.floor(stored / sealedChunk) });
        }
    }

    #start({ file, storage }: Sealed): Job {
        const before = this.#endJob(file);
        const job = new Job(this.#storage, storage, before, (error) => {
            this.#forget(file, job);
            this.#closeChannels(file);
            post({ type: "failed", file, failure: failureOf(error) });
        });
        this.#jobs.set(file, job);
        return job;
    }

    #forget(file: string, job: Job): void {
        this.#receiving.delete(job);
        if (this.#jobs.get(file) === job) this.#jobs.delete(file);
    }

    #closeChannels(file: string): void {
        this.#senders.get(file)?.close();
        this.#receivers.get(file)?.close();
        this.#receivers.delete(file);
    }

    async #delete(file: string, storage: string): Promise<void> {
        await this.#stop(file);
        this.#interrupted.delete(storage);
        await this.#storage.delete(storage).catch(() => undefined);
    }

    #stop(file: string): Promise<void> {
        this.#closeChannels(file);
        return this.#endJob(file);
    }

    #endJob(file: string): Promise<void> {
        const job = this.#jobs.get(file);
        if (job === undefined) return Promise.resolve();
        return job.end(async () => {
            // What failed is hashed anew.
            const state = await this.#receiving.get(job)?.settle().catch(() => undefined);
            if (state !== undefined) this.#interrupted.set(job.storageName, state);
            this.#forget(file, job);
        });
    }

    #seal(message: Extract<ToFiles, { type: "seal" }>): void {
        const { file, blob, size, key } = message;
        const job = this.#start(message);
        job.step(async (stored) => {
            const sealing = this.#lastSealing.then(async () => {
                await this.#storage.begin(message.storage);
                await requireRoom(sealedLength(size) - stored.length);
                return seal(blob, size, key, stored, {
                    isStopped: () => job.isStopped,
                    onChunks: (chunks) => post({ type: "sealing", file, chunks }),
                });
            });
            this.#lastSealing = sealing.catch(() => undefined);
            const hash = await sealing;
            if (hash === null) return;
            await this.#storage.complete(message.storage);
            void job.end(() => this.#forget(file, job));
            post({ type: "sealed", file, hash });
        });
    }

    #receive(sealed: Sealed, hash: Uint8Array, isAnswered: boolean): void {
        const { file, size, key } = sealed;
        const job = this.#start(sealed);
        job.step(async (stored) => {
            await this.#storage.begin(sealed.storage);
            await requireRoom(sealedLength(size) - stored.length);
            const before = this.#interrupted.get(sealed.storage);
            this.#interrupted.delete(sealed.storage);
            const receiving = await Receiving.resume(stored, size, key, hash, before, {
                onChecking: (chunks) => post({ type: "checking", file, chunks }),
                onDurable: (chunks) => this.#hasStored("durable", file, chunks),
            });
            this.#receiving.set(job, receiving);
            if (isAnswered) this.#hasStored("ready", file, receiving.chunks);
            await this.#finishIfWhole(file, job, receiving);
        });
    }

    #hasStored(type: "ready" | "durable", file: string, chunks: number): void {
        this.#receivers.get(file)?.acknowledge(chunks);
        post({ type, file, chunks });
    }

    #listen(file: string, channel: RTCDataChannel): void {
        this.#receivers.get(file)?.close();
        const receiver: FileReceiver = new FileReceiver(channel, {
            onOpen: () => this.#begin(file),
            onChunk: (bytes) => this.#take(file, new Uint8Array(bytes)),
            onClosed: () => {
                if (this.#receivers.get(file) === receiver) this.#receivers.delete(file);
            },
        });
        this.#receivers.set(file, receiver);
    }

    /** Whatever the channel before has brought is stored, and the next chunk is asked for. */
    #begin(file: string): void {
        this.#step(file, async (receiving) => {
            const { chunks } = await receiving.settle();
            this.#hasStored("ready", file, chunks);
        });
    }

    #send({ file, storage, chunks: total, channel }: Extract<ToFiles, { type: "send" }>): void {
        this.#senders.get(file)?.close();
        const stored = this.#storage.acquire(storage, false);
        const sender: FileSender = new FileSender(channel, total, stored, {
            onAcknowledged: (chunks) => post({ type: "acknowledged", file, chunks }),
            onEnd: (end) => {
                if (this.#senders.get(file) === sender) this.#senders.delete(file);
                stored.then(() => this.#storage.release(storage), () => undefined);
                if (end === "broken") post({ type: "broken", file });
                if (end === "unreadable") post({ type: "failed", file, failure: "storage" });
            },
        });
        this.#senders.set(file, sender);
    }

    /** The next one may come before this one is written. */
    #take(file: string, sealed: Uint8Array): void {
        const job = this.#jobs.get(file);
        job?.step(() => {
            const receiving = this.#receiving.get(job);
            receiving?.add(sealed).then(() => this.#finishIfWhole(file, job, receiving)).catch((error) => job.fail(error));
        });
    }

    #store(message: Extract<ToFiles, { type: "store" }>): void {
        const { file, from, bytes } = message;
        if (!this.#jobs.has(file)) this.#receive(message, message.hash, false);
        this.#step(file, async (receiving) => {
            // What is stored already is left out; across a gap, nothing can be appended.
            const skipped = receiving.chunks - from;
            for (let start = skipped * sealedChunk; skipped >= 0 && start < bytes.length; start += sealedChunk) {
                await receiving.add(bytes.subarray(start, start + sealedChunk));
            }
            receiving.flush();
            this.#hasStored("ready", file, receiving.chunks);
        });
    }

    #step(file: string, run: (receiving: Receiving) => Promise<void>): void {
        const job = this.#jobs.get(file);
        job?.step(async () => {
            const receiving = this.#receiving.get(job);
            if (receiving === undefined) return;
            await run(receiving);
            await this.#finishIfWhole(file, job, receiving);
        });
    }

    async #finishIfWhole(file: string, job: Job, receiving: Receiving): Promise<void> {
        if (!receiving.isWhole || job.isStopped) return;
        await receiving.verify();
        await this.#storage.complete(job.storageName);
        if (job.isStopped) return;
        void job.end(() => this.#forget(file, job));
        // The sender closes the channel after the last acknowledgement, which is on its way.
        this.#receivers.delete(file);
        post({ type: "received", file });
    }

    async #read(request: number, name: string, read: (stored: StoredFile) => Promise<ArrayBuffer>): Promise<void> {
        let bytes: ArrayBuffer | null = null;
        try {
            const stored = await this.#storage.acquire(name, false);
            try {
                bytes = await read(stored);
            } finally {
                this.#storage.release(name);
            }
        } catch {
            // Missing, damaged or deleted meanwhile: the page knows what that means.
        }
        post({ type: "taken", request, bytes }, bytes === null ? [] : [bytes]);
    }
}

async function requireRoom(bytes: number): Promise<void> {
    const room = await roomLeft();
    if (room !== null && bytes > room) throw new Full();
}

const worker = new FilesWorker();
scope.onmessage = ({ data }) => worker.receive(data);
