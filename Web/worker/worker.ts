// The worker that holds the keys. It ends with Lock: the page terminates it and starts another.

import { Host } from "./host";
import { WasmInstance } from "./instance";
import { openStore } from "./open";
import type { Fault, FromWorker, ToWorker } from "./protocol";
import { DeviceSegmentLost, StoreRemoved, TenureLost } from "./store";

interface WorkerScope {
    onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
    postMessage(message: FromWorker, transferred?: Transferable[]): void;
    close(): void;
}

const scope = self as unknown as WorkerScope;
const post = (message: FromWorker, transferred?: Transferable[]) => scope.postMessage(message, transferred);

class LoadError extends Error {}

function faultOf(error: unknown): Fault {
    if (error instanceof LoadError) return "load";
    if (error instanceof TenureLost) return "elsewhere";
    if (error instanceof DeviceSegmentLost) return "device";
    if (error instanceof StoreRemoved) return "removed";
    if (error instanceof DOMException) return error.name === "QuotaExceededError" ? "full" : "storage";
    return "core";
}

/** Whatever failed, the engine may be ahead of its storage: it must not take another step. */
function stop(fault: Fault, error: unknown): void {
    // Our own errors' texts hold no user data; the browser's do not either.
    post({ type: "fault", fault, detail: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
    scope.onmessage = null;
    scope.close();
}

async function start(): Promise<Host> {
    const module = await WasmInstance.load("/core.wasm").catch((error) => {
        throw new LoadError(String(error));
    });
    const host = new Host(module, await openStore(onRemoved), post);
    await host.start(self.location.origin);
    return host;
}

// Each job starts when the one before it is done, storage included.
let stopped = false;
let last: Promise<unknown> = Promise.resolve();
function enqueue<T>(job: () => Promise<T>): Promise<T | void> {
    const next = last.then(async () => {
        if (stopped) return;
        try {
            return await job();
        } catch (error) {
            stopped = true;
            stop(faultOf(error), error);
        }
    });
    last = next;
    return next;
}

/** At once: a job may wait for the store that is gone. */
function onRemoved(): void {
    if (stopped) return;
    stopped = true;
    const error = new StoreRemoved("the browser has cleared this site's data");
    stop(faultOf(error), error);
}

let host: Host | undefined;
enqueue(async () => {
    host = await start();
    host.onTimeout = () => enqueue(async () => host?.tick());
});
scope.onmessage = (event) => enqueue(async () => host?.receive(event.data));
