"""A call from baresip, a telephone that many people use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.peers import baresip
from tests.peers.baresip import Baresip
from tests.telephony.sip.conftest import Bot
from voicebot.telephony._api import AudioIn, CallLeg
from voicebot.telephony.sip import SipServer
from voicebot.types import Samples

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(baresip.PROGRAM is None, reason=baresip.MISSING),
]


def tone(hertz: float, seconds: float) -> Samples:
    times = np.arange(round(8000 * seconds)) / 8000
    return (8000 * np.sin(2 * np.pi * hertz * times)).astype(np.int16)


def loudest_hertz(samples: Samples) -> float:
    spectrum = np.abs(np.fft.rfft(samples.astype(np.float64) * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * 8000 / len(samples)


class Tone:
    """440 Hz for ever."""

    def __init__(self) -> None:
        self._at = 0

    def next_frame(self, now: float) -> Samples | None:
        times = np.arange(self._at, self._at + 160) / 8000
        self._at += 160
        return (8000 * np.sin(2 * np.pi * 440 * times)).astype(np.int16)


async def press(phone: Baresip, bot: Bot, key: str) -> None:
    expected = bot.keys() + key
    phone.press(key)
    await bot.until(lambda bot: bot.keys() == expected, f"the key {key}")


async def test_both_sides_hear_each_other_and_keys_arrive(
    server: SipServer, bot: Bot, tmp_path: Path
) -> None:
    async def serve(leg: CallLeg) -> None:
        leg.attach(Tone())
        await leg.answer()
        async for event in leg.events():
            bot.events.append(event)
            bot.changed.set()

    bot.script = serve
    said = tmp_path / "said.wav"
    soundfile.write(said, tone(1000, 20), 8000, subtype="PCM_16")
    phone = Baresip(f"sip:1000@127.0.0.1:{server.port}", said, tmp_path)
    async with phone:
        await bot.until(lambda bot: len(bot.events) >= 60, "audio from the phone")
        for key in "42#":
            await press(phone, bot, key)
        phone.hang_up()
        end = await bot.until_ended()
    assert (end.reason, end.failed) == ("caller hung up", False)
    frames = [event.samples for event in bot.events if isinstance(event, AudioIn)]
    assert loudest_hertz(np.concatenate(frames[20:50])) == pytest.approx(1000, abs=10)
    recording = phone.heard()
    assert recording is not None
    heard, rate = soundfile.read(recording, dtype="int16")
    assert rate == 8000
    assert loudest_hertz(heard[2000:8000]) == pytest.approx(440, abs=10)
