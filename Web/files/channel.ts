// One file over a DataChannel of its own: sealed chunks one way, each a message, acknowledgements the other way. Both ends
// live in the files' worker, so that no chunk passes through the page.
//
// The receiver speaks first: "ack N", N chunks being durable there. The sender starts at chunk N, and stays at most
// `windowChunks` ahead of the latest acknowledgement, so that neither side holds more than that in memory.

import { sealedChunk } from "./geometry";

const labelPrefix = "file ";
const windowChunks = 256; // 16 MiB
/** The browser's own buffer is filled up to here, and again once it is down to there. What is on its way is not in it, so
 *  that it need not grow with the path; what waits in it grows cold: with 4 MiB there, a fast path took a tenth less. */
const highWater = 2 * sealedChunk;
const lowWater = sealedChunk;

export function fileLabel(file: string): string {
    return labelPrefix + file;
}

/** The file that a channel of the peer's is for. */
export function fileOfLabel(label: string): string | null {
    const file = label.startsWith(labelPrefix) ? label.slice(labelPrefix.length) : "";
    return /^[0-9a-f]{32}$/.test(file) ? file : null;
}

function detach(channel: RTCDataChannel): void {
    channel.onopen = channel.onmessage = channel.onbufferedamountlow = channel.onclose = channel.onerror = null;
    channel.close();
}

/** Whether it could be sent: a channel may close at any moment. */
function trySend(channel: RTCDataChannel, data: string | Uint8Array): boolean {
    try {
        if (typeof data === "string") channel.send(data);
        else channel.send(data);
        return true;
    } catch {
        return false;
    }
}

/** What is sent: a stored file. */
export interface ChunkSource {
    /** Fills `into` from `offset` on; answers how many bytes there were. */
    read(offset: number, into: Uint8Array): number;
}

export interface FileSenderListener {
    onAcknowledged(chunks: number): void;
    /** Once, and the last word. "broken": the channel closed before everything was acknowledged. */
    onEnd(end: "acknowledged" | "unreadable" | "broken" | "closed"): void;
}

export class FileSender {
    #channel: RTCDataChannel;
    #total: number;
    #listener: FileSenderListener;
    #source: ChunkSource | null = null;
    #chunk = new Uint8Array(sealedChunk);
    /** The next chunk to send; null until the receiver has spoken. */
    #next: number | null = null;
    #acknowledged = 0;
    #isEnded = false;

    constructor(channel: RTCDataChannel, total: number, source: Promise<ChunkSource>, listener: FileSenderListener) {
        this.#channel = channel;
        this.#total = total;
        this.#listener = listener;
        channel.bufferedAmountLowThreshold = lowWater;
        // Chromium may deliver the receiver's first word before it says that the channel is open.
        channel.onopen = channel.onbufferedamountlow = () => this.#pump();
        channel.onmessage = ({ data }) => this.#receive(data);
        channel.onclose = channel.onerror = () => this.#end("broken");
        source.then((opened) => {
            this.#source = opened;
            this.#pump();
        }, () => this.#end("unreadable"));
    }

    close(): void {
        this.#end("closed");
    }

    #end(end: Parameters<FileSenderListener["onEnd"]>[0]): void {
        if (this.#isEnded) return;
        this.#isEnded = true;
        detach(this.#channel);
        this.#listener.onEnd(end);
    }

    #receive(data: unknown): void {
        const match = typeof data === "string" ? /^ack (\d{1,9})$/.exec(data) : null;
        const chunks = Number(match?.[1] ?? -1);
        if (chunks < this.#acknowledged || chunks > (this.#next ?? this.#total)) return this.#end("broken");
        this.#next ??= chunks;
        this.#acknowledged = chunks;
        this.#listener.onAcknowledged(chunks);
        if (chunks === this.#total) this.#end("acknowledged");
        else this.#pump();
    }

    #pump(): void {
        if (this.#isEnded || this.#next === null || this.#source === null) return;
        while (this.#next < this.#total && this.#next - this.#acknowledged < windowChunks
            && this.#channel.readyState === "open" && this.#channel.bufferedAmount < highWater) {
            const chunk = this.#read(this.#source, this.#next);
            if (chunk === null) return this.#end("unreadable");
            // It is copied.
            if (!trySend(this.#channel, chunk)) return this.#end("broken");
            this.#next += 1;
        }
    }

    #read(source: ChunkSource, index: number): Uint8Array | null {
        try {
            const length = source.read(index * sealedChunk, this.#chunk);
            if (length === sealedChunk) return this.#chunk;
            return length > 0 && index === this.#total - 1 ? this.#chunk.subarray(0, length) : null;
        } catch {
            return null;
        }
    }
}

export interface FileReceiverListener {
    /** Where to begin may be told now. */
    onOpen(): void;
    onChunk(bytes: ArrayBuffer): void;
    /** By the other side, or because of it. */
    onClosed(): void;
}

export class FileReceiver {
    #channel: RTCDataChannel;
    #listener: FileReceiverListener;
    /** Received and not yet durable. */
    #pending = 0;
    #durable = 0;
    #isClosed = false;

    constructor(channel: RTCDataChannel, listener: FileReceiverListener) {
        this.#channel = channel;
        this.#listener = listener;
        channel.binaryType = "arraybuffer";
        channel.onmessage = ({ data }) => {
            this.#pending += 1;
            // A sender that keeps to the window never gets there.
            if (!(data instanceof ArrayBuffer) || this.#pending > 2 * windowChunks) return this.#break();
            this.#listener.onChunk(data);
        };
        channel.onclose = channel.onerror = () => this.#break();
        if (channel.readyState === "open") listener.onOpen();
        else channel.onopen = () => listener.onOpen();
    }

    /** Tells how many chunks are durable. The first time, it asks for the next one. */
    acknowledge(chunks: number): void {
        this.#pending = Math.max(0, this.#pending - (chunks - this.#durable));
        this.#durable = chunks;
        if (this.#channel.readyState === "open" && !trySend(this.#channel, `ack ${chunks}`)) this.#break();
    }

    close(): void {
        this.#isClosed = true;
        detach(this.#channel);
    }

    #break(): void {
        if (this.#isClosed) return;
        this.close();
        this.#listener.onClosed();
    }
}
