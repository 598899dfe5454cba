"""What others hear of a call: both sides, and silence where it is secret."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicebot.flows.commands import Listen
from voicebot.media.recorder import Recorder
from voicebot.sessions.earshot import LINGERS_MS, Earshot
from voicebot.telephony._api import AudioIn
from voicebot.types import CallId, Samples

RATE = 8000
PRIVATE = Listen((), private=True)
SENSITIVE = Listen((), private=True, sensitive=True)


def _frame(level: int) -> Samples:
    return np.full(RATE // 50, level, np.int16)


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    made = Recorder(tmp_path)
    made.start()
    yield made
    made.stop()


def _pass(earshot: Earshot, frames: int, begin: int = 0, *, secret: bool = False) -> None:
    for index in range(begin, begin + frames):
        earshot.sent(_frame(9), index * 0.02, secret=secret)
        earshot.heard(_frame(8), index * 0.02)


def test_a_recording_is_silent_while_something_private_is_asked_and_time_goes_on(
    recorder: Recorder,
) -> None:
    earshot = Earshot(RATE)
    earshot.recorder = recorder.begin(CallId("abc"), RATE)
    _pass(earshot, 30)
    with earshot.asking(PRIVATE):
        _pass(earshot, 30, 30)
    _pass(earshot, 30, 60)
    earshot.close()
    recorder.stop()
    samples, _ = soundfile.read(recorder.folder / earshot.recorder.name, dtype="int16")
    frames = samples[::160]
    assert frames[:30].tolist() == frames[60:].tolist() == [[8, 9]] * 30
    assert not frames[30:60].any()


def _heard(earshot: Earshot, secret: bool = False) -> int:
    """What a supervisor hears once all sides have sent for a while."""
    seat = earshot.join(RATE)
    heard = []
    for index in range(10):
        _pass(earshot, 1, index, secret=secret)
        frame = seat.next_frame(0.0)
        heard.append(0 if frame is None else int(frame[0]))
    seat.leave("enough")
    return heard[-1]


def test_who_listens_hears_both_sides_mixed() -> None:
    earshot = Earshot(RATE)
    assert _heard(earshot) == 17
    assert _heard(earshot) == 17, "who comes after all have left hears the same"


def test_who_listens_to_a_wideband_supervisor_line_hears_it_too() -> None:
    earshot = Earshot(RATE)
    seat = earshot.join(16000)
    for index in range(20):
        _pass(earshot, 1, index)
        frame = seat.next_frame(0.0)
    assert frame is not None
    assert frame.shape == (320,)
    assert np.abs(frame).max() in range(14, 20)


def test_what_the_two_send_each_other_is_left_as_it_is() -> None:
    earshot = Earshot(RATE)
    seats = [earshot.join(16000), earshot.join(RATE)]
    said, heard = _frame(8), _frame(9)
    said.setflags(write=False)
    heard.setflags(write=False)
    for index in range(20):
        earshot.sent(heard, index * 0.02, secret=False)
        earshot.heard(said, index * 0.02)
        for seat in seats:
            seat.receive(AudioIn(_frame(500), index * 0.02))
            seat.next_frame(0.0)
    heard_last = seats[1].next_frame(0.0)
    assert heard_last is not None
    assert heard_last.max() == 17, "nor do supervisors hear each other"


def test_a_secret_is_silence_for_who_listens() -> None:
    earshot = Earshot(RATE)
    assert _heard(earshot, secret=True) == 0
    _pass(earshot, 1)
    with earshot.asking(SENSITIVE):
        assert earshot.is_silent
        assert _heard(earshot) == 0


def test_silence_lingers_for_the_tone_of_a_last_key() -> None:
    earshot = Earshot(RATE)
    with earshot.asking(SENSITIVE):
        pass
    assert _heard(earshot) == 0
    _pass(earshot, LINGERS_MS // 20)
    assert _heard(earshot) == 17


def test_what_the_bot_says_while_nobody_speaks_comes_without_a_gap() -> None:
    earshot = Earshot(RATE)
    seat = earshot.join(RATE)
    frames: list[Samples | None] = []
    for index in range(50):
        earshot.heard(_frame(0), index * 0.02)
        earshot.sent(_frame(9) if index % 10 > 4 else None, index * 0.02, secret=False)
        frames.append(seat.next_frame(0.0))
    levels = [0 if frame is None else int(frame[0]) for frame in frames]
    assert levels == [9 if index % 10 > 4 else 0 for index in range(50)]
