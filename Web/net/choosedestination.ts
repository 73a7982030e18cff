// Where a readable copy goes: a file that the user picks, where the browser has a dialog for it, or a download.

import type { Destination } from "./destination";
import { streamDownload } from "./served";

/** A dialog takes the focus, and nobody closes it sooner. Without either, there was none: some browsers have no dialog to
 *  show and say that it was cancelled. */
const quickestCancel = 2_000;
/** Without a service worker, a download is put together in memory. */
export const largestInMemory = 256 << 20;

/** Asks the user where to; null when they changed their mind. Call it straight from their click. */
export async function chooseDestination(name: string, size: number): Promise<Destination | "tooLarge" | null> {
    if (window.showSaveFilePicker !== undefined) {
        const asked = performance.now();
        let hasShown = false;
        const onBlur = () => (hasShown = true);
        window.addEventListener("blur", onBlur);
        try {
            return await fileDestination(await window.showSaveFilePicker({ suggestedName: name }));
        } catch (error) {
            const isCancelled = error instanceof DOMException && error.name === "AbortError";
            if (isCancelled && (hasShown || performance.now() - asked > quickestCancel)) return null;
        } finally {
            window.removeEventListener("blur", onBlur);
        }
    }
    return streamDownload(name, size) ?? (size > largestInMemory ? "tooLarge" : memoryDestination(name));
}

async function fileDestination(handle: FileSystemFileHandle): Promise<Destination> {
    const writable = await handle.createWritable();
    return {
        write: (piece) => writable.write(piece),
        finish: () => writable.close(),
        abort: () => writable.abort(),
        remove: typeof handle.remove === "function" ? () => handle.remove!() : null,
    };
}

function memoryDestination(name: string): Destination {
    let pieces: ArrayBuffer[] = [];
    return {
        write: async (piece) => void pieces.push(piece),
        finish: async () => {
            const url = URL.createObjectURL(new Blob(pieces, { type: "application/octet-stream" }));
            pieces = [];
            const link = document.createElement("a");
            link.href = url;
            link.download = name;
            link.click();
            setTimeout(() => URL.revokeObjectURL(url), 60_000);
        },
        abort: async () => void (pieces = []),
        remove: null,
    };
}
