"""How the actions of flows did for the contacts that were chosen: how long, and how it ended.

- **p50, p95**: half of the runs, and 95 of 100, were over within this time, as the contact waited
  for it (tries that were repeated included). Runs that were not tried, and those that callers gave
  up, have no time.
- **share of contacts**: of the contacts that were looked at, those in which it ran.

Pure.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from voicebot.action_result import ActionResult
from voicebot.analytics.history import Span, Split
from voicebot.types import CallId

MOST_CONTACTS: Final = 5000
"""Contacts that are looked at, the newest."""

_UNTIMED: Final = frozenset({ActionResult.NOT_TRIED, ActionResult.GIVEN_UP})


@dataclass(frozen=True, slots=True)
class Run:
    """One run of an action; ``ms`` is how long the contact waited for it."""

    call_id: CallId
    action: str
    result: ActionResult
    ms: float


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of ``contacts`` contacts; ``complete`` tells whether these are all."""

    runs: tuple[Run, ...]
    contacts: int
    complete: bool


class ActionRuns(Protocol):
    """Where runs are read."""

    async def runs(self, span: Span, where: Mapping[Split, str]) -> Runs:
        """Give the runs of contacts that have ended, began in ``span`` and have the values of
        ``where``, of at most `MOST_CONTACTS`. Raises StorageError."""
        ...


@dataclass(frozen=True, slots=True)
class ActionFigures:
    """What is told of one action; the ``results`` add up to ``runs``. Times are None where no run
    had one; ``share`` is 0 to 1."""

    action: str
    runs: int
    contacts: int
    share: float
    p50_ms: float | None
    p95_ms: float | None
    results: Mapping[ActionResult, int]


def figures_of(found: Runs) -> list[ActionFigures]:
    """The figures of each action, those first for which contacts waited the longest."""
    by_action: defaultdict[str, list[Run]] = defaultdict(list)
    for run in found.runs:
        by_action[run.action].append(run)
    told = [_figures(action, runs, found.contacts) for action, runs in by_action.items()]
    return sorted(told, key=lambda each: (-(each.p95_ms or 0.0), each.action))


def _figures(action: str, runs: Sequence[Run], contacts: int) -> ActionFigures:
    times = sorted(run.ms for run in runs if run.result not in _UNTIMED)
    counts = Counter(run.result for run in runs)
    ran_in = len({run.call_id for run in runs})
    return ActionFigures(
        action,
        len(runs),
        ran_in,
        ran_in / contacts,
        within(times, 0.5),
        within(times, 0.95),
        {result: counts[result] for result in ActionResult},
    )


def within(times: Iterable[float], share: float) -> float | None:
    """The time within which ``share`` (above 0, to 1) of ``times`` are; None of none."""
    ordered = sorted(times)
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else None
