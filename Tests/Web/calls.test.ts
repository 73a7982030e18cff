import assert from "node:assert/strict";
import { test } from "node:test";
import { en } from "../../Web/calls/i18n/en";
import { fr } from "../../Web/calls/i18n/fr";
import { preferredVideo, withOpusWishes } from "../../Web/calls/net/codecs";
import { isChangeOfMind } from "../../Web/calls/net/devices";
import { parseSideState } from "../../Web/calls/net/slots";
import { levelOf } from "../../Web/calls/net/sound";
import { figuresOf, Snapshot } from "../../Web/calls/net/statistics";
import { Call, Calls, Telephone } from "../../Web/model/calls";
import { formatDuration } from "../../Web/i18n/duration";
import type { EventOf } from "../../Web/worker/boundary";
import { id } from "./world";

class FakeTelephone implements Telephone {
    readonly measured = null;
    readonly log: string[] = [];

    call(conversation: string, video: boolean): void {
        this.log.push(`call ${conversation.slice(0, 2)} ${video}`);
    }

    answer(video: boolean): void {
        this.log.push(`answer ${video}`);
    }

    decline(): void {
        this.log.push("decline");
    }

    checkDevices(): void {
        this.log.push("check");
    }

    onCall({ state }: Call): void {
        this.log.push(state);
    }

    onAction({ type }: { readonly type: string }): void {
        this.log.push(type);
    }

    onProblem(): void {
        this.log.push("problem");
    }

    dispose(): void {
        this.log.push("dispose");
    }
}

const rings: EventOf<"call"> = {
    type: "call", call: id(7), conversation: id(1), own: false, video: false, encryption: "frames", state: "ringingHere",
    reason: "none", startedMs: 0,
};

test("what is said of calls waits, in order, until the part that shows them is loaded", () => {
    const calls = new Calls();
    const telephone = new FakeTelephone();
    assert.equal(calls.isNeeded.current, false);
    calls.onCall(rings);
    assert.equal(calls.isNeeded.current, true);
    calls.onAction({ type: "signal", call: id(7), kind: "description", text: "{}" });
    calls.answer(true);
    calls.attach(telephone);
    assert.deepEqual(telephone.log, ["ringingHere", "signal", "answer true"]);
    calls.onCall({ ...rings, state: "inCall" });
    assert.deepEqual(telephone.log.slice(3), ["inCall"]);
});

test("nobody is called while there is a call, and a call that is over makes room", () => {
    const calls = new Calls();
    const telephone = new FakeTelephone();
    calls.attach(telephone);
    calls.onCall(rings);
    calls.call(id(2), true);
    // The core has answered a second one by itself.
    calls.onCall({ ...rings, call: id(8), state: "over", reason: "busy" });
    assert.equal(calls.current.current?.call, id(7));
    calls.onCall({ ...rings, state: "over", reason: "declined" });
    assert.equal(calls.current.current, null);
    calls.call(id(2), true);
    assert.deepEqual(telephone.log, ["ringingHere", "over", "over", "call 02 true"]);
});

test("a part that cannot be loaded is tried again with the next call", () => {
    const calls = new Calls();
    calls.call(id(1), false);
    calls.onLoadFailure();
    assert.equal(calls.isNeeded.current, false);
    const telephone = new FakeTelephone();
    calls.call(id(2), false);
    calls.attach(telephone);
    assert.deepEqual(telephone.log, ["call 02 false"]);
});

test("locking ends the call and forgets it", () => {
    const calls = new Calls();
    const telephone = new FakeTelephone();
    calls.attach(telephone);
    calls.onCall(rings);
    calls.dispose();
    assert.equal(calls.current.current, null);
    assert.deepEqual(telephone.log, ["ringingHere", "dispose"]);
});

test("VP9 comes before H.264, VP8 and AV1; of H.264 the profile that all decode; repair formats last", () => {
    const offered = [
        { mimeType: "video/AV1" }, { mimeType: "video/VP8" }, { mimeType: "video/rtx" },
        { mimeType: "video/H264", sdpFmtpLine: "packetization-mode=1;profile-level-id=4d001f" },
        { mimeType: "video/H264", sdpFmtpLine: "packetization-mode=0;profile-level-id=42e01f" },
        { mimeType: "video/H264", sdpFmtpLine: "packetization-mode=1;profile-level-id=42e01f" },
        { mimeType: "video/VP9", sdpFmtpLine: "profile-id=2" }, { mimeType: "video/VP9", sdpFmtpLine: "profile-id=0" },
    ];
    const order = preferredVideo(offered).map(({ mimeType, sdpFmtpLine = "" }) => `${mimeType.slice(6)} ${sdpFmtpLine.slice(-6)}`.trim());
    assert.deepEqual(order, ["VP9 e-id=0", "VP9 e-id=2", "H264 42e01f", "H264 4d001f", "H264 42e01f", "VP8", "AV1", "rtx"]);
});

const section = (kind: string, fmtp: string) =>
    `m=${kind} 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n${fmtp === "" ? "" : `a=fmtp:111 ${fmtp}\r\n`}a=sendrecv\r\n`;

