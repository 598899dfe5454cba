"""Today against the same day last week, from the ledger. Pure but for what it awaits.

A day begins at midnight by the clocks of the zone in the settings. Last week's figures are of the
same weekday up to the same time by these clocks. Rates are those of `analytics.measures` and
`analytics.deflection`, over inbound contacts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from voicebot.analytics.deflection import DeflectionRecords, Funnel, deflection
from voicebot.analytics.history import Ledger, Span, Split
from voicebot.analytics.totals import Totals
from voicebot.events import DeflectionStage
from voicebot.wall.model import DayOnWall, RateOnWall


@dataclass(frozen=True, slots=True)
class Targets:
    """What today is held to, 0 to 1; None: nothing."""

    containment: float | None = None
    deflection: float | None = None
    service_level: float | None = None


@dataclass(frozen=True, slots=True)
class DayFigures:
    """What one day came to. ``funnel`` counts contacts by the way to text."""

    totals: Totals
    funnel: Funnel

    @property
    def containment(self) -> float | None:
        """Of those that reached the flow, 0 to 1; None over nothing."""
        taken = self.totals.taken
        return self.totals.self_served / taken if taken else None


def day_until(now: float, zone: tzinfo, weeks_ago: int = 0) -> Span:
    """The day of ``now`` from its midnight up to this time, so many weeks before."""
    at = datetime.fromtimestamp(now, zone) - timedelta(weeks=weeks_ago)
    begin = at.replace(hour=0, minute=0, second=0, microsecond=0)
    # At midnight itself, and in the hour that a clock skips or repeats, the day is not yet long.
    return Span(begin.timestamp(), max(at.timestamp(), begin.timestamp() + 1.0))


async def read_figures(
    ledger: Ledger, records: DeflectionRecords, span: Span, now: float
) -> DayFigures:
    """Count the contacts of ``span``. Raises StorageError."""
    sums = await ledger.sums(span, {Split.DIRECTION: "inbound"}, None, hourly=False, now=now)
    stages = await records.stages(span.since, span.until)
    return DayFigures(sum((each.totals for each in sums), Totals()), deflection(stages).whole)


def as_shown(
    span: Span, today: DayFigures, last_week: DayFigures, targets: Targets, read_at: float
) -> DayOnWall:
    """Both days as the wall shows them."""
    offered = today.funnel.reached.get(DeflectionStage.OFFERED, 0)
    return DayOnWall(
        since=span.since,
        read_at=read_at,
        contacts=today.totals.contacts,
        contacts_last_week=last_week.totals.contacts,
        containment=RateOnWall(
            today.containment, today.totals.taken, last_week.containment, targets.containment
        ),
        deflection=RateOnWall(
            today.funnel.deflection_rate,
            offered,
            last_week.funnel.deflection_rate,
            targets.deflection,
        ),
    )
