#!/usr/bin/env python3
"""Photographs every screen of the scripted app, and lets axe look at each.

    photograph.py FOLDER [NAME-PART]       after build.sh; needs the end-to-end tests' .venv
"""

import functools
import http.server
import pathlib
import sys
import threading

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

ROOT = pathlib.Path(__file__).resolve().parents[3]
LINK = "#" + "A" * 87
DESKTOP = {"width": 1180, "height": 800}
PHONE = {"width": 375, "height": 740}


def click(name, exact=True):
    return lambda page: page.get_by_role("button", name=name, exact=exact).click()


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


SCREENS = {
    "welcome": ("", None),
    "enrol": (LINK, None),
    "enrol-operator": ("?operator" + LINK, fill_enrol),
    "enrol-used": (LINK + "used", None),
    "locked": ("?vault", None),
    "locked-wrong": ("?vault", wrong_passphrase),
    "elsewhere": ("?elsewhere", None),
    "broken": ("?fault=device", None),
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
    "settings": ("?unlocked&operator", lambda page: page.locator(".icon-settings").click()),
    "settings-passphrase": ("?unlocked", settings_passphrase),
    "recovery": ("?unlocked&operator", lambda page: page.locator(".banners button").click()),
}


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


def main(folder: pathlib.Path, part: str) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    server = http.server.ThreadingHTTPServer(("localhost", 0), functools.partial(Quiet, directory=ROOT / ".build-demo"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://localhost:{server.server_port}/"
    violations = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for scheme, size, locale in (
            ("light", DESKTOP, "en-GB"), ("dark", DESKTOP, "fr-FR"), ("light", PHONE, "fr-FR"), ("dark", PHONE, "en-GB"),
        ):
            for name, (address, act) in SCREENS.items():
                variant = f"{name}-{scheme}-{'phone' if size is PHONE else 'desktop'}"
                if part not in variant:
                    continue
                context = browser.new_context(viewport=size, color_scheme=scheme, locale=locale, has_touch=size is PHONE)
                page = context.new_page()
                page.on("pageerror", lambda error: print(f"{variant}: uncaught {error}"))
                page.goto(base + address)
                page.wait_for_timeout(250)
                if act is not None:
                    act(page)
                page.wait_for_timeout(300)
                page.screenshot(path=folder / f"{variant}.png")
                for violation in Axe().run(page).response["violations"]:
                    violations += 1
                    print(f"{variant}: {violation['id']}: {violation['help']}")
                    for node in violation["nodes"][:2]:
                        print(f"    {node['html'][:160]}\n    {node['failureSummary'][:300]}")
                overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                if overflow > 0:
                    print(f"{variant}: {overflow} px too wide")
                context.close()
        browser.close()
    print(f"{violations} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""))
