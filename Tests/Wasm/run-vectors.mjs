// Replays, in WebAssembly, the cases that the native tests ran: `run-vectors.mjs CASES [MODULE]`.
//
// CASES is written by the native tests (CRYPTPEER_DUMP_CASES): a sequence of {uint16 kind, uint32 length, name,
// uint32 length, bytes}, big-endian. MODULE is .build-wasm/checks.named.wasm unless given. One thread per processor, each
// with an instance of its own, takes the next case that nobody has taken.
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { compile, start } from "./module.mjs";

function* readCases(path) {
    const bytes = readFileSync(path);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let position = 0;
    const take = (length) => {
        if (position + length > bytes.length) throw new Error(`${path} ends inside a case`);
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

function replay({ path, module, next }) {
    let instance = start(module);
    let passed = 0;
    const failures = [];
    let index = 0;
    let mine = Atomics.add(next, 0, 1);
    for (const { kind, name, bytes } of readCases(path)) {
        if (index++ !== mine) continue;
        mine = Atomics.add(next, 0, 1);
        let reason;
        try {
            reason = new TextDecoder().decode(instance.call("check", kind, bytes));
        } catch (error) {
            reason = error.stack;
            // A trapped instance is in an unknown state.
            instance = start(module);
        }
        if (reason === "") passed += 1;
        else failures.push(`FAILED kind ${kind}, ${name}: ${reason}`);
    }
    return { passed, failures };
}

async function main() {
    const [path, modulePath = new URL("../../.build-wasm/checks.named.wasm", import.meta.url).pathname] =
        process.argv.slice(2);
    if (!path) {
        console.error("usage: run-vectors.mjs CASES [MODULE]");
        return 64;
    }
    const next = new Int32Array(new SharedArrayBuffer(4));
    const data = { path, module: compile(modulePath), next };
    const results = await Promise.all(
        Array.from(
            { length: availableParallelism() },
            () =>
                new Promise((resolve, reject) => {
                    const worker = new Worker(new URL(import.meta.url), { workerData: data });
                    worker.once("message", resolve);
                    worker.once("error", reject);
                }),
        ),
    );
    const passed = results.reduce((sum, result) => sum + result.passed, 0);
    const failures = results.flatMap((result) => result.failures);
    for (const failure of failures.slice(0, 20)) console.log(failure);
    // No case at all is a fault of the harness, not a success.
    if (passed + failures.length === 0) console.log("no cases to replay");
    console.log(`WebAssembly vectors: ${passed} passed, ${failures.length} failed`);
    return passed > 0 && failures.length === 0 ? 0 : 1;
}

if (isMainThread) process.exitCode = await main();
else parentPort.postMessage(replay(workerData));
