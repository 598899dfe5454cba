"""The caller's RTP stream, tick by tick on a real socket; no time passes."""

from __future__ import annotations

import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np
import pytest

from voicebot.media import g711
from voicebot.media.clock import Tick
from voicebot.telephony.sip_client.rtp_line import FRAME_OCTETS, RtpLine, is_loud

TONE = g711.encode((np.sin(np.arange(480) / 3) * 9000).astype(np.int16))
SILENCE = b"\xff" * FRAME_OCTETS


@dataclass
class Wire:
    """A line, the socket that gets its packets, and the time."""

    line: RtpLine
    remote: socket.socket
    now: float = 100.0

    def tick(self, count: int = 1, skipped: int = 0) -> list[bytes]:
        packets = []
        for _ in range(count):
            self.line.tick(Tick(0, self.now, 0.0, skipped))
            self.now += 0.02
            packets.append(self.remote.recv(2000))
        return packets

    def receive(self, octets: bytes, timestamp: int = 0, payload_type: int = 0) -> None:
        header = struct.pack(">BBHII", 0x80, payload_type, 1, timestamp, 7)
        self.line.datagram_received(header + octets, ("127.0.0.1", 9))


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as remote:
        remote.bind(("127.0.0.1", 0))
        remote.settimeout(5)
        made = Wire(RtpLine(), remote)
        made.line = RtpLine(clock=lambda: made.now)
        await made.line.open("127.0.0.1")
        made.line.connect(remote.getsockname(), "PCMU", 101)
        yield made
        made.line.close()


def _timestamp(packet: bytes) -> int:
    return int.from_bytes(packet[4:8], "big")


async def test_silence_is_sent_while_nothing_is_said(wire: Wire) -> None:
    first, second = wire.tick(2)
    assert first[12:] == second[12:] == SILENCE
    assert (_timestamp(second) - _timestamp(first)) & 0xFFFFFFFF == FRAME_OCTETS
    assert (int.from_bytes(second[2:4], "big") - int.from_bytes(first[2:4], "big")) & 0xFFFF == 1


async def test_octets_are_played_frame_by_frame(wire: Wire) -> None:
    playback = wire.line.play(TONE[:200])
    packets = wire.tick(3)
    assert [packet[12:] for packet in packets] == [
        TONE[:160],
        TONE[160:200] + SILENCE[:120],
        SILENCE,
    ]
    assert playback.finished.is_set()


async def test_speech_ends_with_the_last_loud_frame(wire: Wire) -> None:
    playback = wire.line.play(SILENCE + TONE[:320] + SILENCE * 3)
    wire.tick(6)
    assert playback.began_at == pytest.approx(100.0)
    assert playback.speech_ended_at == pytest.approx(100.04)
    assert playback.ended_at == pytest.approx(100.1)


async def test_left_out_ticks_are_missing_in_the_timestamps(wire: Wire) -> None:
    first, second = wire.tick()[0], wire.tick(skipped=4)[0]
    assert (_timestamp(second) - _timestamp(first)) & 0xFFFFFFFF == 5 * FRAME_OCTETS


async def test_a_key_is_one_event_with_three_ends(wire: Wire) -> None:
    wire.line.press("5")
    packets = wire.tick(12)
    events = [packet for packet in packets if packet[1] & 0x7F == 101]
    durations = [int.from_bytes(packet[14:16], "big") for packet in events]
    assert {packet[12] for packet in events} == {5}
    assert len({_timestamp(packet) for packet in events}) == 1
    assert durations == [160 * step for step in range(1, 9)] + [1280] * 3
    assert [packet[13] >> 7 for packet in events] == [0] * 8 + [1] * 3
    assert [packet[1] >> 7 for packet in events] == [1] + [0] * 10


async def test_audio_waits_for_the_keys(wire: Wire) -> None:
    wire.line.play(TONE[:160])
    wire.line.press("12")
    while wire.line.busy:
        last = wire.tick()[0]
    assert last[12:] == TONE[:160]


async def test_nothing_is_sent_on_hold(wire: Wire) -> None:
    wire.line.sending = False
    wire.line.tick(Tick(0, 0.0, 0.0, 0))
    assert wire.line.packets_out == 0


async def test_a_pause_parts_two_spurts(wire: Wire) -> None:
    for at in (1.0, 1.1, 1.4, 1.71):
        wire.now = at
        wire.receive(TONE[:160])
    assert [(spurt.start, spurt.end) for spurt in wire.line.spurts] == [(1.0, 1.4), (1.71, 1.71)]


async def test_silence_is_no_speech(wire: Wire) -> None:
    wire.receive(SILENCE)
    assert wire.line.spurts == []
    assert wire.line.packets_in == 1


async def test_what_was_heard_has_its_gaps(wire: Wire) -> None:
    wire.receive(TONE[:160], timestamp=1000)
    wire.receive(TONE[320:480], timestamp=1320)
    wire.receive(TONE[160:320], timestamp=1160)
    wire.receive(TONE[:160], timestamp=1640)
    heard = wire.line.heard()
    assert np.array_equal(heard, g711.decode(TONE + SILENCE + TONE[:160]))


async def test_only_what_came_after_a_time_is_heard(wire: Wire) -> None:
    wire.receive(TONE[:160], timestamp=0)
    wire.now = 200.0
    wire.receive(SILENCE, timestamp=160)
    assert len(wire.line.heard(since=150.0)) == FRAME_OCTETS


@pytest.mark.parametrize("data", [b"", b"\x80" * 12, b"\x00" * 200])
async def test_malformed_packets_are_counted(wire: Wire, data: bytes) -> None:
    wire.line.datagram_received(data, ("127.0.0.1", 9))
    assert (wire.line.malformed, wire.line.packets_in) == (1, 0)


async def test_keys_of_the_other_side_are_no_audio(wire: Wire) -> None:
    wire.receive(b"\x01\x8a\x05\x00", payload_type=101)
    assert wire.line.packets_in == 0


@pytest.mark.parametrize(("peak", "loud"), [(100, False), (140, True), (-140, True)])
def test_loudness_begins_at_its_threshold(peak: int, loud: bool) -> None:
    samples = np.zeros(160, np.int16)
    samples[7] = peak
    assert is_loud(g711.encode(samples)) is loud
    assert is_loud(g711.encode(samples, "PCMA"), "PCMA") is loud
