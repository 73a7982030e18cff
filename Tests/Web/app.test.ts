import assert from "node:assert/strict";
import { test } from "node:test";
import { App } from "../../Web/model/app";
import { Elapsed } from "../../Web/model/clock";
import { conversation, FakeClock, FakeSession, id, message, scrypt, unlocked } from "./world";

const link = `https://localhost:8443/#${"A".repeat(87)}`;

function world(options: { link?: string; profileFree?: boolean } = {}) {
    const clock = new FakeClock();
    const sessions: FakeSession[] = [];
    const log: string[] = [];
    const app = new App({
        clock,
        openSession: (listener) => {
            const session = new FakeSession(listener);
            sessions.push(session);
            return session;
        },
        acquireProfile: async () => options.profileFree !== false,
        takeProfile: async () => void log.push("take"),
        isProfileFree: async () => options.profileFree !== false,
        askForPersistentStorage: () => void log.push("persist"),
    }, options.link ?? null);
    return { app, clock, sessions, log, session: () => sessions[sessions.length - 1]! };
}

async function unlockedWorld() {
    const all = world();
    await all.app.start();
    all.session().says({ type: "vault", waitMs: 0, ...scrypt });
    all.session().says(unlocked);
    const screen = all.app.screen.current;
    if (screen.name !== "main") throw new Error(screen.name);
    return { ...all, model: screen.model };
}

test("without a vault and without a link, an invitation is asked for", async () => {
    const { app, session } = world();
    await app.start();
    assert.equal(app.screen.current.name, "starting");
    session().says({ type: "noVault" });
    assert.equal(app.screen.current.name, "welcome");
    app.openLink(link);
    assert.equal(app.screen.current.name, "enrol");
    assert.deepEqual(session().inputs, [{ type: "openLink", link }]);
});

test("joining before the node has answered waits for its answer", async () => {
    const { app, session, log } = world({ link });
    await app.start();
    session().says({ type: "noVault" });
    const screen = app.screen.current;
    if (screen.name !== "enrol") throw new Error(screen.name);
    screen.model.join("  Zoe\u0308\u202e  K ", "long enough");
    assert.deepEqual(session().asked, ["openLink"]);
    session().says({ type: "newVaultParameters", ...scrypt, kind: "member", inviterName: "Ada", host: "h" });
    assert.deepEqual(session().asked, ["openLink", "enrol Zoë\u202e  K long enough"]);
    session().says({ type: "enrolled" });
    session().says(unlocked);
    assert.equal(app.screen.current.name, "main");
    assert.deepEqual(log, ["persist"]);
});

test("a refused link says why, and another can be opened", async () => {
    const { app, session } = world({ link });
    await app.start();
    session().says({ type: "noVault" });
    session().says({ type: "linkRefused", reason: "alreadyUsed" });
    const screen = app.screen.current;
    if (screen.name !== "enrol") throw new Error(screen.name);
    assert.deepEqual(screen.model.state.current, { state: "refused", problem: "alreadyUsed" });
    app.openLink(`${link}B`);
    assert.deepEqual(session().inputs.map((input) => input.type), ["openLink", "openLink"]);
});

test("a link is not followed where somebody has joined already, and that is said", async () => {
    const { app, session } = world({ link });
    await app.start();
    session().says({ type: "vault", waitMs: 0, ...scrypt });
    const screen = app.screen.current;
    if (screen.name !== "locked") throw new Error(screen.name);
    assert.equal(screen.model.linkIgnored, true);
    assert.deepEqual(session().asked, []);
});

test("a wrong passphrase makes one wait, by the clock", async () => {
    const { app, session, clock } = world();
    await app.start();
    session().says({ type: "vault", waitMs: 0, ...scrypt });
    const screen = app.screen.current;
    if (screen.name !== "locked") throw new Error(screen.name);
    screen.model.unlock("one");
    screen.model.unlock("two");
    assert.deepEqual(session().asked, ["unlock one"]);
    session().says({ type: "unlockRefused", waitMs: 3_000 });
    assert.equal(screen.model.secondsToWait(), 3);
    screen.model.unlock("three");
    clock.advance(3_000);
    screen.model.unlock("four");
    assert.deepEqual(session().asked, ["unlock one", "unlock four"]);
});

