import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { kindOf, withoutOwnAddress, withoutOwnAddresses } from "../../Web/net/candidates";
import { hasSlept } from "../../Web/net/network";
import { PathFacts, whyNoPath } from "../../Web/net/nopath";
import { PathKeeper } from "../../Web/net/pathkeeper";
import { iceServers, Relay } from "../../Web/net/relay";
import { PathStatistics, Reports, selectedPair } from "../../Web/net/selectedpair";
import type { RelayAccess } from "../../Web/worker/boundary";

const now = 1_700_000_000_000;
const granted = (change: Partial<Extract<RelayAccess, { type: "granted" }>> = {}): RelayAccess => ({
    type: "granted", username: "1700003600:abc", password: "secret", until: now + 3_600_000, udpPort: 3_478, tcpPort: 3_479, ...change,
});
const place = { hostname: "node.example", port: "8443" };

// The relay's addresses

test("the relay is asked by every way there, at the node's own host", () => {
    assert.deepEqual(iceServers(granted(), place, false), [
        { urls: "stun:node.example:3478" },
        {
            urls: ["turn:node.example:3478?transport=udp", "turn:node.example:3479?transport=tcp", "turns:node.example:8443?transport=tcp"],
            username: "1700003600:abc", credential: "secret",
        },
    ]);
});

test("a port of 0 is none, and a URL without a port means 443", () => {
    assert.deepEqual(iceServers(granted({ udpPort: 0, tcpPort: 0 }), { hostname: "[::1]", port: "" }, false).map(({ urls }) => urls),
        [["turns:[::1]:443?transport=tcp"]]);
});

test("who hides an address asks no STUN server for it", () => {
    assert.deepEqual(iceServers(granted(), place, true).map(({ urls }) => [urls].flat()[0]), ["turn:node.example:3478?transport=udp"]);
    const relay = new Relay(place);
    relay.set(granted());
    assert.equal(relay.configuration(true).iceTransportPolicy, "relay");
    assert.equal(relay.configuration(false).iceTransportPolicy, "all");
});

test("without a right there is no server, and relay-only stays relay-only", () => {
    const relay = new Relay(place);
    assert.equal(relay.isUsable, null);
    for (const access of [{ type: "off" }, { type: "refused" }] as const) {
        relay.set(access);
        assert.equal(relay.isUsable, false);
        assert.deepEqual(relay.configuration(true).iceServers, []);
        assert.equal(relay.configuration(true).iceTransportPolicy, "relay");
    }
});

test("a new right, and the node's return, are told to those that listen", () => {
    const relay = new Relay(place);
    let told = 0;
    const stop = relay.subscribe(() => (told += 1));
    relay.set(granted());
    relay.setNode(true);
    relay.setNode(true);
    relay.setNode(false);
    assert.equal(told, 2);
    stop();
    relay.set(granted());
    assert.equal(told, 2);
});

test("the core hears of the right that the relay refuses, unless there is another one by now", () => {
    const refused: string[] = [];
    const relay = new Relay(place, (username) => refused.push(username));
    relay.refuse("1700003600:abc");
    relay.set({ type: "refused" });
    relay.refuse("1700003600:abc");
    assert.deepEqual(refused, []);
    relay.set(granted());
    relay.refuse("1700003600:abc");
    assert.deepEqual(refused, ["1700003600:abc"]);
    relay.set(granted({ username: "1700007200:def" }));
    relay.refuse("1700003600:abc");
    assert.deepEqual(refused, ["1700003600:abc"]);
});

// Why there is no path

const facts = (change: Partial<PathFacts>): PathFacts => ({
    hasNode: true, access: granted(), now, kinds: new Set(["host"]), codes: new Set(), ...change,
});

test("each way of having no path has its own reason", () => {
    assert.equal(whyNoPath(facts({ hasNode: false })), "nodeAway");
    assert.equal(whyNoPath(facts({ access: { type: "off" } })), "relayOff");
    assert.equal(whyNoPath(facts({ access: { type: "refused" } })), "relayRefused");
    assert.equal(whyNoPath(facts({ access: null })), "relayRefused");
    assert.equal(whyNoPath(facts({ access: granted({ until: now }) })), "relayExpired");
    assert.equal(whyNoPath(facts({ codes: new Set([701]) })), "relayUnreachable");
    assert.equal(whyNoPath(facts({})), "relayUnreachable");
    for (const code of [401, 403, 438, 441]) assert.equal(whyNoPath(facts({ codes: new Set([701, code]) })), "relayRefused");
    for (const code of [486, 508]) assert.equal(whyNoPath(facts({ codes: new Set([701, code]) })), "relayFull");
    assert.equal(whyNoPath(facts({ kinds: new Set(["host", "relay"]), codes: new Set([701]) })), "otherSide");
});

