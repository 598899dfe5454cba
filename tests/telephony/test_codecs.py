"""The codecs of a call: what goes in comes out, and what is lost is made up."""

from __future__ import annotations

import numpy as np
import pytest

from voicebot.media import opus
from voicebot.media.frames import level_dbfs
from voicebot.telephony.codecs import CODECS, CodecName, decoder, encoder, usable
from voicebot.telephony.playout import Playout
from voicebot.types import Samples

NAMES: tuple[CodecName, ...] = usable(tuple(CODECS))
needs_opus = pytest.mark.skipif(not opus.available(), reason="libopus is not installed")


def hum(rate: int, seconds: float) -> Samples:
    """Something like a vowel: 150 Hz and its harmonics."""
    time = np.arange(round(rate * seconds)) / rate
    wave = sum(np.sin(2 * np.pi * 150 * n * time + n) / n for n in range(1, 8))
    return np.asarray(wave * 5000, np.int16)


def frames(samples: Samples, rate: int) -> list[Samples]:
    return list(samples.reshape(-1, rate // 50))


@pytest.mark.parametrize("name", NAMES)
def test_sound_survives_its_codec(name: CodecName) -> None:
    rate = CODECS[name].rate
    said = hum(rate, 1.0)
    out, back = encoder(name), decoder(name)
    packets = [out.encode(frame) for frame in frames(said, rate)]
    assert [back.length(packet) for packet in packets] == [rate // 50] * 50
    heard = np.concatenate([back.decode(packet) for packet in packets]).astype(float)
    likeness = max(
        np.corrcoef(said[: -lag or None].astype(float), heard[lag:])[0, 1] for lag in range(400)
    )
    assert likeness > 0.88


@pytest.mark.parametrize("name", NAMES)
def test_a_short_loss_is_filled_with_sound_and_a_long_one_ends_in_silence(name: CodecName) -> None:
    rate = CODECS[name].rate
    out, back = encoder(name), decoder(name)
    for frame in frames(hum(rate, 0.4), rate):
        back.decode(out.encode(frame))
    made_up = back.conceal(rate // 50)
    assert len(made_up) == rate // 50
    assert level_dbfs(made_up) > -30
    assert not back.faded
    for _ in range(3):
        back.conceal(rate // 50)
    assert back.faded


@needs_opus
def test_opus_brings_a_lost_packet_back_from_the_next_one() -> None:
    rate = CODECS["opus"].rate
    chance = np.random.default_rng(4)
    steps = np.repeat(chance.uniform(120, 300, 25), rate // 25)
    said = (np.sin(2 * np.pi * np.cumsum(steps) / rate) * 8000).astype(np.int16)
    out = encoder("opus")
    packets = [out.encode(frame) for frame in frames(said, rate)]

    def error(recovered: bool) -> float:
        whole, lossy, total = decoder("opus"), decoder("opus"), 0.0
        for number, packet in enumerate(packets):
            told = whole.decode(packet).astype(float)
            if number % 5 == 4 and number + 1 < len(packets):
                following = packets[number + 1]
                got = lossy.recover(following, 320) if recovered else lossy.conceal(320)
                total += float(np.square(got - told).sum())
            else:
                lossy.decode(packet)
        return total

    assert error(recovered=True) < 0.5 * error(recovered=False)


@needs_opus
@pytest.mark.parametrize("packet", [b"", b"\xff" * 3, b"\x03\xff"])
def test_what_is_no_opus_is_refused(packet: bytes) -> None:
    with pytest.raises(ValueError, match=r"Opus packet|corrupted stream"):
        decoder("opus").length(packet)


@pytest.mark.parametrize("name", NAMES)
def test_a_stream_is_played_whole_over_its_own_clock(name: CodecName) -> None:
    facts = CODECS[name]
    out = encoder(name)
    playout = Playout(decoder(name), facts.rate, facts.clock_rate)
    heard = []
    for number, frame in enumerate(frames(hum(facts.rate, 1.0), facts.rate)):
        now = 5 + number / 50
        if number != 20:
            playout.put(number * facts.clock_rate // 50, out.encode(frame), now)
        heard.append(playout.tick(now + 0.016))
    played = [frame for frame in heard if frame is not None]
    assert len(played) >= 48
    assert {len(frame) for frame in played} == {facts.rate // 50}
    assert all(level_dbfs(frame) > -25 for frame in played[2:])
    assert playout.counts.concealed == 1
