// Runs the core: one input at a time, each output stored before anything comes of it.

import type { CallAction, CoreEvent, CoreFileAction, Input, ScryptParameters } from "./boundary";
import { Core } from "./core";
import type { FileAction, FromWorker, ToWorker } from "./protocol";
import { Store } from "./store";

/** setTimeout's longest wait. */
const longestWait = 2 ** 31 - 1;

function keysOf(action: CallAction): Transferable[] {
    switch (action.type) {
        case "start":
            return action.keys === null ? [] : [action.keys.send.key.buffer, action.keys.receive.key.buffer];
        case "sendKey":
        case "receiveKey":
            return [action.key.key.buffer];
        default:
            return [];
    }
}

/** The last time that the core works with, the end of the year 9999 (Sources/Messenger/Protocol/Content.swift). */
const lastTime = 253_402_300_799_999;

/** A clock that somebody has set before 1970 or far beyond is no reason to stop. */
function now(): number {
    return Math.min(Math.max(0, Math.floor(Date.now())), lastTime);
}

export class Host {
    #module: WebAssembly.Module;
    #core: Core;
    #store: Store;
    #post: (message: FromWorker, transferred?: Transferable[]) => void;
    #timer: ReturnType<typeof setTimeout> | undefined;
    /** How the passphrase becomes a segment: the vault's, or the one that is about to be made. */
    #scrypt: ScryptParameters | null = null;

    constructor(module: WebAssembly.Module, store: Store, post: (message: FromWorker, transferred?: Transferable[]) => void) {
        this.#module = module;
        this.#core = new Core(module);
        this.#store = store;
        this.#post = post;
    }

    async start(origin: string): Promise<void> {
        const header = await this.#store.meta("header");
        const throttle = await this.#store.meta("throttle");
        const deviceSegment = await this.#store.deviceSegment(header.length > 0);
        await this.#step({ type: "start", origin, header, throttle, deviceSegment });
        deviceSegment.fill(0);
    }

    async receive(message: ToWorker): Promise<void> {
        switch (message.type) {
            case "input":
                await this.#step(message.input);
                return;
            case "enrol": {
                const passphraseSegment = this.#segment(message.passphrase);
                await this.#step({ type: "enrol", displayName: message.displayName, passphraseSegment });
                passphraseSegment.fill(0);
                return;
            }
            case "unlock": {
                if (!(await this.#mayTry(message.passphrase))) return;
                const passphraseSegment = this.#segment(message.passphrase);
                await this.#step({ type: "unlock", passphraseSegment, records: await this.#store.state() });
                passphraseSegment.fill(0);
                return;
            }
            case "recoveryFile": {
                if (!(await this.#mayTry(message.passphrase))) return;
                const passphraseSegment = this.#segment(message.passphrase);
                await this.#step({ type: "recoveryFile", passphraseSegment });
                passphraseSegment.fill(0);
                return;
            }
            case "changePassphrase": {
                if (!(await this.#mayTry(message.old, message.new))) return;
                const old = this.#segment(message.old);
                const replacement = this.#segment(message.new);
                await this.#step({ type: "changePassphrase", old, new: replacement });
                old.fill(0);
                replacement.fill(0);
                return;
            }
        }
    }

    async tick(): Promise<void> {
        await this.#step({ type: "tick" });
    }

    /** Set by the worker: a tick has its place in the queue of inputs. */
    onTimeout: () => void = () => {};

    /** Has the attempt counted and stored before scrypt runs: to end the page in the middle is no free guess. */
    async #mayTry(...passphrases: Uint8Array[]): Promise<boolean> {
        const events = await this.#step({ type: "beginAttempt" });
        const isRefused = events.some(({ type }) => type === "unlockRefused");
        if (isRefused) for (const passphrase of passphrases) passphrase.fill(0);
        return !isRefused;
    }

    async #step(input: Input): Promise<CoreEvent[]> {
        const output = this.#core.handle(now(), input);
        await this.#store.commit(output.writes);
        for (const event of output.events) this.#remember(event);
        const { connection, toNode, relay, channels, calls, events } = output;
        const files = await Promise.all(output.files.map(withoutKey));
        const count = toNode.length + channels.length + files.length + calls.length + events.length;
        if (connection !== "unchanged" || relay !== null || count > 0) {
            // Transferred, not copied: no second copy of a call's keys stays here.
            this.#post({ type: "output", connection, toNode, relay, channels, files, calls, events }, calls.flatMap(keysOf));
        }
        this.#schedule(output.nextTimeout);
        if (output.reads.length > 0) {
            await this.#step({ type: "records", records: await this.#store.read(output.reads) });
        }
        return events;
    }

    #schedule(time: number | null): void {
        clearTimeout(this.#timer);
        if (time === null) return;
        this.#timer = setTimeout(() => this.onTimeout(), Math.min(Math.max(0, time - now()), longestWait));
    }

    #remember(event: CoreEvent): void {
        if (event.type !== "vault" && event.type !== "newVaultParameters") return;
        this.#scrypt = { n: event.n, r: event.r, p: event.p, salt: event.salt };
    }

    /** Wipes the passphrase. scrypt's memory goes with the instance it ran in. */
    #segment(passphrase: Uint8Array): Uint8Array {
        if (this.#scrypt === null) throw new Error("a passphrase before the vault's parameters");
        const segment = new Core(this.#module).scrypt(this.#scrypt, passphrase);
        passphrase.fill(0);
        return segment;
    }
}

/** A file's key leaves this worker only as one that nobody can read, and its bytes are wiped. */
async function withoutKey(action: CoreFileAction): Promise<FileAction> {
    if (!("key" in action)) return action;
    const key = await crypto.subtle.importKey("raw", action.key, "AES-GCM", false, ["encrypt", "decrypt"]);
    action.key.fill(0);
    return { ...action, key };
}
