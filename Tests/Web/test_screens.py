"""Each screen, legible for everybody: axe finds nothing, nothing is wider than the window, nothing goes uncaught."""

import contextlib
import re

import pytest
from playwright.sync_api import expect
from screens import LINK, SCREENS, complaints, open_conversation, screen


@pytest.mark.parametrize("variant", ("dark-desktop-fr", "light-phone-fr"))
@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_has_no_fault(browsers, base, name, variant):
    with screen(browsers["chromium"], base, name, variant) as (page, faults):
        assert faults + complaints(page) == []


@pytest.mark.parametrize("name", ("enrol", "locked", "conversation", "settings", "call-video", "call-check"))
def test_a_screen_has_no_fault_in_firefox(browsers, base, name):
    with screen(browsers["firefox"], base, name, "light-desktop-en") as (page, faults):
        assert faults + complaints(page) == []


@contextlib.contextmanager
def opened(browsers, base, address, width, height, **options):
    """A page of the scripted app in a window of that size, in English unless said otherwise."""
    context = browsers["chromium"].new_context(
        **{"viewport": {"width": width, "height": height}, "locale": "en-GB", "reduced_motion": "reduce", **options}
    )
    page = context.new_page()
    page.goto(base + address)
    yield page
    context.close()


@pytest.mark.parametrize("locale", ("en-GB", "fr-FR"))
@pytest.mark.parametrize("who", ("", "?operator"))
@pytest.mark.parametrize("width, height", ((1280, 800), (390, 844)))
def test_join_is_in_sight(browsers, base, width, height, who, locale):
    with opened(browsers, base, who + LINK, width, height, locale=locale) as page:
        join = page.get_by_role("button", name=re.compile("^(Join|Rejoindre)$"))
        page.get_by_text(re.compile("Ada|administ")).first.wait_for()
        box = join.bounding_box()
        assert box["y"] + box["height"] <= height


def test_an_error_goes_with_its_cause(browsers, base):
    with opened(browsers, base, LINK, 1280, 800) as page:
        page.get_by_role("button", name="Join").click()
        errors = page.locator(".field-error:visible")
        name, passphrase, repeat = (page.get_by_role("textbox", name="Display name"), page.get_by_label("Passphrase", exact=True),
                                    page.get_by_label("Repeat passphrase"))
        assert errors.all_text_contents() == ["Enter the name that others will see.", "Use at least 8 characters."]
        name.fill("Ada Lovelace")
        assert errors.all_text_contents() == ["Use at least 8 characters."]
        passphrase.fill("correct")
        assert errors.all_text_contents() == ["Use at least 8 characters."], "it is not mended yet"
        passphrase.fill("correct horse")
        assert errors.all_text_contents() == []
        repeat.fill("correct hors")
        page.get_by_role("button", name="Join").click()
        assert len(errors.all_text_contents()) == 1
        passphrase.fill("correct hors")
        assert errors.all_text_contents() == [], "either of the two may be mended"


def test_a_link_that_leads_nowhere_says_so_and_takes_another(browsers, base):
    with opened(browsers, base, LINK + "used", 1280, 800) as page:
        page.get_by_role("heading", name="This invitation cannot be used", level=1).wait_for()
        field = page.get_by_role("textbox", name="Paste your link")
        field.fill("rubbish")
        page.get_by_role("button", name="Continue").click()
        assert page.get_by_text("This is not an invitation link.").is_visible()
        field.fill(base.replace("http:", "https:"))
        assert field.get_attribute("aria-invalid") == "true"


# What is in a conversation's head must neither fold letter by letter nor lie over its neighbour.
HEAD = """() => {
    const faults = [];
    const head = document.querySelector(".conversation-head");
    const shown = [...head.querySelectorAll("button, h1, h2, .connection")].filter((one) => one.getClientRects().length > 0);
    const boxes = shown.map((one) => [one.getAttribute("aria-label") || one.textContent, one.getBoundingClientRect()]);
    for (const [name, box] of boxes) {
        if (box.left < 0 || box.right > innerWidth + 0.5) faults.push(`${name} is outside`);
        for (const [other, beside] of boxes) {
            if (name < other && Math.min(box.right, beside.right) - Math.max(box.left, beside.left) > 8
                && Math.min(box.bottom, beside.bottom) - Math.max(box.top, beside.top) > 8) faults.push(`${name} over ${other}`);
        }
    }
    const state = head.querySelector(".connection");
    const lines = state.getBoundingClientRect().height / parseFloat(getComputedStyle(state).lineHeight);
    if (Math.round(lines) > state.textContent.split(" ").length) faults.push("the state folds within a word");
    const title = head.querySelector(".conversation-title").getBoundingClientRect();
    if (title.width < 5 * parseFloat(getComputedStyle(document.documentElement).fontSize)) faults.push(`${title.width} px for the name`);
    return faults;
}"""


