"""Contacts put together by time and value add up to the whole, in every zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.analytics.history import (
    Every,
    HistoryQuery,
    HourSums,
    Span,
    Split,
    gather,
    period_of,
    read_history,
)
from voicebot.analytics.measures import AgentSeconds
from voicebot.analytics.totals import DAY_S, HOUR_S, Totals
from voicebot.errors import UsageError

SATURDAY_10 = 1_795_255_200 // HOUR_S
"""2026-11-21T10:00Z"""

_sums = st.lists(
    st.builds(
        HourSums,
        st.integers(0, 600_000),
        st.sampled_from(["", "support", "returns"]),
        st.builds(Totals, contacts=st.integers(0, 99), handled_s=st.integers(0, 9).map(float)),
    )
)
_zones = st.sampled_from([UTC, ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata")])


@given(_sums, st.sampled_from([None, *Every]), _zones)
def test_the_parts_add_up_to_the_whole(
    found: list[HourSums], every: Every | None, zone: ZoneInfo
) -> None:
    whole = sum((each.totals for each in found), Totals())
    parts = gather(found, every, zone)
    assert sum(parts.values(), Totals()) == whole
    assert len(parts) <= len(found)


@given(st.integers(0, 600_000), st.sampled_from([each for each in Every if each != "hour_of_week"]))
def test_periods_are_named_in_the_order_of_time(hour: int, every: Every) -> None:
    assert period_of(hour, every, UTC) <= period_of(hour + 1, every, UTC)


@pytest.mark.parametrize(
    "every, zone, name",
    [
        (Every.HOUR, "UTC", "2026-11-21T10:00+00:00"),
        (Every.DAY, "UTC", "2026-11-21"),
        (Every.DAY, "Pacific/Auckland", "2026-11-21"),
        (Every.WEEK, "UTC", "2026-11-16"),
        (Every.MONTH, "UTC", "2026-11"),
        (Every.HOUR_OF_WEEK, "UTC", "6-10"),
        (Every.HOUR_OF_WEEK, "Europe/Berlin", "6-11"),
        (Every.HOUR_OF_WEEK, "Asia/Tokyo", "6-19"),
        (Every.HOUR_OF_WEEK, "Pacific/Kiritimati", "7-00"),
    ],
)
def test_a_period_follows_the_clocks_of_its_zone(every: Every, zone: str, name: str) -> None:
    assert period_of(SATURDAY_10, every, ZoneInfo(zone)) == name


@pytest.mark.parametrize("length", [0.0, -1.0, 1101 * DAY_S])
def test_an_interval_has_a_length(length: float) -> None:
    with pytest.raises(UsageError, match="within 1100 days"):
        Span(1000.0, 1000.0 + length)


class _Ledger:
    """Gives two agents' sums; remembers whether hours were asked apart."""

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
        hours = (SATURDAY_10, SATURDAY_10 + 24) if hourly else (None,)
        value = ["ann", "bob"] if split else [""]
        return [HourSums(hour, each, Totals(contacts=1)) for hour in hours for each in value]

    async def agent_seconds(self, span: Span) -> Mapping[str, AgentSeconds]:
        return {"ann": AgentSeconds(600.0, 300.0), "eve": AgentSeconds(60.0, 60.0)}


async def _rows(
    split: Split | None, every: Every | None = None, where: Mapping[Split, str] | None = None
) -> list[tuple[str, str, float | None]]:
    query = HistoryQuery(Span(0.0, 10.0), UTC, where or {}, split, every)
    history = await read_history(_Ledger(), query, 100.0)
    shown = (history.whole, *history.rows)
    return [
        (row.period, row.value, None if row.agents is None else row.agents.ready_s) for row in shown
    ]


async def test_readiness_is_told_for_the_whole_and_by_agent() -> None:
    assert await _rows(Split.AGENT) == [
        ("", "", 660.0),
        ("", "ann", 600.0),
        ("", "bob", None),
    ]
    assert await _rows(Split.QUEUE) == [("", "", 660.0), ("", "ann", None), ("", "bob", None)]
    assert await _rows(None, where={Split.AGENT: "ann"}) == [("", "", 600.0), ("", "", None)]
    assert await _rows(None, where={Split.QUEUE: "support"}) == [("", "", None), ("", "", None)]


async def test_rows_are_in_the_order_of_time_and_value() -> None:
    assert await _rows(Split.AGENT, Every.DAY) == [
        ("", "", 660.0),
        ("2026-11-21", "ann", None),
        ("2026-11-21", "bob", None),
        ("2026-11-22", "ann", None),
        ("2026-11-22", "bob", None),
    ]
