"""The parts of the web app that need a browser and no node: its screens over a scripted session, its channels."""

import pathlib
import subprocess
import sys

import pytest
from playwright.sync_api import sync_playwright

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE / "demo"))

from programs import CHROMIUM, CHROMIUM_ARGUMENTS, FIREFOX, FIREFOX_PREFERENCES  # noqa: E402


def pytest_sessionstart(session):
    """Once, before the workers of the run, if it has any, begin."""
    if not hasattr(session.config, "workerinput"):
        subprocess.run([HERE / "demo/build.sh"], check=True)


@pytest.fixture(scope="session")
def base():
    from screens import served

    with served() as address:
        yield address


@pytest.fixture(scope="session")
def browsers():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        firefox = playwright.firefox.launch(
            channel="moz-firefox",
            executable_path=FIREFOX,
            firefox_user_prefs=FIREFOX_PREFERENCES,
        )
        yield {"chromium": chromium, "firefox": firefox}
        firefox.close()
        chromium.close()
