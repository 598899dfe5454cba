from __future__ import annotations

import pytest

from tests.turns.conftest import near
from voicebot.turns.barge_in import BARGE_IN, ONSET, RESUMED, Criterion, RecentSpeech


def heard(pattern: str) -> tuple[RecentSpeech, float]:
    """One frame a character, 'x' for speech; gives the time of the last one too."""
    recent = RecentSpeech()
    now = 50.0
    for letter in pattern:
        now += 0.02
        recent.hear(letter == "x", now)
    return recent, now


@pytest.mark.parametrize(
    ("criterion", "pattern", "meets"),
    [
        (ONSET, "xxxxx", True),
        (ONSET, "xxxx", False),
        (ONSET, "x.xx.xx", True),
        (ONSET, "xx...xxx", False),
        (BARGE_IN, "xxxxx", False),
        (BARGE_IN, "xxxxxxx", True),
        (BARGE_IN, "xxx...xxxx", True),
        (BARGE_IN, "xxxx....xxxx", False),
        (RESUMED, "xx", False),
        (RESUMED, "x.x.x", True),
    ],
)
def test_enough_frames_in_a_short_stretch(criterion: Criterion, pattern: str, meets: bool) -> None:
    recent, now = heard(pattern)
    assert recent.meets(criterion, now) is meets


def test_speech_dates_from_the_beginning_of_its_first_frame() -> None:
    recent, now = heard("....x.xxxx")
    assert recent.since(ONSET, now) == near(now - 0.12)


def test_old_speech_does_not_count_where_frames_failed_to_come() -> None:
    recent, now = heard("xxxx")
    recent.hear(True, now + 1.0)
    assert not recent.meets(RESUMED, now + 1.0)


def test_frames_that_arrive_in_a_burst_count_each() -> None:
    recent = RecentSpeech()
    for _ in range(5):
        recent.hear(True, 3.0)
    assert recent.meets(ONSET, 3.0)