test("locking ends the session, forgets all that was shown, and starts another", async () => {
    const { app, sessions, session, model } = await unlockedWorld();
    session().says({ type: "conversations", conversations: [conversation(1)] });
    model.openConversation(id(1));
    const open = model.open.current!;
    app.lock();
    assert.equal(app.screen.current.name, "starting");
    assert.equal(model.open.current, null);
    assert.deepEqual(model.conversations.current, []);
    assert.equal(session().asked[session().asked.length - 1], "lock");
    assert.equal(sessions[0]!.ended, false);
    session().says({ type: "messages", conversation: open.id, replaceAll: true, hasOlder: false, messages: [message(1)] });
    assert.deepEqual(open.messages.current, []);
    session().says({ type: "locked" });
    assert.equal(sessions[0]!.ended, true);
    assert.equal(sessions.length, 2);
    sessions[1]!.says({ type: "vault", waitMs: 0, ...scrypt });
    assert.equal(app.screen.current.name, "locked");
});

test("a core that does not answer is ended after a second", async () => {
    const { app, sessions, clock } = await unlockedWorld();
    app.lock();
    clock.advance(1_000);
    assert.equal(sessions[0]!.ended, true);
    assert.equal(sessions.length, 2);
    clock.advance(60_000);
    assert.equal(sessions.length, 2);
});

test("five idle minutes lock; a touch puts it off", async () => {
    const { app, clock, model } = await unlockedWorld();
    clock.advance(299_000);
    model.idle.touch();
    clock.advance(299_000);
    assert.equal(app.screen.current.name, "main");
    clock.advance(2_000);
    assert.equal(app.screen.current.name, "starting");
});

test("a touch after the computer slept too long locks, and does not wake the session", async () => {
    const { app, clock, model } = await unlockedWorld();
    clock.sleep(3_600_000);
    model.idle.touch();
    assert.equal(app.screen.current.name, "starting");
});

test("another tab has the profile until it is taken", async () => {
    const { app, sessions, log } = world({ profileFree: false });
    await app.start();
    assert.equal(app.screen.current.name, "elsewhere");
    assert.equal(sessions.length, 0);
    await app.useHere();
    assert.deepEqual(log, ["take"]);
    assert.equal(sessions.length, 1);
    app.onProfileLost();
    assert.equal(sessions[0]!.ended, true);
    assert.equal(app.screen.current.name, "elsewhere");
});

test("a fault stops everything and says which", async () => {
    const { app, sessions, session } = await unlockedWorld();
    session().fails("full");
    const screen = app.screen.current;
    assert.equal(screen.name === "broken" && screen.reason, "fault.full");
    assert.equal(sessions[0]!.ended, true);
    app.restart();
    assert.equal(sessions.length, 2);
});

test("an identity that the node refuses is gone, and the screen goes on saying why", async () => {
    const { app, session } = world({ link });
    await app.start();
    session().says({ type: "noVault" });
    session().says({ type: "newVaultParameters", ...scrypt, kind: "operator", inviterName: "", host: "" });
    session().says({ type: "linkRefused", reason: "alreadyClaimed" });
    session().says({ type: "noVault" });
    const screen = app.screen.current;
    assert.deepEqual(screen.name === "enrol" && screen.model.state.current, { state: "refused", problem: "alreadyClaimed" });
});

test("damage is said: instead of unlocking, or once unlocked", async () => {
    const { app, session } = world();
    await app.start();
    session().says({ type: "vault", waitMs: 0, ...scrypt });
    session().says({ type: "problem", problem: "damagedStorage" });
    const locked = app.screen.current;
    assert.equal(locked.name === "locked" && locked.model.problem.current, "damagedStorage");
    session().says(unlocked);
    const main = app.screen.current;
    assert.deepEqual(main.name === "main" && main.model.toasts.all.current.map(({ announcement }) => announcement),
        [{ kind: "problem", problem: "damagedStorage" }]);
});

