"""How many agents an interval needs to reach a target.

Each interval is taken by itself, as if it had gone on for ever (the stationary method, known as
SIPP): right for intervals that are long against the handling time, a little hopeful in the minutes
after a rush. Text conversations that an agent holds at once are counted by giving the handling time
of an agent rather than that of a conversation.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from voicebot.acd.erlang import ErlangA, ErlangC

MAX_AGENTS = 100_000

Queue: TypeAlias = ErlangA | ErlangC


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be reached; None is not asked for, and all that is asked for must hold.

    ``service_level`` of the callers within ``within_s``; ``mean_wait_s`` at most; ``abandoned`` at
    most (a share, and only with patience); agents busy for at most ``occupancy`` of their time.
    """

    service_level: float | None = None
    within_s: float = 20.0
    mean_wait_s: float | None = None
    abandoned: float | None = None
    occupancy: float | None = None


@dataclass(frozen=True, slots=True)
class Interval:
    """``contacts`` (may be a fraction: an average) begin in ``length_s`` from ``label`` on."""

    label: str
    contacts: float
    handling_s: float
    length_s: float


@dataclass(frozen=True, slots=True)
class Planned:
    """``agents`` at work are needed, ``scheduled`` so that as many are left after shrinkage; the
    rest is what those at work reach."""

    interval: Interval
    agents: int
    scheduled: int
    service_level: float
    mean_wait_s: float
    abandoned: float
    occupancy: float


def plan(
    intervals: Iterable[Interval],
    target: Target,
    *,
    shrinkage: float = 0.0,
    patience_s: float | None = None,
) -> Iterator[Planned]:
    """Agents for each interval; ``shrinkage`` (0 to below 1) is the share of paid time that is not
    spent at work: breaks, training, illness. Raises ValueError where no staff reaches the target.
    """
    for interval in intervals:
        agents = agents_needed(interval, target, patience_s)
        queue = _queue(interval, max(1, agents), patience_s)
        idle = agents == 0
        yield Planned(
            interval,
            agents,
            math.ceil(agents / (1.0 - shrinkage) - 1e-9),
            1.0 if idle else queue.service_level(target.within_s),
            0.0 if idle else queue.mean_wait_s,
            0.0 if idle else queue.abandoned,
            0.0 if idle else queue.occupancy,
        )


def agents_needed(interval: Interval, target: Target, patience_s: float | None = None) -> int:
    """The fewest agents who reach the target; none where nobody calls.

    Raises ValueError where even MAX_AGENTS do not.
    """
    if interval.contacts <= 0:
        return 0
    enough = 1
    while not _reaches(_queue(interval, enough, patience_s), target):
        enough *= 2
        if enough > MAX_AGENTS:
            raise ValueError(f"more than {MAX_AGENTS} agents are needed")
    short = enough // 2
    while enough - short > 1:
        middle = (short + enough) // 2
        if _reaches(_queue(interval, middle, patience_s), target):
            enough = middle
        else:
            short = middle
    return enough


def _queue(interval: Interval, agents: int, patience_s: float | None) -> Queue:
    arrivals = interval.contacts / interval.length_s
    if patience_s is None:
        return ErlangC(arrivals, interval.handling_s, agents)
    return ErlangA(arrivals, interval.handling_s, agents, patience_s)


def _reaches(queue: Queue, target: Target) -> bool:
    if isinstance(queue, ErlangC) and queue.load >= queue.agents:
        return False
    checks = (
        target.service_level is None
        or queue.service_level(target.within_s) >= target.service_level,
        target.mean_wait_s is None or queue.mean_wait_s <= target.mean_wait_s,
        target.abandoned is None or queue.abandoned <= target.abandoned,
        target.occupancy is None or queue.occupancy <= target.occupancy,
    )
    return all(checks)
