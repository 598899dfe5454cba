"""A network namespace with one cable to this one, which a test can pull out and put back."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


def may_make_namespaces() -> bool:
    """Whether this process may: root, with iproute2, outside a strict sandbox."""
    if os.geteuid() != 0:
        return False
    name = f"vb-try-{os.getpid()}"
    try:
        made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
    except OSError:
        return False
    if made.returncode != 0:
        return False
    subprocess.run(["ip", "netns", "del", name], check=True)
    return True


@dataclass
class Namespace:
    """Use as a context manager. ``here`` is our end's address, ``there`` the other's; ``number``
    0..255 tells apart those of one test run."""

    number: int
    name: str = field(init=False)
    here: str = field(init=False)
    there: str = field(init=False)

    def __post_init__(self) -> None:
        self.name = f"vb{os.getpid()}-{self.number}"
        self.here, self.there = (f"10.213.{self.number}.{last}" for last in (1, 2))
        self._ours, self._theirs = f"vb{self.number}a", f"vb{self.number}b"

    def __enter__(self) -> Self:
        _ip("netns", "add", self.name)
        try:
            _ip("link", "add", self._ours, "type", "veth", "peer", self._theirs,
                "netns", self.name)  # fmt: skip
            _ip("addr", "add", f"{self.here}/24", "dev", self._ours)
            _ip("link", "set", self._ours, "up")
            self._inside("link", "set", "lo", "up")
            self.plug_in(self.there)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        subprocess.run(["ip", "link", "del", self._ours], capture_output=True, check=False)
        _ip("netns", "del", self.name)

    def plug_in(self, address: str) -> None:
        """Connect the other side, under this address."""
        self._inside("addr", "replace", f"{address}/24", "dev", self._theirs)
        self._inside("link", "set", self._theirs, "up")
        self._inside("route", "replace", "default", "via", self.here)
        self.there = address

    def pull_out(self) -> None:
        """Take the other side's network away, its address too."""
        self._inside("addr", "flush", "dev", self._theirs)
        self._inside("link", "set", self._theirs, "down")

    def _inside(self, *arguments: str) -> None:
        _ip("-n", self.name, *arguments)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
