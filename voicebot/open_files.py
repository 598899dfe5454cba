"""How many files, and with them connections, this process may hold open."""

from __future__ import annotations

import resource
from typing import Final

_SHARE: Final = 4
"""A door may use a quarter of the files: there are several, and calls need sockets of their own."""


def allow_many() -> int:
    """Take as many open files as the system lets us have; gives how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard if hard != resource.RLIM_INFINITY else 1 << 20


def connections_of_a_door(wanted: int) -> int:
    """``wanted`` connections, or fewer where the limit on open files is too low for them."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return wanted if soft == resource.RLIM_INFINITY else max(1, min(wanted, soft // _SHARE))
