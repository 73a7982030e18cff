import assert from "node:assert/strict";
import { test } from "node:test";
import { output, timedInput } from "../../Web/worker/boundary";
import { bytes, Coded, decode, encode, identifier, items, names, optional, text, u16, u64, u8, vector } from "../../Web/worker/codec";
import { WireError } from "../../Web/worker/wire";
import { each } from "../../Web/net/each";
import { hex, unhex } from "./hex";
import { id, message } from "./world";

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

// The same bytes as in MessengerTests/MessengerTests.swift.
test("a record that is not there takes one byte for its value", () => {
    const records = [
        { store: "messages" as const, key: new Uint8Array(32).fill(7), value: null },
        { store: "messages" as const, key: new Uint8Array(32).fill(8), value: new Uint8Array([9]) },
    ];
    assert.equal(hex(encode(timedInput, { now: 0, input: { type: "records", records } })),
        `${"00".repeat(8)}0b404602${"07".repeat(32)}0002${"08".repeat(32)}010109`);
});

test("a problem that this build does not know is an internal one", () => {
    const bytesOf = (problem: number) => Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 3, 2, 17, problem, 0]);
    const problemIn = (problem: number) => decode(output, bytesOf(problem)).events[0];
    assert.deepEqual(problemIn(2), { type: "problem", problem: "unknownInvitation" });
    assert.deepEqual(problemIn(22), { type: "problem", problem: "fileTooLarge" });
    assert.deepEqual(problemIn(23), { type: "problem", problem: "internalError" });
    assert.deepEqual(problemIn(26), { type: "problem", problem: "fileUnreadable" });
    assert.deepEqual(problemIn(29), { type: "problem", problem: "callsUnsupported" });
    assert.deepEqual(problemIn(99), { type: "problem", problem: "internalError" });
    assert.deepEqual(problemIn(255), { type: "problem", problem: null });
});

test("an item that cannot be read is left out, and those after it are not", () => {
    // Bytes that end early, go on, are no text, or are a number beyond 2^53.
    assert.deepEqual(decode(items(u16), unhex("0a" + "0101" + "020007" + "03000800" + "00")), [7]);
    assert.deepEqual(decode(items(text), unhex("08" + "0302c328" + "03026869")), ["hi"]);
    assert.deepEqual(decode(items(u64), unhex("12" + "080020000000000000" + "080000000000000005")), [5]);
    assert.throws(() => decode(items(u16), unhex("020301")), WireError);
});

test("a message with an absurd time hides neither the others nor the other events", () => {
    const times = [1_700_000_000_000, 2 ** 52, 1_700_000_000_001];
    const messages = times.map((time, order) => message(order + 1, { time }));
    const events: Coded<typeof output>["events"] = [
        { type: "messages", conversation: id(1), replaceAll: true, hasOlder: false, messages },
        { type: "problem", problem: "noRoom" },
    ];
    const empty = { writes: [], reads: [], connection: "unchanged" as const, toNode: [], relay: null, channels: [], files: [], calls: [] };
    const bytesOf = encode(output, { ...empty, events, nextTimeout: null });
    // 2^52 becomes 2^62.
    const place = hex(bytesOf).indexOf("0010000000000000") / 2;
    bytesOf[place] = 0x40;
    const [list, problem] = decode(output, bytesOf).events;
    assert.deepEqual(list?.type === "messages" ? list.messages.map(({ time }) => time) : null, [times[0], times[2]]);
    assert.deepEqual(problem, events[1]);
});

test("what throws at one item is reported, and the others are taken", () => {
    const reported: unknown[] = [];
    (globalThis as { reportError?: (error: unknown) => void }).reportError = (error) => reported.push(error);
    const taken: number[] = [];
    each([1, 2, 3], (item) => {
        if (item === 2) throw new RangeError("Invalid time value");
        taken.push(item);
    });
    assert.deepEqual(taken, [1, 3]);
    assert.equal(reported.length, 1);
});

test("of a time that no calendar has nothing is said, and nothing throws", async () => {
    Object.assign(globalThis, { localStorage: { getItem: () => null } });
    Object.defineProperty(globalThis, "navigator", { value: { languages: ["en-GB"] }, configurable: true });
    const { formatDateTime, formatDay, formatShort, formatTime, isoTime, startOfDay } = await import("../../Web/i18n");
    const now = 1_700_000_000_000;
    for (const time of [8.65e15, 2 ** 53, Infinity, Number.NaN]) {
        assert.deepEqual([isoTime(time), formatTime(time), formatDateTime(time), formatShort(time, now), formatDay(time, now)], ["", "", "", "", ""]);
        assert.ok(Number.isNaN(startOfDay(time)));
    }
    assert.equal(isoTime(253_402_300_799_999), "9999-12-31T23:59:59.999Z");
    assert.ok(formatDay(253_402_300_799_999, now).includes("9999") || formatDay(253_402_300_799_999, now).includes("10000"));
});
