import assert from "node:assert/strict";
import { test } from "node:test";
import { ConversationModel } from "../../Web/model/conversation";
import { FilesModel } from "../../Web/model/files";
import { MainModel } from "../../Web/model/main";
import { Toasts } from "../../Web/model/toasts";
import { conversation, deaf, FakeClock, FakeSession, id, message, unlocked } from "./world";

function world(unread = 0) {
    const clock = new FakeClock();
    const session = new FakeSession(deaf);
    const model = new ConversationModel(session, clock, conversation(1, { unread }), "", [],
        new FilesModel(session, clock, new Toasts(clock)));
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
    model.onRevealed({ type: "revealed", conversation: id(1), message: id(1), text: "mine", untilMs: until });
    messages([message(1, { own: true, masked: false, text: "mine" })]);
    assert.equal(model.messages.current[0]?.until, until);
    clock.advance(30_000);
    assert.equal(model.messages.current[0]?.masked, true);
});
