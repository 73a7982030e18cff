// Keeps the app's own files, so that it opens without the node; and hands an opened file's bytes from the page to the
// browser's player or downloads, piece by piece, keeping none. It answers for these paths of its own origin and for nothing
// else.

declare const BUILD_ID: string;
/** Parts of the app that carry a hash of their content in their names. */
declare const CHUNKS: string[];
/** Those of them without which the app does not start. */
declare const STARTUP_CHUNKS: string[];

interface ExtendableEvent extends Event {
    waitUntil(promise: Promise<unknown>): void;
}

interface FetchEvent extends ExtendableEvent {
    readonly request: Request;
    respondWith(response: Promise<Response>): void;
}

interface ServiceWorkerScope {
    addEventListener(type: "install" | "activate", listener: (event: ExtendableEvent) => void): void;
    addEventListener(type: "fetch", listener: (event: FetchEvent) => void): void;
    addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
    readonly clients: {
        claim(): Promise<void>;
        matchAll(options: { type: "window"; includeUncontrolled: boolean }): Promise<readonly PageClient[]>;
    };
    skipWaiting(): Promise<void>;
}

interface PageClient {
    readonly frameType: "auxiliary" | "top-level" | "nested" | "none";
    postMessage(message: RangeRequest | DownloadRequest, transfer: Transferable[]): void;
}

/** To the pages: the one that serves the id answers on the port that comes with it. */
export interface RangeRequest {
    readonly what: "range";
    readonly id: string;
    readonly start: number;
    /** Exclusive; null for as much as is given at a time. */
    readonly end: number | null;
}

export interface RangeAnswer {
    /** Null: there are none. */
    readonly bytes: ArrayBuffer | null;
    readonly start: number;
    readonly size: number;
    readonly mediaType: string;
}

/** To the pages: the one that has the download says so on the port that comes with it, and gives its pieces there. */
export interface DownloadRequest {
    readonly what: "download";
    readonly id: string;
}

export interface DownloadAnswer {
    readonly name: string;
    readonly size: number;
}

/** From a page: a message is all it takes. */
export interface StayAwake {
    readonly type: "stay awake";
}

const scope = self as unknown as ServiceWorkerScope;
const cacheName = `cryptpeer-${BUILD_ID}`;
/** With the parts that every profile needs one day: in the background, so that they are of this build, and there offline. */
const shell = [
    "/", "/app.js", ...STARTUP_CHUNKS, "/app.css", "/worker.js", "/files.js", "/core.wasm", "/manifest.webmanifest", "/icon.svg",
];
/** What only some people need: kept from the first time it is asked for. */
const later = [...CHUNKS, "/calls.css", "/media.js", "/media.wasm"];

scope.addEventListener("install", (event) => {
    // Past the browser's own cache, and all or nothing: the files of one build belong together.
    const requests = shell.map((path) => new Request(path, { cache: "no-cache" }));
    event.waitUntil(caches.open(cacheName).then((cache) => cache.addAll(requests)));
});

scope.addEventListener("activate", (event) => {
    const forgetOld = caches.keys().then((names) =>
        Promise.all(names.filter((name) => name !== cacheName).map((name) => caches.delete(name))));
    event.waitUntil(forgetOld.then(() => scope.clients.claim()));
});

scope.addEventListener("fetch", (event) => {
    const { request } = event;
    const url = new URL(request.url);
    if (request.method !== "GET" || url.origin !== self.location.origin) return;
    if (shell.includes(url.pathname) || later.includes(url.pathname)) return event.respondWith(answer(request, url.pathname));
    const [, what, ...rest] = url.pathname.split("/");
    // The page asks for these from a frame or a player of its own. A tab that is sent to them, by whatever site, is told at once
    // that there is nothing: else each would have every page asked, and be waited for.
    const isTab = request.destination === "document";
    if (isTab && (what === "bytes" || what === "download")) return event.respondWith(Promise.resolve(new Response(null, { status: 404 })));
    if (what === "play") event.respondWith(Promise.resolve(player(rest[0] === "audio" ? "audio" : "video", rest[1] ?? "")));
    else if (what === "bytes") event.respondWith(range(rest[0] ?? "", request.headers.get("range")));
    else if (what === "download") event.respondWith(download(rest[0] ?? ""));
});

async function answer(request: Request, path: string): Promise<Response> {
    const cache = await caches.open(cacheName);
    const cached = await cache.match(path);
    if (cached !== undefined) return cached;
    const response = await fetch(request);
    if (response.ok && later.includes(path)) await cache.put(path, response.clone());
    return response;
}

