"""Two clocks that nearly agree: what is heard stays whole, and the queue stays short."""

from __future__ import annotations

import numpy as np

from voicebot.media.slip_queue import PATIENCE_FRAMES, WINDOW_FRAMES, SlipQueue
from voicebot.types import Samples

SILENCE = np.zeros(160, np.int16)


def _frame(number: int) -> Samples:
    return np.full(160, 1000 + number, np.int16)


def _run(queue: SlipQueue, into_ms: float, out_ms: float, seconds: float) -> list[int]:
    """Put a frame in every ``into_ms`` and take one every ``out_ms``; the depth at each take."""
    depths, number, due = [], 0, 0.0
    for index in range(int(seconds * 1000 / out_ms)):
        now = index * out_ms + out_ms / 2
        while due <= now:
            queue.put(_frame(number))
            number, due = number + 1, due + into_ms
        depths.append(len(queue))
        queue.take()
    return depths


def test_equal_clocks_lose_nothing_and_keep_one_frame() -> None:
    queue = SlipQueue()
    depths = _run(queue, 20.0, 20.0, 60)
    assert (queue.inserted, queue.dropped) == (0, 0)
    assert set(depths) == {1}


def test_a_faster_source_is_held_back_now_and_then() -> None:
    queue = SlipQueue()
    depths = _run(queue, 20.0 * (1 - 200e-6), 20.0, 600)
    assert queue.inserted == 0
    assert 3 <= queue.dropped <= 8  # 600 s at 200 ppm are six frames
    assert max(depths) <= 2


def test_a_slower_source_is_made_up_for() -> None:
    queue = SlipQueue()
    depths = _run(queue, 20.0 * (1 + 200e-6), 20.0, 600)
    assert 4 <= queue.inserted <= 8
    assert max(depths) <= 2


def test_a_frame_too_many_goes_in_the_next_silence() -> None:
    queue = SlipQueue()
    queue.put(_frame(0))
    for number in range(1, WINDOW_FRAMES + 20):
        queue.put(_frame(number))
        queue.take()
    assert queue.dropped == 0
    queue.put(SILENCE)
    queue.take()
    queue.put(_frame(0))
    queue.take()
    assert (queue.dropped, len(queue)) == (1, 0)


def test_speech_without_a_pause_is_shortened_by_a_crossfade() -> None:
    queue = SlipQueue()
    queue.put(_frame(0))
    heard = []
    for number in range(1, WINDOW_FRAMES + PATIENCE_FRAMES + 5):
        queue.put(_frame(number))
        heard.append(queue.take())
    assert (queue.dropped, len(queue)) == (1, 0)
    edges = np.concatenate([frame for frame in heard if frame is not None]).astype(int)
    assert np.abs(np.diff(edges)).max() <= 2


def test_one_missing_frame_is_faded_and_then_there_is_silence() -> None:
    queue = SlipQueue()
    queue.put(_frame(0))
    assert queue.take() is not None
    made_up = queue.take()
    assert made_up is not None
    assert made_up[0] == 1000
    assert made_up[-1] == 0
    assert queue.take() is None
    assert queue.inserted == 1


def test_a_burst_does_not_make_the_queue_long() -> None:
    queue = SlipQueue()
    for number in range(40):
        queue.put(_frame(number))
    assert len(queue) == 3
    assert queue.dropped == 37
