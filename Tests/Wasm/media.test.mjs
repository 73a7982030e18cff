// The module that encrypts the frames of a call, as the transform worker holds it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { gzipSync } from "node:zlib";
import { compile, start } from "./module.mjs";

const path = new URL("../../.build-wasm/media.wasm", import.meta.url).pathname;
const media = compile(path);
const none = new Uint8Array();

const key = (fill) => new Uint8Array(32).fill(fill);
const withByte = (byte, bytes) => Uint8Array.of(byte, ...bytes);
const frame = Uint8Array.from({ length: 3000 }, (_, index) => (index * 7) & 0xff);

function pair(fill = 1, id = 4) {
    const [sender, receiver] = [start(media), start(media)];
    assert.equal(sender.call("send_key", withByte(id, key(fill))).length, 1);
    assert.equal(receiver.call("receive_key", withByte(id, key(fill))).length, 1);
    return { sender, receiver };
}

test("the module asks its host for nothing but entropy, and is small", () => {
    const imports = WebAssembly.Module.imports(media).map(({ module, name }) => `${module}.${name}`);
    assert.deepEqual(imports.filter((name) => name !== "host.entropy"), []);
    assert.ok(gzipSync(readFileSync(path)).length < 60_000);
});

test("frames of every codec pass between two instances", () => {
    const { sender, receiver } = pair();
    const slice = [0, 0, 0, 1, 0x65, 0xb8, 0x40, 0x0a, ...frame.map((byte) => byte | 4)];
    for (const [codec, plain] of [[0, frame], [1, frame], [2, frame], [3, Uint8Array.from(slice)], [4, frame]]) {
        const carrier = sender.call("protect", withByte(codec, plain));
        assert.ok(carrier.length > plain.length, `codec ${codec}`);
        assert.deepEqual(receiver.call("unprotect", withByte(codec, carrier)), plain);
        assert.deepEqual(receiver.call("unprotect", withByte(codec, carrier)), none, "a second time");
    }
});

test("no frame passes without a key, under another key, changed, or of a codec that does not exist", () => {
    const idle = start(media);
    assert.deepEqual(idle.call("protect", withByte(0, frame)), none);
    const { sender, receiver } = pair();
    const carrier = sender.call("protect", withByte(0, frame));
    assert.deepEqual(idle.call("unprotect", withByte(0, carrier)), none);
    assert.deepEqual(pair(2).receiver.call("unprotect", withByte(0, carrier)), none);
    carrier[carrier.length - 1] ^= 1;
    assert.deepEqual(receiver.call("unprotect", withByte(0, carrier)), none);
    for (const name of ["protect", "unprotect"]) {
        assert.deepEqual(sender.call(name, withByte(9, frame)), none);
        assert.deepEqual(sender.call(name, none), none);
    }
    assert.deepEqual(receiver.call("unprotect", withByte(0, frame)), none, "a frame that was never encrypted");
});

test("keys are given once, replaced and forgotten", () => {
    const { sender, receiver } = pair(1, 0);
    assert.deepEqual(sender.call("send_key", withByte(0, key(1))), none, "used before");
    for (const malformed of [none, key(1), new Uint8Array(34)]) {
        assert.deepEqual(sender.call("send_key", malformed), none);
        assert.deepEqual(receiver.call("receive_key", malformed), none);
    }
    const former = sender.call("protect", withByte(0, frame));
    assert.equal(receiver.call("receive_key", withByte(1, key(2))).length, 1);
    assert.equal(sender.call("send_key", withByte(1, key(2))).length, 1);
    const current = sender.call("protect", withByte(0, frame));
    assert.deepEqual(receiver.call("unprotect", withByte(0, current)), frame);
    assert.deepEqual(receiver.call("unprotect", withByte(0, former)), frame);
    assert.equal(receiver.call("forget_key", Uint8Array.of(1)).length, 1);
    assert.deepEqual(receiver.call("unprotect", withByte(0, sender.call("protect", withByte(0, frame)))), none);
});

test("a call's worth of frames takes no memory, and little time", () => {
    const { sender, receiver } = pair();
    const pass = (count) => {
        for (let index = 0; index < count; index += 1) {
            const carrier = sender.call("protect", withByte(2, frame));
            assert.equal(receiver.call("unprotect", withByte(2, carrier)).length, frame.length);
        }
    };
    pass(200);
    const size = sender.exports.memory.buffer.byteLength;
    const begun = performance.now();
    pass(2000);
    const each = (performance.now() - begun) / 2000;
    assert.equal(sender.exports.memory.buffer.byteLength, size);
    // 60 pictures and 50 packets of sound a second, both ways, leave nine milliseconds to each.
    assert.ok(each < 5, `${each} ms to seal and open 3,000 bytes`);
    console.log(`# ${each.toFixed(3)} ms to seal and open a frame of 3,000 bytes`);
});
