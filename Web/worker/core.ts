// core.wasm: one instance is one engine, and finished once it has trapped.

import { decode, encode } from "./codec";
import { Input, output, Output, ScryptParameters, scryptInput, timedInput } from "./boundary";

interface Exports {
    readonly memory: WebAssembly.Memory;
    _initialize(): void;
    allocate(count: number): number;
    release(pointer: number): void;
    handle(pointer: number, count: number): number;
    scrypt(pointer: number, count: number): number;
}

export class Core {
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

    /** One step of the engine. */
    handle(now: number, input: Input): Output {
        const bytes = encode(timedInput, { now, input });
        const answer = this.#call("handle", bytes);
        bytes.fill(0);
        const decoded = decode(output, answer);
        // Files' keys were in it.
        answer.fill(0);
        return decoded;
    }

    /** 32 bytes. Takes 128 MiB, so an instance that was used for it is thrown away. */
    scrypt(parameters: ScryptParameters, password: Uint8Array): Uint8Array {
        const bytes = encode(scryptInput, { ...parameters, password });
        const segment = this.#call("scrypt", bytes);
        bytes.fill(0);
        if (segment.length !== 32) throw new Error("scrypt refused its parameters");
        return segment;
    }

    #call(name: "handle" | "scrypt", argument: Uint8Array): Uint8Array {
        const exports = this.#exports;
        const pointer = exports.allocate(argument.length);
        // A fresh view each time: memory.buffer changes when the memory grows.
        new Uint8Array(exports.memory.buffer, pointer, argument.length).set(argument);
        const result = exports[name](pointer, argument.length) >>> 0;
        exports.release(pointer);
        const count = new DataView(exports.memory.buffer).getUint32(result, true);
        const answer = new Uint8Array(exports.memory.buffer, result + 4, count).slice();
        exports.release(result);
        return answer;
    }
}
