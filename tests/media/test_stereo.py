"""Two sides of a call stay where they were in time."""

from __future__ import annotations

import numpy as np

from voicebot.media.stereo import LONGEST_GAP_FRAMES, StereoLine, StereoSamples
from voicebot.types import Samples

RATE = 8000
FRAME = 160


def _frame(value: int) -> Samples:
    return np.full(FRAME, value, np.int16)


def _all(line: StereoLine) -> StereoSamples:
    block = line.take(rest=True)
    assert block is not None
    return block


def test_both_sides_lie_side_by_side() -> None:
    line = StereoLine(RATE)
    for index in range(5):
        at = 10.0 + index * 0.02
        line.left(_frame(index + 1), at)
        line.right(_frame(-index - 1) if index % 2 else None, at)
    block = _all(line)
    assert block.shape == (5 * FRAME, 2)
    assert block[::FRAME, 0].tolist() == [1, 2, 3, 4, 5]
    assert block[::FRAME, 1].tolist() == [0, -2, 0, -4, 0]


def test_jitter_makes_no_seam() -> None:
    line = StereoLine(RATE)
    for index in range(20):
        line.left(_frame(index + 1), index * 0.02 + (0.03 if index % 3 else 0.0))
        line.right(None, index * 0.02)
    assert _all(line)[::FRAME, 0].tolist() == list(range(1, 21))
    assert line.dropped == 0


def test_a_side_that_falls_silent_does_not_hold_up_the_other() -> None:
    line = StereoLine(RATE)
    blocks = []
    for index in range(100):
        line.right(_frame(index), index * 0.02)
        if (block := line.take()) is not None:
            blocks.append(block)
    assert sum(map(len, blocks)) == 75 * FRAME
    line.left(_frame(7), 100 * 0.02)
    line.right(_frame(9), 100 * 0.02)
    whole = np.concatenate([*blocks, _all(line)])
    assert whole[100 * FRAME].tolist() == [7, 9]


def test_after_a_hold_the_sides_are_where_the_clock_says() -> None:
    line = StereoLine(RATE)
    for at in (0.0, 5.0):
        line.left(_frame(1), at)
        line.right(_frame(2), at)
    block = _all(line)
    assert len(block) == 251 * FRAME
    assert block[250 * FRAME].tolist() == [1, 2]
    assert not block[FRAME : 250 * FRAME].any()


def test_a_very_long_hold_is_cut() -> None:
    line = StereoLine(RATE)
    for at in (0.0, 7200.0):
        line.left(_frame(1), at)
        line.right(_frame(2), at)
    block = _all(line)
    assert len(block) <= (LONGEST_GAP_FRAMES + 3) * FRAME
    assert block[-FRAME].tolist() == [1, 2]


def test_a_clock_that_runs_ahead_loses_a_frame_and_not_the_alignment() -> None:
    line = StereoLine(RATE)
    for index in range(1000):
        line.left(_frame(1), index * 0.0199)
        line.right(_frame(2), index * 0.02)
    assert 1 <= line.dropped <= 5
