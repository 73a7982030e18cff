// The files' worker over the browser's own private file system and its own channels, driven as the page drives it.

import { chunkCount, lengthOfChunk, sealedChunk } from "../../../Web/files/geometry";
import type { FromFiles, ToFiles } from "../../../Web/files/protocol";
import { letGo } from "../../../Web/files/stream";

type Answer<Type extends FromFiles["type"]> = Extract<FromFiles, { type: Type }>;

class Driver {
    #worker = new Worker("files.js");
    #heard: FromFiles[] = [];
    #waiting: (() => void)[] = [];

    constructor() {
        this.#worker.onmessage = ({ data }) => {
            this.#heard.push(data);
            for (const wake of this.#waiting.splice(0)) wake();
        };
    }

    post(message: ToFiles, transfer: Transferable[] = []): void {
        this.#worker.postMessage(message, transfer);
    }

    /** The next word of one of these types; others before it are passed over. */
    async hear<Type extends FromFiles["type"]>(...types: Type[]): Promise<Answer<Type>> {
        for (;;) {
            const index = this.#heard.findIndex(({ type }) => (types as string[]).includes(type));
            if (index >= 0) return this.#heard.splice(index, 1)[0] as Answer<Type>;
            await new Promise<void>((resolve) => this.#waiting.push(resolve));
        }
    }

    async take(storage: string, from: number, count: number): Promise<ArrayBuffer | null> {
        this.post({ type: "take", request: 1, storage, from, count });
        return (await this.hear("taken")).bytes;
    }

    async range(storage: string, key: CryptoKey, size: number, start: number, end: number): Promise<ArrayBuffer | null> {
        this.post({ type: "range", request: 2, storage, key, size, start, end });
        return (await this.hear("taken")).bytes;
    }

    /** The far end of a channel that brings the file to the worker. */
    async bring(file: string): Promise<FarEnd> {
        const [near, far] = await connected();
        near.ondatachannel = ({ channel }) => this.post({ type: "listen", file, channel }, [channel as unknown as Transferable]);
        const channel = far.createDataChannel("bring");
        const end = new FarEnd(channel);
        // Chromium may deliver a message before it says so.
        await new Promise((resolve) => (channel.onopen = resolve));
        return end;
    }

    /** The far end of a channel that takes the file from the worker. */
    async fetch(file: string, storage: string, chunks: number): Promise<FarEnd> {
        const [near, far] = await connected();
        const end = new Promise<FarEnd>((resolve) => (far.ondatachannel = ({ channel }) => resolve(new FarEnd(channel))));
        this.send(file, storage, chunks, near);
        return end;
    }

    send(file: string, storage: string, chunks: number, near: RTCPeerConnection): void {
        const channel = near.createDataChannel("fetch");
        this.post({ type: "send", file, storage, chunks, channel }, [channel as unknown as Transferable]);
    }

    kill(): void {
        this.#worker.terminate();
    }
}

/** Two connections of this page, to each other. */
async function connected(): Promise<[RTCPeerConnection, RTCPeerConnection]> {
    const [one, other] = [new RTCPeerConnection(), new RTCPeerConnection()];
    one.onicecandidate = ({ candidate }) => void (candidate && other.addIceCandidate(candidate));
    other.onicecandidate = ({ candidate }) => void (candidate && one.addIceCandidate(candidate));
    const first = one.createDataChannel("first", { negotiated: true, id: 0 });
    other.createDataChannel("first", { negotiated: true, id: 0 });
    const opened = new Promise((resolve) => (first.onopen = resolve));
    await one.setLocalDescription();
    await other.setRemoteDescription(one.localDescription!);
    await other.setLocalDescription();
    await one.setRemoteDescription(other.localDescription!);
    await opened;
    return [one, other];
}

/** The page's end of a channel whose other end is the worker's. */
class FarEnd {
    #channel: RTCDataChannel;
    #heard: unknown[] = [];
    #waiting: (() => void)[] = [];

