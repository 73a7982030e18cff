// The sealed records, in IndexedDB. What is read and written here is ciphertext, but for the wrapped device segment's key,
// which the browser does not let out.

import type { Output, StoreName, Write } from "./boundary";

/** Another tab has opened the store since: this one must not act on anything any more. */
export class TenureLost extends Error {}

/** The browser has removed the store: its site data were cleared. */
export class StoreRemoved extends Error {}

/** The vault is there and the device's segment is not. */
export class DeviceSegmentLost extends Error {}

const databaseName = "cryptpeer";
const coreStores: StoreName[] = ["meta", "state", "messages"];
/** The device's segment, and who works on the profile. */
const hostStore = "device";

interface WrappedSegment {
    readonly key: CryptoKey;
    readonly nonce: Uint8Array;
    readonly wrapped: Uint8Array;
}

function done<T>(request: IDBRequest<T>): Promise<T> {
    return new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
}

function committed(transaction: IDBTransaction): Promise<void> {
    return new Promise((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error ?? new TenureLost("another tab is at work"));
    });
}

export class Store {
    #database: IDBDatabase;
    #tenure: string;

    private constructor(database: IDBDatabase, tenure: string) {
        this.#database = database;
        this.#tenure = tenure;
    }

    /**
     * Opens the store and takes it over: a worker that had it can write nothing from here on.
     *
     * @param onRemoved The browser removes it while it is open.
     */
    static async open(onRemoved: () => void = () => {}): Promise<Store> {
        const request = indexedDB.open(databaseName, 1);
        request.onupgradeneeded = () => {
            for (const name of [...coreStores, hostStore]) request.result.createObjectStore(name);
        };
        const database = await done(request);
        database.onclose = onRemoved;
        database.onversionchange = ({ newVersion }) => {
            database.close();
            if (newVersion === null) onRemoved();
        };
        const tenure = crypto.randomUUID();
        const transaction = database.transaction(hostStore, "readwrite", { durability: "strict" });
        transaction.objectStore(hostStore).put(tenure, "tenure");
        await committed(transaction);
        return new Store(database, tenure);
    }

    /** One transaction, durable before this returns: the browsers' default would lose it in a power cut, and with it the
     *  knowledge of which nonces are used. */
    async commit(writes: Write[]): Promise<void> {
        if (writes.length === 0) return;
        const transaction = this.#database.transaction([...coreStores, hostStore], "readwrite", { durability: "strict" });
        const finished = committed(transaction);
        const tenure = transaction.objectStore(hostStore).get("tenure");
        tenure.onsuccess = () => {
            if (tenure.result !== this.#tenure) {
                transaction.abort();
                return;
            }
            for (const { store, key, value } of writes) {
                const target = transaction.objectStore(store);
                if (value === null) target.delete(keyFor(store, key));
                else target.put(value, keyFor(store, key));
            }
        };
        await finished;
    }

    async meta(name: "header" | "throttle"): Promise<Uint8Array> {
        const value = await done(this.#database.transaction("meta").objectStore("meta").get(name));
        return value ?? new Uint8Array(0);
    }

    /** Every record of the store `state`. */
    async state(): Promise<{ key: Uint8Array; value: Uint8Array }[]> {
        const store = this.#database.transaction("state").objectStore("state");
        const [keys, values] = await Promise.all([done(store.getAllKeys()), done(store.getAll())]);
        return keys.map((key, index) => ({ key: new Uint8Array(key as ArrayBuffer), value: values[index] }));
    }

    async read(reads: Output["reads"]): Promise<{ store: StoreName; key: Uint8Array; value: Uint8Array | null }[]> {
        const transaction = this.#database.transaction(coreStores);
        return Promise.all(reads.map(async ({ store, key }) => {
            const value = await done(transaction.objectStore(store).get(keyFor(store, key)));
            return { store, key, value: value ?? null };
        }));
    }

    /** This device's share of the vault's key: 32 bytes under a key that the browser uses and does not show. */
    async deviceSegment(vaultExists: boolean): Promise<Uint8Array> {
        const stored: WrappedSegment | undefined =
            await done(this.#database.transaction(hostStore).objectStore(hostStore).get("segment"));
        if (stored !== undefined) {
            const segment = await crypto.subtle.decrypt(
                { name: "AES-GCM", iv: stored.nonce, additionalData: segmentContext }, stored.key, stored.wrapped);
            return new Uint8Array(segment);
        }
        if (vaultExists) throw new DeviceSegmentLost("the vault's device key is missing");
        return this.#makeDeviceSegment();
    }

    async #makeDeviceSegment(): Promise<Uint8Array> {
        const segment = crypto.getRandomValues(new Uint8Array(32));
        const nonce = crypto.getRandomValues(new Uint8Array(12));
        const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
        const wrapped = await crypto.subtle.encrypt(
            { name: "AES-GCM", iv: nonce, additionalData: segmentContext }, key, segment);
        const transaction = this.#database.transaction(hostStore, "readwrite", { durability: "strict" });
        transaction.objectStore(hostStore).put({ key, nonce, wrapped: new Uint8Array(wrapped) }, "segment");
        await committed(transaction);
        return segment;
    }
}

const segmentContext = new TextEncoder().encode("CryptPeer device segment 1");

/** Names in `meta`, 32 bytes elsewhere. */
function keyFor(store: StoreName, key: Uint8Array): IDBValidKey {
    return store === "meta" ? new TextDecoder().decode(key) : key.slice().buffer;
}
