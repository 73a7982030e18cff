"""A network of its own: hosts, each a network namespace with one interface, at a switch that the node is at, too."""

import itertools
import os
import pathlib
import shutil
import subprocess

# Only root may make namespaces and interfaces.
IS_POSSIBLE = os.geteuid() == 0 and shutil.which("ip") is not None

NUMBERS = itertools.count()
PREFIX = "10.77.13"


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=10)


class Host:
    def __init__(self, switch: str, number: int):
        self.name = f"{switch}h{number}"
        self.address = f"{PREFIX}.{number}"
        outside = f"{self.name}o"
        ip("netns", "add", self.name)
        ip("link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        ip("link", "set", outside, "master", switch, "up")
        ip("-n", self.name, "link", "set", "lo", "up")
        self.plug()

    def plug(self) -> None:
        ip("-n", self.name, "address", "replace", f"{self.address}/24", "dev", "eth0")
        ip("-n", self.name, "link", "set", "eth0", "up")
        ip("-n", self.name, "route", "replace", "default", "via", f"{PREFIX}.1")

    def unplug(self) -> None:
        ip("-n", self.name, "link", "set", "eth0", "down")

    def program(self, executable: str, folder: pathlib.Path) -> pathlib.Path:
        """A program that runs the executable on this host."""
        path = folder / f"{self.name}-{pathlib.Path(executable).name}"
        path.write_text(f'#!/bin/sh\nexec ip netns exec {self.name} {executable} "$@"\n')
        path.chmod(0o755)
        return path

    def close(self) -> None:
        subprocess.run(["ip", "netns", "delete", self.name], check=False)


class Network:
    address = f"{PREFIX}.1"

    def __init__(self, hosts: int):
        # An interface's name has at most 15 characters. One that was deleted may stay for as long as a program runs in it.
        self.switch = f"cp{os.getpid() % 100_000}{next(NUMBERS) % 10}"
        ip("link", "add", self.switch, "type", "bridge")
        self.hosts: list[Host] = []
        try:
            ip("address", "add", f"{self.address}/24", "dev", self.switch)
            ip("link", "set", self.switch, "up")
            for number in range(hosts):
                self.hosts.append(Host(self.switch, number + 2))
        except subprocess.CalledProcessError:
            self.close()
            raise

    def close(self) -> None:
        for host in self.hosts:
            host.close()
        subprocess.run(["ip", "link", "delete", self.switch], check=False)
