"""Promise 3: nobody becomes a member, or takes a member's place, by what a node says.

The forgeries are as good as a node can make them (forger.py), and better: in some tests an invitation link has leaked to it.
"""

from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

import forger
import frames
from interceptor import pass_on
from lies import expect_honest_exchange, expect_warning, keep_apart
from node import Node
from person import ARRIVE_MILLISECONDS, Person

NOT_VERIFIED = "could not be verified against your organisation’s authority"


@dataclass(frozen=True)
class Strangers:
    """Members of another bubble: all about them is right, but that their authority is not ours."""

    published: bytes
    """A KeyPackage with its chain, as a node hands it out."""
    introduction: bytes
    """What one sent the other to begin their conversation: chain, Welcome and greeting."""


@pytest.fixture(scope="module")
def strangers(browsers, tmp_path_factory):
    node = Node(tmp_path_factory.mktemp("strangers")).start()
    mallory, ghost = Person(browsers["chromium"], "Mallory"), Person(browsers["chromium"], "Ghost")
    mallory.enrol(node.operator_invitation)
    link = mallory.invite()
    ((bundle,),) = node.await_rows("SELECT bundle FROM invitations")
    mailbox = forger.LeakedLink(link).inviter_mailbox(bundle, "Mallory")
    ((published,), *_) = node.await_rows("SELECT keyPackage FROM keyPackages")
    mallory.page.goto("about:blank")  # what comes for her stays at the node
    ghost.enrol(link)
    ((envelope,), *_) = node.await_rows("SELECT envelope FROM envelopes")
    content = forger.open_envelope(envelope, mailbox)
    if content[0] == forger.CONTENT_BLOB:
        content = forger.open_blob(content, [blob for (blob,) in node.query("SELECT bytes FROM blobs")])
    assert content[0] == forger.CONTENT_INTRODUCTION
    introduction, _ = frames.read_opaque(content[1:])
    yield Strangers(published, introduction)
    for person in (mallory, ghost):
        person.close()
    node.stop()


def published_by_members(node) -> list[bytes]:
    """Of those that were invited."""
    return [
        published
        for (published,) in node.await_rows(
            "SELECT keyPackage FROM keyPackages JOIN devices USING (device) WHERE invitation IS NOT NULL"
        )
    ]


def edited(key_package: bytes) -> bytes:
    """With another init key, for which the node would have the private half."""
    return key_package[:100] + bytes([key_package[100] ^ 1]) + key_package[101:]


# Members of long standing


COPY_STORAGE = """async ([from, to]) => {
    const done = (request) => new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
    const source = await done(indexedDB.open(from));
    const stores = [...source.objectStoreNames];
    await done(indexedDB.deleteDatabase(to));
    const opening = indexedDB.open(to, source.version);
    opening.onupgradeneeded = () => stores.forEach((name) => opening.result.createObjectStore(name));
    const target = await done(opening);
    for (const name of stores) {
        const reading = source.transaction(name).objectStore(name);
        const [keys, values] = await Promise.all([done(reading.getAllKeys()), done(reading.getAll())]);
        const writing = target.transaction(name, "readwrite");
        keys.forEach((key, index) => writing.objectStore(name).put(values[index], key));
        await new Promise((resolve) => { writing.oncomplete = resolve; });
    }
    source.close();
    target.close();
}"""


def copy_storage(person, node, source: str, target: str) -> None:
    """Between the app's storage and a copy of it, while no app is open."""
    person.page.goto(f"{node.url}/icon.svg")
    person.page.evaluate(COPY_STORAGE, [source, target])


def come_back(person, node) -> None:
    person.page.goto(node.url)
    person.unlock()