scope.addEventListener("message", ({ data }: MessageEvent<"take over" | StayAwake>) => {
    if (data === "take over") void scope.skipWaiting();
});

// Opened files

/** For the page that embeds it, and for nobody else. */
const embedded = {
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
};

/** A document with a player in it: no script, no form, no network but this file's own bytes. */
function player(element: "audio" | "video", id: string): Response {
    if (!/^[0-9a-f]{32}$/.test(id)) return new Response(null, { status: 404 });
    const nonce = crypto.randomUUID();
    const style = "html{color-scheme:dark}body{margin:0;block-size:100vh;display:grid;place-items:center;background:#101517}"
        + "video{inline-size:100%;block-size:100%}audio{inline-size:min(34rem,92%)}";
    const body = `<!doctype html><meta charset="utf-8"><title>Player</title><style nonce="${nonce}">${style}</style>`
        + `<${element} controls autoplay src="/bytes/${id}"></${element}>`;
    const policy = `default-src 'none'; media-src 'self'; style-src 'nonce-${nonce}'; base-uri 'none'; `
        + "form-action 'none'; frame-ancestors 'self'; sandbox allow-same-origin";
    return new Response(body, {
        headers: { ...embedded, "content-type": "text/html; charset=utf-8", "content-security-policy": policy },
    });
}

/** The range that is asked for, or its beginning: what the page decrypts at a time. */
async function range(id: string, header: string | null): Promise<Response> {
    const match = /^bytes=(\d+)-(\d*)$/.exec(header ?? "");
    const start = Number(match?.[1] ?? 0);
    const end = match?.[2] ? Number(match[2]) + 1 : null;
    const answer = await ask<RangeAnswer>({ what: "range", id, start, end });
    if (answer === null) return new Response(null, { status: 404 });
    answer.port.close();
    const { bytes, size, mediaType } = answer.data;
    if (bytes === null) return new Response(null, { status: 416, headers: { ...embedded, "content-range": `bytes */${size}` } });
    return new Response(bytes, {
        status: 206,
        headers: {
            ...embedded,
            "content-type": mediaType,
            "accept-ranges": "bytes",
            "content-length": String(bytes.byteLength),
            "content-range": `bytes ${start}-${start + bytes.byteLength - 1}/${size}`,
        },
    });
}

/** The page answers within this, or is gone. */
const patience = 20_000;

/** The first page to answer, and the port to it. Asking is all the worker needs to know: it may have been started only now. */
async function ask<Answer>(request: RangeRequest | DownloadRequest): Promise<{ data: Answer; port: MessagePort } | null> {
    const pages = await scope.clients.matchAll({ type: "window", includeUncontrolled: true });
    return new Promise((resolve) => {
        setTimeout(() => resolve(null), patience);
        for (const page of pages.filter(({ frameType }) => frameType !== "nested")) {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = ({ data }: MessageEvent<Answer>) => resolve({ data, port: port1 });
            page.postMessage(request, [port2]);
        }
    });
}

/** Whatever the file is, the browser saves it and opens nothing. */
async function download(id: string): Promise<Response> {
    const answer = await ask<DownloadAnswer>({ what: "download", id });
    if (answer === null) return new Response(null, { status: 404 });
    const { port, data: { name, size } } = answer;
    let given: (() => void) | null = null;
    const stream = new ReadableStream<Uint8Array>({
        start(controller) {
            port.onmessage = ({ data }: MessageEvent<ArrayBuffer | "end" | "abort">) => {
                if (data instanceof ArrayBuffer) controller.enqueue(new Uint8Array(data));
                else if (data === "end") controller.close();
                else controller.error(new Error("ended by the page"));
                given?.();
            };
        },
        pull() {
            port.postMessage("pull");
            return new Promise<void>((resolve) => (given = resolve));
        },
        cancel() {
            port.postMessage("cancel");
        },
    }, { highWaterMark: 2 });
    return new Response(stream, {
        headers: {
            ...embedded,
            "content-type": "application/octet-stream",
            "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(name).replace(/['()*]/g, escaped)}`,
            "content-length": String(size),
            "content-security-policy": "default-src 'none'",
        },
    });
}

/** Characters that RFC 8187 §3.2.1 does not leave as they are and encodeURIComponent does. */
function escaped(character: string): string {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
