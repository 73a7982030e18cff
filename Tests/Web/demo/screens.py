#!/usr/bin/env python3
"""Every screen of the scripted app: how to get there, and what axe and the window's width say about it.

    screens.py FOLDER [NAME-PART]       photographs them, after build.sh; needs the end-to-end tests' .venv
"""

import contextlib
import functools
import http.server
import pathlib
import re
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parents[2]))

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from programs import CHROMIUM, CHROMIUM_ARGUMENTS  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[3]
LINK = "#" + "A" * 87
DESKTOP = {"width": 1180, "height": 800}
PHONE = {"width": 375, "height": 740}


def open_conversation(page, name="Ada Lovelace"):
    page.get_by_role("navigation").get_by_role("link", name=name).click()
    page.wait_for_timeout(150)


def conversation_then(*steps):
    def run(page):
        open_conversation(page)
        for step in steps:
            step(page)
    return run


def wrong_passphrase(page):
    page.locator("input[type=password]").fill("wrong")
    page.keyboard.press("Enter")
    page.wait_for_timeout(700)


def fill_enrol(page):
    page.locator("input[autocomplete=name]").fill("Camille")
    page.locator("input[type=password]").first.fill("correct horse")
    page.locator("input[type=password]").nth(1).fill("correct hors")
    page.keyboard.press("Enter")


def reveal(page):
    page.locator(".mask").first.click()
    page.wait_for_timeout(200)


def long_text(page):
    page.locator("textarea").fill("é" * 33000)


def settings_passphrase(page):
    page.locator(".icon-settings").click()
    page.locator("summary").click()


def show_path(page):
    page.locator("button.path").click()
    page.locator(".details-rows").first.wait_for()


def path(page):
    open_conversation(page)
    show_path(page)


def files_top(page):
    open_conversation(page, "Noor")
    page.wait_for_timeout(900)
    page.locator(".log").evaluate("log => { log.scrollTop = 0; }")


def files_end(page):
    open_conversation(page, "Noor")
    page.wait_for_timeout(500)


def files_voice(page):
    open_conversation(page, "Noor")
    page.locator(".mask").click()


def files_delete(page):
    files_top(page)
    page.locator(".icon-trash").first.click()


def files_view(page):
    files_top(page)
    page.locator("button:has(.icon-eye)").first.click()
    page.wait_for_timeout(400)


def files_refused(page):
    open_conversation(page, "Noor")
    page.evaluate("""() => {
        const file = (size, name) => Object.defineProperty(new File([], name), "size", { value: size });
        const transfer = new DataTransfer();
        const box = document.querySelector("textarea");
        const event = new ClipboardEvent("paste", { clipboardData: transfer, cancelable: true });
        Object.defineProperty(event, "clipboardData", { value: {
            files: [file(11 * 2 ** 30, "disk image.iso"), file(6e9, "film.mkv")] } });
        box.dispatchEvent(event);
    }""")
    page.wait_for_timeout(300)


def recording(page):
    open_conversation(page)
    page.locator("button:has(.icon-microphone)").click()
    page.locator(".recorder-dot").wait_for()
    page.wait_for_timeout(1500)


def recorded(page):
    recording(page)
    page.locator("button:has(.icon-stop)").click()
    page.locator(".wave-track").wait_for()


def microphone_refused(page):
    page.evaluate("() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new Error()); }")
    open_conversation(page)
    page.locator("button:has(.icon-microphone)").click()


def outdated(page):
    """The part for calls is gone, and somebody calls."""
    page.route(re.compile(r"/part-\w+\.js$"), lambda route: route.fulfill(status=404))
    open_conversation(page)
    page.locator(".conversation-head .icon-phone").click()
    page.locator(".lock-warning .notice").wait_for()


def call(*steps, kind="phone", name="Ada Lovelace"):
    """A call from the conversation's head, the check behind it."""

    def run(page):
        page.evaluate("localStorage.setItem('call-devices-checked', '1')")
        open_conversation(page, name)
        page.locator(f".conversation-head .icon-{kind}").click()
        page.locator(".call").wait_for()
        page.wait_for_timeout(2500)
        for step in steps:
            step(page)
    return run


def press(key):
    def step(page):
        page.keyboard.press(key)
        page.wait_for_timeout(1400)
    return step


def check(page):
    open_conversation(page, "Léa Moreau")
    page.locator(".conversation-head .icon-camera").click()
    page.locator("dialog .level").wait_for()
    page.wait_for_timeout(1200)