def test_a_swapped_key_package_is_refused(node, people, victim, liar, strangers):
    """Grace's storage goes back to an earlier state, so her device begins the conversation anew, with a KeyPackage of Ada's
    that it asks the node for."""
    ada, eve, grace = people("Ada"), people("Eve"), victim("Grace")
    keep_apart(ada, grace)
    ada.enrol(node.operator_invitation)
    links = ada.invite(), ada.invite()
    ada.page.goto("about:blank")
    grace.enrol(links[0])
    node.await_rows("SELECT envelope FROM envelopes")  # Grace has introduced herself, and Ada has not answered
    copy_storage(grace, node, "cryptpeer", "earlier")
    eve.enrol(links[1])

    come_back(grace, node)
    come_back(ada, node)
    ada.open_conversation("Grace")
    grace.open_conversation("Ada")
    ada.send("while the keys were young")
    grace.expect_messages(1)
    # Ada has renewed her keys, in her conversation with Eve too.
    node.await_rows("SELECT slots FROM (SELECT count(DISTINCT slot) AS slots FROM commits) WHERE slots = 2")
    article = ada.send("with the next keys")
    grace.expect_messages(2)
    ada.expect_state(article, "Delivered")
    copy_storage(grace, node, "earlier", "cryptpeer")

    (eves, *_) = published_by_members(node)
    for forge in (lambda real: eves, lambda real: strangers.published, edited):
        swapped: list[bytes] = []

        def swap(frame: bytes) -> list[bytes]:
            if frames.response_kind(frame) != frames.RESPONSE_KEY_PACKAGE:
                return [frame]
            real = frames.optional_answer(frame)
            assert real is not None and forge(real) != real
            swapped.append(real)
            return [frames.answer_instead(frame, forge(real))]

        liar.from_node = swap
        come_back(grace, node)
        grace.open_conversation("Ada")
        expect_warning(grace, "storage went back to an earlier state")
        expect_warning(grace, NOT_VERIFIED)
        assert len(swapped) == 1
        expect(anew(grace)).to_be_hidden()

    liar.from_node = pass_on
    come_back(grace, node)
    grace.open_conversation("Ada")
    expect(anew(grace)).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    expect_honest_exchange(grace, ada)
    assert grace.safety_number() == ada.safety_number()


def anew(person):
    return person.page.get_by_text("was renewed")


def test_a_ghost_s_introduction_is_refused(node, people, victim, liar, strangers):
    """The node knows Ada's mailbox from a leaked link, and puts into it the introduction of a ghost whose chain it has made
    itself: well-formed to the last byte, and certified by another authority."""
    ada, grace = victim("Ada"), people("Grace")
    keep_apart(ada, grace)
    ada.enrol(node.operator_invitation)
    link = ada.invite()
    ((bundle,),) = node.await_rows("SELECT bundle FROM invitations")
    mailbox = forger.LeakedLink(link).inviter_mailbox(bundle, "Ada")
    grace.enrol(link)
    ada.open_conversation("Grace")
    grace.open_conversation("Ada")
    expect_honest_exchange(ada, grace)

    content = bytes([forger.CONTENT_INTRODUCTION]) + frames.opaque(strangers.introduction)
    reference, blob = forger.seal_blob(content)
    asked: list[bytes] = []

    def notice(frame: bytes) -> list[bytes]:
        if frames.request_kind(frame) == frames.REQUEST_FETCH_BLOB and frame[6:38] == reference[1:33]:
            asked.append(frame[1:5])
        return [frame]

    def hand_out(frame: bytes) -> list[bytes]:
        if frames.response_kind(frame) is not None and frame[1:5] in asked:
            return [frame[:5] + bytes([frames.RESPONSE_BLOB]) + frames.opaque(blob)]
        return [frame]

    liar.from_client, liar.from_node = notice, hand_out
    ((number,),) = node.query("SELECT nextSequence FROM mailboxes WHERE mailbox = ?", mailbox.mailbox)
    envelope = forger.seal_envelope(reference, mailbox)
    liar.inject(frames.PushedEnvelope(mailbox.mailbox, number, envelope).frame())
    expect_warning(ada, NOT_VERIFIED)
    assert asked
    liar.from_client = liar.from_node = pass_on
    expect(ada.conversations.get_by_role("link")).to_have_count(1)
    expect_honest_exchange(ada, grace)


