"""The files' worker over a real private file system and real channels."""

import pytest

ENGINES = ("chromium", "firefox")


def run(browsers, base, engine, call):
    context = browsers[engine].new_context()
    page = context.new_page()
    page.goto(f"{base}files.html")
    log = page.evaluate(call)
    context.close()
    return log


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("size", (1, 65_520, 65_521, 9_000_000))
def test_a_file_is_sealed_received_resumed_after_the_worker_died_and_read_in_parts(browsers, base, engine, size):
    assert run(browsers, base, engine, f"roundTrip({size})") == [
        "ready 0",
        "asks ack 0",
        "durable true",
        "half true",
        "resumed true",
        "received",
        "same true",
        "gone true",
        "missing true storage",
        "kept true",
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_not_what_was_announced_is_refused(browsers, base, engine):
    assert run(browsers, base, engine, "refusals()") == [
        "out of order damaged",
        "short damaged",
        "kept 1",
        "changed damaged",
        "another hash damaged",
        "nothing kept 0",
        "too large full",
        "changed since it was picked unreadable",
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_blobs_from_the_node_are_appended_once_and_never_across_a_gap(browsers, base, engine):
    assert run(browsers, base, engine, "stored()") == [
        "stored 15",
        "stored 15",
        "stored 15",
        "stored 21",
        "received",
        "last true",
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_stored_is_sent_from_where_the_receiver_says_until_it_has_all(browsers, base, engine):
    assert run(browsers, base, engine, "sent()") == [
        "same true",
        "then closed",
        "broken",
        "stopped closed",
        "missing storage",
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_the_memory_of_chunks_is_given_back_at_once(browsers, base, engine):
    assert run(browsers, base, engine, "freed()") == ["freed 0"] * 3
