"""What a flow is told of a caller's earlier contacts, and how numbers are written."""

from __future__ import annotations

from datetime import datetime

import pytest

from voicebot.sessions.history import DAY_S, Contact, told
from voicebot.sessions.numbers import caller_number, number_of
from voicebot.types import CallId, Json, Matter, Outcome

NOW = datetime(2026, 11, 21, 12).timestamp()


def contact(
    days_ago: float, about: str = "", outcome: Outcome = Outcome.ABANDONED_IN_FLOW, **details: Json
) -> Contact:
    opened = bool(details.pop("open", True))
    matter = Matter(about, details, open=opened) if about else None
    return Contact(CallId(f"{days_ago}"), NOW - days_ago * DAY_S, outcome, matter)


def test_a_first_contact_has_an_empty_history() -> None:
    assert told([], NOW) == {"contacts": 0, "last": None, "open": None}


def test_the_open_matter_is_told_with_its_day_and_values() -> None:
    history = told([contact(4, "return", number="1508")], NOW)
    about: Json = {
        "about": "return",
        "number": "1508",
        "when": "2026-11-17",
        "days_ago": 4,
        "outcome": "abandoned_in_flow",
    }
    assert history == {"contacts": 1, "last": about, "open": about}


def test_the_newest_open_matter_counts() -> None:
    history = told([contact(1), contact(2, "order"), contact(3, "return")], NOW)
    assert history["contacts"] == 3
    assert isinstance(history["last"], dict)
    assert isinstance(history["open"], dict)
    assert history["last"]["about"] is None
    assert history["open"]["about"] == "order"


def test_a_later_contact_closes_a_matter() -> None:
    closed = contact(1, "order", Outcome.SELF_SERVED, number="1", open=False)
    assert told([closed, contact(2, "order", number="1")], NOW)["open"] is None
    # One that names no number speaks of the same.
    assert told([closed, contact(2, "order")], NOW)["open"] is None


def test_another_order_is_another_matter() -> None:
    closed = contact(1, "order", Outcome.SELF_SERVED, number="1", open=False)
    still_open = told([closed, contact(2, "order", number="2")], NOW)["open"]
    assert isinstance(still_open, dict)
    assert still_open["number"] == "2"


def test_days_change_at_midnight() -> None:
    just_after_midnight = datetime(2026, 11, 21, 0, 5).timestamp()
    last = told([contact(0.6, "order")], just_after_midnight)["last"]
    assert isinstance(last, dict)
    assert last["days_ago"] == 1


@pytest.mark.parametrize(
    ("caller", "number"),
    [
        ("+15550117", "+15550117"),
        ("+1 (555) 01-17", "+15550117"),
        ("0015550117", "+15550117"),
        ("sip:+15550117@host;user=phone", "+15550117"),
        ("tel:+1-555-0117;phone-context=x", "+15550117"),
        ("05550117", "05550117"),
        ("101", "101"),
        ("anonymous", ""),
        ("266696687", ""),
        ("", ""),
        ("web", ""),
        ("alice", ""),
        ("0000000000", ""),
        ("12", ""),
        ("1" * 21, ""),
        ("٣٣٣٣", ""),
        ("+", ""),
    ],
)
def test_a_number_is_written_in_one_way(caller: str, number: str) -> None:
    assert caller_number(caller) == number


def test_in_a_call_of_ours_the_number_is_that_of_the_other_side() -> None:
    assert number_of("inbound", "+15550117", "1000") == "+15550117"
    assert number_of("outbound", "1000", "sip:+15550117@carrier") == "+15550117"
