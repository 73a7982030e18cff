import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mock, test } from "node:test";
import { fileLabel, fileOfLabel, FileReceiver, FileSender } from "../../Web/files/channel";
import { chunkCount, lengthOfChunk, plainBytes, plainChunk, sealedLength, storedChunks } from "../../Web/files/geometry";
import { Receiving } from "../../Web/files/receiving";
import { roomLeft, StoredFile } from "../../Web/files/storage";
import { chunkNonce, openChunk, RunningHash, sealChunk } from "../../Web/files/stream";
import { FilesModel, PickedFile } from "../../Web/model/files";
import { shownAs } from "../../Web/model/shown";
import { Toasts } from "../../Web/model/toasts";
import { secondsLeft, Transfers } from "../../Web/model/transfers";
import type { Destination } from "../../Web/net/destination";
import { OpenedFile } from "../../Web/net/openedfile";
import { hex, unhex } from "./hex";
import { deaf, FakeClock, FakeSession, id } from "./world";

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

// STREAM

interface KnownAnswer {
    size: number; key: string; chunks: number; sealed_length: number; sealed_sha256: string; hash: string; first_bytes: string; last_bytes: string;
}

/** The same vectors that the Swift reference replays. */
const known = JSON.parse(readFileSync("Tests/KnownAnswers/files.json", "utf8")) as KnownAnswer[];

test("what is sealed here is what the reference seals, to the byte, and opens again", async () => {
    assert.ok(known.length > 0);
    for (const answer of known) {
        const plain = Uint8Array.from({ length: answer.size }, (_, index) => (31 * index + 7 * (index >> 8) + (index >> 16)) & 255);
        const key = await crypto.subtle.importKey("raw", unhex(answer.key), "AES-GCM", false, ["encrypt", "decrypt"]);
        assert.equal(chunkCount(answer.size), answer.chunks);
        assert.equal(sealedLength(answer.size), answer.sealed_length);
        const sealed = new Uint8Array(answer.sealed_length);
        const hash = new RunningHash();
        for (let index = 0; index < answer.chunks; index += 1) {
            const isLast = index === answer.chunks - 1;
            const part = plain.subarray(index * plainChunk, (index + 1) * plainChunk);
            const chunk = new Uint8Array(await sealChunk(key, index, isLast, part));
            assert.equal(chunk.length, lengthOfChunk(answer.size, index));
            sealed.set(chunk, index * 65_536);
            await hash.add(chunk);
            assert.deepEqual(new Uint8Array(await openChunk(key, index, isLast, chunk)), part);
        }
        assert.equal(hex(hash.value), answer.hash);
        assert.equal(hex(new Uint8Array(await crypto.subtle.digest("SHA-256", sealed))), answer.sealed_sha256);
    }
});

test("a chunk in another place, as the last one, or changed is refused", async () => {
    const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    const chunk = new Uint8Array(await sealChunk(key, 3, false, new Uint8Array(100)));
    await assert.rejects(openChunk(key, 2, false, chunk));
    await assert.rejects(openChunk(key, 3, true, chunk));
    chunk[50] ^= 1;
    await assert.rejects(openChunk(key, 3, false, chunk));
    assert.equal(hex(chunkNonce(0x01020304, true)), "000000000000000102030401");
});

test("of what is stored, a partial chunk does not count, and the short last one does", () => {
    assert.equal(storedChunks(100_000, 65_535), 0);
    assert.equal(storedChunks(100_000, 65_536), 1);
    assert.equal(storedChunks(100_000, sealedLength(100_000) - 1), 1);
    assert.equal(storedChunks(100_000, sealedLength(100_000)), 2);
    assert.equal(storedChunks(0, 0), 0);
    assert.equal(storedChunks(0, 16), 1);
    assert.equal(plainBytes(100_000, 2), 100_000);
});

// A file's channel

