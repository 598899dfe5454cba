"""The SIP door over UDP with G.711."""

from __future__ import annotations

import asyncio
from typing import Final

from benchmarks.doors.bursts import BURST_FRAMES, EVERY_FRAMES, Bursts, tone
from voicebot.media import g711
from voicebot.media.frames import FRAME_S
from voicebot.telephony._api import CallDoor, Reception
from voicebot.telephony.sip import SipServer
from voicebot.telephony.sip_client import SipClient
from voicebot.types import Json

GOAL: Final = 1.0
_BURST: Final = g711.encode(tone(8000))
_PAUSE_S: Final = (EVERY_FRAMES - BURST_FRAMES) * FRAME_S


async def open_door(reception: Reception) -> tuple[CallDoor, dict[str, Json]]:
    server = SipServer(host="127.0.0.1", port=0, rtp_ports=(36000, 36999), reception=reception)
    await server.start()
    return server, {"port": server.port}


async def speak(address: dict[str, int], bursts: Bursts, seconds: float) -> None:
    async with SipClient() as client:
        call = await client.call(f"sip:bench@127.0.0.1:{address['port']}", record=False)
        end = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < end:
            await asyncio.sleep(_PAUSE_S)
            playing = call.play(_BURST)
            await playing.finished.wait()
            assert playing.began_at is not None
            bursts.left(playing.began_at)
        await call.hang_up()
