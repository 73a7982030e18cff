"""Promise 6: after `Lock`, nothing readable is left in the browser's storages, in the core's memory or in the page."""

import base64
import json

import pytest
from playwright.sync_api import expect

import canaries
from person import ARRIVE_MILLISECONDS

MESSAGE = "the canary's own words, which must not stay"
PASSPHRASE = "canary battery staple feather"
FILE_NAME = "canary cage blueprint.txt"
FILE = "the bars are two canary feathers apart"
NAME = "Grace Canarybird-Hopper"

# The worker's script, with a way to look into the memories of the WebAssembly instances that it makes.
REMEMBER_MEMORIES = """
    self.memories = [];
    for (const name of ["instantiate", "instantiateStreaming"]) {
        const original = WebAssembly[name];
        WebAssembly[name] = async (...arguments_) => {
            const result = await original.apply(WebAssembly, arguments_);
            const memory = (result.instance ?? result).exports?.memory;
            if (memory) self.memories.push(memory);
            return result;
        };
    }
    const Instance = WebAssembly.Instance;
    WebAssembly.Instance = function (...arguments_) {
        const instance = new Instance(...arguments_);
        if (instance.exports.memory) self.memories.push(instance.exports.memory);
        return instance;
    };
"""

BASE64 = """
    const base64 = (bytes) => {
        let text = "";
        for (let start = 0; start < bytes.length; start += 32768) {
            text += String.fromCharCode(...bytes.subarray(start, start + 32768));
        }
        return btoa(text);
    };
"""

DATABASE = (
    """async () => {"""
    + BASE64
    + """
    const request = (one) => new Promise((resolve, reject) => {
        one.onsuccess = () => resolve(one.result);
        one.onerror = () => reject(one.error);
    });
    const parts = [];
    const visit = (value) => {
        if (value instanceof ArrayBuffer) parts.push(base64(new Uint8Array(value)));
        else if (ArrayBuffer.isView(value)) {
            parts.push(base64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)));
        } else if (typeof value === "string") parts.push(base64(new TextEncoder().encode(value)));
        else if (value !== null && typeof value === "object") Object.values(value).forEach(visit);
    };
    for (const { name } of await indexedDB.databases()) {
        const database = await request(indexedDB.open(name));
        for (const store of database.objectStoreNames) {
            const transaction = database.transaction(store).objectStore(store);
            visit(await request(transaction.getAllKeys()));
            visit(await request(transaction.getAll()));
        }
        database.close();
    }
    for (const storage of [localStorage, sessionStorage]) visit({ ...storage });
    return parts;
}"""
)

PLANT_IN_DATABASE = """async (text) => {
    const [{ name }] = await indexedDB.databases();
    const database = await new Promise((resolve) => {
        const open = indexedDB.open(name);
        open.onsuccess = () => resolve(open.result);
    });
    const store = [...database.objectStoreNames].find((one) => one === "messages");
    const write = database.transaction(store, "readwrite");
    const bytes = new TextEncoder().encode(text);
    const key = new Uint8Array(32);
    if (text) write.objectStore(store).put(bytes, key);
    else write.objectStore(store).delete(key);
    await new Promise((resolve) => { write.oncomplete = resolve; });
    database.close();
}"""

PLANT_IN_FILES = """async (text) => {
    const folder = await navigator.storage.getDirectory();
    if (!text) return folder.removeEntry("planted");
    const file = await (await folder.getFileHandle("planted", { create: true })).createWritable();
    await file.write(text);
    await file.close();
}"""

# The search takes place where the memories are: scrypt's alone has 128 MiB, too much to carry out in reasonable time. Each
# byte becomes one character (and no two bytes the same), because the browser searches strings fastest.
FIND_IN_MEMORIES = """(needles) => {
    const text = (bytes) => new TextDecoder("latin1").decode(bytes);
    const wanted = needles.map((needle) => text(Uint8Array.from(atob(needle), (one) => one.charCodeAt(0))));
    const overlap = Math.max(...wanted.map((one) => one.length));
    const piece = 1 << 24;
    const found = new Set();
    let size = 0;
    for (const { buffer } of self.memories ?? []) {
        size += buffer.byteLength;
        for (let start = 0; start < buffer.byteLength; start += piece) {
            const length = Math.min(piece + overlap, buffer.byteLength - start);
            const content = text(new Uint8Array(buffer, start, length));
            wanted.forEach((one, index) => { if (content.includes(one)) found.add(index); });
        }
    }
    return { size, found: [...found] };
}"""


