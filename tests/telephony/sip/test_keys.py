"""Telephone events to keys: many packets, one key."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.telephony.sip.keys import KeyReader

FIVE = 5


def packet(event: int, duration: int, *, end: bool = False) -> bytes:
    return struct.pack("!BBH", event, 10 | (0x80 if end else 0), duration)


def press(
    reader: KeyReader, event: int, timestamp: int, *, packets: int = 5, ends: int = 3
) -> list[str]:
    """The packets of one key press."""
    keys = [
        reader.read(packet(event, 160 * (n + 1)), timestamp, marker=n == 0) for n in range(packets)
    ]
    keys += [reader.read(packet(event, 160 * packets, end=True), timestamp) for _ in range(ends)]
    return [key for key in keys if key is not None]


def test_a_key_is_told_once_and_at_its_first_packet() -> None:
    reader = KeyReader()
    assert reader.read(packet(FIVE, 160), 8000, marker=True) == "5"
    assert press(reader, FIVE, 8000) == []


def test_the_same_key_twice_is_two_keys() -> None:
    reader = KeyReader()
    assert press(reader, FIVE, 8000) == ["5"]
    assert press(reader, FIVE, 10400) == ["5"]


@pytest.mark.parametrize(("packets", "ends"), [(5, 0), (0, 1), (1, 0)])
def test_lost_packets_lose_no_key(packets: int, ends: int) -> None:
    reader = KeyReader()
    assert press(reader, FIVE, 8000, packets=packets, ends=ends) == ["5"]
    assert press(reader, FIVE, 12000, packets=packets, ends=ends) == ["5"]


def test_another_key_follows_even_without_an_end() -> None:
    reader = KeyReader()
    assert press(reader, FIVE, 8000, ends=0) == ["5"]
    assert press(reader, 11, 8900) == ["#"]


def test_a_late_packet_of_an_earlier_key_is_no_new_key() -> None:
    reader = KeyReader()
    press(reader, FIVE, 8000)
    press(reader, 6, 9600)
    assert reader.read(packet(FIVE, 800, end=True), 8000) is None
    assert reader.read(packet(6, 900, end=True), 9600) is None


def test_a_long_press_in_several_segments_is_one_key() -> None:
    reader = KeyReader()
    assert reader.read(packet(FIVE, 0xFFFF), 1000, marker=True) == "5"
    assert reader.read(packet(FIVE, 160), 1000 + 0xFFFF) is None


def test_a_sender_that_moves_the_timestamp_along_presses_one_key() -> None:
    reader = KeyReader()
    keys = [reader.read(packet(FIVE, 160 * n), 1000 + 160 * n, marker=n == 0) for n in range(8)]
    assert [key for key in keys if key] == ["5"]


def test_timestamps_may_wrap() -> None:
    reader = KeyReader()
    assert press(reader, FIVE, 2**32 - 400) == ["5"]
    assert press(reader, 6, 1600) == ["6"]


def test_a_restarted_stream_is_followed() -> None:
    reader = KeyReader()
    press(reader, FIVE, 900_000)
    assert press(reader, 6, 4000) == ["6"]


def test_all_sixteen_keys_and_no_others() -> None:
    reader = KeyReader()
    keys = [press(reader, event, 8000 + 4000 * event) for event in range(20)]
    assert "".join(key for one in keys for key in one) == "0123456789*#ABCD"


def test_a_truncated_event_is_an_error() -> None:
    with pytest.raises(ValueError, match="four bytes"):
        KeyReader().read(b"\x05\x0a", 8000)


@given(st.lists(st.integers(0, 15), max_size=12), st.data())
def test_any_entry_survives_repeats_and_loss(events: list[int], data: st.DataObject) -> None:
    reader = KeyReader()
    heard = ""
    for index, event in enumerate(events):
        packets = data.draw(st.integers(1, 6))
        keep = data.draw(st.lists(st.booleans(), min_size=packets, max_size=packets))
        if not any(keep):
            keep[0] = True
        for n, kept in enumerate(keep):
            for _ in range(data.draw(st.integers(1, 2)) if kept else 0):
                end = n == packets - 1
                key = reader.read(packet(event, 160 * (n + 1), end=end), 9000 + 4000 * index)
                heard += key or ""
    assert heard == "".join("0123456789*#ABCD"[event] for event in events)
