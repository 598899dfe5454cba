"""A clock that tests turn, and agents whose telephones do as they are told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from voicebot.acd.model import AgentId
from voicebot.errors import DialFailed
from voicebot.sessions.ringing import RingingContact
from voicebot.telephony._api import CallLeg, LegInfo
from voicebot.telephony.loopback import LoopbackCaller, pair
from voicebot.types import CallId

QUEUES = """
queues:
  support: {announce: false, words: {en-US: {lost: Please stay.}}}
  sales: {announce: false}
"""
"""A queues.yaml of two queues that say nothing of the wait."""

TURNS = 20
"""How often the event loop goes round before everything that was set off is done."""


async def settle(turns: int = TURNS) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)


@dataclass(eq=False)
class Alarm:
    due: float
    then: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


class TurnedClock:
    """UTC seconds that move when `advance` says so; `call_later` obeys it."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now
        self._alarms: list[Alarm] = []

    def __call__(self) -> float:
        return self.now

    def call_later(self, delay: float, then: Callable[[], None]) -> Alarm:
        alarm = Alarm(self.now + delay, then)
        self._alarms.append(alarm)
        return alarm

    async def advance(self, seconds: float, turns: int = TURNS) -> None:
        """Let the time pass, and everything happen that is due meanwhile."""
        await settle(turns)
        end = self.now + seconds
        while True:
            self._alarms = [alarm for alarm in self._alarms if not alarm.cancelled]
            due = min(self._alarms, key=lambda alarm: alarm.due, default=None)
            if due is None or due.due > end:
                break
            self._alarms.remove(due)
            self.now = max(self.now, due.due)
            due.then()
            await settle(turns)
        self.now = end


@dataclass
class Ringing:
    """One telephone that rings: `answer` or `fail` it."""

    agent: AgentId
    contact: RingingContact
    result: asyncio.Future[CallLeg]
    cancelled: bool = False
    person: LoopbackCaller | None = None

    async def answer(self) -> LoopbackCaller:
        """The agent takes the call; gives the agent's end of the line."""
        info = LegInfo(CallId(f"leg-{self.agent}"), "loopback", caller="", callee=self.agent)
        leg, self.person = pair(info, start=asyncio.get_running_loop().time())
        await leg.answer()
        self.result.set_result(leg)
        await settle()
        return self.person

    async def fail(self, error: Exception) -> None:
        self.result.set_exception(error)
        await settle()

    async def decline(self) -> None:
        await self.fail(DialFailed(self.agent, "declined", 603))


@dataclass
class Telephones:
    """`AgentLines` whose ``rings`` the test looks at, the latest last."""

    rings: list[Ringing] = field(default_factory=list)

    async def ring(self, agent: AgentId, contact: RingingContact) -> CallLeg:
        ringing = Ringing(agent, contact, asyncio.get_running_loop().create_future())
        self.rings.append(ringing)
        try:
            return await ringing.result
        except asyncio.CancelledError:
            ringing.cancelled = True
            raise

    @property
    def last(self) -> Ringing:
        return self.rings[-1]

    def agents(self) -> list[str]:
        """Whose telephone rang, in order."""
        return [ringing.agent for ringing in self.rings]