test("a profile that the browser removes leaves what is in memory to be copied out", async () => {
    const { app, session, model } = await unlockedWorld();
    session().says({ type: "conversations", conversations: [conversation(1), conversation(2)] });
    model.openConversation(id(1));
    session().says({
        type: "messages", conversation: id(1), replaceAll: true, hasOlder: false,
        messages: [message(1), message(2, { masked: false, text: "the north gate" })],
    });
    model.open.current!.draft.set("half an answer");
    session().fails("removed");
    const { screen: { current: screen } } = app;
    if (screen.name !== "removed") throw new Error(screen.name);
    assert.deepEqual(screen.kept.map(({ name, draft, messages }) => [name, draft, messages.map(({ text }) => text).join()]),
        [["Person 1", "half an answer", "the north gate"]]);
    assert.equal(session().ended, true);
    app.restart();
    session().says({ type: "noVault" });
    assert.equal(app.screen.current.name, "welcome");
});

test("the other tab is told to be gone once it is, and to be there again", async () => {
    const options = { profileFree: false };
    const { app } = world(options);
    await app.start();
    await app.lookElsewhere();
    assert.equal(app.isElsewhereGone.current, false);
    options.profileFree = true;
    await app.lookElsewhere();
    assert.equal(app.isElsewhereGone.current, true);
    options.profileFree = false;
    await app.lookElsewhere();
    assert.equal(app.isElsewhereGone.current, false);
});

const rings = {
    type: "call", call: id(7), conversation: id(1), own: false, video: true, encryption: "frames", state: "ringingHere", reason: "none",
    startedMs: 0,
} as const;

test("only a tab that waits for the profile shows that there is a call in the other one", async () => {
    const { app } = world({ profileFree: false });
    await app.start();
    app.onCallElsewhere("inCall");
    assert.equal(app.callElsewhere.current, "inCall");
    await app.useHere();
    assert.equal(app.callElsewhere.current, "none");
    app.onCallElsewhere("ringing");
    assert.equal(app.callElsewhere.current, "none");
});

test("a profile that is lost in the middle of locking is not taken up again", async () => {
    const { app, clock, sessions } = await unlockedWorld();
    app.lock();
    await app.onProfileLost();
    clock.advance(5_000);
    assert.deepEqual([app.screen.current.name, sessions.length, sessions[0]!.ended], ["elsewhere", 1, true]);
});

test("a profile that is lost is given away when the core has taken its leave, or after a second", async () => {
    for (const answers of [true, false]) {
        const { app, clock, session } = await unlockedWorld();
        const { calls } = (app.screen.current as { model: { calls: { isNeeded: { current: boolean } } } }).model;
        let isGiven = false;
        const lost = app.onProfileLost().then(() => (isGiven = true));
        assert.deepEqual([app.screen.current.name, session().asked.at(-1), session().ended], ["elsewhere", "lock", false]);
        session().says(rings);
        assert.equal(calls.isNeeded.current, false);
        await Promise.resolve();
        assert.equal(isGiven, false);
        if (answers) session().says({ type: "locked" });
        else clock.advance(1_000);
        await lost;
        assert.equal(session().ended, true);
        // What was under way is not taken up again.
        clock.advance(5_000);
        assert.equal(app.screen.current.name, "elsewhere");
    }
});

test("no key of a call is let through while locking", async () => {
    const { app, session, model } = await unlockedWorld();
    app.lock();
    session().acts({ type: "end", call: id(7) });
    assert.equal(model.calls.isNeeded.current, false);
});

test("why there is no path to somebody is told until there is one, and leaves with the profile's screen", async () => {
    const { model, session } = await unlockedWorld();
    session().findsNoPath(id(33), "relayUnreachable");
    session().findsNoPath(id(34), "otherSide");
    assert.deepEqual([...model.noPath.current], [[id(33), "relayUnreachable"], [id(34), "otherSide"]]);
    session().findsNoPath(id(33), null);
    assert.deepEqual([...model.noPath.current.keys()], [id(34)]);
});