test("what is nearest to the cause is said: a node that is away before all else, a relay that was reached before its errors", () => {
    assert.equal(whyNoPath(facts({ hasNode: false, access: { type: "off" } })), "nodeAway");
    assert.equal(whyNoPath(facts({ hasNode: false, kinds: new Set(["relay"]) })), "nodeAway");
    assert.equal(whyNoPath(facts({ access: granted({ until: now - 1 }), codes: new Set([401, 701]) })), "relayExpired");
    // An allocation outlives the right that it was made with.
    assert.equal(whyNoPath(facts({ access: granted({ until: now - 1 }), kinds: new Set(["relay"]) })), "otherSide");
});

// Hidden addresses

const relayed = "candidate:3 1 udp 41885695 203.0.113.7 50001 typ relay raddr 192.168.1.20 rport 40404 generation 0 ufrag aBcD network-cost 999";

test("of a device that hides its addresses, only the relay's goes out", () => {
    assert.equal(kindOf(relayed), "relay");
    assert.equal(withoutOwnAddress(relayed),
        "candidate:3 1 udp 41885695 203.0.113.7 50001 typ relay raddr 0.0.0.0 rport 0 generation 0 ufrag aBcD network-cost 999");
    assert.equal(withoutOwnAddress("candidate:1 1 UDP 92217343 2001:db8::7 50001 typ relay raddr 2001:db8:1::20 rport 40404"),
        "candidate:1 1 UDP 92217343 2001:db8::7 50001 typ relay raddr :: rport 0");
    for (const other of [
        "candidate:1 1 udp 2113937151 192.168.1.20 40404 typ host generation 0",
        "candidate:1 1 udp 2113937151 3f2a.local 40404 typ host generation 0",
        "candidate:2 1 udp 1677729535 198.51.100.4 40404 typ srflx raddr 192.168.1.20 rport 40404",
        "candidate:2 1 udp 1677729535 198.51.100.4 40404 typ prflx raddr 192.168.1.20 rport 40404",
        "candidate:2 1 tcp 1518280447 192.168.1.20 9 typ host tcptype active",
        "typ relay", "", "nonsense",
    ]) assert.equal(withoutOwnAddress(other), null, other);
});

test("a description of such a device holds no address of its own", () => {
    const sdp = [
        "v=0", "o=- 4611731400430051336 2 IN IP4 192.168.1.20", "s=-", "t=0 0", "a=group:BUNDLE 0 1",
        "m=audio 40404 UDP/TLS/RTP/SAVPF 111", "c=IN IP4 198.51.100.4", "a=rtcp:40405 IN IP4 198.51.100.4",
        "a=candidate:1 1 udp 2113937151 192.168.1.20 40404 typ host generation 0", `a=${relayed}`, "a=ice-ufrag:aBcD",
        "m=video 0 UDP/TLS/RTP/SAVPF 98", "c=IN IP6 2001:db8:1::20", "a=bundle-only",
        "m=application 40404 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 192.168.1.20", "",
    ].join("\r\n");
    const hidden = withoutOwnAddresses(sdp);
    for (const own of ["192.168.1.20", "198.51.100.4", "2001:db8:1::20", "40404", "40405"]) assert.ok(!hidden.includes(own), own);
    const lines = hidden.split("\r\n");
    assert.ok(lines.includes("m=audio 9 UDP/TLS/RTP/SAVPF 111"));
    assert.ok(lines.includes("m=video 0 UDP/TLS/RTP/SAVPF 98"), "a section without a port of its own stays so");
    assert.ok(lines.includes("m=application 9 UDP/DTLS/SCTP webrtc-datachannel"));
    assert.ok(lines.some((line) => line.includes("203.0.113.7 50001 typ relay")));
    assert.equal(lines.length, sdp.split("\r\n").length - 1);
});

// The pair in use

/** A pair that is in use, and one that is not and has a relay's end. */
function reportsOf(local: string, remote: object, isMarkedItself = false): Reports {
    return new Map<string, object>([
        ["L", { id: "L", type: "local-candidate", candidateType: local }],
        ["R", { id: "R", type: "remote-candidate", ...remote }],
        ["X", { id: "X", type: "local-candidate", candidateType: "relay" }],
        ["P", { id: "P", type: "candidate-pair", localCandidateId: "L", remoteCandidateId: "R", selected: isMarkedItself || undefined }],
        ["Q", { id: "Q", type: "candidate-pair", localCandidateId: "X", remoteCandidateId: "R" }],
        ...(isMarkedItself ? [] : [["T", { id: "T", type: "transport", selectedCandidatePairId: "P" }] as [string, object]]),
    ]);
}

