"""Measures mean what is written of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from voicebot.analytics.measures import MEASURES, AgentSeconds, Costs, measured
from voicebot.analytics.totals import NAMES, Totals
from voicebot.types import Outcome

PAGE = Path(__file__).parents[2] / "docs" / "measures.md"
COSTS = Costs("EUR", person=8.0, bot=0.5)
DAY = Totals(
    contacts=120,
    self_served=50,
    moved_to_text=10,
    transferred=18,
    callback_booked=2,
    abandoned_in_flow=14,
    abandoned_in_queue=6,
    refused=15,
    not_reached=5,
    failed=0,
    short_in_flow=4,
    short_in_queue=1,
    queued=21,
    answered=15,
    called_back=1,
    within=12,
    known=40,
    repeats=10,
    settled=20,
    resolved=18,
    undone=5,
    waited_s=150.0,
    handled_s=3000.0,
    wrapped_s=600.0,
)


def test_every_definition_is_on_the_page_as_it_is_in_the_code() -> None:
    page = PAGE.read_text(encoding="utf-8")
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| `")]
    written = {row[0].strip("| `"): row[-1].removesuffix(" |") for row in rows}
    assert {each.name: each.definition for each in MEASURES}.items() <= written.items()
    assert {each.value for each in Outcome} <= written.keys()
    assert len(written) == len(MEASURES) + len(Outcome), "the page has rows that nothing counts"


@pytest.mark.parametrize(
    "name, value",
    [
        ("containment", 50 / 100),
        ("move_to_text", 10 / 100),
        ("transfer", 20 / 100),
        ("abandonment_in_flow", 10 / 96),
        ("abandonment_in_queue", 5 / 20),
        ("short_abandonment", 5 / 100),
        ("first_contact_resolution", 18 / 20),
        ("repeat_rate", 10 / 40),
        ("service_level", 12 / 20),
        ("asa_s", 10.0),
        ("aht_s", 225.0),
        ("occupancy", 0.5),
        ("cost_per_contact", (20 * 8.0 + 100 * 0.5) / 100),
        ("money_saved", 45 * 8.0 - 80 * 0.5),
    ],
)
def test_a_measure_of_a_day(name: str, value: float) -> None:
    assert measured(DAY, COSTS, AgentSeconds(7200.0, 3600.0))[name] == pytest.approx(value)


def test_every_measure_is_tried_above() -> None:
    assert None not in measured(DAY, COSTS, AgentSeconds(7200.0, 3600.0)).values()
    assert len(measured(DAY, COSTS, None)) == 14


def test_a_rate_over_nothing_is_none() -> None:
    assert set(measured(Totals(), COSTS, None).values()) == {None}


def test_more_who_hang_up_never_look_like_more_contained() -> None:
    worse = replace(DAY, contacts=121, abandoned_in_flow=15)
    assert (measured(worse, COSTS)["containment"] or 0) < (measured(DAY, COSTS)["containment"] or 0)


def test_the_outcomes_are_sums_of_their_own() -> None:
    assert {each.value for each in Outcome} <= set(NAMES)
