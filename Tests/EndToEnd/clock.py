"""A clock of its own for one program, to be set while that runs: a small computer learns the time from the network, late."""

import os
import pathlib
import shutil
import struct
import subprocess

# Swift's own compiler will do where there is no other.
COMPILER = shutil.which("cc") or shutil.which("clang", path=f"{os.environ['PATH']}:/opt/swift/usr/bin")

# `time` is what the node looks at for the time of day. For how long something takes there is another clock, which is never set.
SOURCE = r"""
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

static const volatile int64_t *ahead;

__attribute__((constructor)) static void begin(void) {
    const int file = open(getenv("CLOCK_AHEAD"), O_RDONLY);
    const void *page = mmap(NULL, sizeof *ahead, PROT_READ, MAP_SHARED, file, 0);
    if (page != MAP_FAILED) ahead = page;
}

time_t time(time_t *result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (ahead != NULL) now.tv_sec += *ahead;
    if (result != NULL) *result = now.tv_sec;
    return now.tv_sec;
}
"""


class Clock:
    """Tells the machine's time until it is set."""

    def __init__(self, folder: pathlib.Path):
        self._library = folder / "clock.so"
        self._ahead = folder / "clock-ahead"
        self.set_ahead(0)
        command = [COMPILER, "-x", "c", "-shared", "-fPIC", "-O1", "-o", str(self._library), "-"]
        subprocess.run(command, input=SOURCE.encode(), check=True, timeout=60)

    def set_ahead(self, seconds: int) -> None:
        """So far ahead of the machine's own, from now on."""
        with open(self._ahead, "r+b" if self._ahead.exists() else "wb") as file:
            file.write(struct.pack("=q", seconds))

    def program(self, executable: pathlib.Path) -> pathlib.Path:
        """A program that runs the executable by this clock."""
        path = self._library.with_name(executable.name)
        settings = f"LD_PRELOAD={self._library} CLOCK_AHEAD={self._ahead}"
        path.write_text(f'#!/bin/sh\nexec env {settings} {executable} "$@"\n')
        path.chmod(0o755)
        return path
