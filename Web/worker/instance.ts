// An instance of one of our WebAssembly modules, and how bytes cross (Sources/MessengerWasm/HostBytes.swift).

interface Exports {
    readonly memory: WebAssembly.Memory;
    _initialize(): void;
    allocate(count: number): number;
    release(pointer: number): void;
    readonly [name: string]: unknown;
}

export class WasmInstance {
    #exports: Exports;

    static async load(url: string): Promise<WebAssembly.Module> {
        const response = await fetch(url);
        if (!response.ok) throw new Error(`${url}: status ${response.status}`);
        return WebAssembly.compileStreaming(Promise.resolve(response));
    }

    constructor(module: WebAssembly.Module) {
        const entropy = (pointer: number, count: number) => {
            const bytes = new Uint8Array(this.#exports.memory.buffer, pointer >>> 0, count >>> 0);
            // getRandomValues gives at most 65,536 bytes a call.
            for (let start = 0; start < bytes.length; start += 65_536) {
                crypto.getRandomValues(bytes.subarray(start, start + 65_536));
            }
        };
        const instance = new WebAssembly.Instance(module, { host: { entropy } });
        this.#exports = instance.exports as unknown as Exports;
        this.#exports._initialize();
    }

    /** What the export of that name answers to these bytes, of which it gets a copy, one part behind the other. */
    call(name: string, ...parts: readonly Uint8Array[]): Uint8Array {
        const exports = this.#exports;
        const count = parts.reduce((sum, part) => sum + part.length, 0);
        const pointer = exports.allocate(count);
        // A fresh view each time: memory.buffer changes when the memory grows.
        const argument = new Uint8Array(exports.memory.buffer, pointer, count);
        let offset = 0;
        for (const part of parts) {
            argument.set(part, offset);
            offset += part.length;
        }
        const result = (exports[name] as (pointer: number, count: number) => number)(pointer, count) >>> 0;
        exports.release(pointer);
        const length = new DataView(exports.memory.buffer).getUint32(result, true);
        const answer = new Uint8Array(exports.memory.buffer, result + 4, length).slice();
        exports.release(result);
        return answer;
    }
}