SCREENS = {
    "welcome": ("", None),
    "enrol": (LINK, None),
    "enrol-operator": ("?operator" + LINK, fill_enrol),
    "enrol-used": (LINK + "used", None),
    "locked": ("?vault", None),
    "locked-wrong": ("?vault", wrong_passphrase),
    "elsewhere": ("?elsewhere", None),
    "elsewhere-gone": ("?elsewhere=gone", lambda page: page.wait_for_timeout(200)),
    "broken": ("?fault=device", None),
    "blocked": ("?fault=blocked", None),
    "removed": ("?unlocked&gone=removed", lambda page: page.locator("textarea.kept").wait_for()),
    "outdated": ("?unlocked", outdated),
    "main": ("?unlocked", None),
    "main-empty-operator": ("?unlocked&empty&operator", None),
    "unreachable": ("?unlocked&unreachable", lambda page: page.wait_for_timeout(4600)),
    "conversation": ("?unlocked", open_conversation),
    "conversation-arabic": ("?unlocked", lambda page: open_conversation(page, "خالد المنصور")),
    "conversation-long-name": ("?unlocked&warn", lambda page: open_conversation(page, "Cellule")),
    "conversation-new": ("?unlocked", lambda page: open_conversation(page, "Grace")),
    "unread": ("?unlocked", lambda page: open_conversation(page, "Léa")),
    "revealed": ("?unlocked", conversation_then(reveal, long_text)),
    "warning": ("?unlocked&warn", open_conversation),
    "invite": ("?unlocked", lambda page: page.locator(".sidebar-foot button").click()),
    "verify": ("?unlocked", conversation_then(lambda page: page.locator("button.verify").click())),
    "details": ("?unlocked", conversation_then(lambda page: page.locator("button:has(.icon-person)").click())),
    "path": ("?unlocked", path),
    "path-none": ("?unlocked&nopath", lambda page: open_conversation(page, "Léa")),
    "files": ("?unlocked", files_top),
    "files-more": ("?unlocked", files_end),
    "files-voice": ("?unlocked", files_voice),
    "files-delete": ("?unlocked", files_delete),
    "viewer-text": ("?unlocked", files_view),
    "files-refused": ("?unlocked", files_refused),
    "recording": ("?unlocked", recording),
    "recorded": ("?unlocked", recorded),
    "microphone-refused": ("?unlocked", microphone_refused),
    "settings": ("?unlocked&operator", lambda page: page.locator(".icon-settings").click()),
    "settings-passphrase": ("?unlocked", settings_passphrase),
    "call-check": ("?unlocked", check),
    "call-incoming": ("?unlocked&ring", lambda page: page.locator("dialog.incoming").wait_for()),
    "call-incoming-plain": ("?unlocked&ring=voice&plain", lambda page: page.locator("dialog.incoming").wait_for()),
    "call-ringing": ("?unlocked&ringing", call()),
    "call-voice": ("?unlocked&peer=voice", call()),
    "call-video": ("?unlocked", call(kind="camera")),
    "call-glare": ("?unlocked&glare", call(lambda page: page.locator(".call-state", has_text="3:").wait_for(), kind="camera")),
    "call-grid": ("?unlocked", call(press("g"), kind="camera")),
    "call-screen": ("?unlocked&screen", call(kind="camera")),
    "call-lost-plain": ("?unlocked&plain&lost", call(kind="camera")),
    "call-details": ("?unlocked", call(press("d"), kind="camera")),
    "call-devices": ("?unlocked", call(press("c"), kind="camera")),
    "call-keys": ("?unlocked&peer=voice", call(press("k"))),
    "call-path": ("?unlocked", call(press("Escape"), show_path, kind="camera")),
    "call-small": ("?unlocked", call(press("Escape"), kind="camera")),
    "call-declined": ("?unlocked&reason=declined", call()),
    "call-mismatch": ("?unlocked&reason=fingerprintMismatch", call()),
    "call-elsewhere": ("?elsewhere&ringing=Ada", lambda page: page.locator("dialog.incoming").wait_for()),
    "recovery": ("?unlocked&operator", lambda page: page.locator(".banners button").click()),
}


VARIANTS = {
    "light-desktop-en": {"color_scheme": "light", "viewport": DESKTOP, "locale": "en-GB"},
    "dark-desktop-fr": {"color_scheme": "dark", "viewport": DESKTOP, "locale": "fr-FR"},
    "light-phone-fr": {"color_scheme": "light", "viewport": PHONE, "locale": "fr-FR", "has_touch": True},
    "dark-phone-en": {"color_scheme": "dark", "viewport": PHONE, "locale": "en-GB", "has_touch": True},
}


class QuietServer(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@contextlib.contextmanager
def served():
    """The scripted app's address. The loopback counts as a secure origin."""
    handler = functools.partial(QuietServer, directory=ROOT / ".build-demo")
    with http.server.ThreadingHTTPServer(("localhost", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()


@contextlib.contextmanager
def screen(browser, base, name, variant):
    """The page at that screen, and the list of what went uncaught in it."""
    address, act = SCREENS[name]
    context = browser.new_context(**VARIANTS[variant])
    page = context.new_page()
    faults = []
    page.on("pageerror", lambda error: faults.append(f"uncaught: {error}"))
    page.goto(base + address)
    page.wait_for_timeout(250)
    if act is not None:
        act(page)
    page.wait_for_timeout(300)
    yield page, faults
    context.close()


def complaints(page):
    """What axe finds, and whether the page is wider than its window."""
    found = [
        f"{violation['id']}: {violation['help']}: {node['html'][:160]}"
        for violation in Axe().run(page).response["violations"]
        for node in violation["nodes"]
    ]
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return found + ([f"{overflow} px too wide"] if overflow > 0 else [])


def photograph(folder: pathlib.Path, part: str) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    with sync_playwright() as playwright, served() as base:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        for variant in VARIANTS:
            for name in SCREENS:
                if part not in f"{name}-{variant}":
                    continue
                with screen(browser, base, name, variant) as (page, faults):
                    page.screenshot(path=folder / f"{name}-{variant}.png")
                    for complaint in faults + complaints(page):
                        count += 1
                        print(f"{name}-{variant}: {complaint}")
    print(f"{count} complaints")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(photograph(pathlib.Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""))
