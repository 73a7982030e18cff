"""Two people behind any pair of NATs: directly where the NATs allow it, else through the node."""

import dataclasses
import time

import pytest
from playwright.sync_api import expect

import natlab
from caller import Caller, connect
from conftest import evidence_folder
from natlab import Kind
from node import EXECUTABLE, Node
from person import ARRIVE_MILLISECONDS, Person
from programs import CHROMIUM

pytestmark = pytest.mark.skipif(not natlab.IS_POSSIBLE, reason=natlab.WHY_NOT)

# More than a mailbox takes: it goes from browser to browser or not at all.
FILE_BYTES = 1_500_000
# What may go beside the path that the file takes: checks of other paths, and what the session with the node says.
BESIDE = 200_000

# As long as this after its beginning, an attempt has led to a path, or the app says why it has not.
PATIENCE_MILLISECONDS = 5_000

# Of each outcome those whose NATs make it hardest. The others take `make test-long`.
USUAL_PAIRS = [
    (Kind.PORT_RESTRICTED, Kind.PORT_RESTRICTED),
    (Kind.ADDRESS_RESTRICTED, Kind.SYMMETRIC),
    (Kind.PORT_RESTRICTED, Kind.SYMMETRIC),
    (Kind.SYMMETRIC, Kind.UDP_BLOCKED),
]


def usual_and_long(pairs: list[tuple[Kind, Kind]]) -> list:
    return [pytest.param(*pair, marks=() if pair in USUAL_PAIRS else pytest.mark.long) for pair in pairs]


IS_TRYING = """() => {
    const connection = window.peerConnections.at(-1);
    return connection?.remoteDescription && !["new", "closed"].includes(connection.iceConnectionState);
}"""

# `window.isWithoutRelay` takes TURN from new connections and leaves them STUN.
TAKE_RELAY = """
    window.RTCPeerConnection = class extends window.RTCPeerConnection {
        constructor(configuration) {
            super(withoutRelay(configuration));
        }
        setConfiguration(configuration) {
            super.setConfiguration(withoutRelay(configuration));
        }
    };
    function withoutRelay(configuration) {
        if (!window.isWithoutRelay) return configuration;
        const iceServers = (configuration?.iceServers ?? [])
            .map((server) => ({ ...server, urls: [server.urls].flat().filter((url) => url.startsWith("stun:")) }))
            .filter((server) => server.urls.length > 0);
        return { ...configuration, iceServers };
    }
"""


@dataclasses.dataclass
class Outcome:
    pair: tuple[Kind, Kind]
    expected: str
    seen: str
    transports: str
    # Bytes at the first router.
    to_peer: int
    to_node_udp: int
    to_node_tcp: int
    seconds: float

    TITLES = ("pair", "expected", "seen", "transport", "peer", "node, UDP", "node, TCP", "seconds")

    @property
    def cells(self) -> list[str]:
        counts = (f"{count:,}" for count in (self.to_peer, self.to_node_udp, self.to_node_tcp))
        pair = " with ".join(kind.value for kind in self.pair)
        return [pair, self.expected, self.seen, self.transports, *counts, f"{self.seconds:.1f}"]


def table(outcomes: list[Outcome]) -> list[str]:
    rows = [list(Outcome.TITLES), *(outcome.cells for outcome in outcomes)]
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]


def seen_in(selected: list[dict]) -> str:
    """Of the pairs that both ends have selected. Either end may be the relay's, and one way be another than the way back."""
    return "Relayed" if any("relay" in (pair["local"], pair["remote"]) for pair in selected) else "Direct"


