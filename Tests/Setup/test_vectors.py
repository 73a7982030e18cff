"""`make vectors`, from repositories that this machine makes of the vectors it has."""

import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FETCH = ROOT / "Tests/Vectors/fetch.sh"
VECTORS = pathlib.Path(os.environ.get("CRYPTPEER_VECTORS", ROOT / "../shared/vectors")).resolve()
# As it is in the public ones.
PLACES = {"mls": "test-vectors/{}", "wycheproof": "testvectors_v1/{}", "hpke": "test-vectors.json"}

pytestmark = pytest.mark.skipif(not (VECTORS / "mls").is_dir(), reason="no official vectors to make repositories of")


def git(folder: pathlib.Path, *arguments: str) -> str:
    who = ("-c", "user.name=Nobody", "-c", "user.email=nobody@example.org")
    return subprocess.run(["git", "-C", folder, *who, *arguments], check=True, capture_output=True, text=True).stdout.strip()


def mirror(folder: pathlib.Path, change: str = "") -> pathlib.Path:
    """The three repositories; of the file that `change` names, one byte is another. The file that says where they are."""
    folder.mkdir()
    lines = []
    for name, place in PLACES.items():
        repository = folder / name
        for file in sorted((VECTORS / name).glob("*.json")):
            target = repository / place.format(file.name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
            if file.name == change:
                target.write_bytes(b" " + file.read_bytes())
        git(folder, "init", "-q", str(repository))
        git(repository, "config", "uploadpack.allowFilter", "true")
        git(repository, "config", "uploadpack.allowAnySHA1InWant", "true")
        git(repository, "add", "-A")
        git(repository, "commit", "-q", "-m", "vectors")
        inside, _, original = place.rpartition("/")
        name_there = "" if "{}" in original else original
        lines.append(f"{name} file://{repository} {git(repository, 'rev-parse', 'HEAD')} {inside or '.'} {name_there}")
    sources = folder / "sources"
    sources.write_text("\n".join(lines) + "\n")
    return sources


def fetch(sources: pathlib.Path, target: pathlib.Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [FETCH, target], env={**os.environ, "VECTORS_SOURCES": str(sources)}, capture_output=True, text=True, timeout=120
    )


def test_all_files_arrive_as_they_are(tmp_path):
    done = fetch(mirror(tmp_path / "there"), tmp_path / "here")
    assert done.returncode == 0, done.stderr
    for line in (ROOT / "Tests/Vectors/sha256sums").read_text().splitlines():
        file = line.split()[1]
        assert (tmp_path / "here" / file).read_bytes() == (VECTORS / file).read_bytes()


def test_a_file_that_is_another_is_refused_and_nothing_is_kept(tmp_path):
    done = fetch(mirror(tmp_path / "there", change="welcome.json"), tmp_path / "here")
    assert done.returncode == 1 and "mls/welcome.json" in done.stderr and "SHA-256" in done.stderr
    assert not (tmp_path / "here").exists()


def test_a_repository_that_cannot_be_reached_is_named(tmp_path):
    sources = mirror(tmp_path / "there")
    shutil.rmtree(tmp_path / "there/wycheproof")
    done = fetch(sources, tmp_path / "here")
    assert done.returncode == 1 and "there/wycheproof cannot be reached" in done.stderr
    assert not (tmp_path / "here").exists()
