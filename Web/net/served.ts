// What the service worker serves for this page: an opened file's ranges to a media element, a download's pieces. It asks
// this page for them when the browser asks it, one at a time, and keeps nothing.

import type { DownloadAnswer, DownloadRequest, RangeAnswer, RangeRequest, StayAwake } from "../serviceworker";
import type { Destination } from "./destination";
import type { OpenedFile } from "./openedfile";
import { randomId } from "./randomid";

/** A service worker that hears nothing for long is put to sleep, its streams with it. */
const stayAwakeInterval = 10_000;
/** A download that nobody takes: the browser has refused it. */
const patience = 30_000;

type Serve = (request: RangeRequest | DownloadRequest, port: MessagePort) => void;

const served = new Map<string, Serve>();

function serviceWorker(): ServiceWorker | null {
    return navigator.serviceWorker?.controller ?? null;
}

/** Has `serve` answer for the new id, until `end`. */
function publish(serve: Serve): { id: string; end: () => void } {
    if (served.size === 0) navigator.serviceWorker.addEventListener("message", answer);
    const id = randomId();
    served.set(id, serve);
    return {
        id,
        end: () => {
            served.delete(id);
            if (served.size === 0) navigator.serviceWorker.removeEventListener("message", answer);
        },
    };
}

function answer({ data, ports }: MessageEvent<RangeRequest | DownloadRequest>): void {
    if (ports[0] !== undefined) served.get(data.id)?.(data, ports[0]);
}

/** The address of a document that plays the file, and nothing else; null without a service worker. Until `end`. */
export function servePlayer(opened: OpenedFile, mediaType: string): { address: string; end: () => void } | null {
    if (serviceWorker() === null) return null;
    const { size } = opened;
    const { id, end } = publish(async (request, port) => {
        if (request.what !== "range") return;
        const { start } = request;
        const bytes = start < size ? await opened.read(start, request.end ?? size).catch(() => null) : null;
        const range: RangeAnswer = { bytes, start, size, mediaType };
        port.postMessage(range, bytes === null ? [] : [bytes]);
    });
    return { address: `/play/${mediaType.startsWith("audio/") ? "audio" : "video"}/${id}`, end };
}

/** A download that takes its pieces as the browser writes them; null without a service worker. */
export function streamDownload(name: string, size: number): Destination | null {
    const worker = serviceWorker();
    if (worker === null) return null;
    const wishes = new Wishes();
    // Until the browser asks for the download, there is nowhere to put anything, and nothing is wished for.
    let port: MessagePort | null = null;
    const { id, end: withdraw } = publish((request, asked) => {
        if (request.what !== "download" || port !== null) return;
        port = asked;
        port.onmessage = ({ data }: MessageEvent<"pull" | "cancel">) => (data === "pull" ? wishes.add() : wishes.fail());
        const head: DownloadAnswer = { name, size };
        port.postMessage(head);
    });
    const frame = document.createElement("iframe");
    frame.hidden = true;
    frame.src = `/download/${id}`;
    document.body.append(frame);
    const stayAwake: StayAwake = { type: "stay awake" };
    const timer = setInterval(() => worker.postMessage(stayAwake), stayAwakeInterval);
    const end = () => {
        clearInterval(timer);
        withdraw();
        // Taken away at once, the frame would take the download with it in some browsers.
        setTimeout(() => {
            frame.remove();
            port?.close();
        }, patience);
    };
    const give = async (piece: ArrayBuffer | "end") => {
        await wishes.take();
        port?.postMessage(piece, piece === "end" ? [] : [piece]);
    };
    return {
        write: give,
        finish: async () => {
            await give("end");
            end();
        },
        abort: async () => {
            port?.postMessage("abort");
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
