"""A real node: the executable, started on a free port with a data folder of its own."""

import contextlib
import os
import pathlib
import re
import signal
import socket
import sqlite3
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXECUTABLE = pathlib.Path(os.environ.get("CRYPTPEER_EXECUTABLE", ROOT / ".build/release/cryptpeer"))
START_SECONDS = 30
STOP_SECONDS = 5  # what the product promises for SIGTERM


def free_port() -> int:
    """A TCP port that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Node:
    """One data folder and port; the process can be stopped, killed and started again on them."""

    def __init__(self, folder: pathlib.Path, *options: str, executable: pathlib.Path = EXECUTABLE):
        self.executable = executable
        self.data = folder / "data"
        self.log = folder / "node.log"
        self.port = free_port()
        self.metrics_port = free_port()
        self.url = f"https://localhost:{self.port}"
        self.options = options
        self.process: subprocess.Popen | None = None
        self.printed: list[str] = []
        self._ready = threading.Event()

    @property
    def pid(self) -> int:
        assert self.process is not None, "the node is not running"
        return self.process.pid

    def start(self) -> "Node":
        self._ready.clear()
        command = [str(self.executable), "serve", "--data", str(self.data), "--port", str(self.port)]
        command += ["--metrics-port", str(self.metrics_port), *self.options]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
        threading.Thread(target=self._read_output, args=(self.process,), daemon=True).start()
        deadline = time.monotonic() + START_SECONDS
        while not self._ready.wait(0.05):
            if self.process.poll() is not None:
                raise AssertionError(f"the node ended with status {self.process.returncode}:\n{self.output()}")
            if time.monotonic() > deadline:
                raise AssertionError(f"the node was not ready after {START_SECONDS} s:\n{self.output()}")
        return self

    def _read_output(self, process: subprocess.Popen) -> None:
        for line in process.stdout:
            text = line.decode(errors="replace").rstrip("\n")
            self.printed.append(text)
            if text.startswith("Ready: "):
                self._ready.set()

    def output(self) -> str:
        """All that the node printed and logged."""
        log = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(self.printed) + "\n" + log

    @property
    def operator_invitation(self) -> str:
        """The link printed on the first start; exactly one."""
        links = [match[1] for line in self.printed if (match := re.fullmatch(r"Operator invitation: (https://\S+)", line))]
        assert len(links) == 1, f"expected one operator invitation, got {links}"
        return links[0]

    def is_healthy(self) -> bool:
        unverified = ssl._create_unverified_context()
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", context=unverified, timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def metrics(self) -> str:
        """What Prometheus would read. The node begins to listen for that once it is ready, so a little later."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=5) as answer:
                    return answer.read().decode()
            except urllib.error.URLError as error:
                if not isinstance(error.reason, ConnectionRefusedError) or time.monotonic() > deadline:
                    raise
            time.sleep(0.05)

    def metric(self, name: str) -> int:
        """A counter's value, summed over its labels; 0 before it has counted anything."""
        lines = self.metrics().splitlines()
        values = [line.rsplit(" ", 1)[1] for line in lines if re.match(rf"{name}[ {{]", line)]
        return int(sum(float(value) for value in values))

    def query(self, statement: str, *values) -> list[tuple]:
        """What whoever runs the node can do: one statement on its database, while it runs."""
        with contextlib.closing(sqlite3.connect(self.data / "node.sqlite", timeout=10)) as database, database:
            return database.execute(statement, values).fetchall()

    def await_rows(self, statement: str, *values) -> list[tuple]:
        """The rows of a query, once there are any."""
        deadline = time.monotonic() + START_SECONDS
        while not (rows := self.query(statement, *values)):
            assert time.monotonic() < deadline, f"nothing came of {statement}"
            time.sleep(0.05)
        return rows

    def stop(self) -> None:
        """SIGTERM; the node must end by itself, cleanly and in time."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the node did not stop within {STOP_SECONDS} s of SIGTERM") from None
        self.process = None
        assert status == 0, f"the node ended with status {status}:\n{self.output()}"

    def kill(self) -> None:
        """SIGKILL: a power cut, as far as the node can tell."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def restart(self) -> None:
        self.stop()
        self.start()
