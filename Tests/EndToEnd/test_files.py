"""Files, straight from browser to browser: whole, resumed, through the node, shown, kept; and hostile ones."""

import hashlib
import os
import pathlib
import re
import threading
import time

import pytest
from playwright.sync_api import expect

import network
from conftest import persistent
from person import ARRIVE_MILLISECONDS, Person

ALL_PAIRS = [("chromium", "firefox"), ("firefox", "chromium"), ("chromium", "chromium"), ("firefox", "firefox")]
MIB = 1 << 20
TRANSFER_MILLISECONDS = 240_000


def make(folder: pathlib.Path, name: str, size: int) -> pathlib.Path:
    """A file of noise. Each block differs, so that a chunk out of place would show."""
    path = folder / name
    with open(path, "wb") as file:
        for _ in range(size // MIB):
            file.write(os.urandom(MIB))
        file.write(os.urandom(size % MIB))
    return path


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def meet(node, ada: Person, grace: Person) -> None:
    ada.enrol(node.operator_invitation)
    grace.enrol(ada.invite())
    ada.open_conversation("Grace")
    grace.open_conversation("Ada")
    ada.expect_connection("Direct")
    grace.expect_connection("Direct")


@pytest.fixture
def pair(node, people):
    ada, grace = people("Ada"), people("Grace")
    meet(node, ada, grace)
    return ada, grace


# Each engine sends and receives in the first two.
@pytest.mark.parametrize("first, second", [*ALL_PAIRS[:2], *(pytest.param(*pair, marks=pytest.mark.long) for pair in ALL_PAIRS[2:])])
def test_16_mebibytes_arrive_whole_and_nothing_of_them_passes_the_node(met, tmp_path, first, second):
    node, ada, grace = met(first, second)
    stored = node.metric("cryptpeer_envelopes_stored_total")
    path = make(tmp_path, "survey, 16 MiB.bin", 16 * MIB)
    sent = ada.attach(path)
    received = grace.file("survey, 16 MiB.bin")
    expect(received).to_contain_text("Received", timeout=TRANSFER_MILLISECONDS)
    expect(received).to_contain_text("17 MB")
    expect(sent).to_contain_text(re.compile("Delivered|Read"), timeout=ARRIVE_MILLISECONDS)
    assert digest(grace.save_copy(received)) == digest(path.read_bytes())
    assert node.metric("cryptpeer_envelopes_stored_total") == stored


def test_every_shape_of_last_chunk_arrives(met, tmp_path):
    _, ada, grace = met()
    for size in (0, 1, 65_519, 65_520, 65_521, 3 * 65_520):
        path = make(tmp_path, f"edge of {size}.bin", size)
        ada.attach(path)
        received = grace.file(path.name)
        expect(received).to_contain_text("Received", timeout=ARRIVE_MILLISECONDS)
        assert grace.save_copy(received) == path.read_bytes()


def test_several_at_once_arrive_each_as_it_was(met, tmp_path):
    _, ada, grace = met()
    paths = [make(tmp_path, f"part-{number}.bin", 2 * MIB + number) for number in range(4)]
    ada.page.locator("input[type=file]").set_input_files(paths)
    for path in paths:
        received = grace.file(path.name)
        expect(received).to_contain_text("Received", timeout=ARRIVE_MILLISECONDS)
        assert digest(grace.save_copy(received)) == digest(path.read_bytes())


def test_files_can_be_dropped_and_pasted(met):
    _, ada, grace = met()
    for event, property_, name in (("drop", "dataTransfer", "dropped.txt"), ("paste", "clipboardData", "pasted.txt")):
        ada.page.evaluate(
            """([type, property, name]) => {
                const transfer = new DataTransfer();
                transfer.items.add(new File(["brought in"], name, { type: "text/plain" }));
                const target = document.querySelector("textarea");
                const event = type === "drop"
                    ? new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true })
                    : new ClipboardEvent(type, { clipboardData: transfer, bubbles: true, cancelable: true });
                target.dispatchEvent(event);
            }""",
            [event, property_, name],
        )
        received = grace.file(name)
        expect(received).to_contain_text("Received", timeout=ARRIVE_MILLISECONDS)
        assert grace.save_copy(received) == b"brought in"


# Interrupted: the file must still be on its way then


# At 10 MB/s a third of a file is some seconds; without a network of its own it must be so much larger.
INTERRUPTED_BYTES = (40 if network.IS_POSSIBLE else 160) * MIB


@pytest.fixture
def slowly():
    with network.slow(80):
        yield


def test_a_transfer_resumes_after_the_receivers_tab_died_and_the_node_was_killed(slowly, node, pair, tmp_path):
    ada, grace = pair
    path = make(tmp_path, "long way.bin", INTERRUPTED_BYTES)
    sent = ada.attach(path)
    grace.wait_for_part(grace.file("long way.bin"), 0.25)
    grace.kill_tab()
    expect(sent).to_contain_text("Waiting", timeout=60_000)
    return_to(grace, node, "Ada")
    received = grace.file("long way.bin")
    before = grace.wait_for_part(received, 0.2)
    assert before < 0.9
    grace.wait_for_part(received, 0.5)
    node.kill()
    node.start()
    expect(received).to_contain_text("Received", timeout=TRANSFER_MILLISECONDS)
    assert digest(grace.save_copy(received)) == digest(path.read_bytes())
    expect(sent).to_contain_text(re.compile("Delivered|Read"), timeout=ARRIVE_MILLISECONDS)


def test_a_transfer_resumes_after_the_senders_tab_died(slowly, node, pair, tmp_path):
    ada, grace = pair
    path = make(tmp_path, "from the start.bin", INTERRUPTED_BYTES)
    ada.attach(path)
    received = grace.file("from the start.bin")
    grace.wait_for_part(received, 0.25)
    ada.kill_tab()
    # The picked file is not needed any more: what is sent is what was sealed.
    expected = digest(path.read_bytes())
    path.unlink()
    return_to(ada, node, "Grace")
    expect(received).to_contain_text("Received", timeout=TRANSFER_MILLISECONDS)
    assert digest(grace.save_copy(received)) == expected


def test_a_large_file_waits_visibly_for_who_is_away(node, pair, tmp_path):
    ada, grace = pair
    grace.kill_tab()
    ada.expect_connection("Mailbox")
    path = make(tmp_path, "later.bin", 5 * MIB)
    sent = ada.attach(path)
    expect(sent).to_contain_text("Waiting until ⁨Grace⁩ is online", timeout=ARRIVE_MILLISECONDS)
    return_to(grace, node, "Ada")
    received = grace.file("later.bin")
    expect(received).to_contain_text("Received", timeout=TRANSFER_MILLISECONDS)
    assert grace.save_copy(received) == path.read_bytes()


def test_a_small_file_reaches_who_is_away_through_the_node_sealed(node, pair, tmp_path):
    ada, grace = pair
    grace.kill_tab()
    ada.expect_connection("Mailbox")
    path = make(tmp_path, "small.bin", 300_000)
    sent = ada.attach(path)
    expect(sent).to_contain_text("Encrypted and stored on the server", timeout=60_000)
    ada.kill_tab()
    return_to(grace, node, "Ada")
    received = grace.file("small.bin")
    expect(received).to_contain_text("Received", timeout=60_000)
    assert grace.save_copy(received) == path.read_bytes()


def test_either_side_pauses_resumes_and_ends_a_transfer(slowly, pair, tmp_path):
    ada, grace = pair
    path = make(tmp_path, "stop and go.bin", INTERRUPTED_BYTES)
    sent = ada.attach(path)
    grace.file("stop and go.bin")
    # A file that is called off loses its name.
    received = grace.articles.first
    grace.wait_for_part(received, 0.05)
    grace.page.get_by_role("button", name="Pause", exact=True).click()
    expect(received).to_contain_text("Paused")
    expect(sent).to_contain_text("Paused by ⁨Grace⁩", timeout=ARRIVE_MILLISECONDS)
    time.sleep(1)  # what was under way has arrived
    part = grace.part(received)
    time.sleep(2)
    assert grace.part(received) == part
    received.get_by_role("button", name="Resume").click()
    grace.wait_for_part(received, part + 0.05)
    sent.get_by_role("button", name="Pause").click()
    expect(received).to_contain_text("Paused by ⁨Ada⁩", timeout=ARRIVE_MILLISECONDS)
    sent.get_by_role("button", name="Resume").click()
    grace.wait_for_part(received, part + 0.1)
    received.get_by_role("button", name="Decline").click()
    expect(received).to_contain_text("Cancelled")
    expect(sent).to_contain_text("Cancelled", timeout=ARRIVE_MILLISECONDS)
    for person in (ada, grace):
        person.expect_nothing_stored()

    path = make(tmp_path, "second thoughts.bin", INTERRUPTED_BYTES)
    sent = ada.attach(path)
    grace.file("second thoughts.bin")
    received = grace.articles.last
    grace.wait_for_part(received, 0.1)
    sent.get_by_role("button", name="Cancel").click()
    expect(received).to_contain_text("Cancelled", timeout=ARRIVE_MILLISECONDS)


def return_to(person: Person, node, other: str) -> None:
    person.open_tab().goto(node.url)
    person.unlock()
    person.open_conversation(other)


# At rest, shown, kept


def test_what_is_stored_is_noise_and_a_readable_copy_is_recorded_until_it_is_removed(pair, tmp_path):
    ada, grace = pair
    path = tmp_path / "roster.txt"
    path.write_text("Léa, 06:00, north gate\n" * 2_000)
    ada.attach(path)
    received = grace.file("roster.txt")
    expect(received).to_contain_text("Received", timeout=ARRIVE_MILLISECONDS)
    for person in (ada, grace):
        stored = person.stored_files()
        assert len(stored) == 1
        for name, content in stored.items():
            assert re.fullmatch("[0-9a-f]{32}", name) and b"north gate" not in content and len(content) > path.stat().st_size

    remove = received.get_by_role("button", name="Remove readable copy")
    expect(remove).to_be_hidden()
    assert grace.save_copy(received) == path.read_bytes()
    expect(remove).to_be_visible()
    remove.click()
    expect(remove).to_be_hidden()
    received.get_by_role("button", name="Delete from this device").click()
    received.get_by_role("button", name="Delete permanently").click()
    expect(received.get_by_role("button", name="View")).to_be_hidden(timeout=ARRIVE_MILLISECONDS)
    grace.expect_nothing_stored()


def test_a_copy_is_saved_each_time_and_by_a_service_worker_that_was_asleep(met, tmp_path):
    _, ada, grace = met()
    path = make(tmp_path, "again.bin", 200_000)
    ada.attach(path)
    received = grace.file("again.bin")
    expect(received).to_contain_text("Received", timeout=ARRIVE_MILLISECONDS)
    workers = grace.page.context.new_cdp_session(grace.page)
    workers.send("ServiceWorker.enable")
    for time_over in range(8):
        if time_over % 2 == 1:
            workers.send("ServiceWorker.stopAllWorkers")
        assert grace.save_copy(received) == path.read_bytes()
        received.get_by_role("button", name="Remove readable copy").click()


HOSTILE = {
    "page.html": b"<!doctype html><script>top.ran = 1; fetch('/healthz')</script><img src=x onerror='top.ran = 1'>",
    "drawing.svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='top.ran = 1'><script>top.ran = 1</script></svg>",
    "picture.png": b"<html><body onload='top.ran = 1'><script>top.ran = 1</script></body></html>",
    "both.gif": b"GIF89a/*\x01\x00\x01\x00*/=1;/*<script>top.ran = 1</script>*/top.ran=1;<html><script>top.ran = 1</script>",
    "sheet.xml": b"<?xml version='1.0'?><x:script xmlns:x='http://www.w3.org/1999/xhtml'>top.ran = 1</x:script>",
    "paper.pdf": b"%PDF-1.4\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.launchURL\\('https://evil.example'\\))>>>>endobj\n"
    b"trailer<</Root 1 0 R>>\n<script>top.ran = 1</script>",
    "..\\..\\x\u202egpj.exe": b"MZ\x90\x00 not for running",
}
DECLARED = {"page.html": "image/png", "picture.png": "image/png", "both.gif": "text/html", "sheet.xml": "application/xhtml+xml"}


def test_a_hostile_file_runs_nothing_wherever_it_is_opened(met, engine):
    node, ada, grace = met("chromium", engine)
    count = 0
    for name, content in HOSTILE.items():
        ada.attach_bytes(name, DECLARED.get(name, ""), content)
        count += 1
        grace.expect_messages(count)
        received = grace.articles.nth(count - 1)
        expect(received).to_contain_text("Received", timeout=ARRIVE_MILLISECONDS)
        shown = received.inner_text()
        assert "\u202e" not in shown and "\\" not in shown and "/" not in shown.split("\n")[0]
        received.get_by_role("button", name="View").click()
        dialog = grace.page.get_by_role("dialog")
        expect(dialog.locator("iframe, .viewer-message").first).to_be_visible()
        grace.page.wait_for_timeout(700)
        for frame in grace.page.frames:
            assert frame == grace.page.main_frame or not frame.url.startswith(node.url), "nothing of the node's own is opened"
        dialog.get_by_role("button", name="Close").click()
        expect(dialog).to_be_hidden()
        assert grace.page.evaluate("window.ran") is None, f"{name} has run"
        assert grace.save_copy(received) == content


def test_pictures_text_sound_moving_pictures_and_pdf_are_shown_without_leaving_memory(met, engine, tmp_path):
    _, ada, grace = met("chromium", engine)
    # The service worker streams sound and moving pictures; it takes the page over a moment after the first visit.
    grace.page.wait_for_function("navigator.serviceWorker.controller !== null")
    made = ada.page.evaluate(MAKE_MEDIA)
    received = {}
    for index, (name, media_type, content) in enumerate(made):
        ada.attach_bytes(name, media_type, bytes(content))
        grace.expect_messages(index + 1)
        received[name] = grace.articles.nth(index)
        expect(received[name]).to_contain_text("Received", timeout=ARRIVE_MILLISECONDS)

    frame = grace.view(received["dot.png"])
    assert frame.evaluate("document.querySelector('image').getBBox().width > 0")
    assert frame.evaluate("self.origin") == "null"
    grace.close_viewer()

    frame = grace.view(received["words.txt"])
    assert "plain words" in frame.evaluate("document.body.textContent")
    grace.close_viewer()

    for name, tag in (("film.webm", "video"), ("tone.webm", "audio")):
        grace.view(received[name])
        # The frame runs nothing, listeners included: the page looks into it.
        sought = grace.page.evaluate(SEEK, [tag, 1.5])
        assert abs(sought - 1.5) < 0.2
        grace.close_viewer()

    assert grace.faults == []
    if grace.page.evaluate("navigator.pdfViewerEnabled"):
        received["paper.pdf"].get_by_role("button", name="View").click()
        expect(grace.page.get_by_role("dialog").locator("iframe")).to_be_visible()
        grace.close_viewer()


SEEK = """async ([tag, time]) => {
    const wait = () => new Promise((resolve) => setTimeout(resolve, 50));
    const media = () => document.querySelector("dialog iframe").contentDocument?.querySelector(tag) ?? null;
    while (media() === null || media().readyState < 2) await wait();
    media().pause();
    media().currentTime = time;
    while (media().seeking) await wait();
    return media().currentTime;
}"""
MAKE_MEDIA = """async () => {
    const canvas = document.createElement("canvas");
    canvas.width = 160;
    canvas.height = 120;
    const context = canvas.getContext("2d");
    const bytes = async (blob) => [...new Uint8Array(await blob.arrayBuffer())];
    const audio = new AudioContext();
    const tone = audio.createOscillator();
    const destination = audio.createMediaStreamDestination();
    tone.connect(destination);
    tone.start();
    const record = async (stream, mimeType) => {
        const recorder = new MediaRecorder(stream, { mimeType });
        const parts = [];
        recorder.ondataavailable = ({ data }) => parts.push(data);
        recorder.start();
        for (let step = 0; step < 50; step += 1) {
            context.fillStyle = `hsl(${step * 7} 80% 50%)`;
            context.fillRect((step * 13) % 160, 0, 40, 120);
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
        recorder.stop();
        await new Promise((resolve) => (recorder.onstop = resolve));
        return bytes(new Blob(parts));
    };
    const film = canvas.captureStream(20);
    const png = await new Promise((resolve) => canvas.toBlob(resolve));
    const pdf = "%PDF-1.1\\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
        + "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\\ntrailer<</Root 1 0 R>>\\n%%EOF";
    return [
        ["dot.png", "image/png", await bytes(png)],
        ["words.txt", "text/plain", await bytes(new Blob(["plain words"]))],
        ["film.webm", "video/webm", await record(film, "video/webm;codecs=vp8")],
        ["tone.webm", "audio/webm", await record(destination.stream, "audio/webm;codecs=opus")],
        ["paper.pdf", "application/pdf", await bytes(new Blob([pdf]))],
    ];
}"""


# Voice


def test_a_voice_message_is_recorded_listened_to_sent_and_masked_like_text(node, people, engine):
    ada, grace = people("Ada", engine, permissions=["microphone"] if engine == "chromium" else []), people("Grace")
    meet(node, ada, grace)
    button = ada.page.get_by_role("button", name="Record voice message")
    button.dispatch_event("pointerdown", {"button": 0})
    expect(ada.page.get_by_role("button", name="Stop recording")).to_be_visible()
    ada.page.wait_for_timeout(2_500)
    ada.page.evaluate("window.dispatchEvent(new PointerEvent('pointerup'))")
    # Let go: listen to it first.
    expect(ada.page.get_by_role("button", name="Discard recording")).to_be_visible()
    ada.page.get_by_role("button", name="Play", exact=True).click()
    expect(ada.page.get_by_role("button", name="Pause playback")).to_be_visible()
    ada.page.get_by_role("button", name="Send voice message").click()

    grace.expect_messages(1)
    article = grace.articles.first
    expect(article).to_contain_text("Voice message", timeout=ARRIVE_MILLISECONDS)
    reveal = article.get_by_role("button", name="Reveal message")
    expect(reveal).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    assert not re.search(r"\d:\d\d\b(?!.*\d\d:\d\d)", reveal.inner_text()), "not even how long it is"
    reveal.click()
    play = article.get_by_role("button", name="Play", exact=True)
    play.click()
    expect(article.get_by_role("button", name="Pause playback")).to_be_visible()
    expect(play).to_be_visible(timeout=10_000)  # to its end

    # By keyboard: a click begins, a click ends, and it can be thrown away.
    button.focus()
    ada.page.keyboard.press("Enter")
    stop = ada.page.get_by_role("button", name="Stop recording")
    expect(stop).to_be_focused()
    ada.page.wait_for_timeout(800)
    ada.page.keyboard.press("Enter")
    ada.page.get_by_role("button", name="Discard recording").click()
    expect(button).to_be_visible()
    grace.expect_messages(1)


# More than memory may hold


# What is held may grow by far less than the file: a quarter of a gibibyte shows it.
@pytest.mark.parametrize("mebibytes", [256, pytest.param(1024, marks=pytest.mark.long)])
def test_much_arrives_through_a_dead_tab_and_a_dead_node_within_little_memory(node, playwright_itself, tmp_path, mebibytes):
    contexts = [persistent(playwright_itself, "chromium", tmp_path / name, "--js-flags=--expose-gc") for name in ("a", "g")]
    try:
        ada, grace = (Person.at(context, "chromium", name) for context, name in zip(contexts, ("Ada", "Grace")))
        meet(node, ada, grace)
        path = make(tmp_path, "everything.img", mebibytes * MIB)
        for person in (ada, grace):
            collect(person)
        memory = {person.name: Memory(tmp_path / folder) for person, folder in ((ada, "a"), (grace, "g"))}
        sent = ada.attach(path, timeout=TRANSFER_MILLISECONDS)
        received = grace.file("everything.img", timeout=TRANSFER_MILLISECONDS)
        grace.wait_for_part(received, 0.4, TRANSFER_MILLISECONDS)
        memory["Grace"].pause()  # what unlocking takes is not the file's
        grace.kill_tab()
        return_to(grace, node, "Ada")
        received = grace.file("everything.img")
        collect(grace)
        memory["Grace"].go_on()
        grace.wait_for_part(received, 0.7, TRANSFER_MILLISECONDS)
        node.kill()
        node.start()
        expect(received).to_contain_text("Received", timeout=2 * TRANSFER_MILLISECONDS)
        expect(sent).to_contain_text(re.compile("Delivered|Read"), timeout=ARRIVE_MILLISECONDS)
        for person in (ada, grace):
            collect(person)
        grace.page.wait_for_timeout(5_000)  # idle again
        grown = {name: one.stop() for name, one in memory.items()}
        print({name: f"{bytes_ / MIB:.0f} MiB" for name, bytes_ in grown.items()})
        assert digest(grace.save_copy(received, timeout=TRANSFER_MILLISECONDS)) == digest(path.read_bytes())
        assert grown["Grace"] <= 150 * MIB and grown["Ada"] <= 150 * MIB
    finally:
        for context in contexts:
            context.close()


def collect(person: Person) -> None:
    """Gives back what enrolling or unlocking took (scrypt alone 128 MiB): it is not the file's."""
    for place in (person.page, *person.page.workers):
        place.evaluate("gc()")


class Memory:
    """How far what a browser holds is from its idle level at most: the least that it held, before, meanwhile or after."""

    def __init__(self, profile: pathlib.Path):
        self._profile = str(profile).encode()
        self._samples: list[int] = []
        self._counts = threading.Event()
        self._counts.set()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def pause(self) -> None:
        self._counts.clear()

    def go_on(self) -> None:
        self._counts.set()

    def _sum(self) -> int:
        """PSS without file mappings: a disk cache that the kernel may drop is not memory that the browser holds."""
        processes = {}
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                processes[int(folder.name)] = (
                    int((folder / "stat").read_text().rpartition(")")[2].split()[1]),
                    (folder / "cmdline").read_bytes(),
                )
            except OSError:
                continue
        ours = {pid for pid, (_, command) in processes.items() if self._profile in command}
        while grown := {pid for pid, (parent, _) in processes.items() if parent in ours} - ours:
            ours |= grown
        total = 0
        for pid in ours:
            try:
                text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            except OSError:
                continue
            total += sum(1024 * int(number) for number in re.findall(r"^Pss_(?:Anon|Shmem): +(\d+)", text, re.M))
        return total

    def _sample(self) -> None:
        while not self._stopped.wait(0.5):
            if self._counts.is_set():
                self._samples.append(self._sum())

    def stop(self) -> int:
        self._stopped.set()
        self._thread.join()
        return max(self._samples) - min(self._samples)
