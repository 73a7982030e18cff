"""A call's media in real browsers: two ends in one page, frames through the real worker and its WebAssembly."""

import pytest

ENGINES = ("chromium", "firefox")
PLAN = {"encrypted": True, "wrongKey": False, "splice": False, "blocked": False, "codec": "", "seconds": 4, "restart": False}


def run(browsers, base, engine, **plan):
    context = browsers[engine].new_context()
    page = context.new_page()
    page.goto(f"{base}callmedia.html")
    outcome = page.evaluate("plan => runMedia(plan)", {**PLAN, **plan})
    context.close()
    return outcome


@pytest.mark.parametrize("engine", ENGINES)
def test_encrypted_frames_are_decoded_in_the_codec_that_both_prefer(browsers, base, engine):
    outcome = run(browsers, base, engine)
    assert outcome["states"] == {"caller": ["connected"], "callee": ["connected"]}
    assert outcome["codec"] == "VP9" and outcome["framesLater"] > outcome["frames"] > 0


# What each browser can encode; Debian's Firefox comes without H.264.
CODECS = [("chromium", "VP8"), ("chromium", "H264"), ("chromium", "AV1"), ("firefox", "VP8"), ("firefox", "AV1")]


@pytest.mark.parametrize("engine, codec", CODECS)
def test_every_codec_carries_encrypted_frames(browsers, base, engine, codec):
    outcome = run(browsers, base, engine, codec=codec, seconds=6)
    assert outcome["codec"] == codec and outcome["framesLater"] > outcome["frames"] > 0


@pytest.mark.parametrize("engine", ENGINES)
def test_under_another_key_nothing_is_decoded(browsers, base, engine):
    outcome = run(browsers, base, engine, wrongKey=True)
    assert outcome["framesLater"] == 0 and outcome["refused"] > 10


@pytest.mark.parametrize("engine", ENGINES)
def test_a_certificate_that_was_not_announced_ends_it_on_both_sides(browsers, base, engine):
    outcome = run(browsers, base, engine, splice=True)
    assert outcome["states"] == {"caller": ["fingerprintMismatch"], "callee": ["fingerprintMismatch"]}
    assert outcome["framesLater"] == 0


def test_a_path_that_is_not_found_is_no_wrong_certificate(browsers, base):
    """Chromium says so half a minute later, and of the handshake nothing."""
    outcome = run(browsers, base, "firefox", blocked=True, seconds=2)
    assert outcome["states"] == {"caller": [], "callee": []}


@pytest.mark.parametrize("engine", ENGINES)
def test_both_look_for_a_new_path_at_once_and_the_frames_go_on(browsers, base, engine):
    outcome = run(browsers, base, engine, restart=True)
    assert outcome["restarts"] == 1
    assert outcome["states"] == {"caller": ["connected"], "callee": ["connected"]}
    assert outcome["framesLater"] > outcome["frames"] > 0
