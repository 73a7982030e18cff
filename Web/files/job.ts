// One file that is being sealed or received.

import type { FileStorage, StoredFile } from "./storage";

export class Job {
    readonly storageName: string;
    #storage: FileStorage;
    #steps: Promise<void>;
    #isStopped = false;
    #stored: StoredFile | null = null;
    #onFailure: (error: unknown) => void;

    /** @param before What must have ended: the same file's job before this one. */
    constructor(storage: FileStorage, storageName: string, before: Promise<void>, onFailure: (error: unknown) => void) {
        this.#storage = storage;
        this.storageName = storageName;
        this.#steps = before;
        this.#onFailure = onFailure;
    }

    get isStopped(): boolean {
        return this.#isStopped;
    }

    /** Takes steps one after the other, each with the file open. The first that fails is the last. */
    step(run: (stored: StoredFile) => Promise<void> | void): void {
        this.#steps = this.#steps.then(async () => {
            if (this.#isStopped) return;
            try {
                this.#stored ??= await this.#storage.acquire(this.storageName, true);
                await run(this.#stored);
            } catch (error) {
                this.fail(error);
            }
        });
    }

    fail(error: unknown): void {
        // Stopped meanwhile: nobody waits for it any more.
        if (this.#isStopped) return;
        void this.end();
        this.#onFailure(error);
    }

    /** Takes no further step, and lets the file go after the present one; `last` is done just before. */
    end(last: (stored: StoredFile) => Promise<void> | void = () => {}): Promise<void> {
        if (this.#isStopped) return this.#steps;
        this.#isStopped = true;
        this.#steps = this.#steps.then(async () => {
            if (this.#stored === null) return;
            try {
                await last(this.#stored);
            } finally {
                this.#storage.release(this.storageName);
            }
        }).catch(() => undefined);
        return this.#steps;
    }
}
