"""Ada and Grace, who have met, kept for the next test of the same file that needs no more than that.

Enrolling two people and waiting until they meet takes longer than most of what is tried with them. What a test leaves behind is
in the log alone, and `Person.articles` and `Person.notices` begin after it; a pair that is in any other way not as it was is not
used again.
"""

import pathlib
from typing import NamedTuple

from playwright.sync_api import Error, expect

from node import Node
from person import Person


class Couple(NamedTuple):
    node: Node
    ada: Person
    grace: Person

    @property
    def people(self) -> tuple[Person, Person]:
        return self.ada, self.grace

    def close(self) -> None:
        for person in self.people:
            person.close()
        self.node.stop()

    def is_as_before(self) -> bool:
        """Closes what a test may leave open; whether each is in the conversation again, with nothing in front of it."""
        try:
            for person in self.people:
                for page in person.context.pages:
                    if page is not person.page:
                        page.close()
                call = person.page.get_by_role("region", name="Call", exact=True)
                for name in ("Hang up", "Close"):
                    button = call.get_by_role("button", name=name, exact=True)
                    if button.count() > 0:
                        button.first.click(timeout=2_000)
            for person in self.people:
                expect(person.page.get_by_role("region", name="Call", exact=True)).to_have_count(0, timeout=5_000)
                expect(person.page.get_by_role("dialog")).to_have_count(0, timeout=2_000)
                expect(person.page.get_by_role("textbox", name="Message", exact=True)).to_have_value("", timeout=2_000)
                person.expect_connection("Direct", timeout=10_000)
        except (AssertionError, Error):
            return False
        return not any(person.faults for person in self.people)


class Couples:
    def __init__(self, browsers, folders):
        self._browsers = browsers
        self._folders = folders
        self._kept: dict[tuple[str, str], Couple] = {}

    def take(self, first: str, second: str) -> Couple:
        couple = self._kept.pop((first, second), None)
        # Left alone for long enough, the app has locked itself.
        if couple is not None and not couple.is_as_before():
            couple.close()
            couple = None
        couple = couple or self._make(first, second)
        for person in couple.people:
            person.begin()
        return couple

    def _make(self, first: str, second: str) -> Couple:
        node = Node(pathlib.Path(self._folders.mktemp("couple"))).start()
        ada, grace = Person(self._browsers[first], "Ada"), Person(self._browsers[second], "Grace")
        ada.enrol(node.operator_invitation)
        grace.enrol(ada.invite())
        ada.open_conversation("Grace")
        grace.open_conversation("Ada")
        for person in (ada, grace):
            person.expect_connection("Direct")
        return Couple(node, ada, grace)

    def give_back(self, couple: Couple) -> None:
        if couple.is_as_before():
            self._kept[couple.ada.engine, couple.grace.engine] = couple
        else:
            couple.close()

    def close(self) -> None:
        for couple in self._kept.values():
            couple.close()