@pytest.mark.parametrize("locale", ("en-GB", "fr-FR"))
@pytest.mark.parametrize("width, height", ((1280, 800), (900, 700), (800, 600), (740, 360), (844, 390), (390, 844), (320, 256)))
def test_a_conversation_fits_any_window(browsers, base, width, height, locale):
    with opened(browsers, base, "?unlocked&operator", width, height, locale=locale) as page:
        assert page.locator(".conversation-nav").bounding_box()["height"] >= 100, "people are in sight"
        open_conversation(page)
        page.get_by_role("log").wait_for()
        assert page.evaluate(HEAD) == []
        assert page.get_by_role("log").bounding_box()["height"] >= 120, "messages are in sight"
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert complaints(page) == []


def test_a_conversation_fits_letters_twice_as_large(browsers, base):
    with opened(browsers, base, "?unlocked", 1280, 800) as page:
        page.add_style_tag(content="html { font-size: 200% }")
        open_conversation(page)
        assert page.evaluate(HEAD) == []


@pytest.mark.parametrize("width, height", ((1180, 800), (375, 740)))
def test_a_screen_has_one_main_heading_and_the_log_has_headings(browsers, base, width, height):
    with opened(browsers, base, "?unlocked", width, height) as page:
        first = page.get_by_role("heading", level=1)
        assert first.all_text_contents() == ["CryptPeer"]
        open_conversation(page)
        assert first.all_text_contents() == ["CryptPeer"]
        assert page.get_by_role("heading", name="Ada Lovelace", level=2).is_visible()
        assert page.get_by_role("log").get_by_role("heading", level=3).count() >= 1


def focused(page):
    return page.evaluate("[document.activeElement.localName, document.activeElement.getAttribute('aria-label') ?? '']")


def test_the_message_field_is_a_few_keys_away(browsers, base):
    with opened(browsers, base, "?unlocked", 1180, 800) as page:
        open_conversation(page)
        field = page.get_by_role("textbox", name="Message", exact=True)
        assert page.get_by_role("form", name="New message").get_by_role("textbox", name="Message", exact=True).count() == 1
        page.get_by_role("button", name="Verify").focus()
        presses = 0
        while not field.evaluate("field => field === document.activeElement"):
            page.keyboard.press("Tab")
            presses += 1
            assert presses <= 8, "as many messages as there are"
        page.evaluate("document.activeElement.blur()")
        skip = page.get_by_role("button", name="Skip to the message field")
        skip.focus()
        assert skip.bounding_box()["width"] > 50, "seen while it has the focus"
        page.keyboard.press("Enter")
        assert focused(page)[0] == "textarea"


def test_arrows_go_from_message_to_message(browsers, base):
    with opened(browsers, base, "?unlocked", 1180, 800) as page:
        open_conversation(page)
        articles = page.get_by_role("article")
        articles.last.focus()
        page.keyboard.press("ArrowUp")
        assert articles.nth(-2).evaluate("one => one === document.activeElement")
        page.keyboard.press("Home")
        assert articles.first.evaluate("one => one === document.activeElement")
        page.keyboard.press("Tab")
        name = focused(page)[1]
        assert name.startswith("Reveal message")
        page.keyboard.press("Enter")
        page.keyboard.press("ArrowDown")
        assert articles.nth(1).evaluate("one => one === document.activeElement")
        page.keyboard.press("End")
        assert articles.last.evaluate("one => one === document.activeElement")
        page.keyboard.press("Escape")
        assert focused(page)[0] == "textarea"


