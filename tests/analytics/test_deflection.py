"""The rates of deflection are as they are defined: served, not sent away."""

from __future__ import annotations

from voicebot.analytics.deflection import HOUR_S, Funnel, deflection
from voicebot.events import DeflectionReached, DeflectionStage
from voicebot.types import CallId

S = DeflectionStage


def facts(
    call: str, *stages: tuple[DeflectionStage, str], at: float = 0.0
) -> list[DeflectionReached]:
    return [
        DeflectionReached(CallId(call), at + second, stage, intent)
        for second, (stage, intent) in enumerate(stages)
    ]


def test_served_in_text_is_deflected_and_sent_away_is_not() -> None:
    accepted = ((S.OFFERED, "label"), (S.ACCEPTED, "label"))
    found = deflection(
        [
            *facts("served", *accepted, (S.OPENED, ""), (S.SERVED, "")),
            *facts("lost", *accepted, (S.OPENED, ""), (S.GAVE_UP, "")),
            *facts("unopened", *accepted, (S.GAVE_UP, "")),
            *facts("declined", (S.OFFERED, "label"), (S.DECLINED, "label")),
            *facts("failed", (S.OFFERED, "label"), (S.FAILED, "label")),
        ]
    )
    whole = found.whole
    assert {stage: count for stage, count in whole.reached.items() if count} == {
        S.OFFERED: 5, S.DECLINED: 1, S.ACCEPTED: 3, S.FAILED: 1, S.OPENED: 2, S.SERVED: 1,
        S.GAVE_UP: 2,
    }  # fmt: skip
    assert whole.deflected == 1
    assert (whole.acceptance_rate, whole.deflection_rate) == (3 / 5, 1 / 5)
    assert whole.completion_rate == 1 / 3


def test_who_came_back_or_needed_a_person_was_not_deflected() -> None:
    accepted = ((S.OFFERED, "label"), (S.ACCEPTED, "label"), (S.SERVED, ""))
    found = deflection(
        [*facts("a", *accepted, (S.CAME_BACK, "")), *facts("b", *accepted, (S.HANDED_ON, ""))]
    )
    assert found.whole.reached[S.SERVED] == 2
    assert found.whole.deflected == 0


def test_stages_of_the_text_belong_to_the_intent_that_was_accepted() -> None:
    found = deflection(
        facts(
            "c",
            (S.OFFERED, "tracking"),
            (S.OFFERED, "label"),
            (S.ACCEPTED, "label"),
            (S.OPENED, ""),
            (S.SERVED, ""),
        )
    )
    assert list(found.by_intent) == ["label", "tracking"]
    assert found.by_intent["label"].deflected == 1
    assert found.by_intent["tracking"].deflected == 0
    assert found.whole.reached[S.OFFERED] == 2


def test_a_contact_counts_in_the_hour_of_its_offer() -> None:
    early = facts("a", (S.OFFERED, "x"), (S.ACCEPTED, "x"), at=HOUR_S - 1)
    found = deflection([*early, *facts("b", (S.OFFERED, "x"), at=HOUR_S)])
    assert {hour: each.reached[S.OFFERED] for hour, each in found.by_hour.items()} == {
        0.0: 1,
        HOUR_S: 1,
    }
    assert found.by_hour[0.0].reached[S.ACCEPTED] == 1


def test_a_stage_told_twice_counts_once_and_order_does_not_matter() -> None:
    once = facts("a", (S.OFFERED, "x"), (S.ACCEPTED, "x"), (S.SERVED, ""))
    assert deflection([*reversed(once), *once]) == deflection(once)


def test_stages_without_an_offer_are_passed_over() -> None:
    assert deflection(facts("a", (S.OPENED, ""), (S.SERVED, ""))).whole.reached[S.SERVED] == 0


def test_a_rate_over_nothing_is_none() -> None:
    empty = Funnel()
    assert (empty.acceptance_rate, empty.deflection_rate, empty.completion_rate) == (None,) * 3
