"""A waiting caller's session when the agent sends them on, or the agent's line dies."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from tests.sessions.agents_at_work import QUEUES, Telephones, TurnedClock, settle
from tests.sessions.conftest import Exchange, Line
from voicebot.acd import events as ev
from voicebot.acd.model import AgentId, AgentProfile, ContactId
from voicebot.queues.reader import load_queues
from voicebot.sessions.handoff import HandoffServices
from voicebot.sessions.queue_handoff import Queueing
from voicebot.sessions.queueing import QueueService
from voicebot.sessions.talk import Talk, ToAddress, ToFlow, ToQueue
from voicebot.sessions.voice_services import VoiceServices
from voicebot.telephony._api import CallLeg, LegInfo
from voicebot.telephony.loopback import LoopbackCaller, pair
from voicebot.types import CallId, Outcome

MUSIC = 500
FLOW = """
start: to_agent
steps:
  to_agent:
    transfer: queue:support
    context: {order: "17"}
    on_failure: nobody
    next: afterwards
  nobody: {say: "Sorry, {problem}.", hangup: auto}
  afterwards: {say: "By {transfer.left} to {transfer.to}.", hangup: auto}
"""


@dataclass
class Work:
    """The queues behind an exchange, agents at telephones, and what they may do."""

    clock: TurnedClock = field(default_factory=TurnedClock)
    phones: Telephones = field(default_factory=Telephones)
    talks: list[Talk] = field(default_factory=list)
    dialled: list[str] = field(default_factory=list)
    told: Mapping[str, str] = field(default_factory=dict)
    third: LoopbackCaller | None = None

    def behind(self, exchange: Exchange) -> None:
        folder = exchange.application
        (folder / "flows" / "main.yaml").write_text(FLOW)
        (folder / "queues.yaml").write_text(QUEUES)
        file = load_queues(folder)
        assert file.problems == ()
        self.service = QueueService(
            file.queues, self.phones, clock=self.clock, call_later=self.clock.call_later
        )
        for name, queue in (("anna", "support"), ("bert", "sales")):
            self.service.receive(ev.SignIn(AgentProfile(AgentId(name), (queue,))))

        def adapt(services: VoiceServices) -> VoiceServices:
            handoffs = HandoffServices(
                dialer=self,
                music=lambda rate: np.full(rate, MUSIC, np.int16),
                talking=self.talks.append,
            )
            queueing = Queueing(self.service, file, "https://crm.example/?call={call}")
            return replace(services, queueing=queueing, handoffs=handoffs)

        exchange.adapt = adapt

    async def dial(
        self,
        target: str,
        *,
        caller: str = "",
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 30.0,
    ) -> CallLeg:
        self.dialled.append(target)
        self.told = headers or {}
        info = LegInfo(CallId("third"), "loopback", caller="1000", callee="third")
        leg, self.third = pair(info, start=asyncio.get_running_loop().time())
        await leg.answer()
        return leg

    async def answered(self, line: Line) -> LoopbackCaller:
        """Whoever rings now takes the caller; gives the agent's end."""
        await line.caller.listen(60)
        person = await self.phones.last.answer()
        await line.caller.listen(100)
        return person


@pytest.fixture
def work(exchange: Exchange) -> Work:
    made = Work()
    made.behind(exchange)
    return made


async def talk(line: Line, person: LoopbackCaller) -> tuple[int, int]:
    """Both speak; what each heard of the other last."""
    for _ in range(10):
        await line.caller.step(np.full(160, 111, np.int16))
        await person.step(np.full(160, 222, np.int16))
    return int(line.caller.heard[-1][0]), int(person.heard[-1][0])


async def test_a_caller_whose_agents_line_dies_is_told_and_gets_the_next_agent(
    exchange: Exchange, work: Work
) -> None:
    line = await exchange.call()
    person = await work.answered(line)
    person.lose_line()
    await line.caller.listen(200)
    work.service.receive(ev.SignIn(AgentProfile(AgentId("carl"), ("support",))))
    second = await work.answered(line)
    assert work.phones.agents() == ["anna", "carl"]
    assert await talk(line, second) == (222, 111)
    second.hang_up()
    ended = await line.over()
    assert ended.outcome is Outcome.TRANSFERRED
    assert line.turns[0].prompt == "Please stay. By agent to."


async def test_a_caller_sent_to_another_queue_talks_to_its_agent(
    exchange: Exchange, work: Work
) -> None:
    line = await exchange.call()
    person = await work.answered(line)
    work.service.receive(ev.Transfer(ContactId(line.session.call_id), "sales"))
    await work.talks[-1].leave(ToQueue())
    second = await work.answered(line)
    assert person.ended == "the agent has left"
    assert work.phones.agents() == ["anna", "bert"]
    assert await talk(line, second) == (222, 111)
    await line.hang_up()
    assert list(work.service.contacts()) == []


async def test_a_caller_put_through_to_a_number_leaves_the_agent_free(
    exchange: Exchange, work: Work
) -> None:
    line = await exchange.call()
    await work.answered(line)
    await work.talks[-1].leave(ToAddress("sip:lawyer@192.0.2.9"))
    await line.caller.listen(200)
    assert work.dialled == ["sip:lawyer@192.0.2.9"]
    call = line.session.call_id
    told = {"order": "17", "call": call, "url": f"https://crm.example/?call={call}"}
    assert work.told == told, "a telephone system has screens of its own"
    assert list(work.service.contacts()) == []
    assert work.third is not None
    assert await talk(line, work.third) == (222, 111)
    work.third.hang_up()
    assert (await line.over()).outcome is Outcome.TRANSFERRED


async def test_the_way_that_the_agent_chose_is_known_to_the_flow(
    exchange: Exchange, work: Work
) -> None:
    line = await exchange.call()
    await work.answered(line)
    await work.talks[-1].leave(ToFlow("survey"))
    await line.over()
    assert line.turns[0].prompt == "By agent to survey."


async def test_a_caller_who_was_handed_over_stays_when_the_agent_has_gone(
    exchange: Exchange, work: Work
) -> None:
    line = await exchange.call()
    person = await work.answered(line)
    now = work.talks[-1]
    now.consult("lawyer", lambda: work.dial("sip:lawyer@192.0.2.9"))
    await settle()
    await now.hand_over()
    work.service.handed_over(ContactId(line.session.call_id))
    await line.caller.listen(100)
    assert person.ended == "the agent has handed the caller over"
    assert work.third is not None
    assert await talk(line, work.third) == (222, 111)
    assert list(work.service.contacts()) == []
    await line.hang_up()
    assert work.third.ended
