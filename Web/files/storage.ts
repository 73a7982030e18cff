// Sealed files in the origin's private file system: names and contents are noise to whoever takes the disk.

import { folderCalled, folderName, halfFolderName, remove, whenFree } from "../worker/filefolders";

/** Handed to the browser at once: each write there is a message to its main process, too. */
const writtenTogether = 1 << 20;

/** One stored file, open for reading and writing at once. */
export class StoredFile {
    #handle: FileSystemSyncAccessHandle;
    /** What was written and not handed on yet: `#waiting` bytes, for `#offset` on. */
    #buffer: Uint8Array | null = null;
    #offset = 0;
    #waiting = 0;

    constructor(handle: FileSystemSyncAccessHandle) {
        this.#handle = handle;
    }

    get length(): number {
        this.#handOn();
        return this.#handle.getSize();
    }

    /** Fills `into` from `offset` on; answers how many bytes there were. */
    read(offset: number, into: Uint8Array): number {
        this.#handOn();
        return this.#handle.read(into, { at: offset });
    }

    /** At most a mebibyte. That there is no room for it may be said by a later call. */
    write(offset: number, bytes: Uint8Array): void {
        if (offset !== this.#offset + this.#waiting || this.#waiting + bytes.length > writtenTogether) {
            this.#handOn();
            this.#offset = offset;
        }
        this.#buffer ??= new Uint8Array(writtenTogether);
        this.#buffer.set(bytes, this.#waiting);
        this.#waiting += bytes.length;
    }

    cut(length: number): void {
        this.#handOn();
        this.#handle.truncate(length);
    }

    /** What was written survives a power cut once this returns. */
    flush(): void {
        this.#handOn();
        this.#handle.flush();
    }

    close(): void {
        try {
            this.#handOn();
        } catch {
            // It was not flushed, so that nobody counts on it.
        }
        this.#handle.close();
    }

    #handOn(): void {
        const end = this.#waiting;
        // Where it fails, it is not tried again.
        this.#waiting = 0;
        for (let done = 0; done < end;) {
            const count = this.#handle.write(this.#buffer!.subarray(done, end), { at: this.#offset + done });
            if (count === 0) throw new DOMException("no byte was written", "QuotaExceededError");
            done += count;
        }
    }
}

/** The folder. A file is open once for all its users: the browser gives out one handle for it. */
export class FileStorage {
    /** Requests wait while it is being tidied. */
    #folder: Promise<FileSystemDirectoryHandle>;
    #open = new Map<string, { file: Promise<StoredFile>; users: number }>();

    constructor() {
        this.#folder = folderCalled(folderName, true);
        // A failure shows when it is used.
        this.#folder.catch(() => undefined);
    }

    /** The file, until `release`. */
    async acquire(name: string, create: boolean): Promise<StoredFile> {
        let entry = this.#open.get(name);
        if (entry === undefined) {
            entry = { file: this.#openFile(name, create), users: 0 };
            this.#open.set(name, entry);
        }
        entry.users += 1;
        try {
            return await entry.file;
        } catch (error) {
            this.release(name);
            throw error;
        }
    }

    /** Closes the file with its last user. */
    release(name: string): void {
        const entry = this.#open.get(name);
        if (entry === undefined) return;
        entry.users -= 1;
        if (entry.users > 0) return;
        this.#open.delete(name);
        entry.file.then((file) => file.close(), () => undefined);
    }

    /** Notes that the file is not whole. */
    async begin(name: string): Promise<void> {
        await (await folderCalled(halfFolderName, true)).getFileHandle(name, { create: true });
    }

    /** The file is whole. Called before anybody counts on it: from here on it is not given up for want of room. */
    async complete(name: string): Promise<void> {
        await remove(await folderCalled(halfFolderName, true), name);
    }

    /** Takes the file away from its readers. */
    async delete(name: string): Promise<void> {
        const entry = this.#open.get(name);
        this.#open.delete(name);
        await entry?.file.then((file) => file.close(), () => undefined);
        await remove(await this.#folder, name);
        await this.complete(name);
    }

    /** Deletes every file that is not among `names`; answers the lengths of those that are. */
    keepOnly(names: readonly string[]): Promise<Map<string, number>> {
        const folder = this.#folder;
        const wanted = new Set(names);
        const lengths = folder.then((opened) => tidy(opened, wanted));
        // Nobody waits for it: what stays here costs no room to speak of.
        folderCalled(halfFolderName, true).then((half) => tidy(half, wanted)).catch(() => undefined);
        this.#folder = lengths.then(() => folder, () => folder);
        this.#folder.catch(() => undefined);
        return lengths;
    }

    async #openFile(name: string, create: boolean): Promise<StoredFile> {
        const handle = await (await this.#folder).getFileHandle(name, { create });
        return new StoredFile(await whenFree(() => handle.createSyncAccessHandle()));
    }
}

async function tidy(folder: FileSystemDirectoryHandle, wanted: ReadonlySet<string>): Promise<Map<string, number>> {
    const present: string[] = [];
    for await (const name of folder.keys()) present.push(name);
    const lengths = new Map<string, number>();
    for (const name of present) {
        if (!wanted.has(name)) await remove(folder, name).catch(() => undefined);
        else lengths.set(name, (await (await folder.getFileHandle(name)).getFile()).size);
    }
    return lengths;
}

/** Kept for the sealed records, which share the origin's quota: a profile that cannot write to them cannot even be unlocked to
 *  delete a file. Where the quota is small, a quarter of it. */
const keptForRecords = 256 << 20;

/** How many bytes files may still take; null where the browser does not say. */
export async function roomLeft(): Promise<number | null> {
    const { quota, usage } = await navigator.storage.estimate();
    if (quota === undefined || usage === undefined) return null;
    return Math.max(0, quota - usage - Math.min(keptForRecords, quota / 4));
}
