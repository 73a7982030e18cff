"""A browser without WebRTC: everything goes through the mailbox at once, and both sides are told what is missing."""

import re

from playwright.sync_api import expect

from person import ARRIVE_MILLISECONDS

WITHOUT_WEBRTC = "delete window.RTCPeerConnection; delete window.RTCRtpScriptTransform;"
# Where a channel may come about, a file waits ten seconds for it.
AT_ONCE = 9_000


def test_text_and_files_go_through_the_mailbox_and_calls_are_not_offered(node, people, engine):
    ada, grace = people("Ada"), people("Grace", engine)
    grace.context.add_init_script(WITHOUT_WEBRTC)
    ada.enrol(node.operator_invitation)
    grace.enrol(ada.invite())
    ada.open_conversation("Grace")
    grace.open_conversation("Ada")

    expect(grace.page.get_by_text("This browser makes no direct connections")).to_be_visible()
    told = ada.page.get_by_text(re.compile("Grace.*’s browser makes no direct connections"))
    expect(told).to_be_visible(timeout=ARRIVE_MILLISECONDS)
    for person, why in ((grace, "This browser can’t make calls"), (ada, "’s device can’t take calls")):
        person.expect_connection("Mailbox")
        for name in ("Voice call", "Video call"):
            button = person.page.get_by_role("button", name=name, exact=True)
            expect(button).to_be_disabled()
            expect(button).to_have_attribute("title", re.compile(why))

    for number, (sender, receiver) in enumerate(((ada, grace), (grace, ada))):
        article = sender.send(f"from {sender.name}")
        receiver.expect_messages(2 * number + 1)
        sender.expect_state(article, "Delivered")
        sender.attach_bytes(f"plan of {sender.name}.txt", "text/plain", b"north gate, 05:40\n" * 160)
        expect(receiver.file(f"plan of {sender.name}.txt").get_by_text("Received")).to_be_visible(timeout=AT_ONCE)
    for person in (ada, grace):
        person.expect_connection("Mailbox")
        assert person.faults == []
