"""Through the node's relay: two people who hide their addresses, and what they are told when the relay cannot be had."""

import contextlib
import hashlib
import os
import pathlib
import re
import time

import pytest
from playwright.sync_api import Locator, expect

import network
from caller import Caller, connect
from clock import Clock
from node import EXECUTABLE, Node
from person import ARRIVE_MILLISECONDS, Person
from test_call_tabs import another_tab

PAIRS = [("chromium", "chromium"), ("chromium", "firefox")]

# All that the page gives the core to tell the peer, before it is sealed.
REMEMBER_SIGNALS = """
    window.signals = [];
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (message, ...rest) {
        if (message?.input?.type === "localSignal" || message?.input?.type === "callSignal") signals.push(message.input.text);
        return post.call(this, message, ...rest);
    };
"""

# What the kinds of RFC 8445 §5.1.1 are called on the screen.
KINDS = {"host": "local network", "srflx": "public address", "prflx": "address seen by the other side", "relay": "relay"}


def words_for(local: str, remote: str) -> re.Pattern[str]:
    """Both ends and the protocol, as `Connection details` says them."""
    own, other = KINDS[local], KINDS[remote]
    return re.compile(f"{own}, UDP" if own == other and local != "relay" else f"{own}.* – {other}, UDP")


@contextlib.contextmanager
def a_node(tmp_path, *options: str, executable: pathlib.Path = EXECUTABLE):
    node = Node(tmp_path, *options, executable=executable).start()
    try:
        yield node
    finally:
        node.stop()


@pytest.fixture
def node(tmp_path):
    """All addresses of one machine are its own: the relay reaches them only where a test asks for it."""
    with a_node(tmp_path, "--turn-allow-loopback") as running:
        yield running


def hide_address(person: Person, is_hidden: bool = True) -> None:
    person.page.get_by_role("button", name="Settings").click()
    dialog = person.page.get_by_role("dialog", name="Settings")
    dialog.get_by_role("checkbox", name="Always use the server’s relay").set_checked(is_hidden)
    person.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def meet(
    node: Node, people, first: str = "chromium", second: str = "chromium", hidden: tuple[str, ...] = ("Ada", "Grace")
) -> tuple[Person, Person]:
    ada, grace = people("Ada", first), people("Grace", second)
    for person in (ada, grace):
        person.context.add_init_script(REMEMBER_SIGNALS)
    ada.enrol(node.operator_invitation)
    hide_address(ada, "Ada" in hidden)
    link = ada.invite()
    grace.page.goto(link)
    grace.enrol(link)
    hide_address(grace, "Grace" in hidden)
    # What was said before is not meant.
    for person in (ada, grace):
        person.page.evaluate("signals.length = 0")
    ada.open_conversation("Grace")
    grace.open_conversation("Ada")
    return ada, grace


@pytest.mark.parametrize("first, second", PAIRS, ids=map("-".join, PAIRS))
def test_all_goes_through_the_relay(node, people, tmp_path, first, second):
    ada, grace = meet(node, people, first, second)
    for person in (ada, grace):
        person.expect_connection("Relayed")
        assert set(person.selected_candidate_types()) == {"relay"}
    article = ada.send("By way of the node")
    grace.expect_messages(1)
    ada.expect_state(article, "Delivered")

    content = os.urandom(8 << 20)
    relayed = node.metric("cryptpeer_relay_bytes_total")
    ada.attach_bytes("plan.bin", "", content)
    theirs = grace.file("plan.bin")
    expect(theirs).to_contain_text("Received", timeout=120_000)
    assert hashlib.sha256(grace.save_copy(theirs)).digest() == hashlib.sha256(content).digest()
    # Counted every few seconds.
    deadline = time.monotonic() + 15
    while node.metric("cryptpeer_relay_bytes_total") - relayed < len(content):
        assert time.monotonic() < deadline, f"the relay passed {node.metric('cryptpeer_relay_bytes_total') - relayed} bytes"
        time.sleep(0.2)
    assert node.metric("cryptpeer_relay_allocations") >= 2

    callers = Caller(ada), Caller(grace)
    connect(*callers)
    for caller in callers:
        caller.expect_more("frames", "energy")
    callers[0].press("Hang up")
    callers[1].expect_gone()


