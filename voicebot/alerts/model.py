"""Rules, what they are judged by, and the alerts that come of them.

Times are UTC epoch seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, TypeAlias

Direction: TypeAlias = Literal["more", "less", "either"]


class Kind(StrEnum):
    """What the number of a figure is."""

    COUNT = "count"
    SECONDS = "seconds"
    SHARE = "share"


@dataclass(frozen=True, slots=True)
class Figure:
    """Something that a rule may watch. ``per_queue``: each queue has its own. ``of_hour``: it is
    counted over the last hour of the ledger, so it can be compared with other weeks."""

    words: str
    kind: Kind
    per_queue: bool = False
    of_hour: bool = False


FIGURES: Final[Mapping[str, Figure]] = {
    "waiting": Figure("callers waiting", Kind.COUNT, per_queue=True),
    "longest_wait_s": Figure("longest wait", Kind.SECONDS, per_queue=True),
    "agents": Figure("agents at work", Kind.COUNT, per_queue=True),
    "free_agents": Figure("free agents", Kind.COUNT, per_queue=True),
    "queue_service_level": Figure("service level", Kind.SHARE, per_queue=True, of_hour=True),
    "queue_abandoned": Figure("callers who gave up", Kind.SHARE, per_queue=True, of_hour=True),
    "recogniser_wait_s": Figure("speech workers behind by", Kind.SECONDS),
    "lines_used": Figure("lines in use", Kind.SHARE),
    "contacts": Figure("contacts in an hour", Kind.COUNT, of_hour=True),
    "containment": Figure("containment", Kind.SHARE, of_hour=True),
    "deflection": Figure("deflection to text", Kind.SHARE, of_hour=True),
    "service_level": Figure("service level", Kind.SHARE, of_hour=True),
    "abandoned": Figure("contacts abandoned", Kind.SHARE, of_hour=True),
    "failed": Figure("contacts that failed", Kind.SHARE, of_hour=True),
    "refused": Figure("calls refused", Kind.SHARE, of_hour=True),
}
"""By the name that ``when`` has; docs/wall.md defines each."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When to raise an alert, and when to clear it.

    One of ``above``, ``below`` and ``unusual`` is set. ``unusual`` is the distance from the usual
    for this hour of the week, in usual spreads. An alert stands once it was so for ``for_s``, and
    until the figure has come back to ``clear``. ``queue`` is empty for every queue. A share is
    judged over ``least`` contacts or more. Alerts of one ``group`` are told together.
    """

    name: str
    figure: str
    above: float | None = None
    below: float | None = None
    unusual: float | None = None
    direction: Direction = "either"
    clear: float = 0.0
    for_s: float = 60.0
    queue: str = ""
    least: int = 0
    group: str = ""

    @property
    def what(self) -> Figure:
        return FIGURES[self.figure]


@dataclass(frozen=True, slots=True)
class Usual:
    """What a figure is at this hour of other weeks: the median, and the spread around it."""

    median: float
    spread: float


@dataclass(frozen=True, slots=True)
class Reading:
    """A figure now. ``value`` None: there is nothing to judge. ``of`` is over how many contacts."""

    value: float | None
    of: int = 0
    usual: Usual | None = None


Readings: TypeAlias = Mapping[tuple[str, str], Reading]
"""By figure and queue (empty: the whole line). What is not among them is not known now."""

AlertKey: TypeAlias = tuple[str, str]
"""The rule's name and the queue."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One that stands: it was so from ``since`` on, and was raised at ``raised_at``. ``said`` is a
    sentence for people, with the figure as it was seen last."""

    name: str
    queue: str
    group: str
    said: str
    since: float
    raised_at: float

    @property
    def key(self) -> AlertKey:
        return (self.name, self.queue)


@dataclass(frozen=True, slots=True)
class AlertView:
    """An alert as pages and programs see it; ``muted_until`` null where it is told."""

    name: str
    queue: str
    said: str
    since: float
    raised_at: float
    muted_until: float | None


@dataclass(frozen=True, slots=True)
class Mute:
    """Nothing is told of alerts ``name`` (empty: of all) in ``queue`` (empty: in any) before
    ``until``."""

    id: str
    name: str
    queue: str
    by: str
    at: float
    until: float

    def covers(self, key: AlertKey) -> bool:
        return self.name in ("", key[0]) and self.queue in ("", key[1])
