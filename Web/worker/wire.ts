// The TLS presentation language (RFC 8446 §3) with the variable-size vector headers of RFC 9420 §2.1.2, as the core's
// module WireFormat has it.

export class WireError extends Error {}

const utf8 = new TextEncoder();
const strictUTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class WireWriter {
    #bytes = new Uint8Array(256);
    #length = 0;

    /** What has been written. */
    get bytes(): Uint8Array {
        return this.#bytes.slice(0, this.#length);
    }

    /** Overwrites what was written, for an input that held a key. */
    wipe(): void {
        this.#bytes.fill(0);
    }

    fixed(value: Uint8Array): void {
        this.#reserve(value.length);
        this.#bytes.set(value, this.#length);
        this.#length += value.length;
    }

    /** A big-endian unsigned integer of `size` bytes. */
    integer(value: number, size: 1 | 2 | 4 | 8): void {
        if (!Number.isSafeInteger(value) || value < 0 || (size < 8 && value >= 2 ** (8 * size))) {
            throw new WireError(`not an unsigned integer of ${size} bytes`);
        }
        this.#reserve(size);
        for (let index = this.#length + size - 1; index >= this.#length; index -= 1) {
            this.#bytes[index] = value % 256;
            value = Math.floor(value / 256);
        }
        this.#length += size;
    }

    opaque(value: Uint8Array): void {
        this.length(value.length);
        this.fixed(value);
    }

    text(value: string): void {
        this.opaque(utf8.encode(value));
    }

    /** A vector of whatever `body` writes, behind its length in bytes. */
    vector(body: (inner: WireWriter) => void): void {
        const inner = new WireWriter();
        body(inner);
        this.opaque(inner.bytes);
        inner.wipe();
    }

    length(value: number): void {
        if (value < 2 ** 6) this.integer(value, 1);
        else if (value < 2 ** 14) this.integer(value + 2 ** 14, 2);
        else if (value < 2 ** 30) this.integer(value + 2 ** 31, 4);
        else throw new WireError("longer than the encoding can say");
    }

    #reserve(count: number): void {
        if (this.#length + count <= this.#bytes.length) return;
        const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + count));
        larger.set(this.#bytes);
        this.#bytes.fill(0);
        this.#bytes = larger;
    }
}

export class WireReader {
    #bytes: Uint8Array;
    #position = 0;

    constructor(bytes: Uint8Array) {
        this.#bytes = bytes;
    }

    get isAtEnd(): boolean {
        return this.#position === this.#bytes.length;
    }

    finish(): void {
        if (!this.isAtEnd) throw new WireError("bytes are left after the last field");
    }

    /** A copy, so that nothing keeps the whole input alive. */
    fixed(count: number): Uint8Array {
        return this.#take(count).slice();
    }

    integer(size: 1 | 2 | 4 | 8): number {
        let value = 0;
        for (const byte of this.#take(size)) value = value * 256 + byte;
        if (!Number.isSafeInteger(value)) throw new WireError("an integer beyond 2^53");
        return value;
    }

    boolean(): boolean {
        const value = this.integer(1);
        if (value > 1) throw new WireError("neither 0 nor 1");
        return value === 1;
    }

    opaque(): Uint8Array {
        return this.fixed(this.#vectorLength());
    }

    text(): string {
        return strictUTF8.decode(this.#take(this.#vectorLength()));
    }

    /** A vector's contents as a reader of their own. */
    slice(): WireReader {
        return new WireReader(this.#take(this.#vectorLength()));
    }

    #vectorLength(): number {
        const first = this.integer(1);
        const size = [1, 2, 4][first >> 6];
        if (size === undefined) throw new WireError("a length with the reserved prefix");
        let value = first & 0x3f;
        for (const byte of this.#take(size - 1)) value = value * 256 + byte;
        if ((size === 2 && value < 2 ** 6) || (size === 4 && value < 2 ** 14)) {
            throw new WireError("a length not in its shortest form");
        }
        return value;
    }

    #take(count: number): Uint8Array {
        const end = this.#position + count;
        if (end > this.#bytes.length) throw new WireError("the input ends inside a field");
        const taken = this.#bytes.subarray(this.#position, end);
        this.#position = end;
        return taken;
    }
}
