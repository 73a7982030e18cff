// What the service worker serves for this page: an opened file's ranges to a media element, a download's pieces. It gets
// them from here one at a time, through a port, and keeps nothing.

import type { DownloadMessage, RangeRequest, StayAwake } from "../serviceworker";
import type { Destination } from "./destination";
import type { OpenedFile } from "./openedfile";

/** A service worker that hears nothing for long is put to sleep, its streams with it. */
const stayAwakeInterval = 10_000;
/** A download that nobody takes: the browser has refused it. */
const patience = 30_000;

interface Served {
    readonly opened: OpenedFile;
    readonly mediaType: string;
}

const served = new Map<string, Served>();

function serviceWorker(): ServiceWorker | null {
    return navigator.serviceWorker?.controller ?? null;
}

/** The address of a document that plays the file, and nothing else; null without a service worker. Until `end`. */
export function servePlayer(opened: OpenedFile, mediaType: string): { address: string; end: () => void } | null {
    if (serviceWorker() === null) return null;
    if (served.size === 0) navigator.serviceWorker.addEventListener("message", answer);
    const id = randomId();
    served.set(id, { opened, mediaType });
    return {
        address: `/play/${mediaType.startsWith("audio/") ? "audio" : "video"}/${id}`,
        end: () => {
            served.delete(id);
            if (served.size === 0) navigator.serviceWorker.removeEventListener("message", answer);
        },
    };
}

async function answer({ data, ports }: MessageEvent<RangeRequest>): Promise<void> {
    const entry = served.get(data.id);
    const port = ports[0];
    if (entry === undefined || port === undefined) return;
    const { opened, mediaType } = entry;
    const { start } = data;
    const bytes = start < opened.size ? await opened.read(start, data.end ?? opened.size).catch(() => null) : null;
    port.postMessage({ bytes, start, size: opened.size, mediaType }, bytes === null ? [] : [bytes]);
}

/** A download that takes its pieces as the browser writes them; null without a service worker. */
export function streamDownload(name: string, size: number): Destination | null {
    const worker = serviceWorker();
    if (worker === null) return null;
    const id = randomId();
    const { port1: port, port2 } = new MessageChannel();
    const wishes = new Wishes();
    port.onmessage = ({ data }: MessageEvent<"pull" | "cancel">) => (data === "pull" ? wishes.add() : wishes.fail());
    const announce: DownloadMessage = { type: "download", id, name, size };
    worker.postMessage(announce, [port2]);
    const frame = document.createElement("iframe");
    frame.hidden = true;
    frame.src = `/download/${id}`;
    document.body.append(frame);
    const stayAwake: StayAwake = { type: "stay awake" };
    const timer = setInterval(() => worker.postMessage(stayAwake), stayAwakeInterval);
    const end = () => {
        clearInterval(timer);
        // Taken away at once, the frame would take the download with it in some browsers.
        setTimeout(() => {
            frame.remove();
            port.close();
        }, patience);
    };
    const give = async (piece: ArrayBuffer | "end") => {
        await wishes.take();
        port.postMessage(piece, piece === "end" ? [] : [piece]);
    };
    return {
        write: give,
        finish: async () => {
            await give("end");
            end();
        },
        abort: async () => {
            port.postMessage("abort");
            end();
        },
        remove: null,
    };
}

/** How many pieces the browser is ready to take. */
class Wishes {
    #count = 0;
    #isFailed = false;
    #waiting: { resolve: () => void; reject: (error: Error) => void } | null = null;

    add(): void {
        this.#count += 1;
        this.#waiting?.resolve();
    }

    fail(): void {
        this.#isFailed = true;
        this.#waiting?.reject(new Error("the browser has ended the download"));
    }

    async take(): Promise<void> {
        if (this.#count === 0 && !this.#isFailed) {
            const timer = setTimeout(() => this.fail(), patience);
            await new Promise<void>((resolve, reject) => (this.#waiting = { resolve, reject }));
            clearTimeout(timer);
            this.#waiting = null;
        }
        if (this.#isFailed) throw new Error("the browser has ended the download");
        this.#count -= 1;
    }
}

function randomId(): string {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
