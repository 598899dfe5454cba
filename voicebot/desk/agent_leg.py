"""The leg of an agent who has answered at a desk.

One that ends though nobody at the desk ended it has died: a closed browser is no goodbye.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace

from voicebot.telephony._api import (
    CallLeg,
    FrameSource,
    HoldChanged,
    LegEnded,
    LegEvent,
    LegInfo,
    signal_key,
)


class AgentLeg:
    """An agent's leg. ``over`` is set once it has ended, and all in ``then`` are called.

    ``dies``: an end that nobody here asked for is a line that died. ``away`` says that nothing is
    heard of the agent at this moment.
    """

    def __init__(self, leg: CallLeg, *, dies: bool) -> None:
        self.over = asyncio.Event()
        self.then: list[Callable[[], None]] = []
        self.away = False
        self._leg = leg
        self._dies = dies

    @property
    def info(self) -> LegInfo:
        return self._leg.info

    @property
    def sample_rate(self) -> int:
        return self._leg.sample_rate

    async def answer(self) -> None:
        await self._leg.answer()

    async def reject(self, status: int, *, retry_after_s: int | None = None) -> None:
        await self._leg.reject(status, retry_after_s=retry_after_s)

    async def events(self) -> AsyncIterator[LegEvent]:
        async for event in self._leg.events():
            if isinstance(event, LegEnded):
                yield replace(event, failed=event.failed or (self._dies and not self.over.is_set()))
                self._end()
            else:
                if isinstance(event, HoldChanged):
                    self.away = event.held
                yield event

    def attach(self, source: FrameSource | None) -> None:
        self._leg.attach(source)

    def press(self, key: str) -> bool:
        return signal_key(self._leg, key)

    async def hang_up(self, reason: str = "hung up by voicebot") -> None:
        self._end()
        await self._leg.hang_up(reason)

    async def lose(self) -> None:
        """Give a line up that nobody will come back to: it has died."""
        await self._leg.hang_up("the desk was closed")

    async def transfer(self, target: str, headers: Mapping[str, str]) -> None:
        await self._leg.transfer(target, headers)

    def _end(self) -> None:
        if not self.over.is_set():
            self.over.set()
            for told in self.then:
                told()
