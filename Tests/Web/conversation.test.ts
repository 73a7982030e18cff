import assert from "node:assert/strict";
import { test } from "node:test";
import { ConversationModel } from "../../Web/model/conversation";
import { Drafts } from "../../Web/model/drafts";
import { FilesModel } from "../../Web/model/files";
import { MainModel } from "../../Web/model/main";
import { Outdated } from "../../Web/model/outdated";
import { Toasts } from "../../Web/model/toasts";
import { conversation, deaf, FakeClock, FakeSession, id, message, unlocked } from "./world";

function world(unread = 0) {
    const clock = new FakeClock();
    const session = new FakeSession(deaf);
    const model = new ConversationModel(session, clock, conversation(1, { unread }), new Drafts(session, clock), [],
        new FilesModel(session, clock, new Toasts(clock)), new Outdated(() => session.nodeAnswers(), () => {}));
    const messages = (all: ReturnType<typeof message>[], replaceAll = false) =>
        model.onMessages({ type: "messages", conversation: id(1), replaceAll, hasOlder: false, messages: all });
    return { clock, session, model, messages };
}

test("messages stand in their order, each once, with their latest state", () => {
    const { model, messages } = world();
    messages([message(3), message(1, { own: true, state: "sending" })], true);
    messages([message(2), message(1, { own: true, state: "read" })]);
    assert.deepEqual(model.messages.current.map(({ order, state }) => [order, state]), [[1, "read"], [2, "delivered"], [3, "delivered"]]);
    messages([message(9)], true);
    assert.deepEqual(model.messages.current.map(({ order }) => order), [9]);
});

test("a revealed text is gone after its time, whatever the core says or does not say", () => {
    const { clock, session, model, messages } = world();
    messages([message(1)], true);
    model.reveal(id(1));
    assert.equal(session.asked[session.asked.length - 1], "reveal");
    const until = clock.now() + 30_000;
    model.onRevealed({ type: "revealed", conversation: id(1), message: id(1), text: "secret", untilMs: until });
    assert.equal(model.messages.current[0]?.text, "secret");
    messages([message(1, { masked: false, text: "secret", state: "read" })]);
    assert.equal(model.messages.current[0]?.until, until);
    clock.advance(29_999);
    assert.equal(model.messages.current[0]?.masked, false);
    clock.advance(1);
    assert.deepEqual([model.messages.current[0]?.masked, model.messages.current[0]?.text], [true, ""]);
});

test("a text is hidden when the page wakes up too late for its timer", () => {
    const { clock, model, messages } = world();
    messages([message(1)], true);
    model.onRevealed({ type: "revealed", conversation: id(1), message: id(1), text: "secret", untilMs: clock.now() + 30_000 });
    clock.sleep(60_000);
    model.hideExpired();
    assert.equal(model.messages.current[0]?.masked, true);
});

test("the mark stands before the first new message received, and goes when one answers", () => {
    const { model, messages } = world(2);
    messages([message(1), message(2), message(3, { own: true }), message(4)], true);
    assert.equal(model.firstUnread.current, id(2));
    messages([message(5)]);
    assert.equal(model.firstUnread.current, id(2));
    model.send("hello");
    assert.equal(model.firstUnread.current, null);
});

test("nothing, blanks and more than 65,536 bytes are not sent", () => {
    const { session, model } = world();
    assert.equal(model.send(" \n"), false);
    assert.equal(model.send("é".repeat(32_769)), false);
    assert.equal(model.send("é".repeat(32_768)), true);
    assert.equal(session.asked.filter((asked) => asked === "send").length, 1);
});

function mainWorld() {
    const clock = new FakeClock();
    const session = new FakeSession(deaf);
    const { type: _, ...profile } = unlocked;
    const model = new MainModel(session, clock, profile, () => {});
    model.onEvent({ type: "conversations", conversations: [conversation(1), conversation(2)] });
    return { clock, session, model };
}

test("a draft waits in its conversation", () => {
    const { model } = mainWorld();
    model.openConversation(id(1));
    model.open.current?.draft.set("half a sentence");
    model.openConversation(id(2));
    assert.equal(model.open.current?.draft.current, "");
    model.openConversation(id(1));
    assert.equal(model.open.current?.draft.current, "half a sentence");
});

test("leaving a conversation drops its texts, the person's name and the timer that would have hidden them", () => {
    const { clock, model } = mainWorld();
    const timers = clock.pending;
    model.openConversation(id(1));
    const left = model.open.current!;
    model.onEvent({ type: "messages", conversation: id(1), replaceAll: true, hasOlder: false, messages: [message(1)] });
    model.onEvent({ type: "revealed", conversation: id(1), message: id(1), text: "secret", untilMs: clock.now() + 30_000 });
    assert.equal(left.messages.current[0]?.text, "secret");
    model.closeConversation();
    assert.deepEqual([left.messages.current.length, left.summary.current.name, clock.pending], [0, "", timers]);
});