    constructor(channel: RTCDataChannel) {
        this.#channel = channel;
        channel.binaryType = "arraybuffer";
        const hear = (data: unknown) => {
            this.#heard.push(data);
            for (const wake of this.#waiting.splice(0)) wake();
        };
        channel.onmessage = ({ data }) => hear(data);
        channel.onclose = () => hear("closed");
    }

    async hear(): Promise<unknown> {
        while (this.#heard.length === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
        return this.#heard.shift();
    }

    send(data: string | ArrayBuffer): void {
        if (typeof data === "string") this.#channel.send(data);
        else this.#channel.send(data);
    }

    /** The stored chunks `from` up to `to`. */
    async sendStored(driver: Driver, from: number, to: number): Promise<void> {
        for (let index = from; index < to; index += 1) {
            this.send((await driver.take(source, index, 1))!);
            // As little in memory as the real sender has.
            while (this.#channel.bufferedAmount >= 2 * sealedChunk) await new Promise((resolve) => setTimeout(resolve, 5));
        }
    }

    close(): void {
        this.#channel.close();
    }
}

const id = (byte: number) => byte.toString(16).padStart(2, "0").repeat(16);
const newKey = () => crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
const [source, target] = [id(1), id(2)];

function noise(size: number): Uint8Array {
    const bytes = new Uint8Array(size);
    for (let start = 0; start < size; start += 65_536) crypto.getRandomValues(bytes.subarray(start, start + 65_536));
    return bytes;
}

async function sealed(driver: Driver, key: CryptoKey, bytes: Uint8Array): Promise<Uint8Array> {
    driver.post({ type: "seal", file: id(9), storage: source, key, size: bytes.length, blob: new Blob([bytes]) });
    const answer = await driver.hear("sealed", "failed");
    if (answer.type === "failed") throw new Error(answer.failure);
    return answer.hash;
}

const isSame = (a: Uint8Array, b: Uint8Array) => a.length === b.length && a.every((byte, index) => byte === b[index]);

/** Sealed, sent half way, the worker killed, resumed, and read back in parts. */
async function roundTrip(size: number): Promise<string[]> {
    const log: string[] = [];
    const plain = noise(size);
    const key = await newKey();
    let driver = new Driver();
    const hash = await sealed(driver, key, plain);
    const receive: ToFiles = { type: "receive", file: id(8), storage: target, key, size, hash };
    const total = chunkCount(size);
    driver.post(receive);
    log.push(`ready ${(await driver.hear("ready")).chunks}`);
    const half = Math.floor(total / 2);
    let far = await driver.bring(id(8));
    log.push(`asks ${String(await far.hear())}`);
    await far.sendStored(driver, 0, half);
    // Acknowledged at every 64th chunk and twice a second: at last, after some more have come.
    let durable = 0;
    while (durable + 64 <= half) durable = Number(String(await far.hear()).slice("ack ".length));
    log.push(`durable ${durable > 0 || half < 64}`);
    // A channel that is closed has brought all that was sent.
    far.close();
    while ((await far.hear()) !== "closed");
    far = await driver.bring(id(8));
    log.push(`half ${(await far.hear()) === `ack ${half}`}`);
    driver.kill();

    driver = new Driver();
    driver.post(receive);
    const { chunks } = await driver.hear("ready");
    log.push(`resumed ${chunks === half}`);
    far = await driver.bring(id(8));
    await far.hear();
    await far.sendStored(driver, chunks, total);
    log.push((await driver.hear("received", "failed")).type);
    // The last acknowledgement comes, and the end is the sender's to close.
    for (let word: unknown = ""; word !== `ack ${total}`; word = await far.hear());
    far.close();

    const whole = new Uint8Array(size);
    for (let start = 0; start < size; start += 1_000_003) {
        whole.set(new Uint8Array((await driver.range(target, key, size, start, start + 1_000_003))!), start);
    }
    log.push(`same ${isSame(whole, plain)}`);
    const root = await (await navigator.storage.getDirectory()).getDirectoryHandle("files");
    driver.post({ type: "delete", file: id(8), storage: target });
    log.push(`gone ${(await driver.take(target, 0, 1)) === null}`);
    // What the inventory does not name is deleted; what is missing, or shorter than it must be, is said.
    await root.getFileHandle(id(7), { create: true });
    driver.post({ type: "inventory", files: [
        { file: id(9), storage: source, length: 1 }, { file: id(6), storage: id(5), length: 100 }, { file: id(4), storage: id(3), length: 0 },
    ] });
    const missing = await driver.hear("failed");
    log.push(`missing ${missing.file === id(6)} ${missing.failure}`);
    const names: string[] = [];
    for await (const name of root.keys()) names.push(name);
    log.push(`kept ${names.join() === source}`);
    driver.kill();
    return log;
}

/** What is not what was announced is refused, at once or at the end, and leaves nothing to resume. */
async function refusals(): Promise<string[]> {
    const log: string[] = [];
    const size = 5 * sealedChunk;
    const key = await newKey();
    const driver = new Driver();
    const hash = await sealed(driver, key, noise(size));
    const start = async (expected: Uint8Array) => {
        driver.post({ type: "receive", file: id(8), storage: target, key, size, hash: expected });
        const { chunks } = await driver.hear("ready");
        far = await driver.bring(id(8));
        await far.hear();
        await driver.hear("ready");
        return chunks;
    };
    let far: FarEnd;
    const chunks = async (from: number) => (await driver.take(source, from, 1))!;
    const outcome = async (name: string) => {
        const answer = await driver.hear("received", "failed");
        log.push(`${name} ${answer.type === "failed" ? answer.failure : answer.type}`);
    };
    const give = (bytes: ArrayBuffer) => far.send(bytes);

    await start(hash);
    give(await chunks(0));
    give(await chunks(2));
    await outcome("out of order");
    await start(hash);
    give((await chunks(1)).slice(1));
    await outcome("short");
    const changed = await chunks(1);
    new Uint8Array(changed)[100] ^= 1;
    log.push(`kept ${await start(hash)}`);
    give(changed);
    await outcome("changed");
    const before = await start(new Uint8Array(32));
    for (let index = before; index < chunkCount(size); index += 1) give(await chunks(index));
    await outcome("another hash");
    log.push(`nothing kept ${await start(hash)}`);
    driver.post({ type: "stop", file: id(8) });
    driver.post({ type: "receive", file: id(8), storage: target, key, size: 1e15, hash });
    await outcome("too large");
    driver.post({ type: "seal", file: id(9), storage: source, key, size: 7, blob: new Blob(["another size"]) });
    await outcome("changed since it was picked");
    driver.kill();
    return log;
}

/** As blobs through the node: the same ones twice, and one too early. */
async function stored(): Promise<string[]> {
    const log: string[] = [];
    const size = 20 * sealedChunk;
    const key = await newKey();
    const driver = new Driver();
    const hash = await sealed(driver, key, noise(size));
    const put = async (from: number, count: number) => {
        const bytes = new Uint8Array((await driver.take(source, from, count))!);
        driver.post({ type: "store", file: id(8), storage: target, key, size, hash, from, bytes });
        const answer = await driver.hear("ready", "failed");
        log.push(answer.type === "ready" ? `stored ${answer.chunks}` : answer.failure);
    };
    await put(0, 15);
    await put(0, 15);
    await put(16, 5);
    await put(15, 15);
    log.push((await driver.hear("received", "failed")).type, `last ${lengthOfChunk(size, chunkCount(size) - 1) < sealedChunk}`);
    driver.kill();
    return log;
}

/** As if it had been sealed. */
async function store(name: string, bytes: Uint8Array): Promise<void> {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle("files", { create: true });
    const stream = await (await folder.getFileHandle(name, { create: true })).createWritable();
    await stream.write(bytes);
    await stream.close();
}

/** To a far end that asks for all but three chunks, to one that breaks off, and of what is not there. */
async function sent(): Promise<string[]> {
    const log: string[] = [];
    // More than the sender may be ahead of the acknowledgements.
    const total = 300;
    await store(source, noise((total - 1) * sealedChunk + 5_000));
    const driver = new Driver();
    let far = await driver.fetch(id(9), source, total);
    far.send("ack 3");
    let isSameAll = true;
    for (let index = 3; index < total; index += 1) {
        const chunk = (await far.hear()) as ArrayBuffer;
        const expected = (await driver.take(source, index, 1))!;
        isSameAll &&= isSame(new Uint8Array(chunk), new Uint8Array(expected));
        if (index % 64 === 0 || index === total - 1) far.send(`ack ${index + 1}`);
    }
    log.push(`same ${isSameAll}`);
    let acknowledged = 0;
    while (acknowledged < total) acknowledged = (await driver.hear("acknowledged")).chunks;
    log.push(`then ${String(await far.hear())}`);

    far = await driver.fetch(id(9), source, total);
    far.send("ack 0");
    await far.hear();
    far.close();
    log.push((await driver.hear("broken", "failed")).type);
    far = await driver.fetch(id(9), source, total);
    driver.post({ type: "stop", file: id(9) });
    log.push(`stopped ${String(await far.hear())}`);

    // It may be over before the far end hears of it.
    driver.send(id(7), id(6), 5, (await connected())[0]);
    const missing = await driver.hear("broken", "failed");
    log.push(missing.type === "failed" ? `missing ${missing.failure}` : missing.type);
    driver.kill();
    return log;
}

/** Buffers of the browser's own making, as chunks are: script cannot free those otherwise. */
async function freed(): Promise<string[]> {
    const buffers = [await crypto.subtle.digest("SHA-256", noise(65_536)), await new Blob([noise(65_536)]).arrayBuffer()];
    letGo(buffers);
    // Also once the browser has noticed that nobody is there.
    await new Promise((resolve) => setTimeout(resolve, 200));
    const later = await new Blob([noise(65_536)]).arrayBuffer();
    letGo([later]);
    return [...buffers, later].map(({ byteLength }) => `freed ${byteLength}`);
}

Object.assign(window, { roundTrip, refusals, stored, sent, freed });
