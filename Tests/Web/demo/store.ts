// The worker's store, for tests that drive it from a page.

import { openStore } from "../../../Web/worker/open";
import { Store, TenureLost } from "../../../Web/worker/store";

const key = (byte: number) => new Uint8Array(32).fill(byte);
const header = new TextEncoder().encode("header");

/** What a worker that was overtaken can still do. */
async function overtaken(): Promise<string[]> {
    const log: string[] = [];
    const first = await Store.open();
    await first.commit([{ store: "meta", key: header, value: key(1) }, { store: "state", key: key(1), value: key(2) }]);
    const second = await Store.open();
    await first.commit([{ store: "meta", key: header, value: key(9) }, { store: "messages", key: key(3), value: key(9) }])
        .then(() => log.push("the first wrote"), (error) => log.push(error instanceof TenureLost ? "tenure lost" : String(error)));
    log.push(`header ${(await second.meta("header"))[0]}`);
    log.push(`messages ${(await second.read([{ store: "messages", key: key(3) }]))[0]?.value}`);
    await second.commit([{ store: "state", key: key(1), value: null }, { store: "state", key: key(2), value: key(4) }]);
    log.push(`state ${(await second.state()).map((record) => `${record.key[0]}:${record.value[0]}`)}`);
    return log;
}

/** Whether the segment is the same every time, kept under a key that cannot leave, and missed when it is gone. */
async function segment(): Promise<string[]> {
    const log: string[] = [];
    const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16)).join();
    const store = await Store.open();
    const made = await store.deviceSegment(false);
    log.push(`${made.length} bytes`, `same ${hex(made) === hex(await (await Store.open()).deviceSegment(true))}`);

    const database = await new Promise<IDBDatabase>((resolve) => {
        const request = indexedDB.open("cryptpeer");
        request.onsuccess = () => resolve(request.result);
    });
    const device = database.transaction("device", "readwrite").objectStore("device");
    const stored: any = await new Promise((resolve) => (device.get("segment").onsuccess = (event: any) => resolve(event.target.result)));
    log.push(`extractable ${stored.key.extractable}`, `plain ${hex(stored.wrapped).includes(hex(made))}`);
    await new Promise((resolve) => (device.delete("segment").onsuccess = resolve));
    await store.deviceSegment(true).then(() => log.push("made anew"), (error) => log.push(error.constructor === Error ? String(error) : "missed"));
    return log;
}

/** What becomes of a profile whose quota is used up by files. */
async function full(): Promise<string[]> {
    const log: string[] = [];
    const store = await Store.open();
    const record = (byte: number, length: number) => ({ store: "messages" as const, key: key(byte), value: new Uint8Array(length).fill(byte) });
    await store.commit([{ store: "meta", key: header, value: key(1) }, record(1, 1000)]);
    const root = await navigator.storage.getDirectory();
    const files = await root.getDirectoryHandle("files", { create: true });
    const half = await root.getDirectoryHandle("half", { create: true });
    const write = async (name: string, length: number) => {
        const writing = await (await files.getFileHandle(name, { create: true })).createWritable();
        await writing.write(new Uint8Array(length).fill(7));
        await writing.close();
    };
    await write("whole", 1 << 20);
    let count = 0;
    for (let length = 1 << 20; length >= 1 << 12;) {
        try {
            await half.getFileHandle(`half ${count}`, { create: true });
            await write(`half ${count}`, length);
            count += 1;
        } catch {
            length /= 2;
        }
    }
    log.push(`half files ${count > 4}`);
    let isFull = false;
    for (let byte = 2; byte < 200 && !isFull; byte += 1) {
        await store.commit([record(byte, 1 << 16)]).catch((error) => (isFull = error.name === "QuotaExceededError"));
    }
    log.push(`full ${isFull}`);
    const opened = await openStore();
    await opened.commit([record(201, 1 << 16), record(202, 1 << 16)]).then(() => log.push("room"), (error) => log.push(String(error)));
    log.push(`record ${(await opened.read([{ store: "messages", key: key(1) }]))[0]?.value?.length}`);
    const names: string[] = [];
    for await (const name of files.keys()) names.push(name);
    log.push(`left ${names}`);
    return log;
}

Object.assign(window, { overtaken, segment, full });
