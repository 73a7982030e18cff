// The host's part of files: what the core asks for, done by the files' worker and by file channels.

import type { FileKind } from "../worker/boundary";
import type { FileAction, FileActionOf, PageInput } from "../worker/protocol";
import { fileLabel, fileOfLabel, FileReceiver, FileSender } from "./filechannel";
import { FileEvent, FileWorker } from "./fileworker";
import { OpenedFile } from "./openedfile";

/** What the user gives to be sent. */
export interface Attachment {
    readonly blob: Blob;
    readonly name: string;
    readonly mediaType: string;
    readonly kind: FileKind;
    /** Of a voice message. */
    readonly durationMs: number;
    /** Of a voice message: a byte for each bar. */
    readonly waveform: Uint8Array;
}

export interface FileProgress {
    readonly file: string;
    readonly phase: "sealing" | "sending" | "receiving" | "checking";
    readonly chunks: number;
}

export interface FilesListener {
    onInput(input: PageInput): void;
    onProgress(progress: FileProgress): void;
    onOpened(opened: OpenedFile): void;
    /** A channel on the path to the device, if there is one. */
    openChannel(device: string, label: string): RTCDataChannel | null;
}

/** The core is told of progress so often. */
const progressInterval = 1_000;
/** A file channel that broke while its connection stands is opened again after this. */
const reopenDelay = 1_000;

interface Sending {
    readonly action: FileActionOf<"send">;
    sender: FileSender | null;
}

interface Taking {
    readonly device: string;
    receiver: FileReceiver | null;
}

export class Files {
    #listener: FilesListener;
    #worker: FileWorker | null = null;
    /** Picked, by ticket, until the core says how they are to be sealed. */
    #picked = new Map<number, Blob>();
    #tickets = 0;
    #sealing = new Set<string>();
    #sending = new Map<string, Sending>();
    #receiving = new Map<string, Taking>();
    #toldAt = new Map<string, number>();
    #isEnded = false;

    constructor(listener: FilesListener) {
        this.#listener = listener;
    }