# The peer's word on its candidates comes once there is a path. What comes at once names the same addresses, and a port at which
# nobody is: the relay lets nothing through from an address that was not named to it.
HOLD_CANDIDATES = """() => {
    const { addIceCandidate, setRemoteDescription } = RTCPeerConnection.prototype;
    RTCPeerConnection.prototype.addIceCandidate = function (candidate) {
        const release = () => {
            if (!["connected", "completed"].includes(this.iceConnectionState)) return;
            this.removeEventListener("iceconnectionstatechange", release);
            addIceCandidate.call(this, candidate);
        };
        this.addEventListener("iceconnectionstatechange", release);
        const fields = candidate.candidate.split(" ");
        fields[5] = "1024";
        return addIceCandidate.call(this, { ...candidate, candidate: fields.join(" ") }).then(release);
    };
    RTCPeerConnection.prototype.setRemoteDescription = async function ({ type, sdp }) {
        const lines = sdp.split("\\r\\n");
        const isCandidate = (line) => line.startsWith("a=candidate:");
        await setRemoteDescription.call(this, { type, sdp: lines.filter((line) => !isCandidate(line)).join("\\r\\n") });
        for (const line of lines.filter(isCandidate)) await this.addIceCandidate({ candidate: line.slice(2), sdpMLineIndex: 0 });
    };
}"""


@pytest.mark.parametrize("hidden, expected", [("both", "relay-relay"), ("peer", "host-relay"), ("none", "host-host")])
@pytest.mark.long_in("chromium")
def test_a_check_may_come_before_word_of_the_peers_candidates(node, people, engine, hidden, expected):
    """To who gets it, the peer's end is one that nobody told of (RFC 8445 §7.3.1.3), and to Firefox it stays that."""
    ada, grace = meet(node, people, "chromium", engine, {"both": ("Ada", "Grace"), "peer": ("Ada",), "none": ()}[hidden])
    grace.page.evaluate(HOLD_CANDIDATES)
    grace.lock()
    grace.unlock()
    grace.open_conversation("Ada")
    for person in (ada, grace):
        person.expect_connection("Direct" if hidden == "none" else "Relayed")
    [pair] = grace.selected_pairs()
    if engine == "firefox":
        assert pair["calledByBrowser"] == "prflx", "the peer's word came before its check"
        expected = expected.replace("-host", "-prflx")
    assert f"{pair['local']}-{pair['remote']}" == expected
    grace.page.get_by_role("button", name="Connection details").click()
    dialog = grace.page.get_by_role("dialog", name="Connection details")
    local, remote = expected.split("-")
    expect(dialog.get_by_text(words_for(local, remote))).to_be_visible()
    expect(dialog.get_by_text("Direct" if hidden == "none" else "Through the server’s relay")).to_be_visible()


def test_no_address_of_theirs_leaves_who_hides_it(node, people, engine):
    ada, grace = meet(node, people, engine, "chromium")
    ada.expect_connection("Relayed")
    connect(Caller(ada), Caller(grace), "Voice call")
    for person in (ada, grace):
        signals = person.page.evaluate("signals")
        assert any("m=application" in text for text in signals) and any("m=audio" in text for text in signals)
        lines = [line for text in signals for line in candidates(text)]
        assert lines, f"{person.name} told of no candidate"
        for line in lines:
            # One machine, one address: the port tells the relay's from the browser's own.
            assert re.search(r" typ relay raddr (0\.0\.0\.0|::) rport 0\b", line), line
        for text in signals:
            assert re.findall(r"(?:^|\\n|\n)(?:c=IN|o=\S+ \d+ \d+ IN) IP[46] (?!0\.0\.0\.0)", text) == [], text
    Caller(ada).press("Hang up")


def candidates(signal: str) -> list[str]:
    return re.findall(r"candidate:[^\r\n\"\\]+", signal)


def test_hidden_and_shown_again_without_a_new_start(node, people):
    ada, grace = meet(node, people)
    ada.expect_connection("Relayed")
    # One side that hides its address is enough for the relay; without any, the path is direct.
    hide_address(ada, False)
    grace.expect_connection("Relayed")
    hide_address(grace, False)
    for person in (ada, grace):
        person.expect_connection("Direct")
    article = ada.send("In the open")
    ada.expect_state(article, "Delivered")
    # The choice outlives the page.
    hide_address(ada)
    ada.lock()
    ada.unlock()
    ada.open_conversation("Grace")
    for person in (ada, grace):
        person.expect_connection("Relayed")


def test_the_panel_beside_it_tells_the_pair_and_its_figures(node, people):
    ada, grace = meet(node, people)
    ada.expect_connection("Relayed")
    connect(Caller(ada), Caller(grace))
    Caller(ada).region.get_by_role("button", name="Back to the conversations").click()
    ada.page.get_by_role("button", name="Connection details").click()
    dialog = ada.page.get_by_role("dialog", name="Connection details")
    expect(dialog.get_by_text(re.compile("relay.? over .?(UDP|TCP|TLS).? – relay, UDP")).first).to_be_visible()
    expect(dialog.get_by_text("Through the server’s relay").first).to_be_visible()
    expect(dialog.get_by_text(re.compile(r"^\d+\sms$")).first).to_be_visible()
    expect(dialog.get_by_text(re.compile("VP9")).first).to_be_visible()
    assert not re.search(r"\d+\.\d+\.\d+\.\d+", dialog.inner_text())


