"""A scripted caller on any door: sends a frame every 20 ms, speech or silence, and listens."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from voicebot.cli.caller_voice import utter
from voicebot.media.frames import frames_of, is_silent, silence
from voicebot.types import Samples

_SILENCE: Final = silence(8000)
_LOUD_DBFS: Final = -45.0


class TalkingCaller:
    """``send`` takes 20 ms at 8 kHz; ``heard`` is what has come so far, with its times."""

    def __init__(
        self, send: Callable[[Samples], Awaitable[None]], heard: list[tuple[float, Samples]]
    ) -> None:
        self._send = send
        self._heard = heard
        self._unsaid: deque[Samples] = deque()
        self._since = 0

    async def run(self) -> None:
        """Send frames until cancelled, or until there is nobody to send them to."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            await self._send(self._unsaid.popleft() if self._unsaid else _SILENCE)
            due += 0.02
            await asyncio.sleep(max(0.0, due - loop.time()))

    async def say(self, text: str) -> None:
        """Speak and return when the last sound has left."""
        self._unsaid.extend(frames_of(utter(text).audio, 8000))
        while self._unsaid:
            await asyncio.sleep(0.02)
        self._since = len(self._heard)

    async def listen(self, quiet_s: float = 0.9, timeout_s: float = 30.0) -> None:
        """Hear the other side out: until it has spoken and then been silent."""
        loop = asyncio.get_running_loop()
        spoke_at: float | None = None
        async with asyncio.timeout(timeout_s):
            while spoke_at is None or loop.time() - spoke_at < quiet_s:
                await asyncio.sleep(0.05)
                for at, samples in self._heard[self._since :]:
                    self._since += 1
                    if not is_silent(samples, _LOUD_DBFS):
                        spoke_at = at