class FakeChannel {
    readyState = "open";
    bufferedAmount = 0;
    bufferedAmountLowThreshold = 0;
    binaryType = "";
    sent: (Uint8Array | string)[] = [];
    isClosed = false;
    onopen: (() => void) | null = null;
    onmessage: ((event: { data: unknown }) => void) | null = null;
    onbufferedamountlow: (() => void) | null = null;
    onclose: (() => void) | null = null;
    onerror: (() => void) | null = null;

    send(data: Uint8Array | string): void {
        this.sent.push(typeof data === "string" ? data : data.slice());
        if (typeof data !== "string") this.bufferedAmount += data.byteLength;
    }

    close(): void {
        this.isClosed = true;
    }

    hears(data: unknown): void {
        this.onmessage?.({ data });
    }

    /** The network has taken everything. */
    drain(): void {
        this.bufferedAmount = 0;
        this.onbufferedamountlow?.();
    }
}

/** Of a file of `stored` bytes, each chunk filled with its own number. */
function sender(total: number, stored = total * 65_536) {
    const channel = new FakeChannel();
    const log: string[] = [];
    const source = {
        read: (offset: number, into: Uint8Array) => {
            const length = Math.max(0, Math.min(into.length, stored - offset));
            into.fill(offset / 65_536, 0, length);
            return length;
        },
    };
    const made = new FileSender(channel as unknown as RTCDataChannel, total, Promise.resolve(source), {
        onAcknowledged: (chunks) => log.push(`acknowledged ${chunks}`),
        onEnd: (end) => log.push(end),
    });
    return { channel, log, sender: made };
}

/** The network takes all that comes, until no more does. */
async function settle(channel: FakeChannel): Promise<void> {
    for (let before = -1; before < channel.sent.length;) {
        before = channel.sent.length;
        await turn();
        channel.drain();
    }
}

test("the sender waits for the receiver's word, starts there, and stays within 16 MiB of the latest one", async () => {
    const { channel, log } = sender(1_000);
    await settle(channel);
    assert.equal(channel.sent.length, 0);
    channel.hears("ack 100");
    await settle(channel);
    assert.equal(channel.sent.length, 256);
    assert.deepEqual(channel.sent[0], new Uint8Array(65_536).fill(100));
    channel.hears("ack 164");
    await settle(channel);
    assert.equal(channel.sent.length, 320);
    assert.deepEqual(channel.sent[319], new Uint8Array(65_536).fill(419));
    assert.deepEqual(log, ["acknowledged 100", "acknowledged 164"]);
});

test("a receiver's word that comes before the channel is said to be open is not lost", async () => {
    const { channel, log } = sender(2);
    channel.readyState = "connecting";
    channel.hears("ack 1");
    await settle(channel);
    assert.equal(channel.sent.length, 0);
    channel.readyState = "open";
    channel.onopen?.();
    assert.equal(channel.sent.length, 1);
    assert.deepEqual(log, ["acknowledged 1"]);
});

test("the sender keeps two messages in the browser's buffer", async () => {
    const { channel } = sender(1_000);
    channel.hears("ack 0");
    await turn();
    assert.equal(channel.sent.length, 2);
    assert.equal(channel.bufferedAmountLowThreshold, 65_536);
    // One of them is on its way.
    channel.bufferedAmount = 65_536;
    channel.onbufferedamountlow?.();
    assert.equal(channel.sent.length, 3);
});

test("after the last acknowledgement the sender closes the channel, and nothing is broken", async () => {
    const { channel, log } = sender(2);
    channel.hears("ack 0");
    await settle(channel);
    channel.hears("ack 2");
    assert.ok(channel.isClosed);
    assert.deepEqual(log, ["acknowledged 0", "acknowledged 2", "acknowledged"]);
});

test("a stored file that has become shorter is not sent on, and its short last chunk is", async () => {
    const { channel, log } = sender(3, 2 * 65_536 + 10);
    channel.hears("ack 0");
    await settle(channel);
    assert.deepEqual(channel.sent[2], new Uint8Array(10).fill(2));
    const cut = sender(3, 65_536 + 10);
    cut.channel.hears("ack 0");
    await settle(cut.channel);
    assert.equal(cut.channel.sent.length, 1);
    assert.deepEqual(cut.log, ["acknowledged 0", "unreadable"]);
    assert.ok(cut.channel.isClosed);
    assert.deepEqual(log, ["acknowledged 0"]);
});