@pytest.fixture
def grace(people):
    person = people(NAME, passphrase=PASSPHRASE)

    def with_memories(route):
        answer = route.fetch()
        route.fulfill(response=answer, body=REMEMBER_MEMORIES + answer.text())

    person.context.route("**/worker.js", with_memories)
    # The service worker would serve the script past the route.
    person.context.add_init_script("delete Navigator.prototype.serviceWorker")
    return person


def test_a_locked_device_yields_noise(node, people, grace):
    ada = people("Adalbertine Kanarienvogel")
    ada.enrol(node.operator_invitation)
    grace.enrol(ada.invite())
    ada.open_conversation(NAME)
    grace.open_conversation(ada.name)
    ada.send(MESSAGE)
    grace.expect_messages(1)
    assert MESSAGE in grace.reveal()

    ada.attach_bytes(FILE_NAME, "text/plain", FILE.encode())
    received = grace.file(FILE_NAME)
    expect(received).to_contain_text("Received", timeout=ARRIVE_MILLISECONDS)
    expect(grace.view(received).get_by_text(FILE)).to_be_visible()

    words = [canaries.text("message", MESSAGE), canaries.text("contact's name", ada.name)]
    shown = [*words, canaries.text("file's name", FILE_NAME), canaries.text("file", FILE)]
    secrets = [*shown, canaries.text("own name", NAME), canaries.text("passphrase", PASSPHRASE)]

    # Planted, and found: in the worker's memory and the page while the message is shown, in the database by hand.
    assert found(scan(heap_snapshot(grace), shown)) >= {"message", "contact's name", "file's name"}
    assert found_in_memories(grace, words) == {"message", "contact's name"}
    grace.page.evaluate(PLANT_IN_DATABASE, MESSAGE)
    assert "message" in found(scan(database(grace), secrets))
    grace.page.evaluate(PLANT_IN_DATABASE, "")
    grace.page.evaluate(PLANT_IN_FILES, FILE)
    assert found(scan(files(grace), secrets)) == {"file"}
    grace.page.evaluate(PLANT_IN_FILES, "")
    grace.close_viewer()

    unlocked = grace.page.workers
    with unlocked[0].expect_event("close"):
        grace.lock()
    # The workers that held keys are gone, memory and all; the one that waits for the passphrase has never had them.
    assert not set(unlocked) & set(grace.page.workers)
    assert scan(files(grace), secrets) == []
    assert found_in_memories(grace, secrets) == set()
    assert scan(database(grace), secrets) == []
    assert scan(heap_snapshot(grace), secrets) == []


def found(findings: list[canaries.Finding]) -> set[str]:
    return {finding.canary for finding in findings}


def scan(parts: list[bytes], secrets) -> list[canaries.Finding]:
    assert parts and any(parts), "there is something to search"
    return [finding for part in parts for finding in canaries.scan_bytes(part, "", secrets)]


def database(person) -> list[bytes]:
    return [base64.b64decode(part) for part in person.page.evaluate(DATABASE)]


def files(person) -> list[bytes]:
    return list(person.stored_files().values())


def found_in_memories(person, secrets) -> set[str]:
    """In every WebAssembly instance that a worker of the page still holds."""
    forms = [(canary.name, value) for canary in secrets for _, value in canary.forms]
    needles = [base64.b64encode(value).decode() for _, value in forms]
    assert person.page.workers, "there is a worker to search"
    names: set[str] = set()
    size = 0
    for worker in person.page.workers:
        result = worker.evaluate(FIND_IN_MEMORIES, needles)
        size += result["size"]
        names |= {forms[index][0] for index in result["found"]}
    assert size > 0, "there is a memory to search"
    return names


def heap_snapshot(person) -> list[bytes]:
    """V8's own account of everything that is reachable in the page: of it all the strings."""
    session = person.context.new_cdp_session(person.page)
    chunks: list[str] = []
    session.on("HeapProfiler.addHeapSnapshotChunk", lambda event: chunks.append(event["chunk"]))
    session.send("HeapProfiler.enable")
    session.send("HeapProfiler.collectGarbage")
    session.send("HeapProfiler.takeHeapSnapshot", {"reportProgress": False})
    session.detach()
    return ["\n".join(json.loads("".join(chunks))["strings"]).encode(errors="surrogatepass")]
