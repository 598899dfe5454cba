"""Today against last week: which hours are compared, and how often the records are asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from voicebot.analytics.history import HourSums, Span, Split
from voicebot.analytics.measures import AgentSeconds
from voicebot.analytics.totals import Totals
from voicebot.errors import StorageError
from voicebot.events import CallEnded, DeflectionReached, DeflectionStage
from voicebot.types import CallId, Outcome
from voicebot.wall.day import Targets, day_until
from voicebot.wall.model import RateOnWall
from voicebot.wall.today import AT_LATEST_S, SHARE, Today

NOW = datetime(2026, 11, 21, 10, 30, tzinfo=UTC).timestamp()
WEEK_S = 7 * 86_400
BERLIN = ZoneInfo("Europe/Berlin")


@dataclass
class Books:
    """The ledger and the stages of text in one. Today three of four were served, last week one of
    two. Every question takes ``takes_s``."""

    now: float = 0.0
    takes_s: float = 0.0
    away: bool = False
    spans: list[Span] = field(default_factory=list)

    def timer(self) -> float:
        return self.now

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
        assert where == {Split.DIRECTION: "inbound"}
        if self.away:
            raise StorageError("the ledger cannot be read")
        self.spans.append(span)
        self.now += self.takes_s
        is_today = span.until > NOW - WEEK_S / 2
        totals = (
            Totals(contacts=4, self_served=3) if is_today else Totals(contacts=2, self_served=1)
        )
        return [HourSums(None, "", totals)]

    async def agent_seconds(self, span: Span) -> Mapping[str, AgentSeconds]:
        return {}

    async def stages(self, since: float, until: float) -> Sequence[DeflectionReached]:
        return [
            DeflectionReached(CallId("a"), since, DeflectionStage.OFFERED),
            DeflectionReached(CallId("a"), since, DeflectionStage.SERVED),
            DeflectionReached(CallId("b"), since, DeflectionStage.OFFERED),
        ]


def today(books: Books) -> Today:
    return Today(books, books, BERLIN, Targets(0.7, None), lambda: NOW, books.timer)


ENDED = CallEnded(CallId("a"), 0.0, Outcome.SELF_SERVED, "done")


def test_a_day_begins_at_midnight_of_its_zone_and_last_week_ends_at_the_same_time() -> None:
    assert day_until(NOW, BERLIN) == Span(NOW - 11.5 * 3600, NOW)
    assert day_until(NOW, BERLIN, weeks_ago=1) == Span(NOW - 11.5 * 3600 - WEEK_S, NOW - WEEK_S)


def test_a_week_ago_is_the_same_time_of_day_though_clocks_changed() -> None:
    after = datetime(2026, 10, 28, 9, 0, tzinfo=BERLIN).timestamp()
    then = day_until(after, BERLIN, weeks_ago=1)
    assert datetime.fromtimestamp(then.until, BERLIN).hour == 9
    assert datetime.fromtimestamp(then.since, BERLIN).hour == 0


def test_at_midnight_a_day_is_a_span_all_the_same() -> None:
    midnight = datetime(2026, 11, 21, tzinfo=BERLIN).timestamp()
    assert day_until(midnight, BERLIN).since == midnight


async def test_today_is_shown_beside_last_week_and_its_target() -> None:
    day = await today(Books()).fresh()
    assert day is not None
    assert (day.contacts, day.contacts_last_week) == (4, 2)
    assert day.containment == RateOnWall(0.75, 4, 0.5, 0.7)
    assert day.deflection == RateOnWall(0.5, 2, 0.5, None)


async def test_records_are_asked_again_only_when_a_contact_ended() -> None:
    books = Books()
    day = today(books)
    await day.fresh()
    for books.now in (2.0, 5.0, 20.0):
        await day.fresh()
    assert len(books.spans) == 2, "today and last week, once"
    day.observe(ENDED)
    await day.fresh()
    assert len(books.spans) == 3, "last week has not changed"
    books.now += 2.0
    await day.fresh()
    assert len(books.spans) == 4, "what was told last may have been written after the last look"
    books.now += 2.0
    await day.fresh()
    assert len(books.spans) == 4


async def test_without_any_contact_they_are_asked_once_a_minute() -> None:
    books = Books()
    day = today(books)
    await day.fresh()
    books.now = AT_LATEST_S
    await day.fresh()
    assert len(books.spans) > 2


async def test_a_slow_record_is_asked_seldom() -> None:
    books = Books(takes_s=1.0)
    day = today(books)
    await day.fresh()
    day.observe(ENDED)
    books.now += SHARE
    await day.fresh()
    assert len(books.spans) == 2
    books.now += 2 * SHARE
    await day.fresh()
    assert len(books.spans) == 3


async def test_figures_stay_while_the_database_is_away() -> None:
    books = Books()
    day = today(books)
    await day.fresh()
    books.away = True
    books.now = AT_LATEST_S
    found = await day.fresh()
    assert found is not None
    assert found.contacts == 4


@pytest.mark.parametrize("weeks", [0, 1])
def test_the_hour_that_a_clock_skips_makes_no_empty_day(weeks: int) -> None:
    skipped = datetime(2026, 3, 29, 2, 30, tzinfo=BERLIN).timestamp()
    span = day_until(skipped + weeks * WEEK_S, BERLIN, weeks_ago=weeks)
    assert span.since < span.until
