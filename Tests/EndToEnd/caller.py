"""What a person sees and does of calls."""

import re

import pytest
from playwright.sync_api import Page, expect

from person import ARRIVE_MILLISECONDS, Person

CONNECT_MILLISECONDS = 30_000
PAIRS = [("chromium", "chromium"), ("firefox", "firefox"), ("chromium", "firefox")]
# Where one of each shows what there is to see, two of a kind take `make test-long`.
MIXED_PAIRS = [pytest.param(*pair, marks=pytest.mark.long if pair[0] == pair[1] else ()) for pair in PAIRS]

# Of the call's peer connection, the one that has transceivers: what arrived and was decoded, from the browser's counters.
MEASURE = """async () => {
    const found = { state: "none", frames: 0, screenFrames: 0, energy: 0, screenEnergy: 0, packets: 0, codec: "", width: 0 };
    for (const connection of window.peerConnections) {
        if (connection.connectionState === "closed" || connection.getTransceivers().length === 0) continue;
        found.state = connection.connectionState;
        const statistics = await connection.getStats();
        for (const report of statistics.values()) {
            if (report.type !== "inbound-rtp") continue;
            found.packets += report.packetsReceived ?? 0;
            if (report.mid === "3") found.screenEnergy += report.totalAudioEnergy ?? 0;
            else if (report.kind === "audio") found.energy += report.totalAudioEnergy ?? 0;
            else if (report.mid === "2") found.screenFrames += report.framesDecoded ?? 0;
            else {
                found.frames += report.framesDecoded ?? 0;
                found.width = report.frameWidth ?? 0;
                found.codec = statistics.get(report.codecId)?.mimeType ?? "";
            }
        }
    }
    return found;
}"""


class Caller:
    def __init__(self, person: Person, page: Page | None = None):
        self.person = person
        self.page = page or person.page

    @property
    def region(self):
        return self.page.get_by_role("region", name="Call", exact=True)

    @property
    def incoming(self):
        return self.page.get_by_role("dialog", name="Incoming call")

    def call(self, kind: str = "Video call") -> None:
        """Rings the open conversation's other person, past the device check of the first call."""
        self.page.get_by_role("button", name=kind, exact=True).click()
        check = self.page.get_by_role("dialog", name=re.compile("^(Camera and microphone|Microphone)$"))
        expect(check.or_(self.region).first).to_be_visible(timeout=ARRIVE_MILLISECONDS)
        if check.is_visible():
            check.get_by_role("button", name=re.compile("^Call ")).click()
        expect(self.region).to_be_visible(timeout=ARRIVE_MILLISECONDS)

    def skip_check(self) -> None:
        """As somebody who has called before."""
        self.page.evaluate("localStorage.setItem('call-devices-checked', '1')")

    def answer(self) -> None:
        expect(self.incoming).to_be_visible(timeout=ARRIVE_MILLISECONDS)
        self.incoming.get_by_role("button", name="Answer", exact=True).click()

    def press(self, name: str) -> None:
        self.region.get_by_role("button", name=name, exact=True).click()

    def expect_connected(self) -> None:
        expect(self.region.get_by_text(re.compile(r"^\d+:\d\d$"))).to_be_visible(timeout=CONNECT_MILLISECONDS)

    def expect_over(self, text: str | re.Pattern) -> None:
        expect(self.region.get_by_text(text)).to_be_visible(timeout=90_000)

    def expect_gone(self) -> None:
        expect(self.region).to_be_hidden(timeout=ARRIVE_MILLISECONDS)

    def measure(self) -> dict:
        return self.page.evaluate(MEASURE)

    def expect_more(self, *counters: str, milliseconds: int = 20_000) -> None:
        """Each of the counters grows from now on."""
        before = self.measure()
        waited = 0
        while waited < milliseconds:
            self.page.wait_for_timeout(500)
            waited += 500
            now = self.measure()
            if all(now[name] > before[name] for name in counters):
                return
        raise AssertionError(f"{self.person.name} received no more of {counters}: {before}, then {now}")


def meet(node, people, first="chromium", second="chromium", **options) -> tuple[Caller, Caller]:
    """Two people, each with the conversation with the other one open."""
    ada, grace = people("Ada", first, **options), people("Grace", second, **options)
    introduce(node, ada, grace)
    return Caller(ada), Caller(grace)


def callers(couple) -> tuple[Caller, Caller]:
    ada, grace = couple.people
    return Caller(ada), Caller(grace)


def introduce(node, ada: Person, grace: Person) -> None:
    ada.enrol(node.operator_invitation)
    grace.enrol(ada.invite())
    ada.open_conversation("Grace")
    grace.open_conversation("Ada")
    ada.expect_connection("Direct", "Relayed")


def connect(ada: Caller, grace: Caller, kind: str = "Video call") -> None:
    ada.call(kind)
    grace.answer()
    ada.expect_connected()
    grace.expect_connected()
