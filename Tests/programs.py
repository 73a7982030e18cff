"""The programs that tests start: Debian's browsers, unless the environment names others, and its coturn, which is not installed."""

import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[1]
CHROMIUM = os.environ.get("CRYPTPEER_CHROMIUM") or "/usr/bin/chromium"
FIREFOX = os.environ.get("CRYPTPEER_FIREFOX") or "/usr/bin/firefox-esr"


def coturn(name: str) -> str:
    program = ROOT / ".build-tools/bin" / name
    assert program.exists(), f"{program} is missing: run `make setup-test`"
    return str(program)