def test_without_a_relay_it_is_the_mailbox_and_the_screen_says_why(tmp_path, people):
    with a_node(tmp_path, "--turn-port", "0") as node:
        ada, grace = meet(node, people)
        for person in (ada, grace):
            sentence = person.page.get_by_text(re.compile("Your address stays hidden, and .?the relay is switched off on this server"))
            expect(sentence).to_be_visible(timeout=ARRIVE_MILLISECONDS)
            person.expect_connection("Mailbox")
        article = ada.send("By the mailbox")
        grace.expect_messages(1)
        ada.expect_state(article, "Delivered")
        assert ada.page.evaluate("signals.filter((text) => text.includes('candidate:'))") == []
        # Shown again, they find each other.
        hide_address(ada, False)
        hide_address(grace, False)
        for person in (ada, grace):
            person.expect_connection("Direct")
            expect(person.page.get_by_text(re.compile("relay is switched off"))).to_be_hidden()


# Those with the node that are begun from now on.
COUNT_SESSIONS = """() => {
    window.sessions = 0;
    window.WebSocket = class extends window.WebSocket {
        constructor(...place) {
            super(...place);
            window.sessions += 1;
        }
    };
}"""
# Connections that were made after the first so many, and have a path.
HAVE_PATH = "([before]) => window.peerConnections.slice(before).some((one) => one.connectionState === 'connected')"


@pytest.mark.parametrize(
    "first, new",
    [
        ("chromium", "channel"),
        pytest.param("firefox", "channel", marks=pytest.mark.long),
        pytest.param("chromium", "call", marks=pytest.mark.long),
        ("firefox", "call"),
        pytest.param("chromium", "call in another tab", marks=pytest.mark.long),
    ],
)
def test_a_right_that_the_relay_refuses_is_replaced_while_the_session_stands(tmp_path, people, first, new):
    """The node's computer learns late what time it is: of the rights that it gave before, none is good any more."""
    clock = Clock(tmp_path)
    with a_node(tmp_path, "--turn-allow-loopback", executable=clock.program(EXECUTABLE)) as node:
        ada, grace = meet(node, people, first)
        for person in (ada, grace):
            person.expect_connection("Relayed")
            person.page.evaluate(COUNT_SESSIONS)
        refused = node.metric("cryptpeer_relay_wrong_credentials_total")

        clock.set_ahead(2 * 3600)
        if new == "channel":
            before = ada.page.evaluate("window.peerConnections.length")
            hide_address(grace, False)
            ada.page.wait_for_function(HAVE_PATH, arg=[before], timeout=ARRIVE_MILLISECONDS)
            ada.expect_state(ada.send("At any time"), "Delivered")
        else:
            callers = Caller(ada), Caller(grace) if new == "call" else another_tab(node, Caller(grace))
            connect(*callers, "Voice call")
            for caller in callers:
                caller.expect_more("energy")
        for person in (ada, grace):
            person.expect_connection("Relayed")
        # Counted every few seconds.
        deadline = time.monotonic() + 15
        while node.metric("cryptpeer_relay_wrong_credentials_total") == refused:
            assert time.monotonic() < deadline, "the relay took the rights from before"
            time.sleep(0.2)
        for person in (ada, grace):
            assert person.page.evaluate("window.sessions") == 0, "a new session has a new right in any case"


# On a network of their own

CONNECTIONS = "window.peerConnections.map((one) => one.getTransceivers().length > 0 ? 'call' : 'channel').join()"


def acquaint(node: Node, ada: Person, grace: Person) -> None:
    ada.enrol(node.operator_invitation)
    grace.enrol(ada.invite())
    ada.open_conversation("Grace")
    grace.open_conversation("Ada")
    ada.expect_connection("Direct")


def move(host: network.Host) -> None:
    """To another network: the address it had is gone, and every connection from it."""
    host.unplug()
    network.ip("-n", host.name, "address", "flush", "dev", "eth0")
    host.address = f"{network.PREFIX}.{int(host.address.rsplit('.', 1)[1]) + 100}"
    host.plug()