def test_every_mask_says_whose_message_it_hides_and_when(browsers, base):
    with opened(browsers, base, "?unlocked", 1180, 800) as page:
        open_conversation(page)
        masks = page.get_by_role("button", name="Reveal message")
        names = [mask.get_attribute("aria-label") for mask in masks.all()]
        assert len(names) > 3 and len(set(names)) == len(names)
        assert any(re.search(r"from .?Ada Lovelace.?, ", name) for name in names)
        assert any("you sent" in name for name in names)


FORCED = """() => {
    const one = (selector) => document.querySelector(selector);
    const border = (element, pseudo) => parseFloat(getComputedStyle(element, pseudo).borderTopWidth);
    const outline = (element) => getComputedStyle(element).outlineStyle !== "none" ? parseFloat(getComputedStyle(element).outlineWidth) : 0;
    const faults = [];
    for (const selector of [".message-own .bubble", ".message-theirs .bubble", ".avatar", ".tag", ".unread", ".mask-lines"]) {
        if (border(one(selector)) === 0) faults.push(`${selector} has no edge`);
    }
    if (border(one(".message-own .bubble")) === border(one(".message-theirs .bubble"))) faults.push("own and other bubbles look alike");
    const chosen = one(".conversations a[aria-current]");
    if (outline(chosen) + border(chosen) === 0) faults.push("the open conversation does not show");
    const canvas = getComputedStyle(document.body).backgroundColor;
    const dot = getComputedStyle(one(".connection-dot.connection-direct"));
    if (dot.backgroundColor === canvas) faults.push("the dot does not show");
    return faults;
}"""


def test_nothing_vanishes_in_forced_colours(browsers, base):
    with opened(browsers, base, "?unlocked", 1180, 800, forced_colors="active") as page:
        open_conversation(page)
        page.get_by_role("log").wait_for()
        assert page.evaluate(FORCED) == []


def test_a_file_does_not_say_two_things_at_once(browsers, base):
    with opened(browsers, base, "?unlocked", 1180, 800) as page:
        open_conversation(page, "Noor")
        own = page.locator(".message-own")
        sent = own.filter(has=page.locator(".file-complete"))
        sent.first.wait_for()
        for text in sent.all_text_contents():
            assert "Received" not in text and re.search("Read|Delivered", text)
        kept = page.get_by_role("article").filter(has=page.get_by_role("button", name="Remove readable copy"))
        assert "the copy is not protected" in kept.first.text_content()
        waiting = own.filter(has=page.locator(".file-waiting, .file-moving"))
        assert waiting.count() >= 2
        for text in waiting.all_text_contents():
            assert not re.search(r"\b(Sent|Delivered|Read)\b", text)


def test_one_fact_is_one_warning_in_the_conversation(browsers, base):
    with opened(browsers, base, "?unlocked&collision", 1180, 800) as page:
        page.locator(".toast").wait_for()
        open_conversation(page, "Grace")
        notices = page.locator(".conversation-notices .notice")
        assert notices.count() == 1 and "also uses the name" in notices.text_content()
        entry = page.get_by_role("navigation").get_by_role("link", name="Grace")
        assert re.search(r"Same name · .?[0-9a-f]{6}", entry.text_content()), "told apart by more than a colour"
        page.get_by_role("button", name="Verify").click()
        page.get_by_role("button", name="Mark as verified").click()
        page.keyboard.press("Escape")
        expect(notices).to_have_count(0)


def test_a_number_that_does_not_show_cannot_be_marked_as_verified(browsers, base):
    for query, marks in (("?unlocked&nonumber", 0), ("?unlocked", 1)):
        with opened(browsers, base, query, 1280, 800) as page:
            open_conversation(page, "Léa")
            page.get_by_role("button", name="Verify").click()
            dialog = page.get_by_role("dialog", name="Verify")
            expect(dialog.get_by_label("Safety number", exact=True)).to_have_count(marks)
            expect(dialog.get_by_role("button", name="Mark as verified")).to_have_count(marks)
            expect(dialog.get_by_text("Calculating")).to_have_count(1 - marks)


