"""A person at a browser, using the app by the names that assistive technology sees."""

import base64
import pathlib
import re
import tempfile
import time
from collections.abc import Callable

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

STATES = ("Sending", "Sent", "Delivered", "Read", "Failed")
# scrypt at the product's cost, the key generation and the first round trips, on a busy machine.
ENROL_MILLISECONDS = 60_000
# A message's way, reconnecting with backoff included.
ARRIVE_MILLISECONDS = 30_000

# Where both browsers keep what they download.
DOWNLOADS = pathlib.Path(tempfile.mkdtemp(prefix="downloads-"))

PHONE = {"width": 360, "height": 740}

REMEMBER_CONNECTIONS = """
    // Without a screen, Chromium has no dialog to save with, and takes a while to say so: downloads are what can be tried here.
    delete window.showSaveFilePicker;
    window.peerConnections = [];
    window.RTCPeerConnection = class extends window.RTCPeerConnection {
        constructor(...configuration) {
            super(...configuration);
            window.peerConnections.push(this);
        }
    };
"""
# What a candidate is. One that a check made known before the peer's word came (peer-reflexive, RFC 8445 §7.3.1.3) stays that in
# Firefox; with the address and port of a relay that the peer told of, it is that relay.
SELECTED_PAIRS = """async () => {
    const addressOf = (ip, port) => `${ip.includes(":") ? new URL(`http://[${ip}]`).hostname : ip} ${port}`;
    const kindOf = (end, connection) => {
        if (end.candidateType !== "prflx" || !end.address) return end.candidateType;
        const told = (connection.remoteDescription?.sdp ?? "").split("\\r\\n").map((line) => line.split(" "))
            .filter(([name, , , , , , , kind]) => name.startsWith("a=candidate:") && kind === "relay");
        return told.some(([, , , , ip, port]) => addressOf(ip, port) === addressOf(end.address, end.port)) ? "relay" : "prflx";
    };
    const pairs = [];
    for (const connection of window.peerConnections) {
        if (connection.connectionState !== "connected") continue;
        const reports = await connection.getStats();
        for (const transport of reports.values()) {
            if (transport.type !== "transport") continue;
            const pair = reports.get(transport.selectedCandidatePairId);
            const local = reports.get(pair.localCandidateId);
            const remote = reports.get(pair.remoteCandidateId);
            pairs.push({
                local: kindOf(local, connection),
                remote: kindOf(remote, connection),
                calledByBrowser: remote.candidateType,
                transport: local.relayProtocol ?? local.protocol,
            });
        }
    }
    return pairs;
}"""

# All pairs of candidates that were tried, a line each, with the checks that were sent, answered and received.
TRIED_PAIRS = """async () => {
    const lines = [];
    for (const connection of window.peerConnections) {
        lines.push(`connection ${connection.connectionState}, ${connection.iceGatheringState}`);
        const reports = await connection.getStats();
        const end = (id) => { const found = reports.get(id); return found ? `${found.candidateType} ${found.address}:${found.port}` : "?"; };
        for (const transport of reports.values()) {
            if (transport.type === "transport") lines.push(`${transport.iceRole}, selected ${transport.selectedCandidatePairId}`);
        }
        for (const [id, pair] of reports) {
            if (pair.type !== "candidate-pair") continue;
            lines.push([id, end(pair.localCandidateId), end(pair.remoteCandidateId), pair.state, pair.nominated, pair.requestsSent,
                pair.responsesReceived, pair.requestsReceived, pair.bytesReceived].join(" "));
        }
    }
    return lines.join("\\n");
}"""


# What the browsers' own PDF viewers are made of: parts of the browser, on no network.
BROWSERS_OWN = ("chrome-extension://mhjfbmdgcfjbbpaeojofohoefgiehjai/", "chrome://resources/", "resource://pdf.js/")

STORED_NAMES = """async () => {
    const root = await navigator.storage.getDirectory();
    const names = [];
    for await (const folder of root.values()) {
        for await (const name of folder.keys()) names.push(name);
    }
    return names;
}"""
STORED_FILES = """async () => {
    const root = await navigator.storage.getDirectory();
    const found = {};
    const look = async (folder) => {
        for await (const handle of folder.values()) {
            if (handle.kind === "directory") {
                await look(handle);
                continue;
            }
            const file = await handle.getFile().catch(() => null);
            if (file === null) continue; // deleted meanwhile
            const bytes = new Uint8Array(await file.arrayBuffer());
            let text = "";
            for (let start = 0; start < bytes.length; start += 32768) {
                text += String.fromCharCode(...bytes.subarray(start, start + 32768));
            }
            found[handle.name] = btoa(text);
        }
    };
    await look(root);
    return found;
}"""


