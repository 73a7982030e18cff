// A stored file that the user wants to see or keep: its bytes are decrypted as they are asked for.

import type { FilePurpose } from "../worker/boundary";

/** Bytes decrypted at a time. */
const step = 2 << 20;

export class UnreadableFile extends Error {}

export class OpenedFile {
    /** The file's message. */
    readonly file: string;
    readonly name: string;
    readonly mediaType: string;
    readonly size: number;
    readonly purpose: FilePurpose;
    #range: (start: number, end: number) => Promise<ArrayBuffer | null>;

    constructor(about: { file: string; name: string; mediaType: string; size: number; purpose: FilePurpose },
        range: (start: number, end: number) => Promise<ArrayBuffer | null>) {
        this.file = about.file;
        this.name = about.name;
        this.mediaType = about.mediaType;
        this.size = about.size;
        this.purpose = about.purpose;
        this.#range = range;
    }

    /** From `start` up to `end`, at most as much as the file has and as is decrypted at a time. */
    async read(start: number, end: number = this.size): Promise<ArrayBuffer> {
        const bytes = await this.#range(start, Math.min(end, start + step, this.size));
        if (bytes === null) throw new UnreadableFile("what is stored cannot be read");
        return bytes;
    }

    /** All of it, piece by piece. */
    async *pieces(): AsyncGenerator<ArrayBuffer> {
        for (let start = 0; start < this.size; start += step) yield this.read(start);
    }

    /** In memory, as what it is declared to be by the caller: never by its sender. */
    async blob(mediaType: string): Promise<Blob> {
        const parts: ArrayBuffer[] = [];
        for await (const piece of this.pieces()) parts.push(piece);
        return new Blob(parts, { type: mediaType });
    }
}
