"""A caller who is called back has the same as one who waited on the line: on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from tests.sessions.agents_at_work import QUEUES, Telephones, TurnedClock, settle
from tests.sessions.conftest import Exchange
from voicebot.acd import events as ev
from voicebot.acd.model import AgentId, AgentProfile, ContactId
from voicebot.desk.supervision import Supervision
from voicebot.events import CallEnded, CallEvent, TurnFinished
from voicebot.flows.interpreter import Interpreter
from voicebot.flows.reader import load_flows
from voicebot.flows.state import FlowState
from voicebot.media.frames import FRAME_S, is_silent
from voicebot.queues.reader import load_queues
from voicebot.sessions.briefing import as_booking, restored
from voicebot.sessions.callbacks import CallbackCalls, Reached
from voicebot.sessions.called_back import AfterCallback
from voicebot.sessions.conversation import Conversation
from voicebot.sessions.handoff import HandoffServices
from voicebot.sessions.queue_handoff import Queueing
from voicebot.sessions.queueing import QueueService
from voicebot.sessions.talk import Talk, ToAddress, ToFlow, ToQueue
from voicebot.sessions.voice import VoiceSession
from voicebot.sessions.voice_services import VoiceServices
from voicebot.telephony._api import CallLeg, LegInfo
from voicebot.telephony.loopback import LoopbackCaller, pair
from voicebot.types import CallId, Language, Outcome

MUSIC = 500
WAITED = """
start: to_agent
steps:
  to_agent:
    transfer: queue:support
    whisper: Who this is.
    while_waiting:
      offer:
        ask: Shall we call?
        grammar: fruit
        keys: {"1": apple}
        steps: {apple: book}
        ready: Now.
    on_failure: nobody
    next: afterwards
  book: {transfer: queue:support, callback: "1001", on_failure: nobody, next: promised}
  promised: {say: We will call., hangup: auto}
  nobody: {say: "Sorry, {problem}.", hangup: auto}
  afterwards: {say: "By {transfer.left} to {transfer.to}.", hangup: auto}
"""
AT_ONCE = """
start: book
steps:
  book: {transfer: queue:support, callback: "1001", on_failure: nobody, next: promised}
  promised: {say: We will call., hangup: auto}
  nobody: {say: "Sorry, {problem}.", hangup: auto}
