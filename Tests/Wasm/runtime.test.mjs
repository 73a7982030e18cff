// The ground that the core stands on in the browser: what it asks of its host, and what it leaves in memory.
import assert from "node:assert/strict";
import test from "node:test";
import { compile, start } from "./module.mjs";

const core = compile(new URL("../../.build-wasm/core.wasm", import.meta.url).pathname);
const canary = new TextEncoder().encode("otter-velvet-94-harbour");

/** Whether the canary is anywhere in the instance's memory. */
function holdsCanary({ exports }) {
    return Buffer.from(exports.memory.buffer).includes(canary);
}

function write({ exports }, pointer, bytes) {
    new Uint8Array(exports.memory.buffer, pointer, bytes.length).set(bytes);
}

test("the core asks its host for nothing but entropy", () => {
    const imports = WebAssembly.Module.imports(core).map(({ module, name }) => `${module}.${name}`);
    assert.deepEqual(imports.filter((name) => name !== "host.entropy"), []);
});

test("a buffer is cleared when it is released", () => {
    const instance = start(core);
    // Of every kind of allocation: from a small bin, a large bin, and beyond the first growth of the memory.
    for (const length of [canary.length, 1000, 70_000, 5_000_000]) {
        const pointer = instance.exports.allocate(length);
        write(instance, pointer + length - canary.length, canary);
        assert.ok(holdsCanary(instance), `planted in ${length} bytes`);
        instance.exports.release(pointer);
        assert.ok(!holdsCanary(instance), `gone from ${length} bytes`);
    }
});

test("released memory is used again", () => {
    const instance = start(core);
    instance.exports.release(instance.exports.allocate(100_000_000));
    const { byteLength } = instance.exports.memory.buffer;
    for (let round = 0; round < 20; round += 1) instance.exports.release(instance.exports.allocate(100_000_000));
    assert.equal(instance.exports.memory.buffer.byteLength, byteLength);
});

test("no memory is promised beyond the limit", () => {
    const instance = start(core);
    assert.equal(instance.exports.allocate(600 * 1024 * 1024), 0);
});