test("who wants the relay and nothing else is told at once when it cannot be had", async () => {
    const { model, session } = await unlockedWorld();
    const { relay } = session();
    relay.set({ type: "off" });
    assert.equal(model.noRelay.current, null, "nobody who does without it");
    model.changeSettings({ relayOnly: true });
    assert.equal(model.noRelay.current, "relayOff");
    relay.set({ type: "refused" });
    assert.equal(model.noRelay.current, "relayRefused");
    relay.set({ type: "granted", username: "u", password: "p", until: Date.now() + 1_000_000, udpPort: 1, tcpPort: 1 });
    assert.equal(model.noRelay.current, null);
    relay.set({ type: "off" });
    model.changeSettings({ relayOnly: false });
    assert.equal(model.noRelay.current, null);
});

test("another name is ours once the core says so, as the core has it", async () => {
    const { model, session } = await unlockedWorld();
    const said = () => model.toasts.all.current.map(({ announcement }) => announcement.kind);
    assert.equal(model.rename(" \t"), false);
    assert.equal(session().inputs.length, 0);
    assert.equal(model.rename("Zoe\u0308\u2800"), true);
    assert.deepEqual(session().inputs, [{ type: "rename", displayName: "Zo\u00eb\u2800" }]);
    assert.deepEqual([model.profile.current.ownName, said()], ["Ada", []]);
    session().says({ ...unlocked, ownName: "Zo\u00eb" });
    assert.deepEqual([model.profile.current.ownName, said()], ["Zo\u00eb", ["saved"]]);
    // One of which nothing is left.
    model.rename("\u2800");
    session().says({ type: "problem", problem: "badName" });
    session().says({ ...unlocked, ownName: "Zo\u00eb" });
    assert.deepEqual([model.profile.current.ownName, said()], ["Zo\u00eb", ["saved", "problem"]]);
});

test("the lock announces itself half a minute before, and says afterwards why it came", async () => {
    const { app, clock, session, sessions, model } = await unlockedWorld();
    clock.advance(269_000);
    assert.equal(model.idle.secondsLeft.current, null);
    clock.advance(2_000);
    assert.equal(model.idle.secondsLeft.current, 29);
    model.idle.touch();
    assert.equal(model.idle.secondsLeft.current, null);
    clock.advance(300_000);
    assert.equal(app.screen.current.name, "starting");
    session().says({ type: "locked" });
    sessions[1]!.says({ type: "vault", waitMs: 0, ...scrypt });
    const screen = app.screen.current;
    if (screen.name !== "locked") throw new Error(screen.name);
    assert.deepEqual(screen.model.reason, { by: "idle", seconds: 300 });
});

test("the lock and the wait go by what has passed, whatever the time of day does", async () => {
    const { app, clock } = await unlockedWorld();
    clock.set(-7_200_000);
    clock.advance(300_000);
    assert.equal(app.screen.current.name, "starting");

    const other = world();
    await other.app.start();
    other.session().says({ type: "vault", waitMs: 3_000, ...scrypt });
    const screen = other.app.screen.current;
    if (screen.name !== "locked") throw new Error(screen.name);
    other.clock.set(-7_200_000);
    assert.equal(screen.model.secondsToWait(), 3);
});

test("what has passed is counted across a clock that is set back and a sleep", () => {
    let day = 1_000_000;
    let running = 0;
    const elapsed = new Elapsed(() => day, () => running);
    day += 500;
    running += 500;
    assert.equal(elapsed.read(), 500);
    day -= 7_200_000;
    running += 1_000;
    assert.equal(elapsed.read(), 1_500);
    // The computer slept; the clock that runs stood still.
    day += 60_000;
    running += 10;
    assert.equal(elapsed.read(), 61_500);
});

test("locking waits for what is being recorded, and not for ever", async () => {
    const { app, clock, model } = await unlockedWorld();
    model.settle = () => new Promise(() => {});
    app.lock();
    assert.equal(app.screen.current.name, "main");
    clock.advance(1_000);
    assert.equal(app.screen.current.name, "starting");
});
