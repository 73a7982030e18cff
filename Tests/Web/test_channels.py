"""Two ends of one channel, in real browsers."""

import pytest

ENGINES = ("chromium", "firefox")


def run(browsers, base, engine, **plan):
    page = browsers[engine].new_page()
    page.goto(f"{base}channels.html")
    log = page.evaluate("plan => runChannels(plan)", {"messages": 1, "splice": False, **plan})
    page.close()
    return log


@pytest.mark.parametrize("engine", ENGINES)
def test_a_channel_carries_everything_in_order_past_the_browsers_buffer(browsers, base, engine):
    log = run(browsers, base, engine, messages=300)
    assert sorted(log) == ["initiator open direct", "responder closed", "responder open direct", "responder received all"]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_spliced_fingerprint_closes_the_channel_before_anything_is_sent(browsers, base, engine):
    log = run(browsers, base, engine, splice=True)
    assert "responder mismatch" in log and "responder closed" in log and "initiator closed" in log
    assert not any("open" in line or "received" in line for line in log)
