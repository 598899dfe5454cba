"""Calls in G.722 and Opus, codecs that change in mid-call, and keys that come as tones."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import numpy as np
import pytest

from tests.telephony.sip.conftest import Bot, OpenPhone, StartServer
from tests.telephony.sip.phone import Phone
from voicebot.media import g711, opus
from voicebot.media.dtmf_detector import HIGH_HZ, LAYOUT, LOW_HZ
from voicebot.telephony._api import AudioIn, CallLeg
from voicebot.telephony.codecs import CODECS, CodecName, Encoder, decoder, encoder
from voicebot.telephony.sip import MediaPolicy, SipServer
from voicebot.types import Samples

needs_opus = pytest.mark.skipif(not opus.available(), reason="libopus is not installed")
WIDE = ["G722", pytest.param("opus", marks=needs_opus)]
OFFERS: dict[str, tuple[str, tuple[str, ...], int]] = {
    "G722": ("RTP/AVP 9 101", (), 9),
    "opus": ("RTP/AVP 111 101", ("a=rtpmap:111 opus/48000/2",), 111),
    "PCMU": ("RTP/AVP 0 101", (), 0),
}


def bright(rate: int, frames: int = 30) -> Samples:
    """A tone that a narrow line cannot carry, 5 kHz; 1 kHz on a narrow one."""
    hertz = 5000 if rate == 16_000 else 1000
    places = np.arange(frames * rate // 50)
    return (np.sin(2 * np.pi * hertz * places / rate) * 9000).astype(np.int16)


def key_tone(key: str, frames: int) -> Samples:
    row = next(number for number, keys in enumerate(LAYOUT) if key in keys)
    places = np.arange(frames * 160) / 8000
    tones = (LOW_HZ[row], HIGH_HZ[LAYOUT[row].index(key)])
    wave = sum(np.sin(2 * np.pi * hertz * places) for hertz in tones)
    return np.asarray(wave * 5000, np.int16)


async def talk(phone: Phone, samples: Samples, name: CodecName) -> None:
    """Say ``samples`` at the pace of a telephone."""
    facts, out = CODECS[name], encoder(name)
    for frame in samples.reshape(-1, facts.rate // 50):
        say(phone, out, frame, name)
        await asyncio.sleep(0.02)


def say(phone: Phone, out: Encoder, frame: Samples, name: CodecName) -> None:
    _, _, payload_type = OFFERS[name]
    phone.talk(out.encode(frame), payload_type=payload_type, advance=CODECS[name].clock_rate // 50)


def strongest_hz(samples: Samples, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * rate / len(samples)


@pytest.mark.parametrize("name", WIDE)
async def test_a_wideband_call_is_heard_unfolded(phone: Phone, bot: Bot, name: CodecName) -> None:
    audio, lines, _ = OFFERS[name]
    await phone.dial(phone.sdp(*lines, audio=audio))
    assert f"{CODECS[name].format}" in phone.answers[-1].text
    await talk(phone, bright(16_000), name)
    await bot.until(lambda bot: bool(np.count_nonzero(bot.heard()) > 6400), "the audio")
    assert bot.legs[0].sample_rate == 16_000
    assert {len(event.samples) for event in bot.events if isinstance(event, AudioIn)} == {320}
    heard = bot.heard()
    loud = heard[np.flatnonzero(np.abs(heard) > 3000)[0] :][:4800]
    assert strongest_hz(loud, 16_000) == pytest.approx(5000, abs=20)
    await phone.hang_up()


@pytest.mark.parametrize("name", WIDE)
async def test_a_wideband_caller_hears_the_bot(phone: Phone, bot: Bot, name: CodecName) -> None:
    audio, lines, payload_type = OFFERS[name]

    class Tone:
        def __init__(self) -> None:
            self.frames = list(bright(16_000, 50).reshape(-1, 320))

        def next_frame(self, now: float) -> Samples | None:
            return self.frames.pop(0) if self.frames else None

    async def serve(leg: CallLeg) -> None:
        await leg.answer()
        leg.attach(Tone())
        async for _ in leg.events():
            pass

    bot.script = serve
    await phone.dial(phone.sdp(*lines, audio=audio))
    packets = [await phone.hear() for _ in range(30)]
    assert {packet.payload_type for packet in packets} == {payload_type}
    steps = {(two.timestamp - one.timestamp) & 0xFFFFFFFF for one, two in pairwise(packets)}
    assert steps == {CODECS[name].clock_rate // 50}
    back = decoder(name)
    heard = np.concatenate([back.decode(packet.payload) for packet in packets])
    assert strongest_hz(heard[4800:], 16_000) == pytest.approx(5000, abs=20)
    await phone.hang_up()


@pytest.mark.parametrize(("first", "then"), [("G722", "PCMU"), ("PCMU", "G722")])
async def test_a_codec_that_changes_in_mid_call_leaves_the_legs_rate(
    phone: Phone, bot: Bot, first: CodecName, then: CodecName
) -> None:
    await phone.dial(phone.sdp(audio=OFFERS[first][0]))
    await talk(phone, bright(CODECS[first].rate, 15), first)
    rate = CODECS[first].rate
    assert bot.legs[0].sample_rate == rate
    phone.invite(phone.sdp(audio=OFFERS[then][0]))
    await phone.expect(200)
    phone.ack()
    before = len(bot.events)
    low = np.sin(2 * np.pi * 1000 * np.arange(30 * CODECS[then].rate // 50) / CODECS[then].rate)
    await talk(phone, (low * 9000).astype(np.int16), then)
    assert bot.legs[0].sample_rate == rate
    frames = [event.samples for event in bot.events[before:] if isinstance(event, AudioIn)]
    assert {len(frame) for frame in frames} == {rate // 50}
    heard = np.concatenate(frames)
    loud = heard[np.flatnonzero(np.abs(heard) > 5000)[0] :][: rate // 4]
    assert strongest_hz(loud, rate) == pytest.approx(1000, abs=20)
    await phone.hang_up()


async def test_a_key_that_comes_as_a_tone_is_a_key_and_no_speech(phone: Phone, bot: Bot) -> None:
    await phone.dial(phone.sdp(audio="RTP/AVP 0"))
    silence = np.zeros(10 * 160, np.int16)
    for key in "4#":
        await talk(phone, np.concatenate([key_tone(key, 5), silence]), "PCMU")
    await bot.until(lambda bot: len(bot.keys()) == 2, "two keys")
    assert bot.keys() == "4#"
    # Of each tone its first frame or two, before it could be known.
    assert np.count_nonzero(bot.heard()) < 2 * 2 * 160 + 160
    await phone.hang_up()


async def test_tones_are_left_alone_where_keys_can_be_signalled(phone: Phone, bot: Bot) -> None:
    await phone.dial()
    await talk(phone, key_tone("4", 20), "PCMU")
    await bot.until(lambda bot: bool(np.count_nonzero(bot.heard()) > 15 * 160), "the tone")
    assert bot.keys() == ""
    await phone.hang_up()


async def test_a_press_that_is_signalled_and_heard_counts_once(
    start_server: StartServer, open_phone: OpenPhone, bot: Bot
) -> None:
    server = await start_server(policy=MediaPolicy(tone_keys="always"))
    phone = await open_phone("anna", server.port)
    await phone.dial()
    out = encoder("PCMU")
    for key in "11":
        phone.press(int(key), repeats=1)
        for frame in np.concatenate([key_tone(key, 6), np.zeros(10 * 160, np.int16)]).reshape(
            -1, 160
        ):
            say(phone, out, frame, "PCMU")
            await asyncio.sleep(0.02)
    assert bot.keys() == "11"
    await phone.hang_up()


async def test_comfort_noise_of_the_caller_is_heard_at_its_level(phone: Phone, bot: Bot) -> None:
    await phone.dial(phone.sdp(audio="RTP/AVP 0 13 101"))
    await talk(phone, bright(8000, 10), "PCMU")
    phone.talk(b"\x28", payload_type=13, advance=160)
    await bot.until(lambda bot: len(bot.events) > 45, "a second of frames")
    quiet = bot.heard()[-20 * 160 :].astype(float)
    assert -43 < 20 * np.log10(quiet.std() / 32768) < -37
    await phone.hang_up()


@pytest.mark.parametrize("law", ["PCMU", "PCMA"])
async def test_opus_is_not_forced_on_a_caller_who_prefers_g711(
    phone: Phone, bot: Bot, law: g711.Law
) -> None:
    number = CODECS[law].payload_type
    ok = await phone.dial(
        phone.sdp("a=rtpmap:111 opus/48000/2", audio=f"RTP/AVP {number} 111 9 101")
    )
    assert f"RTP/AVP {number} 101" in ok.text
    await phone.hang_up()


async def test_music_on_hold_is_not_kept(server: SipServer, phone: Phone, bot: Bot) -> None:
    await phone.dial()
    phone.invite(phone.sdp("a=sendonly"))
    await phone.expect(200)
    phone.ack()
    for _ in range(150):
        phone.talk(b"\x90" * 160)
    await bot.until(lambda bot: server.counters().rtp_received == 150, "the music")
    assert server.counters().rtp_late == 0
    await phone.hang_up()
