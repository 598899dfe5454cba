"""The playout buffer: nothing lost that was only late, one frame a tick, delay that comes down."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.telephony.webrtc.playout import Playout
from voicebot.types import Samples

FRAME = 320
UNITS = 960
RECOVERED, CONCEALED = -1, -2


class NumberDecoder:
    """A packet is its number, written out; its sound that number in each sample, loud."""

    def length(self, packet: bytes) -> int:
        if packet == b"bad":
            raise ValueError("it is bad")
        return FRAME * (packet.count(b"+") + 1)

    def decode(self, packet: bytes) -> Samples:
        numbers = [int(part) for part in packet.split(b"+")]
        return np.repeat(np.array(numbers, np.int16), FRAME)

    def recover(self, following: bytes, samples: int) -> Samples:
        return np.full(samples, RECOVERED, np.int16)

    def conceal(self, samples: int) -> Samples:
        return np.full(samples, CONCEALED, np.int16)


class Line:
    """A buffer, and what came out of it: a number a tick, None for nothing, 0 for silence."""

    def __init__(self, start: int = 0) -> None:
        self.playout = Playout(NumberDecoder(), 16_000, clock=48_000)
        self.start = start
        self.heard: list[int | None] = []

    def put(self, *numbers: int) -> None:
        """Loud packets: number ``n`` is worth 1000 + n."""
        for n in numbers:
            self.playout.put((self.start + n * UNITS) % 2**32, str(1000 + n).encode())

    def tick(self, times: int = 1) -> None:
        for _ in range(times):
            frame = self.playout.play()
            if frame is not None:
                assert len(frame) == FRAME
                assert len(set(frame.tolist())) == 1
            self.heard.append(None if frame is None else int(frame[0]))

    @property
    def said(self) -> list[int]:
        """The numbers of the packets that were heard."""
        return [value - 1000 for value in self.heard if value is not None and value >= 1000]


def steady(line: Line, numbers: Iterable[int]) -> None:
    for n in numbers:
        line.put(n)
        line.tick()


def test_packets_are_played_in_order_one_packet_behind() -> None:
    line = Line()
    steady(line, range(10))
    assert line.heard == [None, *range(1000, 1009)]


def test_a_packet_overtaken_by_another_is_put_in_its_place() -> None:
    line = Line()
    line.put(0, 1)
    line.tick()
    line.put(3, 2)
    line.tick(3)
    assert line.said == [0, 1, 2, 3]
    assert line.playout.counts.concealed == 0


def test_a_repeated_packet_changes_nothing() -> None:
    line = Line()
    line.put(0, 0, 1, 1)
    line.tick(2)
    assert line.said == [0, 1]
    assert line.playout.counts.repeated == 2


def test_a_lost_packet_is_recovered_from_the_next() -> None:
    line = Line()
    steady(line, [0, 1, 2])
    line.tick()  # 3 is lost
    steady(line, [4, 5, 6])
    assert RECOVERED in line.heard or CONCEALED in line.heard
    assert line.said == [0, 1, 2, 4, 5]
    # The stream is as long as it was: 8 ticks, one of delay, one lost.
    assert len(line.heard) == 7


def test_several_lost_packets_do_not_make_the_delay_longer() -> None:
    line = Line()
    steady(line, range(10))
    line.tick(3)  # 10, 11 and 12 are lost
    steady(line, range(13, 30))
    assert line.said[-1] == 28


def test_what_is_only_late_is_played_later() -> None:
    line = Line()
    steady(line, range(10))
    line.tick(8)
    line.put(*range(10, 18))
    steady(line, range(18, 40))
    assert line.said[:30] == list(range(30))
    assert line.playout.counts.late == 0


def test_a_gap_is_filled_with_speech_first_then_with_silence_then_with_nothing() -> None:
    line = Line()
    steady(line, range(5))
    line.tick(60)
    filled = line.heard[6:]
    assert filled[:5] == [CONCEALED] * 5
    assert set(filled[5:45]) == {0}
    assert filled[-1] is None


def test_the_delay_of_a_gap_comes_down_again() -> None:
    line = Line()
    steady(line, range(10))
    line.tick(8)
    line.put(*range(10, 18))
    steady(line, range(18, 1200))
    assert line.playout.waiting <= 2
    assert line.said[-1] >= 1197
    assert line.playout.counts.left_out >= 6


def test_no_frame_of_speech_is_left_out_on_a_steady_line() -> None:
    line = Line()
    steady(line, range(2000))
    assert line.said == list(range(1999))


def test_quiet_is_left_out_before_speech_is() -> None:
    line = Line()
    line.put(0, 1, 2, 3, 4)
    quiet_from = 150
    for n in range(5, 400):
        value = 1000 + n if n < quiet_from else 1
        line.playout.put(n * UNITS, str(value).encode())
        line.tick()
    assert line.said == list(range(quiet_from))


@pytest.mark.parametrize("start", [2**32 - 3 * UNITS, 2**32 - 1, 0])
def test_timestamps_may_wrap(start: int) -> None:
    line = Line(start)
    steady(line, range(10))
    assert line.said == list(range(9))


def test_a_timestamp_far_away_begins_a_new_stream() -> None:
    line = Line()
    steady(line, range(5))
    steady(line, range(10_000, 10_005))
    assert line.said[-3:] == [10_001, 10_002, 10_003]


def test_a_pause_of_the_sender_is_not_filled_up_afterwards() -> None:
    line = Line()
    steady(line, range(5))
    line.tick(50)
    before = len(line.heard)
    steady(line, range(55, 75))
    assert line.said[-1] >= 73
    assert line.heard[before + 1] is not None


def test_longer_packets_are_cut_into_frames() -> None:
    line = Line()
    for n in range(0, 9, 3):
        line.playout.put(n * UNITS, b"+".join(str(1000 + n + i).encode() for i in range(3)))
    line.tick(9)
    assert line.said == list(range(9))


def test_the_buffer_is_bounded_and_keeps_the_newest() -> None:
    line = Line()
    line.put(*range(90))
    assert line.playout.waiting == 50
    assert line.playout.counts.overflowed == 40
    line.tick()
    assert line.said == [40]


def test_what_is_no_packet_is_counted_and_forgotten() -> None:
    line = Line()
    line.playout.put(0, b"bad")
    assert line.playout.waiting == 0
    assert line.playout.counts.malformed == 1


@given(st.lists(st.tuples(st.integers(0, 60), st.booleans()), max_size=120))
def test_whatever_comes_order_is_kept_and_nothing_is_said_twice(
    steps: list[tuple[int, bool]],
) -> None:
    line = Line()
    for number, tick in steps:
        line.put(number)
        if tick:
            line.tick()
    line.tick(70)
    assert all(before < after for before, after in pairwise(line.said))
    assert line.playout.waiting <= 50
