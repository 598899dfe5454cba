"""Audio over TCP is evened out: blocks of any length and at any time become frames."""

from __future__ import annotations

import numpy as np
import pytest

from voicebot.telephony.stream_playout import IN_HAND, MOST, PlayoutCounts, StreamPlayout
from voicebot.types import Samples


def loud(count: int, first: int = 1000) -> Samples:
    return np.arange(first, first + count, dtype=np.int16)


def playout() -> tuple[StreamPlayout, PlayoutCounts]:
    counts = PlayoutCounts()
    return StreamPlayout(8000, counts), counts


def test_nothing_is_played_until_enough_is_in_hand() -> None:
    stream, counts = playout()
    assert stream.play() is None
    stream.feed(loud(160))
    assert stream.play() is None
    stream.feed(loud(160, 2000))
    first = stream.play()
    assert first is not None
    assert first[0] == 1000
    assert counts.starved == 2


def test_blocks_of_any_length_come_out_whole_and_in_order() -> None:
    stream, _ = playout()
    said = loud(1600)
    heard = []
    for start, end in [(0, 80), (80, 330), (330, 331), (331, 1000), (1000, 1600)]:
        stream.feed(said[start:end])
    while (frame := stream.play()) is not None:
        heard.append(frame)
    assert np.array_equal(np.concatenate(heard), said)


@pytest.mark.parametrize("block_ms", [10, 20, 30, 40, 60, 100])
@pytest.mark.parametrize("late_ms", [0, 19])
def test_a_steady_stream_of_long_blocks_is_heard_without_gaps(block_ms: int, late_ms: int) -> None:
    stream, counts = playout()
    fed, begun = 0, False
    for tick_ms in range(0, 4000, 20):
        # Every other block is late by nearly a tick.
        while fed * block_ms + (late_ms if fed % 2 else 0) <= tick_ms:
            stream.feed(loud(8 * block_ms))
            fed += 1
        heard = stream.play()
        assert not begun or heard is not None
        begun = begun or heard is not None
    assert begun
    assert counts.starved * 20 <= 2 * block_ms + 40


def test_the_end_of_what_was_said_is_not_kept_back() -> None:
    stream, _ = playout()
    stream.feed(loud(400))
    frames = [frame for frame in (stream.play() for _ in range(10)) if frame is not None]
    assert len(frames) == 3
    assert list(frames[2][:80]) == list(range(1320, 1400))
    assert not frames[2][80:].any()


def test_a_stall_loses_no_word() -> None:
    stream, counts = playout()
    for _ in range(2):
        stream.feed(loud(160))
    assert stream.play() is not None
    assert stream.play() is not None
    for _ in range(15):
        assert stream.play() is None
    for number in range(17):
        stream.feed(loud(160, 2000 + number))
    heard = [stream.play() for _ in range(17)]
    assert [frame[0] for frame in heard if frame is not None] == list(range(2000, 2017))
    assert counts.starved == 15
    assert counts.shortened == 0


def test_lateness_is_given_back_in_the_next_pause() -> None:
    stream, counts = playout()
    for _ in range(15):
        stream.feed(loud(160))
    for _ in range(60):
        stream.feed(loud(160))
        stream.play()
    assert counts.shortened == 0
    assert len(stream) > 10
    for _ in range(60):
        stream.feed(np.zeros(160, np.int16))
        stream.play()
    assert counts.shortened > 10
    assert len(stream) <= IN_HAND + 1


def test_a_heap_is_cut_at_its_oldest_end() -> None:
    stream, counts = playout()
    stream.feed(np.repeat(np.arange(MOST + 10, dtype=np.int16), 160))
    assert len(stream) == MOST
    assert counts.overflowed == 10
    frame = stream.play()
    assert frame is not None
    assert frame[0] == 10