class Meeting:
    """Ada and Grace, who know each other, each at a browser in a home of the laboratory."""

    def __init__(self, laboratory, node, browsers, folder):
        self.laboratory = laboratory
        self.node = node
        self.outcomes: list[Outcome] = []
        self.files = 0
        self._browsers = [
            browsers.another("chromium", executable=str(home.host.program(CHROMIUM, folder)))
            for home in laboratory.homes
        ]
        self.people = [Person(browser, name) for browser, name in zip(self._browsers, ("Ada", "Grace"))]
        for person in self.people:
            person.context.add_init_script(TAKE_RELAY)
        self.ada, self.grace = self.people
        self.ada.enrol(node.operator_invitation)
        self.grace.enrol(self.ada.invite())
        self._open_conversations()

    def _open_conversations(self) -> None:
        self.ada.open_conversation("Grace")
        self.grace.open_conversation("Ada")

    def replug(self, first: Kind, second: Kind, without_relay: bool = False) -> None:
        """Both open the app anew behind other NATs."""
        for person in self.people:
            person.lock()
        self.laboratory.become(first, second)
        self.laboratory.count()
        for person in self.people:
            person.page.evaluate("isWithout => { window.isWithoutRelay = isWithout; }", without_relay)
        # Both at once: unlocking is slow on purpose.
        for person in self.people:
            person.page.get_by_label("Passphrase", exact=True).fill(person.passphrase)
            person.page.get_by_role("button", name="Unlock").click()
        self._open_conversations()

    def send_file(self) -> None:
        self.files += 1
        name = f"file {self.files}.bin"
        self.ada.attach_bytes(name, "application/octet-stream", bytes(FILE_BYTES))
        expect(self.grace.file(name)).to_contain_text("Received", timeout=30_000)

    def await_attempt(self) -> None:
        """Each browser knows where it might reach the other, and has begun to try."""
        for person in self.people:
            person.page.wait_for_function(IS_TRYING, timeout=ARRIVE_MILLISECONDS)

    def await_path(self, expected: str) -> list[dict]:
        """What both have selected once that is the expected path, or after a while. Nobody writes meanwhile."""
        deadline = time.monotonic() + ARRIVE_MILLISECONDS / 1000
        while seen_in(selected := self.selected()) != expected and time.monotonic() < deadline:
            self.ada.page.wait_for_timeout(100)
        return selected

    def selected(self) -> list[dict]:
        found = []
        for person in self.people:
            pairs = person.selected_pairs()
            assert len(pairs) == 1, f"{person.name} has {len(pairs)} connections: {pairs}"
            found += pairs
        return found

    def close(self) -> None:
        for person in self.people:
            person.close()
        for browser in self._browsers:
            browser.close()


@pytest.fixture(scope="module")
def laboratory():
    made = natlab.Laboratory()
    yield made
    made.close()


@pytest.fixture(scope="module")
def node_between(laboratory, tmp_path_factory):
    """The node at the public network, at the port that every firewall leaves open."""
    folder = tmp_path_factory.mktemp("node")
    program = laboratory.node_machine.program(EXECUTABLE, folder)
    node = Node(folder, "--host", laboratory.node_address, executable=program)
    node.port = 443
    node.url = f"https://{laboratory.node_address}"
    node.start()
    yield node
    node.stop()


@pytest.fixture(scope="module")
def meeting(laboratory, node_between, browsers, tmp_path_factory, request):
    made = Meeting(laboratory, node_between, browsers, tmp_path_factory.mktemp("people"))
    yield made
    made.close()
    if made.outcomes:
        lines = table(made.outcomes)
        if hasattr(request.config, "workeroutput"):
            request.config.workeroutput[natlab.OUTCOMES_OF_WORKER] = lines
        else:
            request.config.stash[natlab.OUTCOMES] = lines


@pytest.fixture(autouse=True)
def evidence(meeting, request):
    yield
    if getattr(request.node, "failed", False):
        folder = evidence_folder(request)
        for person in meeting.people:
            person.leave_evidence(folder)
        (folder / "node.txt").write_text(meeting.node.output())


def name(kind: Kind) -> str:
    return kind.value.replace(" ", "-")