test("voices are asked for without gaps in loss and without packets in silence, a screen's sound in stereo", () => {
    const video = "m=video 9 UDP/TLS/RTP/SAVPF 98\r\na=rtpmap:98 VP9/90000\r\n";
    const sdp = `v=0\r\ns=-\r\n${section("audio", "minptime=10;useinbandfec=1")}${video}${video}${section("audio", "stereo=0;usedtx=1")}`;
    const told = withOpusWishes(sdp);
    assert.deepEqual(told.match(/a=fmtp:.*(?=\r\n)/g), [
        "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1", "a=fmtp:111 stereo=1;useinbandfec=1",
    ]);
    assert.equal(told.replace(/a=fmtp:.*\r\n/g, ""), sdp.replace(/a=fmtp:.*\r\n/g, ""));
    const bare = withOpusWishes(`v=0\r\n${section("audio", "")}`);
    assert.ok(bare.includes("opus/48000/2\r\na=fmtp:111 useinbandfec=1;usedtx=1\r\na=sendrecv"));
});

test("the other side's word on its tracks is one, or nothing", () => {
    assert.deepEqual(parseSideState('{"microphone":true,"camera":false,"screen":true,"more":1}'), { microphone: true, camera: false, screen: true });
    for (const text of ["", "null", "[]", '{"microphone":1,"camera":false,"screen":true}', "{"]) assert.equal(parseSideState(text), null);
});

test("loudness is in decibels, from -60 to 0", () => {
    assert.deepEqual([0, 0.0005, 0.001, 1, 2].map(levelOf), [0, 0, 0, 1, 1]);
    assert.ok(Math.abs(levelOf(0.1) - 2 / 3) < 1e-9);
});

function snapshot(time: number, bytes: number, packets: number, lost: number, firefox = false): Snapshot {
    const reports: { [id: string]: object } = {
        V: {
            id: "V", type: "inbound-rtp", kind: "video", mid: "1", codecId: "C", bytesReceived: bytes, packetsReceived: packets, packetsLost: lost,
            frameWidth: 1_280, frameHeight: 720, framesPerSecond: 29.7, framesDecoded: packets, jitter: 0.0042,
        },
        S: { id: "S", type: "outbound-rtp", kind: "audio", mid: "0", bytesSent: bytes, packetsSent: packets },
        E: { id: "E", type: "outbound-rtp", kind: "video", mid: "2", bytesSent: 0, packetsSent: 0 },
        C: { id: "C", type: "codec", mimeType: "video/VP9" },
        P: { id: "P", type: "candidate-pair", localCandidateId: "L", remoteCandidateId: "R", currentRoundTripTime: 0.0316, selected: firefox || undefined },
        L: { id: "L", type: "local-candidate", candidateType: "host", protocol: "udp", address: "192.0.2.7" },
        R: { id: "R", type: "remote-candidate", candidateType: "relay", protocol: "udp", address: "198.51.100.9" },
    };
    if (!firefox) reports["T"] = { id: "T", type: "transport", selectedCandidatePairId: "P" };
    return { time, reports: new Map(Object.entries(reports)) };
}

test("figures are rates between two looks, and hold no address", () => {
    for (const firefox of [false, true]) {
        const figures = figuresOf(snapshot(3_000, 500_000, 380, 25, firefox), snapshot(1_000, 250_000, 200, 5, firefox), true, 3);
        assert.deepEqual([figures.path, figures.roundTripMs, figures.candidateTypes.join(), figures.refused], ["relayed", 32, "host,relay", 3]);
        const [received, sent, ...more] = figures.streams;
        assert.equal(more.length, 0);
        assert.deepEqual(received, {
            direction: "received", slot: "camera", codec: "VP9", bitsPerSecond: 1_000_000, width: 1_280, height: 720, framesPerSecond: 30,
            frames: 380, loss: 0.1, jitterMs: 4,
        });
        assert.deepEqual([sent?.slot, sent?.loss], ["microphone", null]);
        assert.ok(!/\d+\.\d+\.\d+\.\d+/.test(JSON.stringify(figures)));
    }
});

test("a first look has no rate", () => {
    const [stream] = figuresOf(snapshot(1_000, 250_000, 200, 0), null, false, 0).streams;
    assert.equal(stream?.bitsPerSecond, 0);
});

test("durations look as on a clock", () => {
    assert.deepEqual([7, 187, 3_729].map(formatDuration), ["0:07", "3:07", "1:02:09"]);
});

test("French says everything of calls that English says, with the same arguments", () => {
    const placeholders = (entry: unknown) => [...new Set(JSON.stringify(entry).match(/\{\w+\}/g) ?? [])].sort();
    assert.deepEqual(Object.keys(fr).sort(), Object.keys(en).sort());
    for (const [key, entry] of Object.entries(en)) assert.deepEqual(placeholders(fr[key as keyof typeof fr]), placeholders(entry), key);
});

test("a shared screen that the system refuses is told from one that the user thought better of", () => {
    const error = (name: string, message: string) => Object.assign(new Error(message), { name });
    assert.equal(isChangeOfMind(error("NotAllowedError", "Permission denied")), true);
    assert.equal(isChangeOfMind(error("NotAllowedError", "Permission denied by system")), false);
    assert.equal(isChangeOfMind(error("NotReadableError", "Could not start video source")), false);
});
