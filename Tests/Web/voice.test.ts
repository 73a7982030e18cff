import assert from "node:assert/strict";
import { test } from "node:test";
import { RecordedVoice, VoiceModel, waveformOf } from "../../Web/model/voice";
import type { Recording } from "../../Web/net/recorder";
import { FakeClock } from "./world";

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

function world(allowed = true) {
    const clock = new FakeClock();
    const log: string[] = [];
    const sent: RecordedVoice[] = [];
    const recording: Recording = {
        level: () => 0.5,
        stop: async () => {
            log.push("stop");
            return { blob: new Blob(["voice"]), mediaType: "audio/webm" };
        },
        soFar: async () => ({ blob: new Blob(["voi"]), mediaType: "audio/webm" }),
        cancel: () => void log.push("cancel"),
    };
    const kept: (RecordedVoice | null)[] = [];
    const touches = { count: 0 };
    const model = new VoiceModel(async () => {
        if (!allowed) throw new Error("refused");
        return recording;
    }, clock, (voice) => void sent.push(voice), null, (voice) => void kept.push(voice), () => (touches.count += 1));
    return { clock, log, sent, kept, touches, model, state: () => model.state.current.state };
}

test("held and let go, it is there to be listened to before it is sent", async () => {
    const { clock, model, sent, state } = world();
    model.press();
    assert.equal(state(), "asking");
    await turn();
    assert.equal(state(), "recording");
    clock.advance(3_000);
    model.release();
    await turn();
    assert.equal(state(), "recorded");
    assert.deepEqual(sent, []);
    model.send();
    assert.equal(sent[0]?.durationMs, 3_000);
    assert.equal(sent[0]?.waveform.length, 51);
    assert.equal(state(), "idle");
    assert.equal(clock.pending, 0);
});

test("clicked, it records until the next click", async () => {
    const { clock, model, state } = world();
    model.press();
    await turn();
    clock.advance(100);
    model.release();
    clock.advance(5_000);
    assert.equal(state(), "recording");
    model.press();
    await turn();
    assert.equal(state(), "recorded");
});

test("a slip, and what is thrown away, leave nothing behind", async () => {
    const { clock, model, log, sent, state } = world();
    model.press();
    await turn();
    clock.advance(200);
    model.press();
    await turn();
    assert.equal(state(), "idle");
    model.press();
    await turn();
    clock.advance(2_000);
    model.discard();
    assert.deepEqual([state(), log, sent, model.levels.current], ["idle", ["cancel", "cancel"], [], []]);
    assert.equal(clock.pending, 0);
});

test("let go while the browser was still asking, nothing is recorded", async () => {
    const { clock, model, log, state } = world();
    model.press();
    clock.advance(1_000);
    model.release();
    await turn();
    assert.deepEqual([state(), log], ["idle", ["cancel"]]);
});

test("a refused microphone is said, and can be tried again", async () => {
    const { model, state } = world(false);
    model.press();
    await turn();
    assert.equal(state(), "refused");
    model.press();
    assert.equal(state(), "asking");
});

test("a waveform has a bar for each part, the loudest as high as it goes", () => {
    assert.deepEqual([...waveformOf([0, 0.1, 0.2, 0.4], 2)], [64, 255]);
    assert.equal(waveformOf(Array.from({ length: 10_000 }, () => 0.1)).length, 56);
    assert.deepEqual([...waveformOf([])], []);
});

test("a recording is kept while it is made, and stays when something else ends it", async () => {
    const { clock, model, kept, touches, state } = world();
    model.press();
    await turn();
    clock.advance(10_000);
    await turn();
    assert.ok(touches.count > 100, "it counts as use");
    assert.ok(kept.length >= 1 && kept[0]!.blob.size === 3, "its beginning is kept");
    await model.settle();
    assert.equal(state(), "recorded");
    assert.equal(kept.at(-1)?.durationMs, 10_000);
    model.send();
    assert.equal(kept.at(-1), null);
});

test("a recording that was kept is offered again", () => {
    const voice: RecordedVoice = { blob: new Blob(["voice"]), mediaType: "audio/webm", durationMs: 900, waveform: new Uint8Array(3) };
    const model = new VoiceModel(async () => Promise.reject(new Error()), new FakeClock(), () => {}, voice);
    assert.deepEqual(model.state.current, { state: "recorded", voice });
});