test("a warning stands in its conversation, open or not, and is announced where it is not seen", () => {
    const { model } = mainWorld();
    model.onEvent({ type: "warning", kind: "forgedMessage", conversation: id(1) });
    assert.deepEqual(model.toasts.all.current.map(({ announcement }) => announcement),
        [{ kind: "warning", warning: "forgedMessage", name: "Person 1" }]);
    model.openConversation(id(1));
    assert.deepEqual([...model.open.current!.warnings.current], ["forgedMessage"]);
    model.onEvent({ type: "warning", kind: "replayedMessage", conversation: id(1) });
    assert.deepEqual([...model.open.current!.warnings.current], ["forgedMessage", "replayedMessage"]);
    assert.equal(model.toasts.all.current.length, 1);
});

test("what looks like an attack stays on the screen, the rest goes", () => {
    const { clock, model } = mainWorld();
    model.onEvent({ type: "warning", kind: "nodeKeyChanged", conversation: "0".repeat(32) });
    model.onEvent({ type: "problem", problem: "tooManyRequests" });
    model.onEvent({ type: "problem", problem: "tooManyRequests" });
    assert.equal(model.toasts.all.current.length, 2);
    clock.advance(60_000);
    assert.deepEqual(model.toasts.all.current.map(({ announcement }) => announcement.kind), ["warning"]);
});

test("a node that is away for a moment goes unmentioned", () => {
    const { clock, model } = mainWorld();
    model.onEvent({ type: "nodeStatus", state: "connected", reason: null });
    model.onNodeReachable(false);
    clock.advance(3_000);
    model.onEvent({ type: "nodeStatus", state: "connected", reason: null });
    clock.advance(3_000);
    assert.equal(model.node.current.state, "connected");
    model.onNodeReachable(false);
    clock.advance(4_000);
    assert.equal(model.node.current.state, "unreachable");
});

test("a message hidden by hand stays hidden when its state changes, until it is revealed again", () => {
    const { clock, model, messages } = world();
    messages([message(1)], true);
    const reveal = () => {
        model.reveal(id(1));
        model.onRevealed({ type: "revealed", conversation: id(1), message: id(1), text: "secret", untilMs: clock.now() + 30_000 });
    };
    reveal();
    model.hide(id(1));
    messages([message(1, { masked: false, text: "secret", state: "read" })]);
    assert.deepEqual([model.messages.current[0]?.state, model.messages.current[0]?.text], ["read", ""]);
    reveal();
    assert.equal(model.messages.current[0]?.text, "secret");
});

test("a text that is told before its message counts down all the same", () => {
    const { clock, model, messages } = world();
    messages([], true);
    const until = clock.now() + 30_000;
    model.onRevealed({ type: "revealed", conversation: id(1), message: id(1), text: "theirs", untilMs: until });
    messages([message(1, { masked: false, text: "theirs" })]);
    assert.equal(model.messages.current[0]?.until, until);
    clock.advance(30_000);
    assert.equal(model.messages.current[0]?.masked, true);
});

test("one's own texts are not masked, neither by their time nor by hiding all", () => {
    const { model, messages, session } = world();
    messages([message(1, { own: true, masked: false, text: "mine" }), message(2, { masked: false, text: "theirs" })], true);
    model.hideAll();
    assert.deepEqual(model.messages.current.map(({ text }) => text), ["mine", ""]);
    assert.deepEqual(session.inputs.filter(({ type }) => type === "hide"), [{ type: "hide", conversation: id(1), message: id(2) }]);
});

test("revealing all asks for what is masked of the messages shown, and nothing else", () => {
    const { model, messages, session } = world();
    messages([message(1), message(2, { own: true, masked: false }), message(3, { kind: "notice", masked: false }), message(4, { masked: false }), message(5)], true);
    model.revealAll();
    assert.deepEqual(session.inputs.flatMap((input) => (input.type === "reveal" ? [input.message] : [])), [id(1), id(5)]);
});

test("a text without an end stays while its conversation is open", () => {
    const { clock, model, messages } = world();
    messages([message(1)], true);
    model.onRevealed({ type: "revealed", conversation: id(1), message: id(1), text: "theirs", untilMs: 0 });
    clock.advance(86_400_000);
    model.hideExpired();
    assert.deepEqual([model.messages.current[0]?.text, model.messages.current[0]?.until], ["theirs", null]);
});

test("a text is hidden after its time though the clock was set back, and the core is told", () => {
    const { clock, model, messages, session } = world();
    messages([message(1)], true);
    model.onRevealed({ type: "revealed", conversation: id(1), message: id(1), text: "secret", untilMs: clock.now() + 10_000 });
    clock.set(-7_200_000);
    clock.advance(10_000);
    model.hideExpired();
    assert.equal(model.messages.current[0]?.masked, true);
    assert.equal(session.asked[session.asked.length - 1], "hide");
    // The core goes by the time of day and counts it as revealed.
    messages([message(1, { masked: false, text: "secret", state: "read" })]);
    assert.equal(model.messages.current[0]?.text, "");
});

