from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.media.frames import (
    Framer,
    frame_length,
    frames_of,
    is_silent,
    level_dbfs,
    silence,
)


@pytest.mark.parametrize(("rate", "samples"), [(8000, 160), (16000, 320), (22050, 441)])
def test_a_frame_is_20_ms(rate: int, samples: int) -> None:
    assert frame_length(rate) == samples
    assert len(silence(rate)) == samples


@given(st.lists(st.integers(0, 700), max_size=20))
def test_blocks_of_any_length_become_frames_without_loss(lengths: list[int]) -> None:
    sound = np.arange(sum(lengths), dtype=np.int16)
    framer = Framer(8000)
    frames = []
    start = 0
    for length in lengths:
        frames += framer.feed(sound[start : start + length])
        start += length
        assert framer.pending < 160
    frames += framer.flush()
    assert all(len(frame) == 160 for frame in frames)
    joined = np.concatenate([*frames, np.zeros(0, np.int16)])
    assert np.array_equal(joined[: len(sound)], sound)
    assert len(joined) - len(sound) < 160
    assert not joined[len(sound) :].any()
    assert framer.flush() == []


def test_the_rest_does_not_change_with_the_callers_buffer() -> None:
    block = np.ones(100, np.int16)
    framer = Framer(8000)
    framer.feed(block)
    block[:] = 7
    (frame,) = framer.feed(np.ones(60, np.int16))
    assert frame.tolist() == [1] * 160


def test_a_recording_is_cut_into_frames_with_silence_at_the_end() -> None:
    frames = frames_of(np.full(200, 5, np.int16), 8000)
    assert [len(frame) for frame in frames] == [160, 160]
    assert frames[1].tolist() == [5] * 40 + [0] * 120


@pytest.mark.parametrize(
    ("amplitude", "dbfs"), [(32768 // 2, -6.02), (3277, -20.0), (33, -59.94), (-32768, 0.0)]
)
def test_level_is_in_db_below_full_scale(amplitude: int, dbfs: float) -> None:
    assert level_dbfs(np.full(160, amplitude, np.int16)) == pytest.approx(dbfs, abs=0.02)


def test_no_sound_has_the_lowest_level() -> None:
    assert level_dbfs(silence(8000)) == -100.0
    assert level_dbfs(np.zeros(0, np.int16)) == -100.0


def test_line_noise_is_silent_and_speech_is_not() -> None:
    assert is_silent(np.full(160, 8, np.int16))  # what A-law makes of silence
    assert not is_silent(np.full(160, 300, np.int16))
    assert is_silent(np.full(160, 300, np.int16), threshold_dbfs=-40.0)
