"""How long what was not taken is left alone: longer each time. Pure."""

from __future__ import annotations


def pause_s(tries: int, first_s: float, longest_s: float, jitter: float) -> float:
    """How long to wait after ``tries`` (1 or more) in vain: ``first_s``, doubled each time up to
    ``longest_s``, and shortened by up to half (``jitter`` 0..1), so that what failed together does
    not come back together."""
    return min(longest_s, first_s * 2.0 ** min(tries - 1, 30)) * (1 - jitter / 2)