def test_what_happens_while_a_dialog_is_open_covers_nothing_of_it(browsers, base):
    with opened(browsers, base, "?unlocked&warn", 1180, 800) as page:
        page.locator(".toast").nth(1).wait_for()
        page.get_by_role("button", name="Invite", exact=True).click()
        toasts = page.locator("dialog .toasts")
        assert toasts.evaluate("one => one.scrollHeight <= one.clientHeight"), "cut"
        box, body = toasts.bounding_box(), page.locator("dialog .dialog-body").bounding_box()
        assert box["y"] + box["height"] <= body["y"] + 1


@pytest.mark.parametrize("width", (320, 375, 412, 1180))
def test_a_fingerprint_breaks_between_bytes(browsers, base, width):
    with opened(browsers, base, "?unlocked", width, 740) as page:
        page.get_by_role("button", name="Invite", exact=True).click()
        printed = page.locator(".fingerprint")
        printed.wait_for()
        assert re.fullmatch("([0-9A-F]{2}:){31}[0-9A-F]{2}", printed.text_content())
        torn = printed.evaluate("""one => {
            const walker = document.createTreeWalker(one, NodeFilter.SHOW_TEXT);
            const torn = [];
            while (walker.nextNode()) {
                for (const { index, 0: byte } of walker.currentNode.data.matchAll(/[0-9A-F]{2}:?/g)) {
                    const range = document.createRange();
                    range.setStart(walker.currentNode, index);
                    range.setEnd(walker.currentNode, index + byte.length);
                    if (range.getClientRects().length > 1) torn.push(byte);
                }
            }
            return torn;
        }""")
        assert torn == []


def test_controls_of_a_row_are_of_one_height(browsers, base):
    with opened(browsers, base, "?unlocked", 1180, 800) as page:
        page.get_by_role("button", name="Settings").click()
        save = page.get_by_role("button", name="Save name").bounding_box()
        field = page.locator(".form-inline .field-input").bounding_box()
        assert (save["y"], save["height"]) == (field["y"], field["height"])


def test_a_call_is_called_encrypted_once_it_is_answered(browsers, base):
    with screen(browsers["chromium"], base, "call-ringing", "light-desktop-en") as (page, _):
        assert page.locator(".call-state").is_visible() and not page.locator(".call-badge").is_visible()


def test_a_small_call_hides_neither_its_name_nor_the_newest_message(browsers, base):
    with screen(browsers["chromium"], base, "call-small", "light-desktop-en") as (page, _):
        newest = page.get_by_role("article").last.bounding_box()
        call = page.locator(".call")
        assert newest["y"] + newest["height"] <= call.bounding_box()["y"]
        call.get_by_role("button", name="Hang up").click()
        page.locator(".call-over").wait_for()
        assert page.locator(".call-title h2").bounding_box()["y"] >= call.bounding_box()["y"] + 4


def test_an_empty_app_offers_what_comes_first(browsers, base):
    with opened(browsers, base, "?unlocked&empty&operator", 1180, 800) as page:
        page.get_by_role("button", name="Send an invitation").click()
        assert page.get_by_role("dialog", name="Invite").is_visible()


def test_after_lock_nothing_is_left_in_the_page(browsers, base):
    page = browsers["chromium"].new_page()
    page.goto(f"{base}?unlocked")
    page.get_by_role("link", name="Ada Lovelace").click()
    box = page.get_by_role("textbox", name="Message", exact=True)
    box.fill("canary-sent")
    # Waiting for the text itself would leave it in the test's own part of the page.
    sent = page.get_by_role("article").count()
    box.press("Enter")
    page.get_by_role("article").nth(sent).wait_for()
    box.fill("canary-draft")
    planted = strings_in_memory(page)
    assert any("canary-sent" in text for text in planted) and any("canary-draft" in text for text in planted)

    page.get_by_role("button", name="Lock", exact=True).click()
    page.get_by_role("button", name="Unlock").wait_for()
    assert [text for text in strings_in_memory(page) if "canary" in text] == []
    page.close()


def strings_in_memory(page):
    import json

    client = page.context.new_cdp_session(page)
    chunks = []
    client.on("HeapProfiler.addHeapSnapshotChunk", lambda event: chunks.append(event["chunk"]))
    client.send("HeapProfiler.takeHeapSnapshot", {"reportProgress": False})
    client.detach()
    return json.loads("".join(chunks))["strings"]
