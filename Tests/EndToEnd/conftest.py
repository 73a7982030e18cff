"""The executable as it is delivered, the system's own Chromium and Firefox, and people who use them."""

import pathlib
import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright

import natlab
import network
from couples import Couple, Couples
from interceptor import Interceptor
from node import EXECUTABLE, ROOT, Node
from person import DOWNLOADS, Person
from programs import CHROMIUM, CHROMIUM_ARGUMENTS, FIREFOX, FIREFOX_PREFERENCES

ENGINES = ("chromium", "firefox")
EVIDENCE = ROOT / ".build-logs/end-to-end"


# Of a node whose CA is not installed: a service worker needs it.
ARGUMENTS = ["--ignore-certificate-errors", *CHROMIUM_ARGUMENTS]


def options(engine: str, *arguments: str, preferences: dict | None = None) -> dict:
    if engine == "chromium":
        return {"executable_path": CHROMIUM, "args": [*ARGUMENTS, *arguments]}
    return {
        "channel": "moz-firefox",
        "executable_path": FIREFOX,
        "firefox_user_prefs": {**FIREFOX_PREFERENCES, **(preferences or {})},
    }


def launch(
    playwright: Playwright, engine: str, *arguments: str, executable: str | None = None, preferences: dict | None = None
) -> Browser:
    chosen = options(engine, *arguments, preferences=preferences)
    if executable is not None:
        chosen["executable_path"] = executable
    return getattr(playwright, engine).launch(downloads_path=DOWNLOADS, **chosen)


def persistent(
    playwright: Playwright, engine: str, folder: pathlib.Path, *arguments: str, preferences: dict | None = None
) -> BrowserContext:
    """A browser of its own with a profile on disk, as people have them: a private window keeps its files in memory."""
    return getattr(playwright, engine).launch_persistent_context(
        folder, downloads_path=DOWNLOADS, ignore_https_errors=True, locale="en-GB", **options(engine, *arguments, preferences=preferences)
    )


class Browsers:
    """Each browser is started when a test first asks for it, and serves all tests."""

    def __init__(self, playwright: Playwright):
        self._playwright = playwright
        self._running: dict[str, Browser] = {}

    def __getitem__(self, engine: str) -> Browser:
        browser = self._running.get(engine)
        if browser is None or not browser.is_connected():
            browser = self._running[engine] = launch(self._playwright, engine)
        return browser

    def another(
        self, engine: str, *arguments: str, executable: str | None = None, preferences: dict | None = None
    ) -> Browser:
        """A browser of the caller's own, which closes it."""
        return launch(self._playwright, engine, *arguments, executable=executable, preferences=preferences)

    def close(self) -> None:
        for browser in self._running.values():
            browser.close()


@pytest.fixture(scope="session")
def own_network():
    if network.IS_POSSIBLE:
        network.leave_the_machines_own()


@pytest.fixture(scope="session")
def playwright_itself(own_network):
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browsers(playwright_itself):
    running = Browsers(playwright_itself)
    yield running
    running.close()


@pytest.fixture(scope="session", autouse=True)
def executable(own_network):
    assert EXECUTABLE.exists(), f"{EXECUTABLE} is missing: run `make build`"


@pytest.fixture
def node(tmp_path):
    """A started node of this test's own."""
    running = Node(tmp_path).start()
    yield running
    running.stop()


@pytest.fixture
def people(browsers, request):
    """`people("Ada", "firefox")`: a person at a fresh device. At the end, nobody has asked a third party for anything."""
    present: list[Person] = []

    def arrive(name: str, engine: str = "chromium", **options) -> Person:
        person = Person(browsers[engine], name, **options)
        present.append(person)
        return person

    yield arrive

    node = request.getfixturevalue("node") if "node" in request.fixturenames else None
    if getattr(request.node, "failed", False):
        folder = evidence_folder(request)
        for person in present:
            person.leave_evidence(folder)
        if node is not None:
            (folder / "node.txt").write_text(node.output())
    for person in present:
        person.close()
    if node is not None:
        for person in present:
            assert person.requests_elsewhere(node.url) == [], f"{person.name}'s browser asked a third party"


