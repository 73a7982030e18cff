// The folders of the origin's private file system in which files lie sealed. The core's worker looks at them before anybody has
// unlocked, the files' worker after.

export const folderName = "files";
/** Has an empty file for each file that is not whole yet: which those are is known before anybody has unlocked. */
export const halfFolderName = "half";
const patience = 5_000;
const retryInterval = 50;

export async function folderCalled(name: string, create: boolean): Promise<FileSystemDirectoryHandle> {
    return (await navigator.storage.getDirectory()).getDirectoryHandle(name, { create });
}

/** Makes room at any price but that of what is whole: half a file can be fetched anew. Answers whether there was any. */
export async function deleteHalfFiles(): Promise<boolean> {
    const half = await folderCalled(halfFolderName, false);
    const folder = await folderCalled(folderName, true);
    const names: string[] = [];
    for await (const name of half.keys()) names.push(name);
    for (const name of names) {
        await remove(folder, name);
        await remove(half, name);
    }
    return names.length > 0;
}

export async function remove(folder: FileSystemDirectoryHandle, name: string): Promise<void> {
    await whenFree(() => folder.removeEntry(name)).catch((error) => {
        if (!isCalled(error, "NotFoundError")) throw error;
    });
}

/** Tries again while the file is held: by a worker that was ended, or a handle that was closed, a moment ago. */
export async function whenFree<T>(attempt: () => Promise<T>): Promise<T> {
    const deadline = Date.now() + patience;
    for (;;) {
        try {
            return await attempt();
        } catch (error) {
            if (!isCalled(error, "NoModificationAllowedError") || Date.now() > deadline) throw error;
            await new Promise((resolve) => setTimeout(resolve, retryInterval));
        }
    }
}

function isCalled(error: unknown, name: string): boolean {
    return error instanceof DOMException && error.name === name;
}