test("a path is relayed if either end of the selected pair is a relay", () => {
    for (const isMarkedItself of [true, false]) {
        const path = (local: string, remote: string) => selectedPair(reportsOf(local, { candidateType: remote }, isMarkedItself))?.path;
        assert.equal(path("host", "prflx"), "direct");
        assert.equal(path("relay", "host"), "relayed");
        assert.equal(path("host", "relay"), "relayed");
    }
    assert.equal(selectedPair(new Map()), null);
});

/** What is read of a connection on which a check came before the candidates, and then those: both ends' kinds, and the path. */
async function readAfter(remote: object, ...candidates: string[]): Promise<string> {
    const connection = { remoteDescription: { sdp: descriptionWith(candidates) }, getStats: async () => reportsOf("host", remote) };
    return shown(await new PathStatistics(connection as unknown as RTCPeerConnection).read());
}

function descriptionWith(candidates: readonly string[]): string {
    return ["v=0", "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", ...candidates.map((one) => `a=${one}`), "a=mid:0", ""].join("\r\n");
}

function shown(reports: Reports): string {
    const pair = selectedPair(reports);
    return `${pair?.path}: ${pair?.ends.map((end) => end.candidateType).join("-")}`;
}

test("an end that a check made known is the peer's relay if it has the address of one", async () => {
    const learnt = (address: string, port = 50_001) => ({ candidateType: "prflx", protocol: "udp", address, port });
    const candidate = (address: string, kind = "relay", port = 50_001) => `candidate:3 1 UDP 41885695 ${address} ${port} typ ${kind}`;
    assert.equal(await readAfter(learnt("203.0.113.7"), relayed), "relayed: host-relay");
    assert.equal(await readAfter(learnt("203.0.113.7"), candidate("203.0.113.7")), "relayed: host-relay");
    // Of an IPv6 address's many ways to be written, any.
    for (const address of ["2001:db8::7", "2001:DB8:0:0:0:0:0:7", "[2001:0db8::0007]", "2001:db8::7%eth0"]) {
        assert.equal(await readAfter(learnt(address), candidate("2001:db8:0::0:7")), "relayed: host-relay", address);
    }
    // Another port, another address, another kind.
    assert.equal(await readAfter(learnt("203.0.113.7", 50_002), relayed), "direct: host-prflx");
    assert.equal(await readAfter(learnt("203.0.113.8"), relayed), "direct: host-prflx");
    for (const kind of ["host", "srflx", "prflx", "relayed"]) {
        assert.equal(await readAfter(learnt("203.0.113.7"), candidate("203.0.113.7", kind)), "direct: host-prflx", kind);
    }
    // Chromium does not tell such an address.
    for (const address of ["", null, undefined]) {
        assert.equal(await readAfter({ candidateType: "prflx", address, port: 50_001 }, relayed), "direct: host-prflx");
    }
    // Nor is one of another kind touched.
    assert.equal(await readAfter({ ...learnt("203.0.113.7"), candidateType: "host" }, relayed), "direct: host-host");
    for (const hostile of ["candidate:3 1 udp 1 :::: 1 typ relay", "candidate:3 1 udp 1 203.0.113.7/50001 9 typ relay", "candidate: typ relay"]) {
        assert.equal(await readAfter(learnt("203.0.113.7"), hostile), "direct: host-prflx", hostile);
    }
});

test("it stays so while other candidates are gathered, and is no other connection's", async () => {
    const remote = { candidateType: "prflx", address: "203.0.113.7", port: 50_001 };
    const connection = {
        remoteDescription: null as { sdp: string } | null, getStats: async () => reportsOf("host", remote),
    };
    const statistics = new PathStatistics(connection as unknown as RTCPeerConnection);
    assert.equal(shown(await statistics.read()), "direct: host-prflx");
    connection.remoteDescription = { sdp: descriptionWith([relayed]) };
    assert.equal(shown(await statistics.read()), "relayed: host-relay");
    connection.remoteDescription = { sdp: descriptionWith([]) };
    assert.equal(shown(await statistics.read()), "relayed: host-relay");
    assert.equal(shown(await new PathStatistics(connection as unknown as RTCPeerConnection).read()), "direct: host-prflx");
});

// Sleep

