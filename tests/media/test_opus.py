"""Opus at the recogniser's rate: what goes in comes out, and what is lost is made up for."""

from __future__ import annotations

import numpy as np
import pytest

from voicebot.media.frames import level_dbfs
from voicebot.media.opus import OpusDecoder, OpusEncoder, available
from voicebot.types import Samples

RATE = 16_000
FRAME = 320


def tone(frames: int, hertz: float = 400.0) -> Samples:
    places = np.arange(frames * FRAME)
    return (np.sin(2 * np.pi * hertz * places / RATE) * 8000).astype(np.int16)


def encoded(samples: Samples, **options: int) -> list[bytes]:
    encoder = OpusEncoder(RATE, **options)
    return [encoder.encode(frame) for frame in samples.reshape(-1, FRAME)]


def strongest_hertz(samples: Samples) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * RATE / len(samples)


def test_a_tone_comes_through_as_it_was() -> None:
    decoder = OpusDecoder(RATE)
    heard = np.concatenate([decoder.decode(packet) for packet in encoded(tone(50))])
    assert len(heard) == 50 * FRAME
    assert strongest_hertz(heard[RATE // 2 :]) == pytest.approx(400, abs=4)
    assert level_dbfs(heard[RATE // 2 :]) == pytest.approx(level_dbfs(tone(25)), abs=2)


def test_a_packet_is_decoded_at_either_rate() -> None:
    packet = encoded(tone(1))[0]
    assert (OpusDecoder(RATE).length(packet), OpusDecoder(8000).length(packet)) == (
        320,
        160,
    )
    assert len(OpusDecoder(8000).decode(packet)) == 160


def test_a_lost_packet_sounds_like_what_was_before_it_and_then_fades() -> None:
    decoder = OpusDecoder(RATE)
    for packet in encoded(tone(20)):
        decoder.decode(packet)
    first = decoder.conceal(FRAME)
    later = [decoder.conceal(FRAME) for _ in range(20)][-1]
    assert level_dbfs(first) > -30
    assert level_dbfs(later) < level_dbfs(first) - 20


def test_a_lost_packet_is_recovered_from_the_next_one() -> None:
    """A tone that begins in the lost packet can only be known from its copy."""
    samples = np.concatenate([np.zeros(10 * FRAME, np.int16), tone(10)])
    packets = encoded(samples, expected_loss_percent=30, bitrate=32_000)
    guessing, told = OpusDecoder(RATE), OpusDecoder(RATE)
    for packet in packets[:12]:
        guessing.decode(packet)
        told.decode(packet)
    recovered = told.recover(packets[13], FRAME)
    assert len(recovered) == FRAME
    assert strongest_hertz(recovered) == pytest.approx(400, abs=60)


@pytest.mark.parametrize("packet", [b"", b"\xff\xff\xff"])
def test_what_is_no_opus_packet_is_told(packet: bytes) -> None:
    with pytest.raises(ValueError):
        OpusDecoder(RATE).length(packet)


def test_a_frame_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="160 samples instead of 320"):
        OpusEncoder(RATE).encode(np.zeros(160, np.int16))


def test_libopus_comes_with_the_packages_of_this_project() -> None:
    assert available()
