"""The call back: the agent waits on the line, then the two talk; and what may go wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import numpy as np
import pytest

from tests.sessions.agents_at_work import settle
from voicebot.errors import DialFailed
from voicebot.events import CallEnded, CallEvent
from voicebot.sessions.briefing import Briefing
from voicebot.sessions.callbacks import CallbackCalls
from voicebot.sessions.handoff import HandoffServices
from voicebot.sessions.registry import CallRegistry
from voicebot.telephony._api import CallLeg, LegInfo
from voicebot.telephony.loopback import LoopbackCaller, pair
from voicebot.types import CallId, Language, Outcome

MUSIC = 500


async def line(name: str) -> tuple[CallLeg, LoopbackCaller]:
    info = LegInfo(CallId(name), "loopback", caller="", callee=name)
    leg, party = pair(info, start=asyncio.get_running_loop().time())
    await leg.answer()
    return leg, party


class Caller:
    """The caller's telephone: rings until ``gate`` is set, then answers or ends in ``error``."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.error: DialFailed | None = None
        self.party: LoopbackCaller | None = None
        self.given_up = False

    async def dial(
        self,
        target: str,
        *,
        caller: str = "",
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 30.0,
    ) -> CallLeg:
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.given_up = True
            raise
        if self.error is not None:
            raise self.error
        leg, self.party = await line(target)
        return leg


class Journal:
    def __init__(self) -> None:
        self.events: list[CallEvent] = []

    def append(self, event: CallEvent) -> None:
        self.events.append(event)

    @property
    def outcome(self) -> Outcome:
        end = self.events[-1]
        assert isinstance(end, CallEnded)
        return end.outcome


class Callback:
    """One call back under test."""

    def __init__(self, lines: int = 1) -> None:
        self.caller, self.journal = Caller(), Journal()
        self.registry = CallRegistry(max_calls=lines)
        self.reached = False
        handoffs = HandoffServices(
            dialer=self.caller, music=lambda rate: np.full(rate, MUSIC, np.int16)
        )
        self._calls = CallbackCalls(
            handoffs, self.journal, self.registry, lambda event: None, "main"
        )

    async def start(self) -> tuple[asyncio.Task[None], LoopbackCaller]:
        leg, agent = await line("agent")
        briefing = Briefing("1001", Language("en-US"))
        task = asyncio.create_task(self._calls("1001", briefing, leg, self._answered))
        await settle()
        return task, agent

    def _answered(self) -> None:
        self.reached = True


async def test_the_agent_hears_music_and_then_the_caller() -> None:
    callback = Callback()
    task, agent = await callback.start()
    await agent.listen(100)
    assert int(agent.heard[-1][0]) == MUSIC
    assert not callback.reached
    callback.caller.gate.set()
    await settle()
    caller = callback.caller.party
    assert caller is not None
    assert callback.reached
    for _ in range(10):
        await caller.step(np.full(160, 111, np.int16))
        await agent.step(np.full(160, 222, np.int16))
    assert (int(caller.heard[-1][0]), int(agent.heard[-1][0])) == (222, 111)
    caller.hang_up()
    await asyncio.wait_for(task, 30)
    assert agent.ended == "the call is over"
    assert callback.journal.outcome is Outcome.TRANSFERRED
    assert callback.registry.active == 0


async def test_an_agent_who_hangs_up_ends_the_call() -> None:
    callback = Callback()
    task, agent = await callback.start()
    callback.caller.gate.set()
    await settle()
    agent.hang_up()
    await asyncio.wait_for(task, 30)
    assert callback.caller.party is not None
    assert callback.caller.party.ended == "the agent has left"


async def test_a_caller_who_is_busy_is_told_to_the_agents_queue() -> None:
    callback = Callback()
    callback.caller.error = DialFailed("1001", "busy", 486)
    callback.caller.gate.set()
    task, agent = await callback.start()
    with pytest.raises(DialFailed, match="busy"):
        await task
    assert agent.ended == "the call is over"
    assert callback.journal.outcome is Outcome.NOT_REACHED


async def test_an_agent_who_does_not_wait_stops_the_ringing() -> None:
    callback = Callback()
    task, agent = await callback.start()
    agent.hang_up()
    with pytest.raises(DialFailed, match="the agent has left"):
        await asyncio.wait_for(task, 30)
    assert callback.caller.given_up
    assert not callback.reached


async def test_without_a_line_nobody_is_called() -> None:
    callback = Callback(lines=0)
    task, agent = await callback.start()
    with pytest.raises(DialFailed):
        await task
    assert agent.ended == "there is no line"
    assert callback.journal.events == []


async def test_a_server_that_stops_hangs_everybody_up() -> None:
    callback = Callback()
    task, agent = await callback.start()
    callback.caller.gate.set()
    await settle()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert callback.caller.party is not None
    assert callback.caller.party.ended is not None
    assert agent.ended is not None
    assert callback.registry.active == 0
