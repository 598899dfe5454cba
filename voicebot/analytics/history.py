"""The figures of any interval, whole or split, over time or not: what may be asked, and the answer.

Hours of the ledger are hours of UTC. In a time zone that is off by half an hour, an hour counts
where it begins. Pure: the sums come through `Ledger`, which the storage room implements.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final, Protocol

from voicebot.analytics.measures import AgentSeconds
from voicebot.analytics.totals import DAY_S, HOUR_S, Totals, add_to
from voicebot.errors import UsageError

MOST_DAYS: Final = 1100
"""The longest interval that is answered: three years."""


class Split(StrEnum):
    """What a contact has exactly one of, empty where none is known."""

    DIRECTION = "direction"
    DOOR = "door"
    FLOW = "flow"
    LANGUAGE = "language"
    INTENT = "intent"
    """The matter that the flow named."""
    QUEUE = "queue"
    """The last one it waited in."""
    AGENT = "agent"


class Every(StrEnum):
    """A stretch of time that contacts are put together by."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    HOUR_OF_WEEK = "hour_of_week"


@dataclass(frozen=True, slots=True)
class Span:
    """From ``since`` on and before ``until``, UTC epoch seconds. Raises UsageError where it is
    empty or longer than `MOST_DAYS`."""

    since: float
    until: float

    def __post_init__(self) -> None:
        if not self.since < self.until <= self.since + MOST_DAYS * DAY_S:
            raise UsageError(f"the interval should end after it begins, within {MOST_DAYS} days")
        if self.since < 0:
            raise UsageError("the interval should not begin before 1970")


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Contacts that began in ``span`` and have the values of ``where``, split by ``split`` and put
    together by ``every``, as the clocks of ``zone`` go."""

    span: Span
    zone: tzinfo
    where: Mapping[Split, str] = field(default_factory=dict)
    split: Split | None = None
    every: Every | None = None


@dataclass(frozen=True, slots=True)
class HourSums:
    """Sums of the ledger: ``hour`` since the epoch, or the first of those that were put together;
    None where hours were not asked apart. ``value`` of the split, empty where none was asked."""

    hour: int | None
    value: str
    totals: Totals


class Ledger(Protocol):
    """Where the sums are kept."""

    async def sums(
        self,
        span: Span,
        where: Mapping[Split, str],
        split: Split | None,
        *,
        hourly: bool,
        now: float,
        starts: Sequence[int] = (),
    ) -> Sequence[HourSums]:
        """Give the sums of contacts that began in ``span``; ``now`` says which matters are settled.
        Where hours are asked apart, those from one of ``starts`` to the next are put together; they
        are in order, and the first is not after the span's beginning. Raises StorageError."""
        ...

    async def agent_seconds(self, span: Span) -> Mapping[str, AgentSeconds]:
        """How long each agent was ready, and busy, as far as it is known. Raises StorageError."""
        ...


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """``period`` as `period_of` writes it, empty where time was not split; ``agents`` is their time
    together, None where it cannot be told apart."""

    period: str
    value: str
    totals: Totals
    agents: AgentSeconds | None


@dataclass(frozen=True, slots=True)
class History:
    """``rows`` in the order of their periods, then of their values; they add up to ``whole``."""

    whole: HistoryRow
    rows: tuple[HistoryRow, ...]


async def read_history(ledger: Ledger, query: HistoryQuery, now: float) -> History:
    """Answer ``query``. Raises StorageError."""
    starts = () if query.every is None else period_starts(query.span, query.every, query.zone)
    found = await ledger.sums(
        *(query.span, query.where, query.split),
        hourly=query.every is not None,
        now=now,
        starts=starts,
    )
    ready: Mapping[str, AgentSeconds] = {}
    # Agents are ready for all queues and doors together.
    if set(query.where) <= {Split.AGENT, Split.DIRECTION}:
        ready = await ledger.agent_seconds(query.span)
        if (agent := query.where.get(Split.AGENT)) is not None:
            ready = {agent: ready[agent]} if agent in ready else {}
    by_agent = query.split is Split.AGENT and query.every is None
    gathered = gather(found, query.every, query.zone)
    rows = [
        HistoryRow(period, value, totals, ready.get(value) if by_agent else None)
        for (period, value), totals in sorted(gathered.items())
    ]
    whole = sum(gathered.values(), Totals())
    together = sum(ready.values(), AgentSeconds()) if ready else None
    return History(HistoryRow("", "", whole, together), tuple(rows))


def gather(
    found: Iterable[HourSums], every: Every | None, zone: tzinfo
) -> Mapping[tuple[str, str], Totals]:
    """Add ``found`` up by period and value."""
    sums: dict[tuple[str, str], Totals] = {}
    # Naming a period is slow, and an hour has many values.
    periods: dict[int, str] = {}
    for each in found:
        if every is None or each.hour is None:
            period = ""
        elif (period := periods.get(each.hour, "")) == "":
            period = periods[each.hour] = period_of(each.hour, every, zone)
        add_to(sums, (period, each.value), each.totals)
    return sums


def period_of(hour: int, every: Every, zone: tzinfo) -> str:
    """The name of the period that ``hour`` (since the epoch) is in; names are in the order of time.

    An hour as 2026-11-21T10:00+01:00, a day as 2026-11-21, a week by its Monday, a month as
    2026-11, an hour of the week as 6-10 (Saturday from ten to eleven, Monday is 1).
    """
    at = datetime.fromtimestamp(hour * HOUR_S, zone)
    match every:
        case Every.HOUR:
            return at.isoformat(timespec="minutes")
        case Every.DAY:
            return at.date().isoformat()
        case Every.WEEK:
            return (at.date() - timedelta(days=at.weekday())).isoformat()
        case Every.MONTH:
            return f"{at:%Y-%m}"
        case Every.HOUR_OF_WEEK:
            return f"{at.isoweekday()}-{at.hour:02}"


def period_starts(span: Span, every: Every, zone: tzinfo) -> tuple[int, ...]:
    """The hours with which the days, weeks or months of ``span`` begin; none for hours, which stand
    alone."""
    if every in {Every.HOUR, Every.HOUR_OF_WEEK}:
        return ()
    found: list[int] = []
    name = ""
    for hour in range(int(span.since // HOUR_S), int(-(-span.until // HOUR_S))):
        if (period := period_of(hour, every, zone)) != name:
            found.append(hour)
            name = period
    return tuple(found)


def hours_of_week(span: Span, name: str, zone: tzinfo) -> tuple[tuple[float, float], ...]:
    """The hours of ``span`` that `period_of` gives the ``name`` of an hour of the week."""
    first, last = int(span.since // HOUR_S), int(-(-span.until // HOUR_S))
    return tuple(
        (max(float(hour * HOUR_S), span.since), min(float((hour + 1) * HOUR_S), span.until))
        for hour in range(first, last)
        if period_of(hour, Every.HOUR_OF_WEEK, zone) == name
    )
