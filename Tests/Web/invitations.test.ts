import assert from "node:assert/strict";
import { test } from "node:test";
import { Invitations } from "../../Web/model/invitations";
import { deaf, FakeClock, FakeSession, id } from "./world";

function world() {
    const clock = new FakeClock();
    return { clock, invitations: new Invitations(new FakeSession(deaf), clock) };
}

test("who waits for a link is told after five seconds that the node has not taken it, and gets it when it has", () => {
    const { clock, invitations } = world();
    invitations.create(3_600);
    clock.advance(4_999);
    assert.equal(invitations.state.current, "making");
    clock.advance(1);
    assert.equal(invitations.state.current, "waiting");
    invitations.onInvitation({ type: "invitation", invitation: id(1), link: "https://localhost:8443/#A", expires: 9 });
    assert.equal(invitations.state.current, "none");
    assert.equal(invitations.latest.current?.invitation, id(1));
});

test("nobody is told who has the link in time, has left, or knows that it failed", () => {
    const { clock, invitations } = world();
    invitations.create(3_600);
    invitations.onInvitation({ type: "invitation", invitation: id(1), link: "https://localhost:8443/#A", expires: 9 });
    clock.advance(10_000);
    assert.equal(invitations.state.current, "none");
    invitations.create(3_600);
    invitations.forget();
    clock.advance(10_000);
    assert.equal(invitations.state.current, "none");
    invitations.create(3_600);
    invitations.onProblem();
    clock.advance(10_000);
    assert.equal(invitations.state.current, "failed");
    assert.equal(clock.pending, 0);
});