"""


@dataclass
class House:
    """The queues, their agents at telephones, and whoever is called."""

    exchange: Exchange
    clock: TurnedClock = field(default_factory=TurnedClock)
    phones: Telephones = field(default_factory=Telephones)
    talks: list[Talk] = field(default_factory=list)
    events: list[CallEvent] = field(default_factory=list)
    dialled: list[str] = field(default_factory=list)
    parties: list[LoopbackCaller] = field(default_factory=list)
    session: asyncio.Task[None] | None = None
    flow: str = WAITED

    def __post_init__(self) -> None:
        folder = self.exchange.application
        (folder / "queues.yaml").write_text(QUEUES)
        file = load_queues(folder)
        handoffs = HandoffServices(
            dialer=self,
            music=lambda rate: np.full(rate, MUSIC, np.int16),
            talking=self.talks.append,
        )

        def adapt(services: VoiceServices) -> VoiceServices:
            queueing = Queueing(self.service, file)
            self.services = replace(services, queueing=queueing, handoffs=handoffs, journal=self)
            self.calls = CallbackCalls(
                handoffs, self, services.registry, services.publish, "main", self.converse
            )
            return replace(services, queueing=queueing, handoffs=handoffs)

        self.exchange.adapt = adapt
        self.service = QueueService(
            file.queues,
            self.phones,
            clock=self.clock,
            call_later=self.clock.call_later,
            call_back=lambda *told: self.calls(*told),
        )

    def append(self, event: CallEvent) -> None:
        self.events.append(event)

    async def dial(
        self,
        target: str,
        *,
        caller: str = "",
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 30.0,
    ) -> CallLeg:
        self.dialled.append(target)
        info = LegInfo(CallId(target), "loopback", caller="", callee=target)
        leg, party = pair(info, start=asyncio.get_running_loop().time())
        self.parties.append(party)
        await leg.answer()
        return leg

    async def converse(self, reached: Reached) -> None:
        """As `VoiceCalls.call_back` does."""
        kept = reached.place.briefing.way_back
        interpreter = Interpreter(load_flows(self.exchange.application / "flows"))
        conversation = Conversation(interpreter, FlowState.from_json(kept) if kept else None)
        session = VoiceSession(
            reached.leg,
            AfterCallback(conversation, reached.place.contact.queue),
            self.services,
            flow="main",
            language=Language("en-US"),
            account=reached.account,
            called_back=(reached.place, reached.joined),
        )
        self.session = asyncio.current_task()
        await session.run()

    def sign_in(self, name: str, queue: str = "support") -> None:
        self.service.receive(ev.SignIn(AgentProfile(AgentId(name), (queue,))))

    async def book(self, flow: str = WAITED) -> ContactId:
        """A caller asks to be called back, and hangs up; the id of the contact."""
        (self.exchange.application / "flows" / "main.yaml").write_text(flow)
        line = await self.exchange.call()
        if flow == WAITED:
            await line.caller.listen(500)
            line.caller.press("1")
        ended = await line.over()
        assert ended.outcome is Outcome.CALLBACK_BOOKED
        return ContactId(line.session.call_id)

    async def reach(self) -> tuple[LoopbackCaller, LoopbackCaller]:
        """Anna answers and is joined with the caller; the two ends."""
        self.sign_in("anna")
        await settle()
        assert self.phones.last.contact.callback
        agent = await self.phones.last.answer()
        await settle(60)
        return self.parties[0], agent

    async def over(self, caller: LoopbackCaller) -> CallEnded:
        session = self.session
        assert session is not None
        await caller.listen_until(session.done)
        end = self.events[-1]
        assert isinstance(end, CallEnded)
        assert self.services.registry.active == 0
        return end

    def prompts(self) -> list[str]:
        return [event.prompt for event in self.events if isinstance(event, TurnFinished)]


@pytest.fixture
async def house(exchange: Exchange) -> AsyncIterator[House]:
    made = House(exchange)
    yield made
    await made.service.stop()


async def talk(caller: LoopbackCaller, agent: LoopbackCaller) -> tuple[int, int]:
    """Both speak; what each heard of the other last."""
    for _ in range(10):
        await caller.step(np.full(160, 111, np.int16))
        await agent.step(np.full(160, 222, np.int16))
    return int(caller.heard[-1][0]), int(agent.heard[-1][0])


def longest_silence_s(caller: LoopbackCaller) -> float:
    """The longest that the caller heard nothing."""
    longest = now = 0
    for frame in caller.heard:
        now = now + 1 if is_silent(frame) else 0
        longest = max(longest, now)
    return longest * FRAME_S


async def test_supervisors_see_one_call_with_the_agent_who_has_it(house: House) -> None:
    contact = await house.book()
    caller, agent = await house.reach()
    supervision = Supervision(None, lambda: house.service, house.services.registry.open_calls)
    supervision.talking(house.talks[0])
    (told,) = supervision.conversations()
    (call,) = house.services.registry.open_calls()
    assert call != str(contact)
    assert (told.call, told.agent, told.queue, told.flow) == (call, "anna", "support", "main")
    assert supervision.with_people() == {call}
    agent.hang_up()
    await house.over(caller)
    assert supervision.conversations() == ()


async def test_both_talk_at_once_and_the_agent_may_do_all_that_a_talk_allows(house: House) -> None:
    contact = await house.book()
    caller, agent = await house.reach()
    assert house.dialled == ["1001"]
    assert await talk(caller, agent) == (222, 111), "nothing has to be whispered any more"
    (conversation,) = house.talks
    assert conversation.contact_id == str(contact), "the desk knows the caller by it"
    conversation.hold()
    assert (await talk(caller, agent))[0] == MUSIC
    conversation.take_back()
    conversation.consult("lawyer", lambda: house.dial("sip:lawyer@192.0.2.9"))
    await settle()
    await conversation.hand_over()
    lawyer = house.parties[1]
    assert await talk(caller, lawyer) == (222, 111)
    lawyer.hang_up()
    ended = await house.over(caller)
    assert ended.outcome is Outcome.TRANSFERRED
    assert list(house.service.contacts()) == []


async def test_after_the_talk_the_flow_goes_on_where_the_caller_waited(house: House) -> None:
    await house.book()
    caller, agent = await house.reach()
    agent.hang_up()
    assert (await house.over(caller)).outcome is Outcome.TRANSFERRED
    assert house.prompts() == ["By agent to."]


async def test_a_promise_that_was_kept_is_not_made_again(house: House) -> None:
    await house.book(AT_ONCE)
    caller, agent = await house.reach()
    agent.hang_up()
    ended = await house.over(caller)
    assert (ended.outcome, ended.reason) == (Outcome.TRANSFERRED, "called back")
    assert house.prompts() == []


@pytest.mark.parametrize(("flow", "said"), [(WAITED, "By agent to survey."), (AT_ONCE, "We will")])
async def test_the_agent_may_send_the_caller_back_into_the_flow(
    house: House, flow: str, said: str
) -> None:
    await house.book(flow)
    caller, agent = await house.reach()
    await house.talks[0].leave(ToFlow("survey"))
    await house.over(caller)
    (prompt,) = house.prompts()
    assert prompt.startswith(said)
    assert agent.ended


async def test_the_agent_may_send_the_caller_to_another_queue(house: House) -> None:
    contact = await house.book()
    caller, _ = await house.reach()
    house.sign_in("bert", "sales")
    house.service.receive(ev.Transfer(contact, "sales"))
    await house.talks[0].leave(ToQueue())
    await caller.listen(200)
    assert not house.phones.last.contact.callback
    assert house.service.agents()[AgentId("anna")].contacts == ()
    bert = await house.phones.last.answer()
    for _ in range(1000):  # the whisper is for bert, who knows nothing of it
        if await talk(caller, bert) == (222, 111):
            break
    assert house.talks[1].contact_id == str(contact)
    assert longest_silence_s(caller) < 2
    caller.hang_up()
    assert (await house.over(caller)).outcome is Outcome.TRANSFERRED
    assert bert.ended
    assert list(house.service.contacts()) == []


async def test_the_agent_may_put_the_caller_through_to_a_number(house: House) -> None:
    await house.book()
    caller, _ = await house.reach()
    await house.talks[0].leave(ToAddress("sip:lawyer@192.0.2.9"))
    await caller.listen(200)
    assert house.dialled == ["1001", "sip:lawyer@192.0.2.9"]
    assert list(house.service.contacts()) == []
    caller.hang_up()
    await house.over(caller)
    assert house.parties[1].ended


async def test_a_caller_whose_agents_line_dies_waits_at_the_head_and_is_told(house: House) -> None:
    contact = await house.book()
    caller, agent = await house.reach()
    house.sign_in("bert")
    agent.lose_line()
    await caller.listen(400)
    assert house.phones.last.agent == "bert"
    standing = house.service.standing(contact)
    assert standing is not None
    assert not standing.callback
    assert longest_silence_s(caller) < 2
    caller.hang_up()
    await house.over(caller)
    assert house.prompts()[0].startswith("Please stay.")
    assert list(house.service.contacts()) == []


async def test_a_caller_who_hangs_up_leaves_the_agent_free(house: House) -> None:
    await house.book()
    caller, agent = await house.reach()
    caller.hang_up()
    assert (await house.over(caller)).outcome is Outcome.TRANSFERRED
    assert agent.ended
    assert house.service.agents()[AgentId("anna")].contacts == ()


async def test_a_transfer_that_is_not_in_the_flow_any_more_still_brings_them_together(
    house: House,
) -> None:
    await house.book()
    newer = 'start: new\nsteps: {new: {say: "Newer.", hangup: auto}}\n'
    (house.exchange.application / "flows" / "main.yaml").write_text(newer)
    caller, agent = await house.reach()
    assert await talk(caller, agent) == (222, 111)
    await house.talks[0].leave(ToFlow("survey"))
    await house.over(caller)
    assert house.prompts() == ["Newer."]


async def test_a_server_that_stops_ends_the_talk(house: House) -> None:
    await house.book()
    caller, agent = await house.reach()
    await house.service.stop()
    await settle()
    assert caller.ended
    assert agent.ended


async def test_the_way_back_outlives_a_restart(house: House) -> None:
    contact = await house.book()
    place, briefing = house.service.standing(contact), house.service.briefing(contact)
    assert place is not None
    assert briefing is not None
    assert FlowState.from_json(briefing.way_back).step == "to_agent"
    booking = as_booking(place, briefing, "1001")
    assert restored(booking) == (place.contact, briefing)
    earlier = {name: value for name, value in booking.details.items() if name != "way_back"}
    assert restored(replace(booking, details=earlier))[1].way_back == {}
