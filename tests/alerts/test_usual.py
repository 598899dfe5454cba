"""What is usual for an hour of the week."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from voicebot.alerts.hours import SETTLED_S, compared, read_hour, read_usual
from voicebot.alerts.model import Kind, Reading, Readings, Rule, Usual
from voicebot.alerts.usual import hours_before, usual_of
from voicebot.analytics.history import HourSums, Span, Split
from voicebot.analytics.measures import AgentSeconds
from voicebot.analytics.totals import HOUR_S, Totals
from voicebot.events import DeflectionReached

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 10, 28, 11, 3, tzinfo=BERLIN).timestamp()
"""A Wednesday, three days after clocks were put back."""


def counts(*values: float | None) -> list[Reading]:
    return [Reading(value, 100) for value in values]


def test_a_holiday_among_the_weeks_changes_little() -> None:
    usual = usual_of(counts(100, 110, 90, 105, 95, 0), Kind.COUNT)
    assert usual is not None
    assert usual.median == pytest.approx(97.5)
    assert usual.spread < 20


def test_weeks_that_are_all_alike_leave_room_for_chance() -> None:
    assert usual_of(counts(100, 100, 100, 100), Kind.COUNT) == Usual(100, 10)
    assert usual_of(counts(0.5, 0.5, 0.5, 0.5), Kind.SHARE) == Usual(0.5, 0.05)


def test_too_few_weeks_say_nothing() -> None:
    assert usual_of(counts(1, 2, 3, None, None), Kind.COUNT) is None


def test_an_hour_is_compared_with_the_same_hour_by_the_clock() -> None:
    spans = hours_before(NOW, 2, BERLIN)
    assert [datetime.fromtimestamp(each.until, BERLIN).hour for each in spans] == [11, 11]
    assert NOW - spans[0].until == 7 * 86_400 + 3600


@dataclass
class Books:
    """The ledger of a line that began ``weeks`` ago; a hundred contacts an hour, and now ten."""

    weeks: int = 20
    asked: list[Span] = field(default_factory=list)

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
        self.asked.append(span)
        assert where == {Split.DIRECTION: "inbound"}
        if span.until < NOW - self.weeks * 7 * 86_400:
            return []
        contacts = 10 if span.until == NOW - SETTLED_S else 100
        totals = Totals(
            contacts=contacts, self_served=contacts // 2, queued=4, answered=4, within=3
        )
        return [HourSums(None, "support" if split else "", totals)]

    async def agent_seconds(self, span: Span) -> Mapping[str, AgentSeconds]:
        return {}

    async def stages(self, since: float, until: float) -> Sequence[DeflectionReached]:
        return []


async def judged(books: Books, *rules: Rule) -> Readings:
    usual = await read_usual(books, books, rules, NOW, 8, BERLIN)
    return compared(await read_hour(books, books, rules, NOW, ("support", "returns")), usual)


async def test_the_hour_that_is_over_is_compared_with_other_weeks() -> None:
    found = await judged(Books(), Rule("odd", "contacts", unusual=4))
    assert found["contacts", ""] == Reading(10.0, 10, Usual(100.0, 10.0))


async def test_weeks_before_the_line_was_in_use_do_not_count() -> None:
    found = await judged(Books(2), Rule("odd", "contacts", unusual=4))
    assert found["contacts", ""].usual is None


async def test_other_weeks_are_read_only_where_a_rule_asks_for_them() -> None:
    books = Books()
    found = await judged(
        books, Rule("few", "containment", below=0.6), Rule("w", "waiting", above=3)
    )
    assert [each.until - each.since for each in books.asked] == [HOUR_S]
    assert found["containment", ""] == Reading(0.5, 10)


async def test_the_ledger_is_not_asked_for_what_it_does_not_know() -> None:
    books = Books()
    assert await judged(books, Rule("w", "waiting", above=3)) == {}
    assert books.asked == []


async def test_queues_have_figures_of_their_own_and_none_without_callers() -> None:
    found = await judged(Books(), Rule("level", "queue_service_level", unusual=3))
    usual = Usual(0.75, pytest.approx(0.2165, abs=1e-3))  # type: ignore[arg-type]
    assert found["queue_service_level", "support"] == Reading(0.75, 4, usual)
    assert found["queue_service_level", "returns"] == Reading(None)
