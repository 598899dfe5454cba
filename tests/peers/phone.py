"""A scripted caller for tests: speaks recorded words into a real SIP call and hears the answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.peers.server import ServerProcess
from voicebot.cli.caller_voice import utter
from voicebot.media import g711
from voicebot.telephony.sip_client import ClientCall, SipClient
from voicebot.telephony.sip_client.rtp_line import Playback
from voicebot.types import Samples

QUIET_MS = 900


@dataclass
class Phone:
    """One call. Times are the running loop's clock."""

    call: ClientCall
    since: float

    async def listen(self, quiet_ms: int = QUIET_MS, timeout_s: float = 25.0) -> Samples:
        """Hear the bot out: until it has spoken and then been silent; give what it said."""
        begun = self.since
        await self.call.quiet(begun, quiet_ms, timeout_s)
        self.since = _now()
        return self.call.line.heard(begun, self.since)

    async def say(self, text: str) -> Playback:
        """Speak and return when the last sound has left."""
        return await self.play(utter(text).audio)

    async def play(self, audio: Samples) -> Playback:
        playback = self.call.play(g711.encode(audio))
        await self.call.sent()
        self.since = playback.speech_ended_at or _now()
        return playback

    async def press(self, keys: str) -> None:
        self.call.press(keys)
        await self.call.sent()
        self.since = _now()

    async def ended(self, timeout_s: float = 20.0) -> str:
        return await self.call.ended(timeout_s)


@asynccontextmanager
async def dialled(
    server: ServerProcess, caller: str, *, transfer_status: int = 200
) -> AsyncIterator[Phone]:
    """Call the server; leaving the block hangs up."""
    async with SipClient(transfer_status=transfer_status) as client:
        call = await client.call(server.target, caller=caller)
        assert call.answered_at is not None
        yield Phone(call, call.answered_at)
        await call.hang_up()


def _now() -> float:
    return asyncio.get_running_loop().time()
