"""Who spoke when: from the records alone, and as measured in the recording."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from voicebot.analytics.timeline import CallTimes, Part, Stretch, TurnTimes, measured, told
from voicebot.types import Language

EN = Language("en-US")
SECONDS = st.floats(0, 100)


def call(*turns: TurnTimes, waited_s: float = 0, handled_s: float = 0) -> CallTimes:
    return CallTimes(EN, 1.0, 60.0, turns, waited_s, handled_s)


def test_the_bot_is_silent_before_the_caller_is_heard_and_silence_is_told() -> None:
    turn = TurnTimes("Hello there, what is your number?", 9.0, 2.0, 6.0, 8.0)
    found = told(call(turn))
    assert [(each.part, each.begin_s, each.end_s) for each in found] == [
        (Part.SILENCE, 1.0, 2.0),
        (Part.BOT, 2.0, 4.0),
        (Part.SILENCE, 4.0, 6.0),
        (Part.CALLER, 6.0, 8.0),
        (Part.SILENCE, 8.0, 60.0),
    ]


def test_a_caller_who_barges_in_overlaps_with_the_bot() -> None:
    found = told(call(TurnTimes("word " * 100, 9.0, 2.0, 6.0, 8.0)))
    assert Stretch(Part.OVERLAP, 6.0, 6.5, estimated=True) in found


def test_waiting_and_the_agent_are_the_end_of_the_call() -> None:
    found = told(call(waited_s=10, handled_s=20))
    assert Stretch(Part.WAITING, 30.0, 40.0, estimated=True) in found
    assert Stretch(Part.AGENT, 40.0, 60.0, estimated=True) in found


def test_a_voice_over_the_change_to_the_agent_belongs_to_both() -> None:
    found = measured(call(handled_s=20), [], [(39.0, 41.0)])
    assert Stretch(Part.BOT, 39.0, 40.0) in found
    assert Stretch(Part.AGENT, 40.0, 41.0) in found


@given(st.lists(st.tuples(SECONDS, SECONDS, SECONDS, SECONDS), max_size=8), SECONDS, SECONDS)
def test_everything_lies_within_the_call(
    times: list[tuple[float, float, float, float]], waited: float, handled: float
) -> None:
    turns = [TurnTimes("some words", *each) for each in times]
    ranges = [(min(a, b), max(a, b)) for a, b, _, _ in times]
    asked = call(*turns, waited_s=waited, handled_s=handled)
    for stretch in [*told(asked), *measured(asked, ranges, ranges)]:
        assert 1.0 <= stretch.begin_s < stretch.end_s <= 60.0
