"""Who listens is told what counts, and not flooded."""

from __future__ import annotations

from dataclasses import replace

from voicebot.alerts.herald import Herald, Notice, Pace
from voicebot.alerts.model import Alert, Mute
from voicebot.alerts.state import AlertState

LONG = Alert("long", "support", "support", "12 wait", 0.0, 0.0)
SLOW = Alert("slow", "support", "support", "they wait 4 min", 0.0, 0.0)
FEW = Alert("few", "", "few", "containment 40 %", 0.0, 0.0)
PACE = Pace(gather_s=10, quiet_s=300, most_per_hour=3)


def names(notice: Notice | None) -> tuple[list[str], list[str]] | None:
    if notice is None:
        return None
    return [each.name for each in notice.raised], [each.name for each in notice.cleared]


def test_what_comes_together_is_told_together() -> None:
    herald = Herald(PACE)
    assert herald.due([LONG], [], 0.0) is None
    assert herald.due([LONG, SLOW], [], 5.0) is None
    assert names(herald.due([LONG, SLOW], [], 10.0)) == (["long", "slow"], [])
    assert herald.due([LONG, SLOW], [], 1000.0) is None, "it was told"


def test_a_group_is_quiet_after_it_was_told_of_and_another_is_not() -> None:
    herald = Herald(PACE)
    herald.due([LONG], [], 0.0)
    herald.due([LONG], [], 10.0)
    assert herald.due([LONG, SLOW, FEW], [], 20.0) is None
    assert names(herald.due([LONG, SLOW, FEW], [], 30.0)) == (["few"], [])
    assert names(herald.due([LONG, SLOW, FEW], [], 310.0)) == (["slow"], [])


def test_the_end_is_told_too() -> None:
    herald = Herald(PACE)
    herald.due([LONG], [], 0.0)
    herald.due([LONG], [], 10.0)
    herald.due([], [], 400.0)
    notice = herald.due([], [], 410.0)
    assert names(notice) == ([], ["long"])
    assert notice is not None
    assert notice.standing == 0


def test_an_alert_that_comes_and_goes_while_its_group_is_quiet_is_never_told() -> None:
    herald = Herald(PACE)
    herald.due([LONG], [], 0.0)
    herald.due([LONG], [], 10.0)
    for now in range(20, 2000, 10):
        standing = [LONG] if now % 40 else []
        # Until it stays away for longer than changes are gathered.
        assert herald.due(standing, [], float(now)) is None


def test_a_storm_is_held_back_and_told_when_there_is_room() -> None:
    herald = Herald(Pace(gather_s=0, quiet_s=0, most_per_hour=3))
    alerts = [replace(FEW, name=str(number), group=str(number)) for number in range(50)]
    told = [herald.due(alerts[: number + 1], [], float(number)) for number in range(50)]
    assert sum(each is not None for each in told) == 3
    last = herald.due(alerts, [], 3601.0)
    assert last is not None
    assert len(last.raised) == 47, "one notice for all that was held back"


def test_what_is_muted_is_told_when_the_mute_ends_and_it_still_stands() -> None:
    herald = Herald(PACE)
    mutes = [Mute("m", "long", "", "anna", 0.0, 500.0)]
    for now in (0.0, 20.0, 499.0):
        assert herald.due([LONG], mutes, now) is None
    herald.due([LONG], mutes, 500.0)
    assert names(herald.due([LONG], mutes, 510.0)) == (["long"], [])


def test_what_was_told_and_clears_while_muted_clears_in_silence() -> None:
    herald = Herald(PACE)
    herald.due([LONG], [], 0.0)
    herald.due([LONG], [], 10.0)
    mutes = [Mute("m", "", "support", "anna", 0.0, 5000.0)]
    for now in (400.0, 420.0):
        assert herald.due([], mutes, now) is None
    herald.due([LONG], [], 5000.0)
    assert names(herald.due([LONG], [], 5010.0)) == (["long"], [])


def test_a_mute_of_one_queue_leaves_the_others() -> None:
    sales = replace(LONG, queue="sales", group="sales")
    mute = Mute("m", "long", "sales", "anna", 0.0, 500.0)
    herald = Herald(Pace(gather_s=0))
    notice = herald.due([LONG, sales], [mute], 0.0)
    assert notice is not None
    assert [each.queue for each in notice.raised] == ["support"]
    assert notice.standing == 1


def test_a_restart_repeats_nothing() -> None:
    herald = Herald(PACE)
    herald.due([LONG], [], 0.0)
    herald.due([LONG], [], 10.0)
    mute = Mute("m", "", "", "anna", 0.0, 500.0)
    state = AlertState((LONG,), herald.told, herald.last, herald.sent, (mute,))
    kept = AlertState.from_json(state.to_json())
    assert kept == state
    again = Herald(PACE, kept.told, kept.last, kept.sent)
    assert again.due([LONG], [], 20.0) is None
    assert again.due([LONG], [], 1000.0) is None
    again.due([LONG, SLOW], [], 1000.0)
    assert names(again.due([LONG, SLOW], [], 1010.0)) == (["slow"], [])
