"""Packets of any length to 20 ms frames."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.telephony.sip.frame_grid import FRAME, FrameGrid


def stream(samples: int) -> bytes:
    """Octets that say where they belong, none of them 0xff (silence)."""
    return bytes(n % 251 for n in range(samples))


@pytest.mark.parametrize("milliseconds", [5, 10, 20, 30, 40, 60])
def test_any_packet_time_gives_the_same_frames(milliseconds: int) -> None:
    octets = stream(FRAME * 12)
    step = milliseconds * 8
    grid = FrameGrid(b"\xff")
    frames = []
    for start in range(0, len(octets), step):
        frames += grid.feed(5000 + start, octets[start : start + step])
    assert [timestamp for timestamp, _ in frames] == [5000 + FRAME * n for n in range(12)]
    assert b"".join(frame for _, frame in frames) == octets


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 480), min_size=1, max_size=30))
def test_any_mixture_is_joined_wherever_timestamps_wrap(start: int, lengths: list[int]) -> None:
    octets = stream(sum(lengths))
    grid = FrameGrid(b"\xff")
    out = b""
    position = 0
    for length in lengths:
        timestamp = (start + position) % 2**32
        for at, frame in grid.feed(timestamp, octets[position : position + length]):
            assert at == (start + len(out)) % 2**32
            out += frame
        position += length
    assert out == octets[: len(octets) - len(octets) % FRAME]


def test_reordered_packets_are_put_in_their_places() -> None:
    octets = stream(FRAME * 3)
    grid = FrameGrid(b"\xff")
    frames = []
    for start in (0, 240 - 80, 80, 240, 400, 320):
        frames += grid.feed(start, octets[start : start + 80])
    assert sorted(frames) == [(FRAME * n, octets[FRAME * n : FRAME * (n + 1)]) for n in range(3)]


def test_a_lost_piece_is_silence_and_comes_out_in_time() -> None:
    octets = stream(FRAME * 8)
    grid = FrameGrid(b"\xff")
    frames = dict[int, bytes]()
    for start in range(0, len(octets), 80):
        if start != 80:
            frames.update(grid.feed(start, octets[start : start + 80]))
    assert frames[0] == octets[:80] + b"\xff" * 80
    assert len(frames) == 8


def test_a_new_talkspurt_makes_a_new_grid() -> None:
    grid = FrameGrid(b"\xff")
    grid.feed(0, stream(FRAME))
    assert grid.feed(5003, stream(FRAME)) == [(5003, stream(FRAME))]


def test_a_short_gap_keeps_the_grid() -> None:
    grid = FrameGrid(b"\xff")
    grid.feed(0, stream(FRAME))
    assert grid.feed(FRAME + 80, stream(FRAME)) == []
    assert [timestamp for timestamp, _ in grid.feed(FRAME * 2 + 80, stream(FRAME))] == [FRAME * 2]


def test_an_empty_packet_is_nothing() -> None:
    assert FrameGrid(b"\xff").feed(0, b"") == []
