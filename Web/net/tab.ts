// One tab at a time works on the profile: two engines on one state would use a key twice. This decides who; the worker's
// store refuses the loser's writes in any case.

const lockName = "cryptpeer-profile";
const channelName = "cryptpeer-tabs";

export class TabLock {
    #channel = new BroadcastChannel(channelName);
    #onLost: () => void;
    #release: (() => void) | null = null;

    /** @param onLost Another tab takes over: stop at once. */
    constructor(onLost: () => void) {
        this.#onLost = onLost;
        this.#channel.onmessage = ({ data }) => {
            if (data === "yield") this.#lose();
        };
    }

    /** Whether this tab has the profile now. */
    async acquire(): Promise<boolean> {
        return this.#request({ ifAvailable: true });
    }

    /** Asks the other tab to let go, and goes ahead without it when it does not answer. */
    async take(): Promise<void> {
        this.#channel.postMessage("yield");
        for (let attempt = 0; attempt < 10; attempt += 1) {
            if (await this.#request({ ifAvailable: true })) return;
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
        await this.#request({ steal: true });
    }

    #request(options: LockOptions): Promise<boolean> {
        return new Promise((resolve) => {
            navigator.locks
                .request(lockName, options, (lock) => {
                    resolve(lock !== null);
                    if (lock === null) return;
                    // Held until released, or stolen: then the request is refused.
                    return new Promise<void>((release) => (this.#release = release));
                })
                .catch(() => this.#lose());
        });
    }

    #lose(): void {
        const release = this.#release;
        if (release === null) return;
        this.#release = null;
        this.#onLost();
        release();
    }
}
