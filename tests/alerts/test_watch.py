"""An alert is raised when something was wrong for long enough, and cleared when it is better."""

from __future__ import annotations

from dataclasses import replace

import pytest

from voicebot.alerts.model import Alert, Reading, Readings, Rule, Usual
from voicebot.alerts.watch import AlertWatch

LONG = Rule("long", "waiting", above=10, clear=5, for_s=60)
NOBODY = Rule("nobody", "agents", below=1, clear=1, for_s=0)
FEW = Rule("few", "containment", below=0.5, clear=0.6, for_s=0, least=20)
ODD = Rule("odd", "contacts", unusual=3, clear=2, for_s=0)


def waiting(count: float, queue: str = "support") -> Readings:
    return {("waiting", queue): Reading(count)}


def names(watch: AlertWatch) -> list[tuple[str, str]]:
    return [each.key for each in watch.standing]


def test_it_is_raised_when_it_was_so_for_the_whole_time() -> None:
    watch = AlertWatch([LONG])
    for now in (0.0, 30.0, 59.0):
        watch.observe(waiting(11), now)
        assert not watch.standing
    watch.observe(waiting(12), 60.0)
    assert watch.standing == (
        Alert("long", "support", "support", "support: callers waiting 12, limit 10", 0.0, 60.0),
    )


def test_a_moment_of_relief_begins_the_time_anew() -> None:
    watch = AlertWatch([LONG])
    for now, count in ((0.0, 11), (50.0, 10), (55.0, 11), (100.0, 11)):
        watch.observe(waiting(count), now)
    assert not watch.standing
    watch.observe(waiting(11), 115.0)
    assert watch.standing[0].since == 55.0


def test_it_clears_at_the_lower_mark_and_not_before() -> None:
    watch = AlertWatch([LONG])
    for now, count in ((0.0, 11), (60.0, 11), (70.0, 6)):
        watch.observe(waiting(count), now)
    assert watch.standing[0].said == "support: callers waiting 6, limit 10"
    watch.observe(waiting(5), 80.0)
    assert not watch.standing


def test_each_queue_is_judged_by_itself() -> None:
    watch = AlertWatch([replace(LONG, for_s=0)])
    watch.observe({**waiting(11), **waiting(2, "sales")}, 0.0)
    assert names(watch) == [("long", "support")]
    only = AlertWatch([replace(LONG, for_s=0, queue="sales")])
    only.observe({**waiting(11), **waiting(12, "sales")}, 0.0)
    assert names(only) == [("long", "sales")]


def test_what_is_below_its_limit_is_wrong_too() -> None:
    watch = AlertWatch([NOBODY])
    watch.observe({("agents", "support"): Reading(0.0)}, 0.0)
    assert names(watch) == [("nobody", "support")]
    watch.observe({("agents", "support"): Reading(1.0)}, 1.0)
    assert not watch.standing


def test_nothing_to_judge_clears_and_not_known_keeps() -> None:
    watch = AlertWatch([NOBODY])
    watch.observe({("agents", "support"): Reading(0.0)}, 0.0)
    watch.observe({}, 1.0)
    assert names(watch) == [("nobody", "support")], "nobody knows better"
    watch.observe({("agents", "support"): Reading(None)}, 2.0)
    assert not watch.standing, "the queue is closed"


def test_an_alert_of_a_queue_that_is_gone_goes() -> None:
    watch = AlertWatch([NOBODY])
    watch.observe({("agents", "old"): Reading(0.0)}, 0.0)
    watch.observe({("agents", "support"): Reading(3.0)}, 1.0)
    assert not watch.standing


@pytest.mark.parametrize("value, of, raised", [(0.4, 20, True), (0.4, 19, False), (0.5, 99, False)])
def test_a_share_is_judged_over_enough_contacts(value: float, of: int, raised: bool) -> None:
    watch = AlertWatch([FEW])
    watch.observe({("containment", ""): Reading(value, of)}, 0.0)
    assert bool(watch.standing) is raised


@pytest.mark.parametrize(
    "value, direction, raised",
    [
        (131.0, "either", True),
        (69.0, "either", True),
        (129.0, "either", False),
        (131.0, "more", True),
        (69.0, "more", False),
        (69.0, "less", True),
    ],
)
def test_what_is_far_from_the_usual_is_told(value: float, direction: str, raised: bool) -> None:
    rule = Rule("odd", "contacts", unusual=3, clear=2, for_s=0, direction=direction)  # type: ignore[arg-type]
    watch = AlertWatch([rule])
    watch.observe({("contacts", ""): Reading(value, 100, Usual(100.0, 10.0))}, 0.0)
    assert bool(watch.standing) is raised


def test_without_enough_weeks_nothing_is_unusual() -> None:
    watch = AlertWatch([ODD])
    watch.observe({("contacts", ""): Reading(10_000.0, 10_000)}, 0.0)
    assert not watch.standing


def test_a_restart_keeps_what_stands_and_other_rules_do_not() -> None:
    before = Alert("long", "support", "support", "support: callers waiting 12", 0.0, 60.0)
    watch = AlertWatch([LONG], [before])
    watch.observe(waiting(7), 100.0)
    assert watch.standing[0].raised_at == 60.0
    watch.change([NOBODY])
    assert not watch.standing


def test_an_alert_that_no_rule_looks_at_any_more_goes_also_after_a_restart() -> None:
    watch = AlertWatch([LONG])
    watch.observe(waiting(20), 0.0)
    watch.observe(waiting(20), 60.0)
    (alert,) = watch.standing
    elsewhere = replace(LONG, queue="returns")
    assert AlertWatch([LONG], [alert]).standing == (alert,)
    assert not AlertWatch([elsewhere], [alert]).standing
    watch.change([elsewhere])
    assert not watch.standing