test("sleep is a jump of the day's clock against the one that stands still, or a timer that comes much too late", () => {
    const before = { day: now, running: 1_000 };
    assert.equal(hasSlept(before, { day: now + 2_010, running: 3_010 }, false), false);
    assert.equal(hasSlept(before, { day: now + 60_000, running: 3_000 }, false), true);
    assert.equal(hasSlept(before, { day: now + 60_000, running: 3_000 }, true), true);
    assert.equal(hasSlept(before, { day: now + 60_000, running: 61_000 }, false), true);
    // Timers of a hidden page are late by rule.
    assert.equal(hasSlept(before, { day: now + 60_000, running: 61_000 }, true), false);
});

// Keeping a path

/** What of the browser a path keeper looks at. */
class FakePage extends EventTarget {
    readonly hidden = false;
}

class FakeConnection extends EventTarget {
    connectionState = "new";
    iceGatheringState = "new";
    readonly configurations: RTCConfiguration[] = [];

    setConfiguration(configuration: RTCConfiguration): void {
        this.configurations.push(configuration);
    }

    says(type: string, properties: object): void {
        this.dispatchEvent(Object.assign(new Event(type), properties));
    }

    gathers(state: "gathering" | "complete"): void {
        this.iceGatheringState = state;
        this.says("icegatheringstatechange", {});
    }
}

function keeping(access: RelayAccess | null, body: (world: {
    connection: FakeConnection; keeper: PathKeeper; relay: Relay; page: FakePage; log: string[]; refused: string[];
}) => void): void {
    const page = new FakePage();
    const define = (name: string, value: unknown) => Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    define("document", page);
    define("window", page);
    define("navigator", { onLine: true });
    mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
    const connection = new FakeConnection();
    const refused: string[] = [];
    const relay = new Relay(place, (username) => refused.push(username));
    if (access !== null) relay.set(access);
    relay.setNode(true);
    const log: string[] = [];
    const keeper = new PathKeeper(connection as unknown as RTCPeerConnection, relay, false, {
        restart: () => log.push("restart"), onNoPath: (reason) => log.push(String(reason)),
    });
    try {
        body({ connection, keeper, relay, page, log, refused });
    } finally {
        keeper.end();
        mock.timers.reset();
    }
}

/** In small steps: a timer that another one sets counts from when that one runs. */
function pass(milliseconds: number): void {
    for (let step = 0; step < milliseconds; step += 100) mock.timers.tick(100);
}

const lasting = granted({ until: Number.MAX_SAFE_INTEGER });

test("a path that is not found is explained within five seconds, once", () => keeping(lasting, ({ connection, log }) => {
    connection.says("icecandidateerror", { errorCode: 701 });
    mock.timers.tick(3_000);
    assert.deepEqual(log, []);
    mock.timers.tick(1_900);
    assert.deepEqual(log, ["relayUnreachable"]);
    pass(60_000);
    assert.deepEqual(log, ["relayUnreachable"]);
}));

test("a relay that was reached leaves the other side as the reason", () => keeping(lasting, ({ connection, keeper, log }) => {
    connection.says("icecandidate", { candidate: { candidate: relayed } });
    connection.says("icecandidate", { candidate: null });
    connection.says("icecandidateerror", { errorCode: 701 });
    mock.timers.tick(4_900);
    connection.connectionState = "connected";
    keeper.up();
    pass(60_000);
    assert.deepEqual(log, ["otherSide", "null"]);
}));

test("a path that is lost is looked for again and again, and explained meanwhile", () => keeping({ type: "off" }, ({ connection, keeper, log }) => {
    keeper.up();
    connection.connectionState = "disconnected";
    keeper.down(1_500);
    keeper.down(0);
    mock.timers.tick(1_400);
    assert.deepEqual(log, []);
    mock.timers.tick(100);
    assert.deepEqual(log, ["restart"]);
    mock.timers.tick(4_000);
    assert.deepEqual(log, ["restart", "relayOff", "restart"]);
    connection.connectionState = "connected";
    keeper.heard();
    keeper.up();
    pass(60_000);
    assert.deepEqual(log, ["restart", "relayOff", "restart", "null"]);
}));

test("another network means new candidates though the path still stands, and once only", () => keeping(lasting, ({ connection, keeper, page, log }) => {
    page.dispatchEvent(new Event("online"));
    mock.timers.tick(300);
    assert.deepEqual(log, [], "the first search goes on");
    connection.connectionState = "connected";
    keeper.up();
    // Several signs of one change.
    page.dispatchEvent(new Event("online"));
    page.dispatchEvent(new Event("online"));
    mock.timers.tick(300);
    assert.deepEqual(log, ["restart"]);
    keeper.heard();
    pass(60_000);
    assert.deepEqual(log, ["restart"]);
}));

