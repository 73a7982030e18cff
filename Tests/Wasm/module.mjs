// A WebAssembly build of the core, as the browser's worker would hold it, for node.
import { readFileSync } from "node:fs";
import { webcrypto } from "node:crypto";

/** What the module imports: entropy, and nothing else. */
function host(instance) {
    return {
        host: {
            entropy(pointer, length) {
                const bytes = new Uint8Array(instance().exports.memory.buffer, pointer >>> 0, length >>> 0);
                // getRandomValues gives at most 65,536 bytes a call.
                for (let start = 0; start < bytes.length; start += 65536) {
                    webcrypto.getRandomValues(bytes.subarray(start, Math.min(start + 65536, bytes.length)));
                }
            },
        },
    };
}

export function compile(path) {
    return new WebAssembly.Module(readFileSync(path));
}

/** A started instance of `module`. */
export function start(module) {
    let instance;
    instance = new WebAssembly.Instance(module, host(() => instance));
    const { exports } = instance;
    exports._initialize();
    return {
        exports,
        /** Calls an export whose last two parameters are a pointer and a length, and whose result is a buffer. */
        call(name, ...args) {
            const input = args.pop();
            const pointer = exports.allocate(input.length);
            new Uint8Array(exports.memory.buffer, pointer, input.length).set(input);
            const result = exports[name](...args, pointer, input.length) >>> 0;
            exports.release(pointer);
            const length = new DataView(exports.memory.buffer).getUint32(result, true);
            const output = new Uint8Array(exports.memory.buffer, result + 4, length).slice();
            exports.release(result);
            return output;
        },
    };
}