def begin_file(hosts: list[network.Host], ada: Person, grace: Person, folder: pathlib.Path) -> tuple[bytes, Locator]:
    """A file that takes about ten seconds is on its way to Grace."""
    for host in hosts:
        host.run(*"tc qdisc replace dev eth0 root tbf rate 40mbit burst 64kb latency 100ms".split())
    content = os.urandom(40 << 20)
    plan = folder / "plan.bin"
    plan.write_bytes(content)
    ada.attach(plan)
    theirs = grace.file("plan.bin")
    grace.wait_for_part(theirs, 0.1)
    return content, theirs


def test_a_call_and_a_file_move_to_another_network(two_hosts, tmp_path):
    node, hosts, (ada, grace) = two_hosts
    acquaint(node, ada, grace)
    callers = Caller(ada), Caller(grace)
    connect(*callers)
    for caller in callers:
        caller.press("Back to the conversations")
    before = [person.page.evaluate(CONNECTIONS) for person in (ada, grace)]
    content, theirs = begin_file(hosts, ada, grace, tmp_path)

    move(hosts[1])
    for caller in callers:
        expect(caller.region.get_by_text(re.compile(r"^\d+:\d\d$"))).to_be_visible(timeout=30_000)
        caller.expect_more("frames", "energy", milliseconds=30_000)
    expect(theirs).to_contain_text("Received", timeout=120_000)
    assert hashlib.sha256(grace.save_copy(theirs)).digest() == hashlib.sha256(content).digest()
    for person in (ada, grace):
        person.expect_connection("Direct")
    # The same connections as before: ICE began anew, nothing else did.
    assert [person.page.evaluate(CONNECTIONS) for person in (ada, grace)] == before


def test_a_file_goes_on_after_sleep_at_another_place(two_hosts, tmp_path):
    node, hosts, (ada, grace) = two_hosts
    acquaint(node, ada, grace)
    before = [person.page.evaluate(CONNECTIONS) for person in (ada, grace)]
    content, theirs = begin_file(hosts, ada, grace, tmp_path)
    with hosts[1].asleep():
        move(hosts[1])
        # Longer than any pause of a page that is awake.
        time.sleep(10)
    assert grace.part(theirs) < 1, "the file was quicker than the sleep"
    expect(theirs).to_contain_text("Received", timeout=120_000)
    assert hashlib.sha256(grace.save_copy(theirs)).digest() == hashlib.sha256(content).digest()
    for person in (ada, grace):
        person.expect_connection("Direct", "Relayed")
    # The channel is the one from before: ICE began anew, nothing else did.
    assert [person.page.evaluate(CONNECTIONS) for person in (ada, grace)] == before


def drop(host: network.Host, *what: str) -> None:
    """Packets that match any of these do not leave the host; without any, all do again."""
    rules = "".join(f"{match} drop\n" for match in what)
    chain = f"chain outgoing {{\ntype filter hook output priority filter\n{rules}}}\n"
    host.run("nft", "-f", "-", given=f"table inet wall\ndelete table inet wall\ntable inet wall {{\n{chain}}}\n")


def drop_between(hosts: list[network.Host]) -> None:
    """The two hosts reach the node and not each other."""
    for host, other in (hosts, hosts[::-1]):
        drop(host, f"ip daddr {other.address}")


def test_a_relayed_pair_is_joined_where_no_direct_path_is_left(two_hosts):
    node, hosts, (ada, grace) = two_hosts
    acquaint(node, ada, grace)
    drop_between(hosts)
    # The path was lost: another one is found, by the relay, without a message by the mailbox.
    for person in (ada, grace):
        expect(person.page.get_by_role("status", name="Connection")).to_have_text("Relayed", timeout=60_000)
    article = ada.send("Round about")
    grace.expect_messages(1)
    ada.expect_state(article, "Delivered")


# Without the look that the page takes every few seconds.
FORGET_LOOKS = "const { setInterval } = window; window.setInterval = (look, time) => (time === 5000 ? 0 : setInterval(look, time));"


def test_a_relayed_pair_is_direct_as_soon_as_it_can_be(two_hosts):
    node, hosts, (ada, grace) = two_hosts
    for person in (ada, grace):
        person.context.add_init_script(FORGET_LOOKS)
    acquaint(node, ada, grace)
    for person in (ada, grace):
        person.lock()
    drop_between(hosts)
    for person, other in ((ada, "Grace"), (grace, "Ada")):
        person.unlock()
        person.open_conversation(other)
    for person in (ada, grace):
        person.expect_connection("Relayed")
    for host in hosts:
        drop(host)
    # Nobody writes. What SCTP itself would say on an idle channel comes half a minute later.
    for person in (ada, grace):
        person.expect_connection("Direct", timeout=20_000)
