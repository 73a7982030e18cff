#!/usr/bin/env python3
"""How fast a file goes from browser to browser, beside a bare DataChannel between the same two pages, in one run.

    transfer.py [--size MIB] [--rounds N] [ENGINE ENGINE]

The bare channel sends messages of 64 KiB from memory to nowhere, as fast as `bufferedAmount` lets it. Ours reads sealed
chunks from disk, and the receiver decrypts each to check its tag, hashes it and writes it to disk before it acknowledges:
`transfer` is from the announcement to "Received". `whole` begins when the file is picked, so it includes reading,
encrypting and storing all of it at the sender first. Each figure is the median of the rounds, which take turns.
The bare channel is filled to 4 MiB, as is usual; `lean` is one that is filled no further than ours is, which is faster.
"""

import argparse
import os
import pathlib
import statistics
import sys
import tempfile

from playwright.sync_api import sync_playwright

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "Tests/EndToEnd"))

from conftest import persistent  # noqa: E402
from node import Node  # noqa: E402
from person import Person  # noqa: E402

TARGET = 0.9

BARE_END = """async () => {
    const connection = new RTCPeerConnection();
    const gathered = new Promise((resolve) => {
        connection.onicecandidate = ({ candidate }) => candidate === null && resolve();
    });
    const channel = connection.createDataChannel("bare", { negotiated: true, id: 7 });
    channel.binaryType = "arraybuffer";
    window.bare = { connection, channel, gathered };
}"""
DESCRIBE = """async (offer) => {
    const { connection, gathered } = window.bare;
    if (offer !== null) await connection.setRemoteDescription(offer);
    await connection.setLocalDescription();
    await gathered;
    return connection.localDescription.toJSON();
}"""
ACCEPT = "(answer) => window.bare.connection.setRemoteDescription(answer)"
RECEIVE = """(bytes) => {
    window.bare.done = new Promise((resolve) => {
        let received = 0;
        window.bare.channel.onmessage = ({ data }) => {
            received += data.byteLength;
            if (received >= bytes) resolve(performance.timeOrigin + performance.now());
        };
    });
}"""
SEND = """async ([bytes, high, low]) => {
    const { channel } = window.bare;
    if (channel.readyState !== "open") await new Promise((resolve) => (channel.onopen = resolve));
    const message = new Uint8Array(65536);
    crypto.getRandomValues(message);
    channel.bufferedAmountLowThreshold = low;
    const begun = performance.timeOrigin + performance.now();
    for (let sent = 0; sent < bytes; sent += message.length) {
        channel.send(message);
        if (channel.bufferedAmount >= high) await new Promise((resolve) => (channel.onbufferedamountlow = resolve));
    }
    return begun;
}"""
USUAL = (4 << 20, 1 << 20)
# As Web/files/channel.ts has it.
LEAN = (128 << 10, 64 << 10)
# When the words of the next article are first as wished, by the page's own clock.
WHEN = """(pattern) => {
    const next = document.querySelectorAll("article").length;
    window.when = new Promise((resolve) => {
        const wished = new RegExp(pattern);
        const look = () => {
            if (!wished.test(document.querySelectorAll("article")[next]?.textContent ?? "")) return;
            observer.disconnect();
            resolve(performance.timeOrigin + performance.now());
        };
        const observer = new MutationObserver(look);
        observer.observe(document.body, { childList: true, subtree: true, characterData: true });
    });
}"""


def bare(sender, receiver, size, filled) -> float:
    """Bytes a second. `filled`: how far the sender fills its channel, and how low it lets that get."""
    for page in (sender, receiver):
        page.evaluate(BARE_END)
    offer = sender.evaluate(DESCRIBE, None)
    sender.evaluate(ACCEPT, receiver.evaluate(DESCRIBE, offer))
    receiver.evaluate(RECEIVE, size)
    begun = sender.evaluate(SEND, [size, *filled])
    ended = receiver.evaluate("window.bare.done")
    for page in (sender, receiver):
        page.evaluate("window.bare.connection.close()")
    return size / (ended - begun) * 1000


def ours(sender, receiver, path: pathlib.Path) -> tuple[float, float]:
    """Bytes a second, from the announcement and from the pick."""
    size = path.stat().st_size
    sender.evaluate(WHEN, "Waiting|On its way|Save readable copy")
    receiver.evaluate(WHEN, "Received")
    sender.locator("input[type=file]").set_input_files(path)
    picked = sender.evaluate("performance.timeOrigin + performance.now()")
    announced = sender.evaluate("window.when")
    received = receiver.evaluate("window.when")
    return size / (received - announced) * 1000, size / (received - picked) * 1000


def main(arguments) -> int:
    size = arguments.size << 20
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        node = Node(folder).start()
        contexts = [persistent(playwright, engine, folder / name) for name, engine in zip("AG", arguments.engines)]
        ada = Person.at(contexts[0], arguments.engines[0], "Ada")
        grace = Person.at(contexts[1], arguments.engines[1], "Grace")
        ada.enrol(node.operator_invitation)
        grace.enrol(ada.invite())
        ada.open_conversation("Grace")
        grace.open_conversation("Ada")
        ada.expect_connection("Direct")
        for person in (ada, grace):
            person.page.set_default_timeout(600_000)
        bare_rates, lean_rates, transfer_rates, whole_rates = [], [], [], []
        for number in range(arguments.rounds):
            path = folder / f"round-{number}.bin"
            path.write_bytes(os.urandom(1 << 20) * arguments.size)
            bare_rates.append(bare(ada.page, grace.page, size, USUAL))
            lean_rates.append(bare(ada.page, grace.page, size, LEAN))
            transfer, whole = ours(ada.page, grace.page, path)
            transfer_rates.append(transfer)
            whole_rates.append(whole)
            path.unlink()
        for context in contexts:
            context.close()
        node.stop()
    middle = statistics.median(bare_rates)
    print(f"{' to '.join(arguments.engines)}, {arguments.size} MiB, median of {arguments.rounds}")
    print(f"bare DataChannel: {middle / 1e6:6.1f} MB/s")
    for name, rates in (("lean", lean_rates), ("transfer", transfer_rates), ("whole", whole_rates)):
        print(f"{name + ':':17} {statistics.median(rates) / 1e6:6.1f} MB/s, {statistics.median(rates) / middle:.2f} of it")
    return 0 if statistics.median(transfer_rates) >= TARGET * middle else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=256, help="MiB")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("engines", nargs="*", default=["chromium", "chromium"])
    sys.exit(main(parser.parse_args()))
