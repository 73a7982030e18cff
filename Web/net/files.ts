// The host's part of files: what the core asks for, done by the files' worker and by file channels.

import type { FileKind } from "../worker/boundary";
import type { FileAction, FileActionOf, PageInput } from "../worker/protocol";
import { fileLabel, fileOfLabel } from "../files/channel";
import type { ToFiles } from "../files/protocol";
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

/** Progress is shown, and the core told of it, so often: each time, the page is painted. */
const progressInterval = 1_000;
/** A file channel that broke while its connection stands is opened again after this. */
const reopenDelay = 1_000;

interface Sending {
    readonly action: FileActionOf<"send">;
    hasChannel: boolean;
}

export class Files {
    #listener: FilesListener;
    #worker: FileWorker | null = null;
    /** Picked, by ticket, until the core says how they are to be sealed. */
    #picked = new Map<number, Blob>();
    #tickets = 0;
    #sealing = new Set<string>();
    #sending = new Map<string, Sending>();
    /** By file, the device that it comes from. */
    #receiving = new Map<string, string>();
    #shownAt = new Map<string, number>();
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
                this.#stop(action.file);
                this.#sending.set(action.file, { action, hasChannel: false });
                return this.#send(action.file);
            case "receive": {
                const { type, device, ...sealed } = action;
                this.#receiving.set(action.file, device);
                return this.#files.post({ type, ...sealed });
            }
            case "stop":
                return this.#stop(action.file);
            case "read":
                return void this.#read(action);
            case "store":
                return this.#files.post(action, [action.bytes.buffer]);
            case "delete":
                this.#forget(action.file);
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
        if (file === null || this.#receiving.get(file) !== device) return channel.close();
        this.#handOver({ type: "listen", file, channel });
    }

    /** The path to the device is gone, and every transfer over it. */
    onChannelsClosed(device: string): void {
        for (const [file, { action }] of this.#sending) {
            if (action.device === device) this.#stop(file);
        }
        for (const [file, sender] of this.#receiving) {
            if (sender === device) this.#stop(file);
        }
    }

    end(): void {
        this.#isEnded = true;
        this.#sending.clear();
        this.#receiving.clear();
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
        for (const file of [...this.#sealing, ...this.#sending.keys(), ...this.#receiving.keys()]) this.#fail(file, "storage");
    }

    #stop(file: string): void {
        this.#forget(file);
        this.#worker?.post({ type: "stop", file });
    }

    #forget(file: string): void {
        this.#sealing.delete(file);
        this.#sending.delete(file);
        this.#receiving.delete(file);
        this.#shownAt.delete(file);
    }

    #fail(file: string, fault: "full" | "unreadable" | "damaged" | "storage"): void {
        this.#forget(file);
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
        if (sending === undefined || sending.hasChannel || this.#isEnded) return;
        const { device, storage, chunks } = sending.action;
        const channel = this.#listener.openChannel(device, fileLabel(file));
        if (channel === null) return;
        sending.hasChannel = true;
        this.#handOver({ type: "send", file, storage, chunks, channel });
    }

    /** In the task in which the channel came to be: later, it could not be moved any more. */
    #handOver(message: Extract<ToFiles, { channel: RTCDataChannel }>): void {
        try {
            // TypeScript's DOM library does not know it as transferable.
            this.#files.post(message, [message.channel as unknown as Transferable]);
        } catch {
            // A browser without channels in workers.
            message.channel.close();
            this.#fail(message.file, "storage");
        }
    }

    #sendAgain(file: string): void {
        const sending = this.#sending.get(file);
        if (sending === undefined) return;
        sending.hasChannel = false;
        setTimeout(() => {
            if (this.#sending.get(file) === sending) this.#send(file);
        }, reopenDelay);
    }

    async #read({ file, storage, from, count }: FileActionOf<"read">): Promise<void> {
        const bytes = await this.#files.ask({ type: "take", storage, from, count });
        if (this.#isEnded) return;
        if (bytes === null) return this.#fail(file, "storage");
        this.#listener.onInput({ type: "fileBytes", file, from, bytes: new Uint8Array(bytes) });
    }

    #open({ file, storage, key, size, name, mediaType, purpose }: FileActionOf<"open">): void {
        this.#listener.onOpened(new OpenedFile({ file, name, mediaType, size, purpose }, async (start, end) =>
            this.#isEnded ? null : this.#files.ask({ type: "range", storage, key, size, start, end })));
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
            case "checking":
                if (this.#isTimeToShow(file)) this.#listener.onProgress({ file, phase: event.type, chunks: event.chunks });
                return;
            case "sealed":
                this.#forget(file);
                return this.#listener.onInput({ type: "fileSealed", file, hash: event.hash });
            case "ready":
            case "durable":
                return this.#progress({ file, phase: "receiving", chunks: event.chunks }, event.type === "ready");
            case "received":
                this.#forget(file);
                return this.#listener.onInput({ type: "fileReceived", file });
            case "acknowledged": {
                const sending = this.#sending.get(file);
                if (sending === undefined) return;
                return this.#progress({ file, phase: "sending", chunks: event.chunks }, event.chunks === sending.action.chunks);
            }
            case "broken":
                return this.#sendAgain(file);
            case "failed":
                return this.#fail(file, event.failure);
        }
    }

    #progress(progress: FileProgress, isDue: boolean): void {
        const { file, chunks } = progress;
        if (!this.#isTimeToShow(file) && !isDue) return;
        this.#listener.onProgress(progress);
        this.#listener.onInput({ type: "fileProgress", file, chunks });
    }

    /** If so, then not again for a while. */
    #isTimeToShow(file: string): boolean {
        const now = Date.now();
        if (now - (this.#shownAt.get(file) ?? 0) < progressInterval) return false;
        this.#shownAt.set(file, now);
        return true;
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
