"""Ports of loopback for tests: below those that the kernel hands out by itself, so that neither
an outgoing connection nor another test takes one between its choice and its use.
"""

from __future__ import annotations

import contextlib
import os
import socket
from typing import Final

_FIRST: Final = 10_000
_COUNT: Final = 10_000
"""10000 to 19999; browsers' calls take 23000 to 23999, the kernel 32768 and up."""

_given = os.getpid() % 97 * 100
"""How many were given; begins elsewhere in every process."""


def free_ports(count: int) -> int:
    """The first, even, of ``count`` ports in a row that are free now, for UDP and for TCP.

    None is given twice before all others were given.
    """
    global _given
    for _ in range(_COUNT):
        first = _FIRST + _given % _COUNT
        first += first % 2
        _given += count + 1
        if first + count <= _FIRST + _COUNT and _are_free(first, count):
            return first
    raise RuntimeError(f"no {count} free ports in a row")


def _are_free(first: int, count: int) -> bool:
    with contextlib.ExitStack() as opened:
        for port in range(first, first + count):
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                probe = opened.enter_context(socket.socket(socket.AF_INET, kind))
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    return False
    return True
