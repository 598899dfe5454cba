"""Keys as sound: every one is recognised by our own detector, in order."""

from __future__ import annotations

import pytest

from voicebot.media.dtmf_detector import DtmfDetector
from voicebot.media.key_tones import MOST_WAITING, KeySounds, key_tone
from voicebot.types import KEYS


@pytest.mark.parametrize("rate", [8000, 16_000])
def test_every_key_is_recognised_once_and_silence_follows(rate: int) -> None:
    sounds, detector, found = KeySounds(rate), DtmfDetector(rate), ""
    assert sounds.next_frame(0.0) is None
    for key in KEYS:
        sounds.press(key)
    for _ in range(len(KEYS) * 10):
        frame = sounds.next_frame(0.0)
        assert frame is not None
        assert len(frame) == rate // 50
        found += detector.feed(frame).key or ""
    assert found == KEYS
    assert sounds.next_frame(0.0) is None


def test_more_keys_than_fit_are_dropped() -> None:
    sounds = KeySounds(8000)
    for _ in range(MOST_WAITING + 5):
        sounds.press("1")
    frames = 0
    while sounds.next_frame(0.0) is not None:
        frames += 1
    assert frames == MOST_WAITING * 10


@pytest.mark.parametrize("key", ["", "12", "x"])
def test_what_is_no_key_has_no_tone(key: str) -> None:
    with pytest.raises(ValueError, match="no key"):
        key_tone(key)
