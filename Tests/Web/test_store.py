"""The worker's store over a real IndexedDB."""

import pytest
from programs import FIREFOX

ENGINES = ("chromium", "firefox")


def run(browsers, base, engine, name):
    context = browsers[engine].new_context()
    page = context.new_page()
    page.goto(f"{base}store.html")
    log = page.evaluate(f"{name}()")
    context.close()
    return log


@pytest.mark.parametrize("engine", ENGINES)
def test_a_worker_that_was_overtaken_can_write_nothing_any_more(browsers, base, engine):
    assert run(browsers, base, engine, "overtaken") == ["tenure lost", "header 1", "messages null", "state 2:4"]


@pytest.mark.parametrize("engine", ENGINES)
def test_the_device_segment_is_kept_under_a_key_that_cannot_leave_and_is_missed_when_gone(browsers, base, engine):
    assert run(browsers, base, engine, "segment") == ["32 bytes", "same true", "extractable false", "plain false", "missed"]


def test_files_that_are_half_here_make_room_for_a_profile_that_could_not_be_unlocked(browsers, base):
    firefox = browsers["firefox"].browser_type.launch(
        channel="moz-firefox",
        executable_path=FIREFOX,
        # In KiB, for all sites together; one gets a fifth.
        firefox_user_prefs={"dom.quotaManager.temporaryStorage.fixedLimit": 102_400},
    )
    log = run({"firefox": firefox}, base, "firefox", "full")
    firefox.close()
    assert log == ["half files true", "full true", "room", "record 1000", "left whole"]
