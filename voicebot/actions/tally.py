"""How often each action ran, how it ended and how long it took: which one is slow, or fails.

Shared by all versions of an application, so that a saved file does not set the figures back.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from voicebot.action_result import ActionResult

BOUNDS_S: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

MAX_NAMES: Final = 200
"""Actions that are counted one by one; designers who rename go on as `OTHERS`."""

OTHERS: Final = "(others)"


@dataclass(slots=True)
class ActionFigures:
    """Of one action. ``counts`` of times have one more entry than `BOUNDS_S`; runs that were not
    tried, and those that callers gave up, have no time."""

    results: Counter[ActionResult] = field(default_factory=Counter)
    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))
    seconds: float = 0.0


class ActionTally:
    def __init__(self) -> None:
        self._figures: dict[str, ActionFigures] = {}
        self.processes_replaced = 0
        """Processes of Python functions that were given up, as a function did not come back."""
        self.lines_dropped = 0
        """Lines that functions printed faster than a log can take."""

    def ended(self, action: str, result: ActionResult, seconds: float) -> None:
        """Count one run."""
        if action not in self._figures and len(self._figures) >= MAX_NAMES:
            action = OTHERS
        figures = self._figures.setdefault(action, ActionFigures())
        figures.results[result] += 1
        if result not in {ActionResult.NOT_TRIED, ActionResult.GIVEN_UP}:
            figures.counts[bisect_left(BOUNDS_S, seconds)] += 1
            figures.seconds += seconds

    def figures(self) -> dict[str, ActionFigures]:
        """By action, in the order of their first run."""
        return dict(self._figures)
