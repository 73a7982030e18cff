// Opening the store where there is hardly any room.

import { deleteHalfFiles } from "./filefolders";
import { Store } from "./store";

/** So much is needed to unlock a profile and delete what its owner does not need; of a small quota, a sixteenth. */
const leastRoom = 16 << 20;

/** Opens the store. Files that are half here make room for it: a profile that cannot be written to cannot even be unlocked to
 *  cancel them. */
export async function openStore(onRemoved: () => void = () => {}): Promise<Store> {
    if (await isAlmostFull()) await deleteHalfFiles().catch(() => undefined);
    try {
        return await Store.open(onRemoved);
    } catch (error) {
        const isFull = error instanceof DOMException && error.name === "QuotaExceededError";
        if (!isFull || !(await deleteHalfFiles().catch(() => false))) throw error;
        return Store.open(onRemoved);
    }
}

async function isAlmostFull(): Promise<boolean> {
    try {
        const { quota, usage } = await navigator.storage.estimate();
        return quota !== undefined && usage !== undefined && quota - usage < Math.min(leastRoom, quota / 16);
    } catch {
        return false;
    }
}
