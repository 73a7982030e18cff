import assert from "node:assert/strict";
import { test } from "node:test";
import { MainModel } from "../../Web/model/main";
import { deaf, FakeClock, FakeSession, unlocked } from "./world";

function world() {
    const clock = new FakeClock();
    const session = new FakeSession(deaf);
    const model = new MainModel(session, clock, { ...unlocked, isOperator: true }, () => undefined);
    return { session, model, recovery: model.recovery };
}

const made = { type: "recoveryFile" as const, file: new Uint8Array(3), code: "ABCDE" };

test("the recovery file is made for the passphrase, which is asked for each time", () => {
    const { session, model, recovery } = world();
    recovery.make("");
    assert.deepEqual(session.asked, []);
    recovery.make("wrong");
    recovery.make("wrong again");
    assert.deepEqual(session.asked, ["recoveryFile wrong"]);
    model.onEvent({ type: "problem", problem: "wrongPassphrase" });
    assert.equal(recovery.asking.current, "refused");
    // It is said in the dialog, and not once more.
    assert.deepEqual(model.toasts.all.current, []);
    recovery.make("right");
    model.onEvent(made);
    assert.equal(recovery.file.current?.code, "ABCDE");
    recovery.forget();
    assert.equal(recovery.file.current, null);
});

test("a wait and any other problem are said, and a file that nobody waits for is not kept", () => {
    const { model, recovery } = world();
    recovery.make("wrong");
    model.onEvent({ type: "problem", problem: "tooManyAttempts" });
    assert.equal(recovery.asking.current, "idle");
    assert.equal(model.toasts.all.current.length, 1);
    recovery.make("right");
    recovery.forget();
    model.onEvent(made);
    assert.equal(recovery.file.current, null);
});
