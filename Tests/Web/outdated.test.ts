import assert from "node:assert/strict";
import { test } from "node:test";
import { Outdated, PartMissing } from "../../Web/model/outdated";
import { VoiceModel } from "../../Web/model/voice";
import { FakeClock } from "./world";

const gone = () => Promise.reject(new TypeError("Failed to fetch dynamically imported module"));

function world(answers: boolean) {
    let unreachable = 0;
    const outdated = new Outdated(async () => answers, () => (unreachable += 1));
    return { outdated, unreachable: () => unreachable };
}

test("a part that the node does not have any more makes the page outdated", async () => {
    const { outdated, unreachable } = world(true);
    assert.equal(await outdated.load(Promise.resolve(1)), 1);
    assert.equal(outdated.isKnown.current, false);
    await assert.rejects(outdated.load(gone()), PartMissing);
    assert.equal(outdated.isKnown.current, true);
    assert.equal(unreachable(), 0);
});

test("a part that is missing because the node does not answer is no news of another version", async () => {
    const { outdated, unreachable } = world(false);
    await assert.rejects(outdated.load(gone()), PartMissing);
    assert.equal(outdated.isKnown.current, false);
    assert.equal(unreachable(), 1);
});

test("a recorder that is not to be had is no refusal of the microphone", async () => {
    const { outdated } = world(true);
    const voice = new VoiceModel(() => outdated.load(gone()), new FakeClock(), () => {});
    voice.press();
    await new Promise((resolve) => setTimeout(resolve));
    assert.equal(voice.state.current.state, "idle");
});