@pytest.fixture(scope="module")
def couples(browsers, tmp_path_factory):
    kept = Couples(browsers, tmp_path_factory)
    yield kept
    kept.close()


@pytest.fixture
def met(couples, request):
    """`met("chromium", "firefox")`: a node, and Ada and Grace, who look at their conversation; perhaps those of the test before."""
    taken: list[Couple] = []

    def meet(first: str = "chromium", second: str = "chromium") -> Couple:
        taken.append(couples.take(first, second))
        return taken[-1]

    yield meet
    is_failed = getattr(request.node, "failed", False)
    for couple in taken:
        if is_failed:
            for person in couple.people:
                person.leave_evidence(evidence_folder(request))
            (evidence_folder(request) / "node.txt").write_text(couple.node.output())
            couple.close()
        else:
            couples.give_back(couple)
        for person in couple.people:
            assert person.requests_elsewhere(couple.node.url) == [], f"{person.name}'s browser asked a third party"


@pytest.fixture
def two_hosts(browsers, tmp_path):
    """A node, and two people's browsers on hosts of their own."""
    if not network.IS_POSSIBLE:
        pytest.skip("only root can make a network")
    made = network.Network(2)
    node = Node(tmp_path, "--host", made.address, "--bubble")
    node.url = f"https://{made.address}:{node.port}"
    node.start()
    running = [
        browsers.another("chromium", executable=str(host.program(CHROMIUM, tmp_path))) for host in made.hosts
    ]
    people = [Person(browser, name) for browser, name in zip(running, ("Ada", "Grace"))]
    yield node, made.hosts, people
    for person in people:
        person.close()
    for browser in running:
        browser.close()
    node.stop()
    made.close()


@pytest.fixture
def liar(node, tmp_path):
    """A proxy in front of the node, honest until it is given a rule."""
    proxy = Interceptor(node.port, tmp_path).start()
    yield proxy
    proxy.stop()


@pytest.fixture
def victim(browsers, liar, node, request):
    """`victim("Grace")`: a person whose browser takes the proxy for the node."""
    browser = browsers.another("chromium", *liar.browser_arguments())
    present: list[Person] = []

    def arrive(name: str, **options) -> Person:
        present.append(Person(browser, name, **options))
        return present[-1]

    yield arrive
    if getattr(request.node, "failed", False):
        for person in present:
            person.leave_evidence(evidence_folder(request))
    for person in present:
        person.close()
    browser.close()
    for person in present:
        assert person.requests_elsewhere(node.url) == [], f"{person.name}'s browser asked a third party"


def evidence_folder(request):
    return EVIDENCE / re.sub(r"[^\w.-]+", "_", request.node.name)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if call.when == "call" and outcome.get_result().failed:
        item.failed = True


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes long, or tests the laboratory itself: `make test-long` runs it")
    config.addinivalue_line("markers", "long_in(engine): the same, in that browser; the other one shows it each time")


def pytest_generate_tests(metafunc):
    """A test that takes `engine` runs in each browser."""
    if "engine" in metafunc.fixturenames:
        long_in = {engine for mark in metafunc.definition.iter_markers("long_in") for engine in mark.args}
        metafunc.parametrize(
            "engine", [pytest.param(engine, marks=pytest.mark.long if engine in long_in else ()) for engine in ENGINES]
        )


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """A worker has ended: what it found is printed by this process."""
    outcomes = getattr(node, "workeroutput", {}).get(natlab.OUTCOMES_OF_WORKER)
    if outcomes is not None:
        heading, *lines = outcomes
        node.config.stash.setdefault(natlab.OUTCOMES, [heading]).extend(lines)


def pytest_terminal_summary(terminalreporter, config):
    if natlab.OUTCOMES in config.stash:
        terminalreporter.section("pairs of NATs")
        for line in config.stash[natlab.OUTCOMES]:
            terminalreporter.write_line(line)
