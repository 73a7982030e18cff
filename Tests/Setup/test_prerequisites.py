"""What is said before anything is installed, on systems that lack this or that: the programs that tell are played."""

import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "Setup/prerequisites.sh"
WASM = ("libc++-{}-dev-wasm32", "libc++abi-{}-dev-wasm32", "libclang-rt-{}-dev-wasm32")


class System:
    """A system with these versions of Swift and LLVM, on which nothing is installed yet."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.calls = folder / "calls"
        self.program("swift", "echo 'Swift version 6.3.1 (swift-6.3.1-RELEASE)'")
        self.program("dpkg-query", "exit 1")
        self.program("apt-get", f'echo "apt-get $*" >>{self.calls}')
        self.program("id", "echo 0")
        self.packages(llvm=(14,))

    def program(self, name: str, *lines: str) -> None:
        path = self.folder / name
        path.write_text("#!/bin/sh\n" + "\n".join(lines) + "\n")
        path.chmod(0o755)

    def packages(self, llvm: tuple[int, ...], lacks: tuple[str, ...] = (), snaps: tuple[str, ...] = ()) -> None:
        """What the system's repositories offer."""
        absent = "|".join((*lacks, "no-such-package"))
        versions = "|".join(name.format(version) for version in llvm for name in WASM) or "no-such-package"
        self.program(
            "apt-cache",
            f'case "$1 $2" in "show "{"|".join(snaps) or "-"}) echo "Depends: snapd"; exit ;; esac',
            f'case "$2" in {absent}) exit ;; {versions}) ;; lib*-dev-wasm32) exit ;; esac',
            'echo "  Candidate: 1.0"',
        )

    def run(self, purpose: str = "test", **environment: str) -> tuple[int, str]:
        done = subprocess.run(
            [SCRIPT, purpose],
            env={"PATH": f"{self.folder}:/usr/bin:/bin", **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.returncode, done.stdout + done.stderr

    def installed(self) -> list[str]:
        text = self.calls.read_text() if self.calls.exists() else ""
        return [word for line in re.findall(r"apt-get install (.*)", text) for word in line.split() if word[0] != "-"]


@pytest.fixture
def system(tmp_path):
    return System(tmp_path)


@pytest.mark.parametrize(
    "says, sentence",
    [
        ("echo 'python-swiftclient 4.1.0'", "is not the Swift compiler"),
        ("echo 'Swift version 6.2.4 (swift-6.2.4-RELEASE)'", "is Swift 6.2; this needs 6.3"),
        ("echo 'Swift version 7.0 (swift-7.0-RELEASE)'", "is Swift 7.0; this needs 6.3"),
        ("exit 1", "is not the Swift compiler"),
    ],
)
def test_another_swift_is_named_and_nothing_is_installed(system, says, sentence):
    system.program("swift", says)
    status, said = system.run()
    assert status == 1 and sentence in said and "swift.org/install" in said
    assert len(said.strip().splitlines()) == 1 and not system.calls.exists()


def test_without_swift_nothing_is_installed(system):
    (system.folder / "swift").unlink()
    status, said = system.run()
    assert status == 1 and "Swift is missing" in said and not system.calls.exists()


@pytest.mark.parametrize("there, taken", [((14,), 14), ((16, 19), 19)])
def test_the_newest_llvm_that_is_there_is_taken_and_all_is_said_before(system, there, taken):
    system.packages(llvm=there)
    status, said = system.run()
    assert status == 0, said
    for package in (*(name.format(taken) for name in WASM), "esbuild", "chromium", "firefox-esr"):
        assert package in said and package in system.installed()
    assert sum("wasm32" in package for package in system.installed()) == len(WASM)
    assert "coturn" not in system.installed()


def test_without_an_llvm_for_webassembly_that_is_said(system):
    system.packages(llvm=())
    status, said = system.run("run")
    assert status == 1 and "C++ library for WebAssembly" in said and system.installed() == []


def test_browsers_that_are_snaps_are_asked_for_by_name(system):
    system.packages(llvm=(18,), snaps=("chromium",), lacks=("firefox-esr",))
    status, said = system.run()
    assert status == 1 and "CRYPTPEER_CHROMIUM" in said and system.installed() == []
    status, said = system.run(CRYPTPEER_CHROMIUM="/bin/true")
    assert status == 1 and "CRYPTPEER_FIREFOX" in said and system.installed() == []
    status, said = system.run(CRYPTPEER_CHROMIUM="/bin/true", CRYPTPEER_FIREFOX="/bin/true")
    assert status == 0 and "chromium" not in system.installed()
    status, said = system.run(CRYPTPEER_CHROMIUM="/no/such/browser", CRYPTPEER_FIREFOX="/bin/true")
    assert status == 1 and "/no/such/browser" in said


def test_running_needs_no_browser(system):
    status, said = system.run("run")
    assert status == 0 and "chromium" not in said and "firefox" not in said
