import assert from "node:assert/strict";
import { test } from "node:test";
import { makeTabKey, TabLine } from "../../Web/calls/tabs/line";
import { GuestWord, guestWord, ProfileWord, profileWord } from "../../Web/calls/tabs/words";
import { id } from "./world";

async function lines() {
    const [profile, guest, stranger] = [await makeTabKey(), await makeTabKey(), await makeTabKey()];
    return {
        profile: await TabLine.between("profile", profile, guest.shown, profileWord, guestWord),
        guest: await TabLine.between("guest", guest, profile.shown, guestWord, profileWord),
        stranger: await TabLine.between("guest", stranger, profile.shown, guestWord, profileWord),
    };
}

const person: ProfileWord = { type: "person", name: "Zoë — canary", member: id(3) };
const hangUp: GuestWord = { type: "hangUp", call: id(7) };
const start = (): ProfileWord => ({
    type: "action",
    action: {
        type: "start", call: id(7), device: id(8), polite: true, video: false, relayOnly: false,
        keys: { send: { id: 1, key: new Uint8Array(32).fill(0x5a) }, receive: { id: 65, key: new Uint8Array(32).fill(0xa5) } },
    },
});

test("what one tab seals, the other one opens, in order and in both directions", async () => {
    const { profile, guest } = await lines();
    const sealed = [await profile.seal(person), await profile.seal(start())];
    assert.deepEqual(await guest.open(sealed[0]!), person);
    assert.deepEqual(await guest.open(sealed[1]!), start());
    for (const word of [hangUp, { type: "relayRefused", username: "1700003600:0f" }] as GuestWord[]) {
        assert.deepEqual(await profile.open(await guest.seal(word)), word);
    }
});

test("neither a name nor a key is to be read on the way, and no two words look alike", async () => {
    const { profile } = await lines();
    const words = [await profile.seal(person), await profile.seal(person), await profile.seal(start())];
    const texts = words.map((bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    assert.ok(texts.every((text) => !text.includes("canary") && !text.includes("\x5a".repeat(4)) && !text.includes("\xa5".repeat(4))));
    assert.ok(texts[0] !== texts[1]);
});

test("a word that is altered, repeated, out of order, of another direction or for another tab is none", async () => {
    const altered = await lines();
    const word = await altered.profile.seal(person);
    word[3]! ^= 1;
    await assert.rejects(altered.guest.open(word));

    const repeated = await lines();
    const once = await repeated.profile.seal(person);
    await repeated.guest.open(once);
    await assert.rejects(repeated.guest.open(once));

    const disordered = await lines();
    await disordered.profile.seal(person);
    await assert.rejects(disordered.guest.open(await disordered.profile.seal(person)));

    // Both speak the same here, so that nothing but the key tells the directions apart.
    const [one, two] = [await makeTabKey(), await makeTabKey()];
    const mirror = await TabLine.between("profile", one, two.shown, guestWord, guestWord);
    await assert.rejects(mirror.open(await mirror.seal(hangUp)));

    const other = await lines();
    await assert.rejects(other.stranger.open(await other.profile.seal(person)));
    await assert.rejects(TabLine.between("guest", await makeTabKey(), new Uint8Array(65).fill(4), guestWord, profileWord));
});
