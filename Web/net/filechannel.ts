// One file over a DataChannel of its own: sealed chunks one way, each a message, acknowledgements the other way.
//
// The receiver speaks first: "ack N", N chunks being durable there. The sender starts at chunk N, and stays at most
// `windowChunks` ahead of the latest acknowledgement, so that neither side holds more than that in memory.

const labelPrefix = "file ";
const windowChunks = 256; // 16 MiB
/** The browser's own buffer is filled up to here, and again once it is down to there. */
const highWater = 4 << 20;
const lowWater = 1 << 20;
/** Chunks read from storage at a time. */
const readChunks = 32;

export function fileLabel(file: string): string {
    return labelPrefix + file;
}

/** The file that a channel of the peer's is for. */
export function fileOfLabel(label: string): string | null {
    const file = label.startsWith(labelPrefix) ? label.slice(labelPrefix.length) : "";
    return /^[0-9a-f]{32}$/.test(file) ? file : null;
}

export interface FileSenderListener {
    /** Sealed chunks as they are stored; null when they cannot be read. */
    take(from: number, count: number): Promise<ArrayBuffer[] | null>;
    onAcknowledged(chunks: number): void;
    onUnreadable(): void;
    /** The channel closed before everything was acknowledged. */
    onBroken(): void;
}

export class FileSender {
    #channel: RTCDataChannel;
    #total: number;
    #listener: FileSenderListener;
    /** Read from storage, not yet given to the browser. */
    #waiting: ArrayBuffer[] = [];
    #isReading = false;
    /** The next chunk to read; null until the receiver has spoken. */
    #next: number | null = null;
    #acknowledged = 0;
    #isClosed = false;

    constructor(channel: RTCDataChannel, total: number, listener: FileSenderListener) {
        this.#channel = channel;
        this.#total = total;
        this.#listener = listener;
        channel.bufferedAmountLowThreshold = lowWater;
        channel.onbufferedamountlow = () => this.#pump();
        channel.onmessage = ({ data }) => this.#receive(data);
        channel.onclose = channel.onerror = () => this.#break();
    }

    close(): void {
        this.#isClosed = true;
        this.#waiting = [];
        this.#channel.onbufferedamountlow = this.#channel.onmessage = this.#channel.onclose = this.#channel.onerror = null;
        this.#channel.close();
    }

    #break(): void {
        if (this.#isClosed) return;
        this.close();
        this.#listener.onBroken();
    }

    #receive(data: unknown): void {
        const match = typeof data === "string" ? /^ack (\d{1,9})$/.exec(data) : null;
        const chunks = Number(match?.[1] ?? -1);
        const sent = (this.#next ?? this.#total) - this.#waiting.length;
        if (chunks < this.#acknowledged || chunks > sent) return this.#break();
        this.#next ??= chunks;
        this.#acknowledged = chunks;
        this.#listener.onAcknowledged(chunks);
        if (chunks === this.#total) this.close();
        else this.#pump();
    }

    #pump(): void {
        if (this.#isClosed || this.#next === null) return;
        while (this.#waiting.length > 0 && this.#channel.readyState === "open" && this.#channel.bufferedAmount < highWater
            && this.#next - this.#waiting.length - this.#acknowledged < windowChunks) {
            this.#channel.send(this.#waiting.shift()!);
        }
        if (this.#waiting.length < readChunks && !this.#isReading && this.#next < this.#total) void this.#read(this.#next);
    }

    async #read(from: number): Promise<void> {
        this.#isReading = true;
        const chunks = await this.#listener.take(from, Math.min(readChunks, this.#total - from));
        this.#isReading = false;
        if (this.#isClosed) return;
        if (chunks === null || chunks.length === 0) {
            this.close();
            return this.#listener.onUnreadable();
        }
        this.#waiting.push(...chunks);
        this.#next = from + chunks.length;
        this.#pump();
    }
}

export interface FileReceiverListener {
    onChunk(bytes: ArrayBuffer): void;
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
    }

    /** So many chunks are durable. The first time, it asks for the next one. */
    acknowledge(chunks: number): void {
        this.#pending = Math.max(0, this.#pending - (chunks - this.#durable));
        this.#durable = chunks;
        if (this.#channel.readyState === "open") this.#channel.send(`ack ${chunks}`);
    }

    close(): void {
        this.#isClosed = true;
        this.#channel.onmessage = this.#channel.onclose = this.#channel.onerror = this.#channel.onopen = null;
        this.#channel.close();
    }

    #break(): void {
        if (this.#isClosed) return;
        this.close();
        this.#listener.onClosed();
    }
}
