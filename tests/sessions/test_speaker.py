"""The bot's mouth, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from voicebot.sessions.speaker import Speaker
from voicebot.types import Samples

FRAME = 160


@dataclass
class Log:
    entries: list[str] = field(default_factory=list)

    def started(self, bargein: bool) -> None:
        self.entries.append("start" if bargein else "start, no bargein")

    def silent(self) -> None:
        self.entries.append("silence")


def speaker() -> tuple[Speaker, Log]:
    log = Log()
    return Speaker(FRAME, log.started, log.silent), log


def voice(count: int, level: int = 8000) -> Samples:
    return np.full(count, level, dtype=np.int16)


def frames(mouth: Speaker, count: int) -> list[Samples | None]:
    return [mouth.next_frame(0.02 * index) for index in range(count)]


def test_clips_are_joined_without_a_gap_and_the_last_frame_is_padded() -> None:
    mouth, _ = speaker()
    utterance = mouth.begin(bargein=True)
    utterance.add(voice(100, 1000))
    utterance.add(voice(30, 2000))
    utterance.add(voice(130, 3000))
    utterance.finish()
    first, second, third = frames(mouth, 3)
    assert first is not None
    assert second is not None
    assert list(first) == [1000] * 100 + [2000] * 30 + [3000] * 30
    assert list(second) == [3000] * 100 + [0] * 60
    assert third is None


def test_silence_is_told_once_after_the_last_utterance() -> None:
    mouth, log = speaker()
    for bargein in (True, False):
        utterance = mouth.begin(bargein=bargein)
        utterance.add(voice(FRAME))
        utterance.finish()
    frames(mouth, 5)
    assert log.entries == ["start", "start, no bargein", "silence"]
    assert not mouth.is_speaking


def test_late_sound_is_a_counted_pause_and_then_goes_on() -> None:
    mouth, log = speaker()
    utterance = mouth.begin(bargein=True)
    assert frames(mouth, 3) == [None, None, None]
    assert mouth.gaps == 0
    utterance.add(voice(FRAME))
    assert mouth.next_frame(1.0) is not None
    assert mouth.next_frame(1.02) is None
    assert mouth.gaps == 1
    utterance.add(voice(FRAME))
    utterance.finish()
    assert mouth.next_frame(1.04) is not None
    assert mouth.next_frame(1.06) is None
    assert mouth.gaps == 1
    assert log.entries == ["start", "silence"]


def test_stop_makes_the_very_next_frame_silent() -> None:
    mouth, _ = speaker()
    utterance = mouth.begin(bargein=True)
    utterance.add(voice(10 * FRAME))
    mouth.next_frame(0.0)
    mouth.stop()
    assert mouth.next_frame(0.02) is None
    utterance.add(voice(FRAME))
    assert mouth.next_frame(0.04) is None


def test_first_voice_is_when_the_first_frame_that_is_not_silent_left() -> None:
    mouth, _ = speaker()
    utterance = mouth.begin(bargein=True)
    utterance.add(voice(2 * FRAME, 0))
    utterance.add(voice(2 * FRAME))
    frames(mouth, 4)
    assert mouth.first_voice_at == 0.04
    mouth.expect_reply()
    assert mouth.first_voice_at is None


def test_utterance_without_sound_is_passed_over() -> None:
    mouth, log = speaker()
    mouth.begin(bargein=True).finish()
    utterance = mouth.begin(bargein=True)
    utterance.add(voice(FRAME))
    utterance.finish()
    assert mouth.next_frame(0.0) is not None
    assert log.entries == ["start", "start"]


def test_half_a_frame_waits_for_the_rest_of_its_utterance() -> None:
    mouth, _ = speaker()
    utterance = mouth.begin(bargein=True)
    utterance.add(voice(100))
    assert mouth.next_frame(0.0) is None
    utterance.add(voice(60))
    assert mouth.next_frame(0.02) is not None
