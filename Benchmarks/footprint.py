#!/usr/bin/env python3
"""What the node costs: the executable's size, the time until it is ready, and its memory while nobody is there."""

import pathlib
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "Tests/EndToEnd"))

from node import EXECUTABLE, Node  # noqa: E402


def resident_kilobytes(pid: int) -> int:
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise RuntimeError(f"no process {pid}")


with tempfile.TemporaryDirectory() as folder:
    node = Node(pathlib.Path(folder))
    times = []
    for _ in range(5):
        begun = time.monotonic()
        node.start()
        times.append(time.monotonic() - begun)
        memory = resident_kilobytes(node.pid)
        node.stop()

print(f"executable: {EXECUTABLE.stat().st_size / 1e6:.1f} MB")
print(f"ready: {times[0]:.2f} s the first time, {sorted(times[1:])[2]:.2f} s afterwards")
print(f"idle memory: {memory / 1000:.1f} MB")
