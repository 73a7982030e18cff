// core.wasm: one instance is one engine, and finished once it has trapped.

import { decode, encode } from "./codec";
import { Input, output, Output, ScryptParameters, scryptInput, timedInput } from "./boundary";
import { WasmInstance } from "./instance";

export class Core {
    #instance: WasmInstance;

    constructor(module: WebAssembly.Module) {
        this.#instance = new WasmInstance(module);
    }

    /** One step of the engine. */
    handle(now: number, input: Input): Output {
        const bytes = encode(timedInput, { now, input });
        const answer = this.#instance.call("handle", bytes);
        bytes.fill(0);
        const decoded = decode(output, answer);
        // It may hold keys of files and of calls.
        answer.fill(0);
        return decoded;
    }

    /** 32 bytes. Takes 128 MiB, so an instance that was used for it is thrown away. */
    scrypt(parameters: ScryptParameters, password: Uint8Array): Uint8Array {
        const bytes = encode(scryptInput, { ...parameters, password });
        const segment = this.#instance.call("scrypt", bytes);
        bytes.fill(0);
        if (segment.length !== 32) throw new Error("scrypt refused its parameters");
        return segment;
    }
}
