"""A call of ours to baresip, which answers it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import soundfile

from tests.peers import baresip
from tests.peers.baresip import Baresip
from tests.telephony.sip.test_baresip_call import Tone, loudest_hertz, tone
from voicebot.errors import DialFailed
from voicebot.telephony._api import AudioIn, CallLeg, LegEnded
from voicebot.telephony.sip import SipServer

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(baresip.PROGRAM is None, reason=baresip.MISSING),
]


async def dialled(server: SipServer, target: str) -> CallLeg:
    """Call a phone that may still be starting."""
    for _ in range(50):
        try:
            return await server.dial(target, caller="100", timeout_s=5)
        except DialFailed:
            await asyncio.sleep(0.1)
    raise AssertionError("the phone does not answer")


async def test_a_real_phone_answers_and_both_sides_hear_each_other(
    server: SipServer, tmp_path: Path
) -> None:
    said = tmp_path / "said.wav"
    soundfile.write(said, tone(1000, 20), 8000, subtype="PCM_16")
    phone = Baresip("", said, tmp_path)
    async with phone:
        leg = await dialled(server, phone.called_at)
        leg.attach(Tone())
        frames = []
        async for event in leg.events():
            assert not isinstance(event, LegEnded)
            if isinstance(event, AudioIn):
                frames.append(event.samples)
            if len(frames) >= 100:
                break
        await leg.hang_up()
    assert any(abs(loudest_hertz(frame) - 1000) < 60 for frame in frames)
    recording = phone.heard()
    assert recording is not None
    heard, _ = soundfile.read(recording, dtype="int16")
    assert loudest_hertz(heard[2000:8000]) == pytest.approx(440, abs=10)