@pytest.mark.parametrize("first, second", usual_and_long(natlab.PAIRS), ids=name)
def test_every_pair_connects_directly_where_it_can_be(meeting, first, second):
    began = time.monotonic()
    meeting.replug(first, second)
    for person in meeting.people:
        person.expect_connection("Direct", "Relayed")
    seconds = time.monotonic() - began
    expected = "Direct" if natlab.can_be_direct(first, second) else "Relayed"
    selected = meeting.await_path(expected)
    meeting.laboratory.count()
    meeting.send_file()
    counted = [home.counted() for home in meeting.laboratory.homes]
    meeting.outcomes.append(
        Outcome(
            (first, second),
            expected,
            seen_in(selected),
            " ".join(pair["transport"] for pair in selected),
            *(counted[0][counter] for counter in ("peer_udp", "node_udp", "node_tcp")),
            seconds,
        )
    )
    assert seen_in(selected) == expected, selected
    for person in meeting.people:
        person.expect_connection(expected)
    # What the routers say does not depend on any browser's word.
    for home, pair, count in zip(meeting.laboratory.homes, selected, counted):
        by_node = count["node_udp"] + count["node_tcp"]
        assert count["peer_tcp"] == 0
        if expected == "Direct":
            assert count["peer_udp"] > FILE_BYTES and by_node < BESIDE, count
        else:
            assert by_node > FILE_BYTES and count["peer_udp"] < BESIDE, count
        if home.kind is Kind.UDP_BLOCKED:
            assert count["node_udp"] == 0 and pair["transport"] in ("tcp", "tls"), (count, pair)


@pytest.mark.parametrize("first, second", usual_and_long(natlab.RELAYED_PAIRS), ids=name)
def test_without_the_relay_these_pairs_do_not_meet(meeting, first, second):
    meeting.replug(first, second, without_relay=True)
    meeting.await_attempt()
    # Each has tried by then, and is told.
    for person in meeting.people:
        told = person.page.get_by_text("the relay cannot be reached over UDP, TCP or TLS")
        expect(told).to_be_visible(timeout=2 * PATIENCE_MILLISECONDS)
    for person in meeting.people:
        person.expect_connection("Mailbox")
        assert person.selected_pairs() == []


@pytest.mark.parametrize(
    "first, second", [(Kind.PORT_RESTRICTED, Kind.PORT_RESTRICTED), (Kind.ADDRESS_RESTRICTED, Kind.SYMMETRIC)], ids=name
)
def test_without_the_relay_the_others_meet_in_less_time(meeting, first, second):
    meeting.replug(first, second, without_relay=True)
    meeting.await_attempt()
    for person in meeting.people:
        person.expect_connection("Direct", timeout=PATIENCE_MILLISECONDS)
    assert seen_in(meeting.selected()) == "Direct"


def test_one_open_port_is_enough(meeting):
    """Behind firewalls that let nothing through but HTTPS."""
    for home in meeting.laboratory.homes:
        home.leave_open(443)
    try:
        meeting.replug(Kind.UDP_BLOCKED, Kind.UDP_BLOCKED)
        for person in meeting.people:
            person.expect_connection("Relayed")
        meeting.laboratory.count()
        meeting.send_file()
        assert [pair["transport"] for pair in meeting.selected()] == ["tls", "tls"]
        for home in meeting.laboratory.homes:
            count = home.counted()
            assert count["node_tcp"] > FILE_BYTES and count["node_udp"] == count["peer_udp"] == 0
    finally:
        for home in meeting.laboratory.homes:
            home.leave_open()


def test_a_call_and_a_file_outlive_the_nats_they_began_behind(meeting, tmp_path):
    """The routers forget what they let in, and nothing direct is possible any more: as when somebody walks out of the house."""
    meeting.replug(Kind.FULL_CONE, Kind.FULL_CONE)
    for person in meeting.people:
        person.expect_connection("Direct")
    first, second = (Caller(person) for person in meeting.people)
    connect(first, second, "Voice call")
    second.expect_more("energy")
    long = tmp_path / "long.bin"
    long.write_bytes(bytes(40 * FILE_BYTES))
    # The call stands before the button.
    meeting.ada.page.locator("input[type=file]").set_input_files(long)
    arriving = meeting.grace.file(long.name)
    meeting.grace.wait_for_part(arriving, 0.05)

    meeting.laboratory.become(Kind.SYMMETRIC, Kind.SYMMETRIC)
    assert meeting.grace.part(arriving) < 1, "the file was quicker than the routers"
    for side in (first, second):
        side.expect_more("energy", milliseconds=40_000)
    for person in meeting.people:
        person.expect_connection("Relayed")
    expect(arriving).to_contain_text("Received", timeout=90_000)
    for person in meeting.people:
        pairs = person.selected_pairs()
        assert len(pairs) == 2 and all("relay" in (pair["local"], pair["remote"]) for pair in pairs), pairs
    first.press("Hang up")
    second.expect_gone()
