"""What the tests of a lying node share: how people meet, how a lie shows, and that honest traffic goes on after it."""

from playwright.sync_api import expect

from person import ARRIVE_MILLISECONDS, Person

_NO_CANDIDATES = """
    RTCPeerConnection.prototype.addIceCandidate = async () => {};
    const set = RTCPeerConnection.prototype.setRemoteDescription;
    RTCPeerConnection.prototype.setRemoteDescription = function (description) {
        return set.call(this, { type: description.type, sdp: description.sdp.replace(/^a=candidate:.*\\r\\n/gm, "") });
    };
"""


def keep_apart(*people: Person) -> None:
    """Their browsers cannot reach each other, so that everything passes by the node."""
    for person in people:
        person.context.add_init_script(_NO_CANDIDATES)


def expect_warning(person: Person, text: str) -> None:
    """The page says what happened: above the conversation's messages, or over everything."""
    warning = person.page.get_by_role("alert").filter(has_text=text)
    expect(warning.first).to_be_visible(timeout=ARRIVE_MILLISECONDS)


def expect_honest_exchange(first: Person, second: Person) -> None:
    """After the lies, both still write to each other."""
    for writer, reader in ((first, second), (second, first)):
        before = reader.articles.count()
        article = writer.send(f"honest words of {writer.name}")
        reader.expect_messages(before + 1)
        writer.expect_state(article, "Delivered")
        assert f"honest words of {writer.name}" in reader.reveal()
