// Keeps the app's own files, so that it opens without the node. It answers for these paths of its own origin and for
// nothing else; what people write never comes near it.

declare const BUILD_ID: string;
/** Parts of the app that carry a hash of their content in their names. */
declare const CHUNKS: string[];

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
    readonly clients: { claim(): Promise<void> };
    skipWaiting(): Promise<void>;
}

const scope = self as unknown as ServiceWorkerScope;
const cacheName = `cryptpeer-${BUILD_ID}`;
const shell = ["/", "/app.js", "/app.css", "/worker.js", "/core.wasm", "/manifest.webmanifest", "/icon.svg"];
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
    if (shell.includes(url.pathname) || later.includes(url.pathname)) event.respondWith(answer(request, url.pathname));
});

async function answer(request: Request, path: string): Promise<Response> {
    const cache = await caches.open(cacheName);
    const cached = await cache.match(path);
    if (cached !== undefined) return cached;
    const response = await fetch(request);
    if (response.ok && later.includes(path)) await cache.put(path, response.clone());
    return response;
}

scope.addEventListener("message", (event) => {
    if (event.data === "take over") void scope.skipWaiting();
});