test("an acknowledgement of what was not sent, or of less than before, ends the channel", async () => {
    for (const words of [["ack 3"], ["ack 0", "ack 2", "ack 1"], ["ack -1"], ["hello"], [new ArrayBuffer(5)]]) {
        const { channel, log } = sender(2);
        for (const word of words) {
            channel.hears(word);
            await settle(channel);
        }
        const isDone = words.some((word) => word === "ack 2");
        assert.equal(log.includes("broken"), !isDone, words.join());
        assert.ok(channel.isClosed);
    }
});

test("a receiver that is flooded past the window ends the channel", () => {
    const channel = new FakeChannel();
    let chunks = 0;
    let isClosed = false;
    const receiver = new FileReceiver(channel as unknown as RTCDataChannel, {
        onOpen: () => undefined, onChunk: () => (chunks += 1), onClosed: () => (isClosed = true),
    });
    receiver.acknowledge(0);
    assert.deepEqual(channel.sent, ["ack 0"]);
    for (let index = 0; index < 600; index += 1) channel.hears(new ArrayBuffer(65_536));
    assert.equal(chunks, 512);
    assert.ok(isClosed && channel.isClosed);
});

test("a file's channel is known by its label, and no other is taken for one", () => {
    assert.equal(fileOfLabel(fileLabel(id(7))), id(7));
    for (const label of ["", "file ", `file ${id(7)}0`, `File ${id(7)}`, "cryptpeer"]) assert.equal(fileOfLabel(label), null);
});

// What arrives

/** A file on a disk that has so many bytes left: a test cannot fill a real one. */
class FakeHandle {
    #room: number;
    length = 0;
    durable = 0;

    constructor(room: number) {
        this.#room = room;
    }

    getSize(): number {
        return this.length;
    }

    write(bytes: Uint8Array, { at }: { at: number }): number {
        const end = Math.min(this.#room, at + bytes.length);
        this.length = Math.max(this.length, end);
        return Math.max(0, end - at);
    }

    truncate(length: number): void {
        this.length = length;
    }

    flush(): void {
        this.durable = this.length;
    }

    close(): void {}
}

test("where the disk is full is said, and what did not reach it is never called durable", async () => {
    const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    const size = 200 * plainChunk;
    // In the middle of what is handed on together, and between two of them.
    for (const room of [0, 1, 24, 64, 100]) {
        const handle = new FakeHandle(room * 65_536);
        const durable: number[] = [];
        const receiving = await Receiving.resume(
            new StoredFile(handle as unknown as FileSystemSyncAccessHandle), size, key, new Uint8Array(32), undefined,
            { onChecking: () => undefined, onDurable: (chunks) => void durable.push(chunks) },
        );
        const outcomes: Promise<unknown>[] = [];
        for (let index = 0; index < 200; index += 1) {
            const sealed = new Uint8Array(await sealChunk(key, index, index === 199, new Uint8Array(plainChunk)));
            outcomes.push(receiving.add(sealed).then(() => null, (error) => error));
        }
        const first = (await Promise.all(outcomes)).find((error) => error !== null);
        assert.equal((first as DOMException).name, "QuotaExceededError", `${room}`);
        await assert.rejects(receiving.settle());
        assert.ok(durable.every((chunks) => chunks * 65_536 <= handle.durable && chunks <= room), `${room}: ${durable}`);
        // Fewer may have become durable, by the clock.
        if (room >= 64) assert.ok(durable.length > 0, `${room}`);
    }
});

test("what came is durable half a second later, though no more comes", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
        const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
        const handle = new FakeHandle(Infinity);
        const durable: number[] = [];
        const receiving = await Receiving.resume(
            new StoredFile(handle as unknown as FileSystemSyncAccessHandle), 200 * plainChunk, key, new Uint8Array(32), undefined,
            { onChecking: () => undefined, onDurable: (chunks) => void durable.push(chunks) },
        );
        for (const [index, time] of [[0, 499], [1, 1], [2, 499], [3, 1]] as const) {
            await receiving.add(new Uint8Array(await sealChunk(key, index, false, new Uint8Array(plainChunk))));
            mock.timers.tick(time);
            await null;
        }
        assert.deepEqual(durable, [2, 4]);
        assert.equal(handle.durable, 4 * 65_536);
    } finally {
        mock.timers.reset();
    }
});

