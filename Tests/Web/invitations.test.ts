import assert from "node:assert/strict";
import { test } from "node:test";
import { Invitation, Invitations } from "../../Web/model/invitations";
import { deaf, FakeClock, FakeSession, id } from "./world";

const now = 1_700_000_000_000;
const day = 86_400;

function world() {
    const session = new FakeSession(deaf);
    const clock = new FakeClock();
    const joined: string[] = [];
    const invitations = new Invitations(session, clock, (name) => void joined.push(name));
    const list = (...all: Partial<Invitation>[]) => invitations.onInvitations({ type: "invitations", invitations: all.map((change, index) => ({
        invitation: id(index + 1), created: now, expires: now + 7 * day * 1_000, state: "open", label: "", guest: "", showable: true, ...change,
    })) });
    const made = (number: number) => invitations.onInvitation({ type: "invitation", invitation: id(number), link: `link ${number}`, expires: 0 });
    return { session, clock, invitations, joined, list, made };
}

test("an open invitation is offered again; another one is made only if there is none, or it is wanted", () => {
    const { session, invitations, list, made } = world();
    assert.equal(invitations.offer(7 * day, now), 7 * day);
    assert.deepEqual(session.inputs, [{ type: "invite", validForSeconds: 7 * day }]);
    list({ showable: false });
    made(1);
    list({});
    assert.equal(invitations.latest.current?.link, "link 1");
    invitations.forget();
    invitations.offer(7 * day, now);
    assert.deepEqual(session.inputs.at(-1), { type: "showInvitation", invitation: id(1) });
    made(1);
    assert.equal(invitations.latest.current?.link, "link 1");
    list({ state: "redeemed", showable: false });
    invitations.offer(7 * day, now);
    assert.equal(session.asked.at(-1), "invite");
});

test("where the one that is offered again has been used or is over by then, another one is made", () => {
    for (const end of [{ state: "redeemed", guest: "Grace" }, { state: "expired" }] as const) {
        const { session, clock, invitations, list, made } = world();
        list({ expires: now + 3_600_000 });
        assert.equal(invitations.offer(7 * day, now), 3_600);
        list({ ...end, showable: false });
        assert.deepEqual(session.inputs.at(-1), { type: "invite", validForSeconds: 3_600 });
        list({ ...end, showable: false }, { expires: now + 3_600_000, showable: false });
        assert.equal(session.inputs.length, 2);
        made(2);
        assert.equal(invitations.latest.current?.link, "link 2");
        clock.advance(10_000);
        assert.equal(invitations.state.current, "none");
    }
});

test("one that is withdrawn while it is to be shown is not replaced", () => {
    const { session, invitations, list } = world();
    list({});
    invitations.offer(7 * day, now);
    invitations.withdraw(id(1));
    list({ state: "withdrawn", showable: false });
    assert.equal(session.asked.at(-1), "withdrawInvitation");
    assert.equal(invitations.state.current, "none");
});

test("the link that is shown has the life that was chosen, and those that nobody saw are withdrawn", () => {
    const { session, invitations, list, made } = world();
    invitations.offer(7 * day, now);
    list({ showable: false });
    invitations.create(3_600);
    assert.deepEqual(session.inputs.slice(1), [{ type: "withdrawInvitation", invitation: id(1) }, { type: "invite", validForSeconds: 3_600 }]);
    list({}, { showable: false, expires: now + 3_600_000 });
    // The node had made the first one all the same.
    made(1);
    assert.equal(invitations.latest.current, null);
    assert.deepEqual(session.inputs.at(-1), { type: "withdrawInvitation", invitation: id(1) });
    made(2);
    assert.equal(invitations.latest.current?.link, "link 2");
});

test("whoever joins is named, and the spent link goes", () => {
    const { invitations, joined, list, made } = world();
    list({ invitation: id(9), state: "redeemed", guest: "Max" });
    invitations.create(7 * day);
    list({ invitation: id(9), state: "redeemed", guest: "Max" }, { showable: false });
    made(2);
    list({ invitation: id(9), state: "redeemed", guest: "Max" }, { state: "redeemed", guest: "Grace" });
    assert.deepEqual(joined, ["Grace"]);
    assert.equal(invitations.joined.current, "Grace");
    assert.equal(invitations.latest.current, null);
});

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
