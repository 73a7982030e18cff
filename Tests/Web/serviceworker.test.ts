import assert from "node:assert/strict";
import { mock, test } from "node:test";

type Listener = (event: unknown) => void;

test("a tab that a site has sent to a download or to a file's bytes is told at once, and no page is asked", async () => {
    // The worker waits for its pages by the clock.
    mock.timers.enable({ apis: ["setTimeout"] });
    const listeners = new Map<string, Listener>();
    let asked = 0;
    const scope = {
        addEventListener: (type: string, listener: Listener) => listeners.set(type, listener),
        location: { origin: "https://node.example:8443" },
        clients: {
            matchAll: async () => [{
                frameType: "top-level",
                postMessage: (request: { id: string }, [port]: MessagePort[]) => {
                    asked += 1;
                    port?.postMessage({ bytes: new ArrayBuffer(2), start: 0, size: 2, mediaType: "audio/ogg", name: request.id });
                    port?.close();
                },
            }],
        },
    };
    Object.assign(globalThis, { self: scope, BUILD_ID: "1", CHUNKS: [], STARTUP_CHUNKS: [] });
    await import("../../Web/serviceworker");
    const fetched = async (path: string, destination: string): Promise<number | null> => {
        let answer: Promise<Response> | null = null;
        listeners.get("fetch")?.({
            request: { method: "GET", url: `https://node.example:8443${path}`, destination, headers: new Headers() },
            respondWith: (response: Promise<Response>) => (answer = response),
        });
        return (await (answer as Promise<Response> | null))?.status ?? null;
    };
    const id = "0f".repeat(16);
    assert.equal(await fetched(`/download/${id}`, "document"), 404);
    assert.equal(await fetched(`/bytes/${id}`, "document"), 404);
    assert.equal(asked, 0);
    // The page's own player and frame are served as before.
    assert.equal(await fetched(`/bytes/${id}`, "audio"), 206);
    assert.equal(await fetched(`/download/${id}`, "iframe"), 200);
    assert.equal(asked, 2);
    assert.equal(await fetched("/somewhere", "document"), null);
    mock.timers.reset();
});