// Names and kinds

test("the first bytes say what a file is shown as, whatever it is called", () => {
    const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
    const as = (text: string, declared = "") => shownAs(bytes(text), declared).as;
    assert.equal(as("\x89PNG\r\n\x1a\n...", "text/html"), "image");
    assert.equal(as("<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"), "text");
    assert.equal(as("<!doctype html><script>", "image/png"), "text");
    assert.equal(as("%PDF-1.7"), "pdf");
    assert.equal(as("\0\0\0\x20ftypisom", "video/mp4"), "video");
    assert.equal(as("\0\0\0\x20ftypM4A "), "audio");
    assert.equal(as("\x1a\x45\xdf\xa3\x9f", "audio/webm"), "audio");
    assert.equal(as("OggS\0", "audio/ogg"), "audio");
    assert.equal(as("RIFF....WAVEfmt "), "audio");
    assert.equal(as("xxxx....WAVE\0"), "nothing");
    assert.equal(as("MZ\x90\0\x03"), "nothing");
    assert.equal(as("\xff\xfb\x90\x00", "audio/mpeg"), "audio");
    assert.equal(as("\xff\xfb\x90\x00", ""), "nothing");
    assert.deepEqual(shownAs(bytes("caf\xe9"), ""), { as: "text", mediaType: "text/plain;charset=windows-1252" });
    assert.deepEqual(shownAs(new TextEncoder().encode("🕊é".repeat(2_000)).slice(0, 4_096), ""), { as: "text", mediaType: "text/plain;charset=utf-8" });
    assert.equal(as(""), "text");
});

// How files move

test("the rate is of the last seconds, and begins anew with another phase", () => {
    const clock = new FakeClock();
    const transfers = new Transfers(clock);
    const shown = transfers.of("f");
    const report = (chunks: number, phase: "sending" | "checking" = "sending") => transfers.onProgress({ file: "f", phase, chunks });
    report(0);
    assert.equal(shown.current?.rate, null);
    for (let second = 1; second <= 20; second += 1) {
        clock.advance(1_000);
        report(second <= 10 ? 100 * second : 1_000 + 10 * (second - 10));
    }
    assert.equal(shown.current?.rate, 10 * plainChunk);
    assert.equal(secondsLeft(shown.current!, 2_100 * plainChunk), 100);
    report(5, "checking");
    assert.equal(shown.current?.rate, null);
    assert.equal(secondsLeft(shown.current!, 1e9), null);
    transfers.end("f");
    assert.equal(shown.current, null);
});

function world(room: number | null = null) {
    const clock = new FakeClock();
    const session = new FakeSession(deaf);
    session.room = room;
    const toasts = new Toasts(clock);
    const files = new FilesModel(session, clock, toasts);
    const said = () => toasts.all.current.map((toast) => toast.announcement.kind);
    return { session, files, toasts, said };
}

const picked = (name: string, size: number, type = "") => ({ name, size, type }) as PickedFile;

test("what fits is sent, one after the other; what does not is named with what it needs", async () => {
    const { session, files, toasts } = world(100 << 20);
    await files.attach(id(1), [
        picked("a/b.txt", 10, "text/plain;charset=utf-8"), picked("film.mkv", 60 << 20), picked("second.mkv", 60 << 20),
        picked("disk.img", 10 * 2 ** 30 + 1), picked("c.txt", 5),
    ]);
    assert.deepEqual(session.asked, [`attach ${id(1)} a/b.txt text/plain;charset=utf-8`, `attach ${id(1)} film.mkv `, `attach ${id(1)} c.txt `]);
    const [noRoom, tooLarge] = toasts.all.current.map((toast) => toast.announcement);
    assert.ok(noRoom?.kind === "noRoom" && noRoom.name === "second.mkv" && noRoom.room < 40 << 20);
    assert.ok(tooLarge?.kind === "tooLarge" && tooLarge.name === "disk.img");
});