test("what arrives while nobody looks is counted, from a mark on; older pages are not", () => {
    const { model, messages } = world();
    messages([message(10)], true);
    messages([message(11)]);
    assert.equal(model.missed.current, 0);
    model.setAttentive(false);
    messages([message(12)]);
    messages([message(13), message(14, { own: true }), message(15, { kind: "notice" })]);
    messages([message(12, { state: "read" }), message(3)]);
    assert.equal(model.missed.current, 2);
    assert.equal(model.firstUnread.current, id(12));
    model.setAttentive(true);
    assert.equal(model.missed.current, 0);
});

test("a draft is sealed as it is typed, comes back with its conversation, and is gone once it is sent", () => {
    const { type: _, ...profile } = unlocked;
    const clock = new FakeClock();
    const session = new FakeSession(deaf);
    const model = new MainModel(session, clock, profile, () => {});
    const drafts = () => session.inputs.flatMap((input) => (input.type === "draft" ? [input.text] : []));
    model.onEvent({ type: "conversations", conversations: [conversation(1), conversation(2)] });
    model.onEvent({ type: "resumed", conversation: id(2), drafts: [{ conversation: id(2), text: "half", voice: null }] });
    assert.equal(model.open.current?.id, id(2));
    const open = model.open.current!;
    assert.equal(open.draft.current, "half");
    assert.deepEqual(drafts(), []);
    open.draft.set("half a");
    open.draft.set("half a s");
    open.draft.set("half a se");
    assert.deepEqual(drafts(), ["half a"]);
    clock.advance(1_000);
    assert.deepEqual(drafts(), ["half a", "half a se"]);
    open.draft.set("half a sent");
    open.send("half a sentence");
    assert.equal(drafts().at(-1), "");
    open.draft.set("more");
    model.dispose();
    assert.equal(drafts().at(-1), "more");
    assert.equal(clock.pending, 0);
});

test("a call stops a recording under way and keeps what was said", async () => {
    const { type: _, ...profile } = unlocked;
    const session = new FakeSession(deaf);
    const model = new MainModel(session, new FakeClock(), profile, () => {});
    model.onEvent({ type: "conversations", conversations: [conversation(1)] });
    model.openConversation(id(1));
    const settled: string[] = [];
    model.open.current!.voice.settle = () => (settled.push("settled"), null);
    const call = { call: id(9), conversation: id(1), own: false, video: false, encryption: "frames", reason: "none", startedMs: 0 } as const;
    model.onEvent({ type: "call", ...call, state: "ringingHere" });
    assert.deepEqual(settled, []);
    model.onEvent({ type: "call", ...call, state: "connecting" });
    assert.deepEqual(settled, ["settled"]);
});

test("nobody is marked as verified while the number is not shown", () => {
    const { model, session } = world();
    model.setVerified(true);
    assert.ok(!session.asked.includes("verified"));
    model.onSafetyNumber({ type: "safetyNumber", member: model.summary.current.member, digits: "12345", qr: new Uint8Array(1), verified: false });
    model.setVerified(true);
    assert.ok(session.asked.includes("verified"));
});

test("Back closes what is on top, one after the other, and asks before a call is left", () => {
    const { type: _, ...profile } = unlocked;
    const session = new FakeSession(deaf);
    const model = new MainModel(session, new FakeClock(), profile, () => {});
    model.onEvent({ type: "conversations", conversations: [conversation(1)] });
    assert.equal(model.goBack(), false);
    model.openConversation(id(1));
    model.dialog.set("verify");
    assert.equal(model.goBack(), true);
    assert.equal(model.dialog.current, null);
    assert.equal(model.open.current?.id, id(1));
    model.dialog.set("verify");
    model.closeConversation();
    assert.equal(model.dialog.current, null, "the dialog goes with its conversation");
    const call = { call: id(9), conversation: id(1), own: false, video: false, encryption: "frames", reason: "none", startedMs: 0 } as const;
    model.onEvent({ type: "call", ...call, state: "inCall" });
    assert.equal(model.isBusy, true);
    assert.equal(model.goBack(), true);
    assert.equal(model.dialog.current, "leaveCall");
    assert.ok(!session.asked.includes("hangUp"));
    model.goBack();
    assert.equal(model.dialog.current, null, "the question is on top");
    model.hangUp();
    assert.deepEqual(session.inputs.at(-1), { type: "hangUp", call: id(9) });
});

test("ordinary notices do not push out what looks like an attack", () => {
    const toasts = new Toasts(new FakeClock());
    toasts.show({ kind: "warning", warning: "nameCollision", name: "Max" });
    for (let number = 0; number < 6; number += 1) toasts.show({ kind: "tooLarge", name: `${number}`, size: number });
    const kinds = toasts.all.current.map(({ announcement }) => announcement.kind);
    assert.deepEqual(kinds, ["warning", "tooLarge", "tooLarge", "tooLarge", "tooLarge"]);
    for (let number = 0; number < 6; number += 1) toasts.show({ kind: "warning", warning: "forgedMessage", name: `${number}` });
    assert.equal(toasts.all.current.filter(({ announcement }) => announcement.kind === "warning").length, 7);
});
