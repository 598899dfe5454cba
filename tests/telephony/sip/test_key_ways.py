"""Each press once, whichever ways it comes."""

from __future__ import annotations

from voicebot.telephony.sip.keys import KeyWays


def test_a_signal_after_its_tone_is_the_same_press() -> None:
    ways = KeyWays()
    assert ways.sounded("5", 1.0)
    assert not ways.signalled("5", 1.3)


def test_the_next_press_of_the_same_key_counts() -> None:
    ways = KeyWays()
    ways.sounded("5", 1.0)
    ways.signalled("5", 1.2)
    assert not ways.sounded("5", 1.6)
    assert ways.signalled("5", 1.8)


def test_with_the_first_signal_tones_no_longer_count() -> None:
    ways = KeyWays()
    assert ways.signalled("1", 1.0)
    assert not ways.sounded("1", 1.1)
    assert not ways.sounded("2", 60.0)


def test_a_signal_long_after_a_tone_or_of_another_key_is_a_press_of_its_own() -> None:
    late, other = KeyWays(), KeyWays()
    late.sounded("5", 1.0)
    assert late.signalled("5", 4.0)
    other.sounded("5", 1.0)
    assert other.signalled("6", 1.2)
