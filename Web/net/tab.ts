// One tab at a time works on the profile: two engines on one state would use a key twice. This decides who; the worker's
// store refuses the loser's writes in any case.

const lockName = "cryptpeer-profile";
/** Every tab of this origin hears what is said here: nothing that says who or where, and no key. */
export const tabsChannel = "cryptpeer-tabs";
/** Held while there is a call by the tab that has the profile. It is free again when that tab dies without a word. */
export const callLock = "cryptpeer-call";

/** What another tab, which works on the profile, has to do with calls. */
export type CallElsewhere = "none" | "ringing" | "inCall";

export interface TabListener {
    /** Another tab takes over: stop. It goes on once that is done. */
    onLost(): Promise<void>;
    /** Of the tab that has the profile. */
    onCallElsewhere(call: CallElsewhere): void;
}

type TabMessage =
    | { type: "yield" }
    | { type: "whoRings" }
    | { type: "calls"; state: CallElsewhere };

export class TabLock {
    #channel = openChannel();
    #listener: TabListener;
    #release: (() => void) | null = null;

    constructor(listener: TabListener) {
        this.#listener = listener;
        if (this.#channel !== null) this.#channel.onmessage = ({ data }: MessageEvent<TabMessage>) => this.#receive(data);
    }

    /** Whether this tab has the profile now. */
    async acquire(): Promise<boolean> {
        const acquired = await this.#request({ ifAvailable: true });
        // A tab that comes while it rings rings, too.
        if (!acquired) this.#post({ type: "whoRings" });
        return acquired;
    }

    /** Whether no tab has the profile just now. */
    async isFree(): Promise<boolean> {
        const { held = [] } = await navigator.locks.query().catch((): LockManagerSnapshot => ({}));
        return !held.some(({ name }) => name === lockName);
    }

    /** Asks the other tab to let go, and goes ahead without it when it does not answer. */
    async take(): Promise<void> {
        this.#post({ type: "yield" });
        for (let attempt = 0; attempt < 20; attempt += 1) {
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
                .catch((error: unknown) => {
                    // A browser that lets a site keep nothing lets it lock nothing: the store will say so, to whom it concerns.
                    if (error instanceof DOMException && error.name === "SecurityError") resolve(true);
                    else this.#lose();
                });
        });
    }

    #receive(message: TabMessage): void {
        if (message.type === "yield") this.#lose();
        // Only the tab that has the profile has a call to tell of.
        if (message.type === "calls" && this.#release === null) this.#listen(message.state);
    }

    #listen(state: CallElsewhere): void {
        this.#listener.onCallElsewhere(state);
        if (state !== "none") void navigator.locks.request(callLock, { mode: "shared" }, () => this.#listener.onCallElsewhere("none"));
    }

    #post(message: TabMessage): void {
        this.#channel?.postMessage(message);
    }

    #lose(): void {
        const release = this.#release;
        if (release === null) return;
        this.#release = null;
        void this.#listener.onLost().then(release);
    }
}

/** Null in a browser that lets a site keep nothing: there its tabs hear nothing of each other. */
function openChannel(): BroadcastChannel | null {
    try {
        return new BroadcastChannel(tabsChannel);
    } catch {
        return null;
    }
}
