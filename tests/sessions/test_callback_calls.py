"""The call back: the agent waits on the line, then the two talk; and what may go wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import numpy as np
import pytest

from tests.sessions.agents_at_work import settle
from voicebot.acd.model import AgentId, Contact, ContactId
from voicebot.errors import DialFailed
from voicebot.events import CallEnded, CallEvent
from voicebot.sessions.briefing import Briefing
from voicebot.sessions.callbacks import CallbackCalls, Reached
from voicebot.sessions.handoff import HandoffServices
from voicebot.sessions.place import Joined, Place
from voicebot.sessions.registry import CallRegistry
from voicebot.telephony._api import AudioIn, CallLeg, LegEnded, LegInfo
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
    """One call back under test; ``talk`` is what its session has, until ``over`` is set."""

    def __init__(self, lines: int = 1) -> None:
        self.caller, self.journal = Caller(), Journal()
        self.registry = CallRegistry(max_calls=lines)
        self.reached = False
        self.talk: Reached | None = None
        self.over = asyncio.Event()
        handoffs = HandoffServices(
            dialer=self.caller, music=lambda rate: np.full(rate, MUSIC, np.int16)
        )
        self._calls = CallbackCalls(
            handoffs, self.journal, self.registry, lambda event: None, "main", self._converse
        )

    async def start(self) -> tuple[asyncio.Task[None], LoopbackCaller]:
        leg, agent = await line("agent")
        briefing = Briefing("1001", Language("en-US"))
        contact = Contact(ContactId("earlier"), "support")
        place = Place(lambda place, reason: None, contact, briefing)
        joined = Joined(AgentId("anna"), leg, waited=True)
        task = asyncio.create_task(self._calls("1001", place, joined, self._answered))
        await settle()
        return task, agent

    async def _converse(self, reached: Reached) -> None:
        assert self.reached, "the queues are told first"
        self.talk = reached
        await self.over.wait()
        reached.account.ended(Outcome.TRANSFERRED, "called back")
        self.registry.ended(reached.account.info.call_id, Outcome.TRANSFERRED)

    def _answered(self) -> None:
        self.reached = True


async def test_the_agent_hears_music_until_the_caller_answers() -> None:
    callback = Callback()
    task, agent = await callback.start()
    await agent.listen(100)
    assert int(agent.heard[-1][0]) == MUSIC
    assert not callback.reached
    callback.caller.gate.set()
    await settle()
    assert callback.talk is not None
    assert callback.talk.joined.waited
    callback.over.set()
    await asyncio.wait_for(task, 30)
    assert agent.ended == "the call is over"
    assert callback.journal.outcome is Outcome.TRANSFERRED
    assert callback.registry.active == 0


async def test_nothing_of_either_line_is_lost_when_they_are_joined() -> None:
    callback = Callback()
    task, agent = await callback.start()
    await agent.listen(100)
    callback.caller.gate.set()
    await settle()
    caller = callback.caller.party
    assert caller is not None
    assert callback.talk is not None
    legs = (callback.talk.joined.leg, callback.talk.leg)
    heard = []
    for leg, party in zip(legs, (agent, caller), strict=True):
        events = leg.events()
        await party.step(np.full(160, 77, np.int16))
        heard.append(await anext(events))
        party.hang_up()
        heard += [event async for event in events if isinstance(event, LegEnded)]
    kinds = [type(event) for event in heard]
    assert kinds == [AudioIn, LegEnded, AudioIn, LegEnded]
    assert legs[1].info.direction == "outbound"
    callback.over.set()
    await asyncio.wait_for(task, 30)


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