test("a search that the other side did not hear of is repeated, at once when the node is back", () => keeping(lasting, ({ connection, keeper, relay, page, log }) => {
    connection.connectionState = "connected";
    keeper.up();
    page.dispatchEvent(new Event("online"));
    mock.timers.tick(300);
    relay.setNode(false);
    mock.timers.tick(4_000);
    assert.deepEqual(log, ["restart", "restart"]);
    relay.setNode(true);
    assert.deepEqual(log, ["restart", "restart", "restart"]);
    keeper.heard();
    relay.setNode(false);
    relay.setNode(true);
    pass(60_000);
    assert.equal(log.length, 3);
    // Where nobody answers, a path that stands is left alone after a while.
    page.dispatchEvent(new Event("online"));
    pass(60_000);
    assert.equal(log.length, 7);
}));

test("another credential for the relay is taken before the next search, and begins one where the path is lost", () => keeping(lasting, ({ connection, keeper, relay, log }) => {
    keeper.up();
    relay.set(granted({ password: "another", until: Number.MAX_SAFE_INTEGER }));
    assert.equal(connection.configurations.length, 1);
    assert.equal(connection.configurations[0]!.iceServers![1]!.credential, "another");
    assert.deepEqual(log, []);
    connection.connectionState = "failed";
    keeper.down(1_500);
    relay.set(lasting);
    assert.deepEqual(log, ["restart"]);
    // The node's return is a reason, too: without it no signal gets through.
    relay.setNode(false);
    relay.setNode(true);
    assert.deepEqual(log, ["restart", "restart"]);
}));

test("a search that began before the right was there begins again with it, if it had begun", () => {
    keeping(null, ({ connection, relay, log }) => {
        relay.set(lasting);
        assert.equal(connection.configurations.length, 1);
        assert.deepEqual(log, [], "nothing was gathered without it");
    });
    keeping(null, ({ connection, relay, log }) => {
        connection.iceGatheringState = "complete";
        relay.set(lasting);
        relay.set(granted());
        assert.deepEqual(log, ["restart"]);
    });
});

test("a search whose right the relay refuses begins again with another one, as often as there is one", () => keeping(lasting, ({ connection, relay, log, refused }) => {
    const right = (number: number) => granted({ username: `1700003600:${number}`, until: Number.MAX_SAFE_INTEGER });
    for (const [index, code] of [401, 403, 438, 441].entries()) {
        relay.set(right(index));
        connection.gathers("gathering");
        log.length = refused.length = 0;
        connection.says("icecandidateerror", { errorCode: code });
        assert.deepEqual(refused, [`1700003600:${index}`]);
        assert.deepEqual(log, []);
        relay.set(right(index + 1));
        assert.deepEqual(log, ["restart"], String(code));
        // Of the search that is over, a late word.
        connection.says("icecandidateerror", { errorCode: code });
        assert.deepEqual(refused, [`1700003600:${index}`]);
    }
}));

test("what is wrong otherwise is no refusal of the right", () => keeping(lasting, ({ connection, relay, log, refused }) => {
    connection.gathers("gathering");
    for (const code of [701, 486, 508, 437, 400, 0]) connection.says("icecandidateerror", { errorCode: code });
    relay.set(granted());
    assert.deepEqual(refused, []);
    assert.deepEqual(log, []);
}));

test("where there is a path, or another way to the relay, another right changes nothing", () => {
    keeping(lasting, ({ connection, keeper, relay, log, refused }) => {
        connection.gathers("gathering");
        connection.connectionState = "connected";
        keeper.up();
        connection.says("icecandidateerror", { errorCode: 401 });
        assert.deepEqual(refused, ["1700003600:abc"], "for the next search there is to be one");
        relay.set(granted());
        pass(60_000);
        assert.deepEqual(log, []);
    });
    keeping(lasting, ({ connection, relay, log }) => {
        connection.gathers("gathering");
        connection.says("icecandidate", { candidate: { candidate: relayed } });
        connection.says("icecandidateerror", { errorCode: 401 });
        relay.set(granted());
        assert.deepEqual(log, []);
    });
});

test("who waits for the right goes on when it is there, and after three seconds without it", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
        const log: string[] = [];
        const quick = new Relay(place);
        const slow = new Relay(place);
        const waiting = [quick.known().then(() => log.push("quick")), slow.known().then(() => log.push("slow"))];
        quick.set({ type: "off" });
        await waiting[0];
        assert.deepEqual(log, ["quick"]);
        mock.timers.tick(3_000);
        await waiting[1];
        assert.deepEqual(log, ["quick", "slow"]);
        await quick.known();
    } finally {
        mock.timers.reset();
    }
});
