// Replays, in WebAssembly, the cases that the native tests ran: `run-vectors.mjs CASES [MODULE]`.
//
// CASES is written by the native tests (CRYPTPEER_DUMP_CASES): a sequence of {uint16 kind, uint32 length, name,
// uint32 length, bytes}, big-endian. MODULE is .build-wasm/checks.named.wasm unless given.
import { readFileSync } from "node:fs";
import { compile, start } from "./module.mjs";

const [casesPath, modulePath = new URL("../../.build-wasm/checks.named.wasm", import.meta.url).pathname] =
    process.argv.slice(2);
if (!casesPath) {
    console.error("usage: run-vectors.mjs CASES [MODULE]");
    process.exit(64);
}

function* readCases(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let position = 0;
    const take = (length) => {
        if (position + length > bytes.length) throw new Error(`${casesPath} ends inside a case`);
        position += length;
        return position - length;
    };
    const field = () => {
        const length = view.getUint32(take(4));
        const at = take(length);
        return bytes.subarray(at, at + length);
    };
    while (position < bytes.length) {
        const kind = view.getUint16(take(2));
        yield { kind, name: new TextDecoder().decode(field()), bytes: field() };
    }
}

const module = compile(modulePath);
let instance = start(module);
let passed = 0;
let failed = 0;
for (const { kind, name, bytes } of readCases(readFileSync(casesPath))) {
    let reason;
    try {
        reason = new TextDecoder().decode(instance.call("check", kind, bytes));
    } catch (error) {
        reason = error.stack;
        // A trapped instance is in an unknown state.
        instance = start(module);
    }
    if (reason === "") {
        passed += 1;
    } else {
        failed += 1;
        if (failed <= 20) console.log(`FAILED kind ${kind}, ${name}: ${reason}`);
    }
}
// No case at all is a fault of the harness, not a success.
if (passed + failed === 0) {
    console.log("no cases to replay");
    failed = 1;
}
console.log(`WebAssembly vectors: ${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
