from __future__ import annotations

import numpy as np
import pytest

from voicebot.turns.utterance import UtteranceBuffer


def filled(seconds: float, longest_s: float = 25.0, hold: float | None = None) -> UtteranceBuffer:
    """Frame n holds the number n and arrives at its end."""
    buffer = UtteranceBuffer(longest_s)
    for n in range(round(seconds / 0.02)):
        at = round((n + 1) * 0.02, 6)
        if hold is not None and n == round(hold / 0.02):
            buffer.hold(hold)
        buffer.feed(np.full(160, n, np.int16), at)
    return buffer


def frames_in(samples: np.ndarray[tuple[int], np.dtype[np.int16]]) -> list[int]:
    assert len(samples) % 160 == 0
    numbers: list[int] = samples[::160].tolist()
    return numbers


def test_a_cut_holds_exactly_the_frames_between_its_marks() -> None:
    cut = filled(1.0).cut(0.4, 0.6, preroll_s=0, postroll_s=0)
    assert frames_in(cut) == list(range(20, 30))


def test_a_cut_reaches_back_and_beyond() -> None:
    cut = filled(1.0).cut(0.4, 0.6, preroll_s=0.1, postroll_s=0.06)
    assert frames_in(cut) == list(range(15, 33))


def test_a_cut_ends_where_nothing_was_heard_yet() -> None:
    cut = filled(0.7).cut(0.6, 0.7, preroll_s=0, postroll_s=0.5)
    assert frames_in(cut) == list(range(30, 35))


def test_what_was_said_a_second_ago_is_forgotten_unless_held() -> None:
    assert frames_in(filled(5.0).cut(0.0, 5.0))[0] == 200
    assert frames_in(filled(5.0, hold=1.0).cut(1.0, 5.0))[0] == 35


def test_a_held_utterance_is_bounded_and_what_is_lost_is_counted() -> None:
    buffer = filled(10.0, longest_s=2.0, hold=1.0)
    assert len(buffer.cut(0.0, 10.0)) == 100 * 160
    assert buffer.dropped_frames == 500 - 100


def test_nothing_counts_as_dropped_while_nobody_speaks() -> None:
    assert filled(10.0).dropped_frames == 0


def test_a_released_buffer_shrinks() -> None:
    buffer = filled(5.0, hold=0.0)
    buffer.release()
    buffer.feed(np.zeros(160, np.int16), 5.02)
    assert len(buffer.cut(0.0, 10.0)) == 50 * 160


@pytest.mark.parametrize(("start", "end"), [(90.0, 91.0), (0.5, 0.1)])
def test_where_nothing_was_kept_the_cut_is_empty(start: float, end: float) -> None:
    cut = filled(1.0).cut(start, end, preroll_s=0, postroll_s=0)
    assert cut.dtype == np.int16
    assert len(cut) == 0
