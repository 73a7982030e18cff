// How long a passphrase takes: scrypt at the product's cost in the core's WebAssembly, beside OpenSSL's native code.
import { scryptSync } from "node:crypto";
import { compile, start } from "../Tests/Wasm/module.mjs";

const cost = { n: 2 ** 17, r: 8, p: 1 };
const salt = new Uint8Array(32).fill(7);
const passphrase = new TextEncoder().encode("correct horse battery");
const rounds = 5;

/** The export's input: {n u64, r u32, p u32, salt<V>, passphrase<V>}, with lengths below 64 here. */
const input = new Uint8Array(16 + 1 + salt.length + 1 + passphrase.length);
const view = new DataView(input.buffer);
view.setBigUint64(0, BigInt(cost.n));
view.setUint32(8, cost.r);
view.setUint32(12, cost.p);
input.set([salt.length, ...salt, passphrase.length, ...passphrase], 16);

function median(run) {
    const times = Array.from({ length: rounds }, () => {
        const before = performance.now();
        run();
        return performance.now() - before;
    });
    return times.sort((a, b) => a - b)[rounds >> 1];
}

const core = compile(new URL("../.build-wasm/core.wasm", import.meta.url).pathname);
let ours;
// A fresh instance each time, as the worker does: the memory goes with it.
const wasm = median(() => (ours = start(core).call("scrypt", input)));
let theirs;
const native = median(
    () => (theirs = scryptSync(passphrase, salt, 32, { N: cost.n, r: cost.r, p: cost.p, maxmem: 256 * 1024 * 1024 })),
);
if (Buffer.compare(Buffer.from(ours), theirs) !== 0) throw new Error("the two do not agree");
console.log(`unlock: ${wasm.toFixed(0)} ms in WebAssembly, ${native.toFixed(0)} ms in OpenSSL (${(wasm / native).toFixed(2)} times)`);