def test_a_second_person_on_a_leaked_link_is_refused(node, people):
    """The link has leaked, and the node lets it be redeemed twice: for the ghost it has a receipt, and a chain that ends at
    the authority. Ada's device took the first one, and takes no other."""
    ada, grace, ghost = people("Ada"), people("Grace"), people("Ghost")
    ada.enrol(node.operator_invitation)
    link = ada.invite()
    ((unused,),) = node.await_rows("SELECT bundle FROM invitations")
    grace.enrol(link)
    ada.open_conversation("Grace")
    grace.open_conversation("Ada")

    node.query("UPDATE invitations SET state = 0, bundle = ?, memberKeyHash = NULL, receipt = NULL", unused)
    ghost.enrol(link)
    expect_warning(ada, "A second person tried to join")
    expect(ada.conversations.get_by_role("link")).to_have_count(1)
    expect(ghost.page.get_by_text("has not confirmed you yet")).to_be_visible()
    ghost.open_conversation("Ada")
    ghost.send("let me in")
    expect_honest_exchange(ada, grace)
    ada.expect_messages(2)
    expect(ghost.articles.first).not_to_contain_text("Delivered")


# Newcomers


def test_another_invitation_s_bundle_is_refused(node, people, victim, liar):
    ada, eve = people("Ada"), victim("Eve")
    ada.enrol(node.operator_invitation)
    first, second = ada.invite(), ada.invite()
    bundles: list[bytes] = []

    def swap(frame: bytes) -> list[bytes]:
        if frames.response_kind(frame) != frames.RESPONSE_INVITATION_BUNDLE:
            return [frame]
        bundles.append(frame[6:])
        return [frame[:6] + bundles[0]]

    liar.from_node = swap
    eve.page.goto(first)
    expect(eve.page.get_by_role("button", name="Join")).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    grace = victim("Grace")
    grace.page.goto(second)
    expect(grace.page.get_by_text("is not what your inviter signed")).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    liar.from_node = pass_on
    grace.page.goto("about:blank")
    grace.enrol(second)


def test_a_bundle_with_a_swapped_key_package_is_refused(node, people, victim, liar, strangers):
    """The bundle is sealed under the link's secret; a node that knows the link can put another KeyPackage into it."""
    ada, eve, grace = people("Ada"), people("Eve"), victim("Grace")
    ada.enrol(node.operator_invitation)
    eve.enrol(ada.invite())
    link = ada.invite()
    leaked = forger.LeakedLink(link)
    ((bundle,),) = node.await_rows("SELECT bundle FROM invitations WHERE invitation = ?", leaked.id)
    (eves, *_) = published_by_members(node)
    real, _ = leaked.key_package(bundle, "Ada")
    forged = (forger.key_package_of(eves), forger.key_package_of(strangers.published), edited(real))
    for key_package in forged:
        handed_out: list[bytes] = []

        def swap(frame: bytes) -> list[bytes]:
            if frames.response_kind(frame) != frames.RESPONSE_INVITATION_BUNDLE:
                return [frame]
            handed_out.append(frame)
            return [frame[:6] + frames.opaque(leaked.with_key_package(bundle, "Ada", key_package))]

        liar.from_node = swap
        grace.page.goto("about:blank")
        grace.page.goto(link)
        expect(grace.page.get_by_text("is not what your inviter signed")).to_be_visible(timeout=ARRIVE_MILLISECONDS)
        assert handed_out
    liar.from_node = pass_on
    grace.page.goto("about:blank")
    grace.enrol(link)
    ada.open_conversation("Grace")
    grace.open_conversation("Ada")
    expect_honest_exchange(ada, grace)