function opened(purpose: "view" | "readableCopy", size = 5 << 20, isReadable = true): OpenedFile {
    return new OpenedFile({ file: id(2), name: "n", mediaType: "", size, purpose },
        async (start, end) => (isReadable ? new ArrayBuffer(end - start) : null));
}

function destination(fails = false) {
    const log: (string | number)[] = [];
    const made: Destination = {
        write: async (piece) => {
            if (fails) throw new Error("disk full");
            log.push(piece.byteLength);
        },
        finish: async () => void log.push("finish"),
        abort: async () => void log.push("abort"),
        remove: async () => void log.push("remove"),
    };
    return { log, made };
}

test("a readable copy is streamed piece by piece, and recorded once it is whole", async () => {
    const { session, files, said } = world();
    const { log, made } = destination();
    files.save(id(1), id(2), made);
    assert.deepEqual(session.inputs, [{ type: "openFile", conversation: id(1), message: id(2), purpose: "readableCopy" }]);
    files.onOpened(opened("readableCopy"));
    for (let round = 0; round < 10; round += 1) await turn();
    assert.deepEqual(log, [2 << 20, 2 << 20, 1 << 20, "finish"]);
    assert.deepEqual(session.inputs[1], { type: "readableCopy", message: id(2), kept: true });
    assert.deepEqual(said(), ["fileSaved"]);
    await files.removeCopy(id(2));
    assert.equal(log[log.length - 1], "remove");
    assert.deepEqual(session.inputs[2], { type: "readableCopy", message: id(2), kept: false });
    // A second time, or after a reload, there is nothing left but to forget it.
    await files.removeCopy(id(2));
    assert.deepEqual(said(), ["fileSaved", "copyDeleted", "copyForgotten"]);
});

test("a readable copy that fails on the way is taken back and not recorded", async () => {
    for (const [fails, isReadable] of [[true, true], [false, false]] as const) {
        const { session, files, said } = world();
        const { log, made } = destination(fails);
        files.save(id(1), id(2), made);
        files.onOpened(opened("readableCopy", 5 << 20, isReadable));
        for (let round = 0; round < 10; round += 1) await turn();
        assert.deepEqual(log, ["abort"]);
        assert.deepEqual(said(), ["notSaved"]);
        assert.equal(session.inputs.length, 1);
        assert.deepEqual(files.saving.current, []);
    }
});

test("what is opened to be seen goes to the viewer, a voice message to its bubble", () => {
    const { files } = world();
    files.view(id(1), id(2));
    files.onOpened(opened("view"));
    assert.equal(files.viewing.current?.file, id(2));
    files.viewing.set(null);
    files.listen(id(1), id(2));
    files.onOpened(opened("view"));
    assert.equal(files.viewing.current, null);
    assert.equal(files.playing.current?.file, id(2));
});

test("files leave room for the records that share the quota with them", async () => {
    const estimate = { quota: undefined as number | undefined, usage: undefined as number | undefined };
    Object.defineProperty(globalThis, "navigator", { value: { storage: { estimate: async () => estimate } }, configurable: true });
    const room = (quota?: number, usage?: number) => {
        Object.assign(estimate, { quota, usage });
        return roomLeft();
    };
    const mebibyte = 1 << 20;
    assert.equal(await room(), null);
    assert.equal(await room(10_240 * mebibyte, 1_000 * mebibyte), (10_240 - 1_000 - 256) * mebibyte);
    assert.equal(await room(10_240 * mebibyte, 10_100 * mebibyte), 0);
    assert.equal(await room(400 * mebibyte, 100 * mebibyte), 200 * mebibyte);
});
