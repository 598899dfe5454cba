"""Gives memory that was freed back to the system: glibc keeps the pages of what came and went."""

from __future__ import annotations

import ctypes


def give_memory_back() -> None:
    """Have glibc return its free pages, in some milliseconds; does nothing with other C libraries.

    For after the large and short-lived: reading a network, or synthesising a sentence.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