    attach(conversation: string, { blob, name, mediaType, kind, durationMs, waveform }: Attachment): void {
        const ticket = this.#tickets++;
        this.#picked.set(ticket, blob);
        this.#listener.onInput({
            type: "prepareFile", conversation, ticket, name, mediaType, size: blob.size, kind, durationMs, waveform,
        });
    }

    act(action: FileAction): void {
        switch (action.type) {
            case "seal":
                return this.#seal(action);
            case "send":
                this.#closeChannels(action.file);
                this.#sending.set(action.file, { action, sender: null });
                return this.#send(action.file);
            case "receive": {
                this.#closeChannels(action.file);
                const { type, device, ...sealed } = action;
                this.#receiving.set(action.file, { device, receiver: null });
                return this.#files.post({ type, ...sealed });
            }
            case "stop":
                this.#closeChannels(action.file);
                return this.#worker?.post(action);
            case "read":
                return void this.#read(action);
            case "store":
                return this.#files.post(action, [action.bytes.buffer]);
            case "delete":
                this.#closeChannels(action.file);
                return this.#files.post(action);
            case "open":
                return this.#open(action);
            case "inventory":
                return void this.#takeInventory(action);
        }
    }

    /** The peer has opened a channel that is not the conversation's own. */
    onChannel(device: string, channel: RTCDataChannel): void {
        const file = fileOfLabel(channel.label);
        const taking = file === null ? undefined : this.#receiving.get(file);
        if (file === null || taking === undefined || taking.device !== device) return channel.close();
        taking.receiver?.close();
        const receiver: FileReceiver = new FileReceiver(channel, {
            onChunk: (bytes) => this.#files.post({ type: "chunk", file, bytes }, [bytes]),
            onClosed: () => {
                if (taking.receiver === receiver) taking.receiver = null;
            },
        });
        taking.receiver = receiver;
        // What the channel before has brought comes first; then the worker says where to go on.
        const begin = () => this.#files.post({ type: "begin", file });
        if (channel.readyState === "open") begin();
        else channel.onopen = begin;
    }

    /** The path to the device is gone, and every transfer over it. */
    onChannelsClosed(device: string): void {
        for (const [file, { action }] of this.#sending) {
            if (action.device === device) this.#closeChannels(file);
        }
        for (const [file, taking] of this.#receiving) {
            if (taking.device !== device) continue;
            this.#closeChannels(file);
            this.#worker?.post({ type: "stop", file });
        }
    }

    end(): void {
        this.#isEnded = true;
        for (const file of [...this.#sending.keys(), ...this.#receiving.keys()]) this.#closeChannels(file);
        this.#worker?.end();
        this.#worker = null;
        this.#picked.clear();
    }

    get #files(): FileWorker {
        this.#worker ??= new FileWorker((event) => this.#onEvent(event), () => this.#onWorkerFault());
        return this.#worker;
    }

    /** The worker could not be loaded: whatever it was to do has failed, and may be tried again. */
    #onWorkerFault(): void {
        this.#worker?.end();
        this.#worker = null;
        for (const file of [...this.#sealing, ...this.#receiving.keys()]) this.#fail(file, "storage");
    }

    #closeChannels(file: string): void {
        this.#sealing.delete(file);
        this.#sending.get(file)?.sender?.close();
        this.#sending.delete(file);
        this.#receiving.get(file)?.receiver?.close();
        this.#receiving.delete(file);
        this.#toldAt.delete(file);
    }

    #fail(file: string, fault: "full" | "unreadable" | "damaged" | "storage"): void {
        this.#closeChannels(file);
        this.#listener.onInput({ type: "fileFailed", file, fault });
    }

    #seal({ type, file, ticket, storage, key, size }: FileActionOf<"seal">): void {
        const blob = this.#picked.get(ticket);
        this.#picked.delete(ticket);
        if (blob === undefined) return this.#fail(file, "unreadable");
        this.#sealing.add(file);
        this.#files.post({ type, file, storage, key, size, blob });
    }

    #send(file: string): void {
        const sending = this.#sending.get(file);
        if (sending === undefined || sending.sender !== null || this.#isEnded) return;
        const { device, storage, chunks } = sending.action;
        const channel = this.#listener.openChannel(device, fileLabel(file));
        if (channel === null) return;
        sending.sender = new FileSender(channel, chunks, {
            take: (from, count) => this.#files.ask({ type: "take", storage, from, count }),
            onAcknowledged: (acknowledged) => this.#progress({ file, phase: "sending", chunks: acknowledged }, acknowledged === chunks),
            onUnreadable: () => this.#fail(file, "storage"),
            onBroken: () => {
                sending.sender = null;
                setTimeout(() => {
                    if (this.#sending.get(file) === sending) this.#send(file);
                }, reopenDelay);
            },
        });
    }

    async #read({ file, storage, from, count }: FileActionOf<"read">): Promise<void> {
        const parts = await this.#files.ask({ type: "take", storage, from, count });
        if (this.#isEnded) return;
        if (parts === null) return this.#fail(file, "storage");
        this.#listener.onInput({ type: "fileBytes", file, from, bytes: new Uint8Array(await new Blob(parts).arrayBuffer()) });
    }

    #open({ file, storage, key, size, name, mediaType, purpose }: FileActionOf<"open">): void {
        this.#listener.onOpened(new OpenedFile({ file, name, mediaType, size, purpose }, async (start, end) => {
            if (this.#isEnded) return null;
            const parts = await this.#files.ask({ type: "range", storage, key, size, start, end });
            return parts?.[0] ?? null;
        }));
    }

    /** A profile that never had a file needs no worker to look after them. */
    async #takeInventory({ type, files }: FileActionOf<"inventory">): Promise<void> {
        if (this.#worker !== null || files.length > 0 || (await hasStoredFiles())) {
            if (!this.#isEnded) this.#files.post({ type, files });
        }
    }

    #onEvent(event: FileEvent): void {
        const { file } = event;
        switch (event.type) {
            case "sealing":
                return this.#listener.onProgress({ file, phase: "sealing", chunks: event.chunks });
            case "sealed":
                this.#sealing.delete(file);
                return this.#listener.onInput({ type: "fileSealed", file, hash: event.hash });
            case "checking":
                return this.#listener.onProgress({ file, phase: "checking", chunks: event.chunks });
            case "ready":
            case "durable":
                this.#receiving.get(file)?.receiver?.acknowledge(event.chunks);
                return this.#progress({ file, phase: "receiving", chunks: event.chunks }, event.type === "ready");
            case "received":
                this.#closeWhenAcknowledged(file);
                return this.#listener.onInput({ type: "fileReceived", file });
            case "failed":
                return this.#fail(file, event.failure);
        }
    }

    /** The sender closes the channel after the last acknowledgement, which is on its way. */
    #closeWhenAcknowledged(file: string): void {
        this.#receiving.delete(file);
        this.#toldAt.delete(file);
    }

    #progress(progress: FileProgress, isDue: boolean): void {
        this.#listener.onProgress(progress);
        const now = Date.now();
        if (!isDue && now - (this.#toldAt.get(progress.file) ?? 0) < progressInterval) return;
        this.#toldAt.set(progress.file, now);
        this.#listener.onInput({ type: "fileProgress", file: progress.file, chunks: progress.chunks });
    }
}

async function hasStoredFiles(): Promise<boolean> {
    try {
        const root = await navigator.storage.getDirectory();
        for await (const name of root.keys()) return name !== "";
    } catch {
        // No private file system here: nothing can be in it.
    }
    return false;
}