class Person:
    """One browser context, so one device: its storage outlives its pages."""

    def __init__(self, browser: Browser, name: str, passphrase: str = "correct horse battery", **context_options):
        context = browser.new_context(**{"ignore_https_errors": True, "locale": "en-GB", **context_options})
        self._arrive(context, browser.browser_type.name, name, passphrase)

    @classmethod
    def at(cls, context: BrowserContext, engine: str, name: str, passphrase: str = "correct horse battery") -> "Person":
        """At a browser that is theirs alone."""
        person = cls.__new__(cls)
        person._arrive(context, engine, name, passphrase)
        return person

    def _arrive(self, context: BrowserContext, engine: str, name: str, passphrase: str) -> None:
        self.name = name
        self.passphrase = passphrase
        self.engine = engine
        self.context = context
        # To read the browsers' own statistics: the app keeps its connections to itself.
        self.context.add_init_script(REMEMBER_CONNECTIONS)
        self.console: list[str] = []
        self.faults: list[str] = []
        self.requested: list[str] = []
        # What stood in the open conversation before the test that runs.
        self._articles_before = 0
        self._notices_before = 0
        self.invitations: list[str] = []
        self.page: Page = self.open_tab()

    # Tabs

    def open_tab(self) -> Page:
        page = self.context.new_page()
        page.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("request", lambda request: self.requested.append(request.url))
        self.page = page
        return page

    def kill_tab(self) -> None:
        """The tab is gone at once, without its unload handlers."""
        self.page.close(run_before_unload=False)

    def close(self) -> None:
        self.context.close()

    def requests_elsewhere(self, origin: str) -> list[str]:
        """What was requested from any other origin than the node's: promise 8 says nothing ever is."""
        own = (origin, origin.replace("https://", "wss://"), "blob:", "data:", "about:", *BROWSERS_OWN)
        return [url for url in self.requested if not url.startswith(own)]

    # Enrolling, locking

    def enrol(self, link: str) -> None:
        self.page.goto(link)
        self.page.get_by_role("textbox", name="Display name").fill(self.name)
        self.fill_passphrase(self.passphrase)
        self.page.get_by_role("button", name="Join").click()
        expect(self.conversations).to_be_visible(timeout=ENROL_MILLISECONDS)

    def fill_passphrase(self, passphrase: str) -> None:
        self.page.get_by_label("Passphrase", exact=True).fill(passphrase)
        repeat = self.page.get_by_label("Repeat passphrase", exact=True)
        if repeat.count():
            repeat.fill(passphrase)

    def lock(self) -> None:
        self.page.get_by_role("button", name="Lock", exact=True).click()
        expect(self.page.get_by_role("button", name="Unlock")).to_be_visible()

    def unlock(self, passphrase: str | None = None) -> None:
        self.page.get_by_label("Passphrase", exact=True).fill(passphrase or self.passphrase)
        self.page.get_by_role("button", name="Unlock").click()
        expect(self.conversations).to_be_visible(timeout=ENROL_MILLISECONDS)

    # Inviting

    def invite(self) -> str:
        """A new invitation's link, also where an open one is offered again. The dialog is closed again."""
        self.page.get_by_role("button", name="Invite", exact=True).click()
        dialog = self.page.get_by_role("dialog", name="Invite")
        link = dialog.get_by_role("textbox", name="Invitation link")
        expect(link).to_have_value(re.compile(r"^https://.+#.+"), timeout=ARRIVE_MILLISECONDS)
        expect(dialog.get_by_role("img", name="Invitation QR code")).to_be_visible()
        if (offered := link.input_value()) in self.invitations:
            dialog.get_by_role("button", name="Create a new link").click()
            expect(link).not_to_have_value(offered)
            expect(link).to_have_value(re.compile(r"^https://.+#.+"), timeout=ARRIVE_MILLISECONDS)
        value = link.input_value()
        self.invitations.append(value)
        self.page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        return value

    # Conversations

    @property
    def conversations(self) -> Locator:
        return self.page.get_by_role("navigation", name="Conversations")

    def open_conversation(self, other: str) -> None:
        self.conversations.get_by_role("link", name=other).click(timeout=ARRIVE_MILLISECONDS)
        expect(self.page.get_by_role("log", name="Messages")).to_be_visible()

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log", name="Messages")

    @property
    def articles(self) -> Locator:
        """The open conversation's, but for those from before the test."""
        return self.log.locator(f"xpath=(.//article)[position() > {self._articles_before}]")

    @property
    def notices(self) -> Locator:
        """What the log tells between the messages, of calls for example."""
        lines = "(.//p[contains(@class, 'log-notice')])"
        return self.log.locator(f"xpath={lines}[position() > {self._notices_before}]")

    def begin(self) -> None:
        """What stands in the open conversation now is not this test's."""
        self._articles_before = self._notices_before = 0
        self._articles_before, self._notices_before = self.articles.count(), self.notices.count()

    def send(self, text: str) -> Locator:
        """Sends a message in the open conversation; its article."""
        before = self.articles.count()
        self.page.get_by_role("textbox", name="Message", exact=True).fill(text)
        self.page.get_by_role("button", name="Send", exact=True).click()
        expect(self.articles).to_have_count(before + 1)
        return self.articles.nth(before)

    def expect_messages(self, count: int) -> None:
        expect(self.articles).to_have_count(count, timeout=ARRIVE_MILLISECONDS)

    def reveal(self, index: int = -1) -> str:
        """Shows one masked message; the text of its article."""
        article = self.articles.last if index == -1 else self.articles.nth(index)
        article.get_by_role("button", name="Reveal message").click()
        expect(article.get_by_role("button", name="Reveal message")).to_be_hidden()
        return article.inner_text()

    def expect_state(self, article: Locator, *states: str) -> None:
        """Waits until the message is in one of the states."""
        assert set(states) <= set(STATES)
        expect(article).to_contain_text(re.compile(rf"\b({'|'.join(states)})\b"), timeout=ARRIVE_MILLISECONDS)

    def expect_connection(self, *states: str, timeout: float = ARRIVE_MILLISECONDS) -> None:
        status = self.page.get_by_role("status", name="Connection")
        try:
            expect(status).to_have_text(re.compile(rf"\b({'|'.join(states)})\b"), timeout=timeout)
        except AssertionError as error:
            error.add_note(f"What {self.name}'s browser tried:\n{self.page.evaluate(TRIED_PAIRS)}")
            raise

    def selected_candidate_types(self) -> list[str]:
        """Of both ends of the candidate pairs that the live connections have selected."""
        types = [end for pair in self.selected_pairs() for end in (pair["local"], pair["remote"])]
        assert types, f"{self.name}'s browser has no live peer connection"
        return types

    def selected_pairs(self) -> list[dict]:
        """Of each live connection, the kinds of the two ends over which it sends just now, and by what transport."""
        return self.page.evaluate(SELECTED_PAIRS)

    def safety_number(self) -> str:
        """The open conversation's, without the spaces between its groups."""
        self.page.get_by_role("button", name="Verify").click()
        dialog = self.page.get_by_role("dialog", name="Verify")
        number = dialog.get_by_label("Safety number", exact=True)
        expect(number).to_have_text(re.compile(r"^[\d\s]+$"), timeout=ARRIVE_MILLISECONDS)
        digits = "".join(number.inner_text().split())
        expect(dialog.get_by_role("img", name="Safety number QR code")).to_be_visible()
        self.page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        return digits

    def set_reveal_seconds(self, seconds: int) -> None:
        self.page.get_by_role("button", name="Settings").click()
        dialog = self.page.get_by_role("dialog", name="Settings")
        dialog.get_by_label("A revealed message stays visible").select_option(str(seconds))
        self.page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()

    def download(self, start: Callable[[], None]) -> bytes:
        """The file that `start` makes the browser save."""
        if self.engine != "firefox":
            with self.page.expect_download() as download:
                start()
            return download.value.path().read_bytes()
        # Playwright does not notice a download of Firefox ESR that is no navigation; the file is there all the same.
        before = set(DOWNLOADS.iterdir())
        start()
        deadline = time.monotonic() + ARRIVE_MILLISECONDS / 1000
        while time.monotonic() < deadline:
            self.page.wait_for_timeout(200)
            # While it is written, there is a `.part` beside it.
            new = set(DOWNLOADS.iterdir()) - before
            if len(new) == 1 and all(path.suffix != ".part" and path.stat().st_size > 0 for path in new):
                return new.pop().read_bytes()
        raise AssertionError(f"{self.name}'s browser saved nothing")

    # Files

    def attach(self, path: pathlib.Path, timeout: float = ARRIVE_MILLISECONDS) -> Locator:
        """Attaches a file in the open conversation; its article."""
        before = self.articles.count()
        with self.page.expect_file_chooser() as chooser:
            self.page.get_by_role("button", name="Attach file").click()
        chooser.value.set_files(path)
        expect(self.articles).to_have_count(before + 1, timeout=timeout)
        return self.articles.nth(before)

    def attach_bytes(self, name: str, media_type: str, content: bytes) -> Locator:
        before = self.articles.count()
        file = {"name": name, "mimeType": media_type or "application/octet-stream", "buffer": content}
        self.page.locator("input[type=file]").set_input_files(file)
        expect(self.articles).to_have_count(before + 1)
        return self.articles.nth(before)

    def file(self, name: str, timeout: float = ARRIVE_MILLISECONDS) -> Locator:
        """The article of the file of that name."""
        article = self.articles.filter(has_text=name)
        expect(article).to_be_visible(timeout=timeout)
        return article

    def part(self, article: Locator) -> float:
        """How much of it is there, from 0 to 1: a file that does not move any more is there or is not."""
        bar = article.get_by_role("progressbar")
        if bar.count() == 0:
            return 1.0 if "Save readable copy" in article.inner_text() else 0.0
        return bar.first.evaluate("bar => bar.value / bar.max")

    def wait_for_part(self, article: Locator, part: float, timeout: float = 120_000) -> float:
        deadline = time.monotonic() + timeout / 1000
        while (there := self.part(article)) < part:
            assert time.monotonic() < deadline, f"{there:.2f} of it is there: {article.inner_text()}"
            self.page.wait_for_timeout(30)
        return there

    def save_copy(self, article: Locator, timeout: float = ARRIVE_MILLISECONDS) -> bytes:
        """What `Save readable copy` makes; it is recorded."""
        content = self.download(lambda: article.get_by_role("button", name="Save readable copy").click())
        expect(article.get_by_role("button", name="Remove readable copy")).to_be_visible(timeout=timeout)
        return content

    def view(self, article: Locator):
        """Opens the file; the frame that shows it."""
        article.get_by_role("button", name="View").click()
        element = self.page.get_by_role("dialog").locator("iframe")
        expect(element).to_be_visible(timeout=ARRIVE_MILLISECONDS)
        handle = element.element_handle()
        frame = handle.content_frame()
        # What is held from here would stay in the page's memory.
        handle.dispose()
        frame.wait_for_load_state()
        return frame

    def close_viewer(self) -> None:
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_role("button", name="Close").click()
        expect(dialog).to_be_hidden()

    def stored_files(self) -> dict[str, bytes]:
        """What the origin's private file system holds."""
        return {name: base64.b64decode(content) for name, content in self.page.evaluate(STORED_FILES).items()}

    def expect_nothing_stored(self) -> None:
        """Asks for names alone: reading would keep the browser from deleting."""
        deadline = time.monotonic() + ARRIVE_MILLISECONDS / 1000
        while stored := self.page.evaluate(STORED_NAMES):
            assert time.monotonic() < deadline, f"{self.name} still keeps {stored}"
            self.page.wait_for_timeout(200)

    # Evidence

    def leave_evidence(self, folder: pathlib.Path) -> None:
        """A picture and the console's lines, for a failed test."""
        folder.mkdir(parents=True, exist_ok=True)
        for number, page in enumerate(self.context.pages):
            page.screenshot(path=folder / f"{self.name}-{self.engine}-{number}.png", full_page=True)
        lines = [*self.console, *(f"uncaught: {fault}" for fault in self.faults)]
        (folder / f"{self.name}-{self.engine}.txt").write_text("\n".join(lines) + "\n")
