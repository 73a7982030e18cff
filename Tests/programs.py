"""The programs that tests start, and how: Debian's browsers, unless the environment names others, and its coturn, which is not
installed."""

import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[1]
CHROMIUM = os.environ.get("CRYPTPEER_CHROMIUM") or "/usr/bin/chromium"
FIREFOX = os.environ.get("CRYPTPEER_FIREFOX") or "/usr/bin/firefox-esr"

# Of no use to two browsers on one machine, or to none that are driven.
WITHOUT = (
    # They find each other only with the hiding of host candidates off.
    "WebRtcHideLocalIpsWithMdns",
    # Pages of the browser's own, which come into being with each window, and cost it half its processor time.
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
)
# Only camera and microphone are fake. Five pictures a second show what thirty do: two browsers that encode and decode share two
# cores. (Firefox does not name the codec of so few.)
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    f"--disable-features={','.join(WITHOUT)}",
    "--use-fake-device-for-media-stream=fps=5",
    "--use-fake-ui-for-media-stream",
]
FIREFOX_PREFERENCES = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.peerconnection.ice.loopback": True,
}


def coturn(name: str) -> str:
    program = ROOT / ".build-tools/bin" / name
    assert program.exists(), f"{program} is missing: run `make setup-test`"
    return str(program)
