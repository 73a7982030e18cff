import assert from "node:assert/strict";
import { test } from "node:test";
import { output, timedInput } from "../../Web/worker/boundary";
import { bytes, Coded, decode, encode, identifier, names, optional, text, u16, u64, u8, vector } from "../../Web/worker/codec";
import { WireError } from "../../Web/worker/wire";
import { id, scrypt } from "./world";

function hex(data: Uint8Array): string {
    return Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function unhex(digits: string): Uint8Array {
    return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

test("integers are big-endian", () => {
    assert.equal(hex(encode(u16, 0x1234)), "1234");
    assert.equal(hex(encode(u64, 1_700_000_000_123)), "0000018bcfe5687b");
    assert.equal(decode(u64, unhex("0000018bcfe5687b")), 1_700_000_000_123);
});

test("a number that does not fit is refused, both ways", () => {
    assert.throws(() => encode(u8, 256), WireError);
    assert.throws(() => encode(u8, -1), WireError);
    assert.throws(() => encode(u64, 0.5), WireError);
    assert.throws(() => decode(u64, unhex("ffffffffffffffff")), WireError);
});

test("lengths take one, two or four bytes, at RFC 9420's bounds", () => {
    const header = (length: number, count: number) => hex(encode(bytes, new Uint8Array(length)).slice(0, count));
    assert.equal(header(0, 1), "00");
    assert.equal(header(63, 1), "3f");
    assert.equal(header(64, 2), "4040");
    assert.equal(header(16_383, 2), "7fff");
    assert.equal(header(16_384, 4), "80004000");
    assert.equal(decode(bytes, encode(bytes, new Uint8Array(70_000))).length, 70_000);
});

test("a length that is not in its shortest form is refused", () => {
    assert.throws(() => decode(bytes, unhex("400100")), WireError);
    assert.throws(() => decode(bytes, unhex("8000000100")), WireError);
    assert.throws(() => decode(bytes, unhex("c000000000000000")), WireError);
});

test("bytes that end early or go on are refused", () => {
    assert.throws(() => decode(bytes, unhex("0501")), WireError);
    assert.throws(() => decode(u8, unhex("0102")), WireError);
    assert.throws(() => decode(vector(u16), unhex("03000100")), WireError);
});

test("ill-formed UTF-8 is refused, and a byte order mark is text", () => {
    assert.throws(() => decode(text, unhex("02c328")));
    assert.equal(decode(text, unhex("03efbbbf")), "\ufeff");
});

test("unknown enum values and presence bytes are refused", () => {
    assert.throws(() => decode(names("a", "b"), unhex("02")), WireError);
    assert.throws(() => decode(optional(u8), unhex("0201")), WireError);
    assert.throws(() => encode(identifier, "abc"), WireError);
});

test("an input is its time, its tag and its fields", () => {
    const input = { type: "reveal" as const, conversation: id(1), message: id(2) };
    assert.equal(hex(encode(timedInput, { now: 5, input })), `${"00".repeat(7)}0513${"01".repeat(16)}${"02".repeat(16)}`);
});

test("what is said about files has its place from 30 on", () => {
    const input = { type: "pauseFile" as const, conversation: id(1), message: id(2), paused: true };
    assert.equal(hex(encode(timedInput, { now: 5, input })), `${"00".repeat(7)}0523${"01".repeat(16)}${"02".repeat(16)}01`);
});

test("the numbers of calls' inputs begin at 50, and the relay's refusal follows", () => {
    assert.equal(hex(encode(timedInput, { now: 0, input: { type: "hangUp", call: id(2) } })), `${"00".repeat(8)}35${"02".repeat(16)}`);
    assert.equal(hex(encode(timedInput, { now: 0, input: { type: "relayRefused", username: "1:a" } })), `${"00".repeat(8)}3903313a61`);
});

test("every kind of output comes back as it was", () => {
    const value: Coded<typeof output> = {
        writes: [
            { store: "meta", key: new TextEncoder().encode("header"), value: new Uint8Array([1, 2]) },
            { store: "messages", key: new Uint8Array(32), value: null },
        ],
        reads: [{ store: "state", key: new Uint8Array(32).fill(7) }],
        connection: "reopen",
        toNode: [new Uint8Array([9])],
        relay: { type: "granted", username: "1700003600:a", password: "b", until: 1_700_003_600_000, udpPort: 3_478, tcpPort: 0 },
        channels: [
            { type: "connect", device: id(1), initiator: true, relayOnly: false },
            { type: "remoteSignal", device: id(1), kind: "candidate", text: "{}" },
            { type: "send", device: id(1), bytes: new Uint8Array(65_536) },
            { type: "close", device: id(1) },
        ],
        files: [
            { type: "seal", file: id(1), ticket: 7, storage: id(2), key: new Uint8Array(32).fill(1), size: 10 * 2 ** 30 },
            { type: "send", device: id(3), file: id(1), storage: id(2), from: 0, chunks: 163_880 },
            { type: "receive", device: id(3), file: id(1), storage: id(2), key: new Uint8Array(32), size: 0, hash: new Uint8Array(32).fill(9) },
            { type: "store", file: id(1), storage: id(2), key: new Uint8Array(32), size: 5, hash: new Uint8Array(32), from: 15, bytes: new Uint8Array(21) },
            { type: "open", file: id(1), storage: id(2), key: new Uint8Array(32), size: 5, name: "a.txt", mediaType: "", purpose: "readableCopy" },
            { type: "inventory", files: [{ file: id(1), storage: id(2), length: 65_552 }] },
        ],
        calls: [
            { type: "start", call: id(4), device: id(1), polite: true, video: false, relayOnly: true, keys: null },
            {
                type: "start", call: id(4), device: id(1), polite: false, video: true, relayOnly: false,
                keys: { send: { id: 1, key: new Uint8Array(32).fill(1) }, receive: { id: 2, key: new Uint8Array(32).fill(2) } },
            },
            { type: "signal", call: id(4), kind: "description", text: "{}" },
            { type: "receiveKey", call: id(4), key: { id: 3, key: new Uint8Array(32) } },
            { type: "sendKey", call: id(4), key: { id: 3, key: new Uint8Array(32) } },
            { type: "forgetKey", call: id(4), id: 2 },
            { type: "end", call: id(4) },
        ],
        events: [
            { type: "vault", waitMs: 3_000, ...scrypt },
            { type: "problem", problem: "wrongPassphrase" },
            { type: "nodeStatus", state: "connected", reason: null },
            {
                type: "call", call: id(4), conversation: id(1), own: true, video: true, encryption: "unknown", state: "over",
                reason: "unsupported", startedMs: 0,
            },
            { type: "problem", problem: "callInProgress" },
            { type: "warning", kind: "messagesMissing", conversation: id(3) },
            { type: "revealed", conversation: id(1), message: id(2), text: "سلام 🕊️", untilMs: 1_700_000_000_000 },
        ],
        nextTimeout: 1_700_000_000_000,
    };
    assert.deepEqual(decode(output, encode(output, value)), value);
});

test("a problem that this build does not know is an internal one", () => {
    const bytesOf = (problem: number) => Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 2, 18, problem, 0]);
    const problemIn = (problem: number) => decode(output, bytesOf(problem)).events[0];
    assert.deepEqual(problemIn(2), { type: "problem", problem: "unknownInvitation" });
    assert.deepEqual(problemIn(22), { type: "problem", problem: "fileTooLarge" });
    assert.deepEqual(problemIn(23), { type: "problem", problem: "internalError" });
    assert.deepEqual(problemIn(26), { type: "problem", problem: "fileUnreadable" });
    assert.deepEqual(problemIn(29), { type: "problem", problem: "callsUnsupported" });
    assert.deepEqual(problemIn(99), { type: "problem", problem: "internalError" });
    assert.deepEqual(problemIn(255), { type: "problem", problem: null });
});
