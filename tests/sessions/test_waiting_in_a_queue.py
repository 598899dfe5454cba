"""A caller whom the flow sends to a queue: on virtual time, with agents of loopback legs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.sessions.agents_at_work import Telephones, TurnedClock, settle
from tests.sessions.conftest import VOICE, Exchange, Line
from voicebot.acd import events as ev
from voicebot.acd.model import AgentId, AgentProfile, Presence
from voicebot.queues.reader import load_queues
from voicebot.sessions.handoff import HandoffServices
from voicebot.sessions.queue_handoff import Queueing, known_of
from voicebot.sessions.queueing import QueueService
from voicebot.sessions.ringing import CallBack
from voicebot.sessions.voice_services import VoiceServices
from voicebot.telephony.loopback import LoopbackCaller
from voicebot.types import Outcome

MUSIC = 500
FLOW = """
start: wants
steps:
  wants: {set: {order: {status: lost}}, next: to_agent}
  to_agent:
    transfer: queue:support
    context: {order: "17"}
    whisper: Lost order.
    on_failure: nobody
    closed: come_back
    overflow: leave_word
    next: afterwards
  nobody: {say: "Sorry, {problem}.", hangup: auto}
  come_back: {say: "Closed.", hangup: refused}
  leave_word: {say: "Way out {transfer.to}.", hangup: auto}
  afterwards: {say: Bye., hangup: auto}
"""
QUEUES = """
queues:
  support:
    wrap_up_s: 30
    announce: {first_s: 15, every_s: 60}
    words: {en-US: {position: "Place {position}."}}
    overflow:
      - {when: wait, after_s: 120, to: voicemail}
  lost: {}
rules:
  - {when: order.status == 'lost' and mood == 'calm', priority: 1}
"""


class Desk:
    """The queues behind an exchange."""

    def __init__(
        self, exchange: Exchange, queues: str = QUEUES, call_back: CallBack | None = None
    ) -> None:
        folder = exchange.application
        (folder / "flows" / "main.yaml").write_text(FLOW)
        (folder / "queues.yaml").write_text(queues)
        self.file = load_queues(folder)
        assert self.file.problems == ()
        self.clock, self.phones = TurnedClock(), Telephones()
        self.service = QueueService(
            self.file.queues,
            self.phones,
            clock=self.clock,
            call_later=self.clock.call_later,
            call_back=call_back,
        )
        exchange.adapt = self._adapt

    def sign_in(self, name: str = "anna") -> None:
        self.service.receive(ev.SignIn(AgentProfile(AgentId(name), ("support",))))

    def _adapt(self, services: VoiceServices) -> VoiceServices:
        return replace(
            services,
            queueing=Queueing(self.service, self.file, "https://crm.example/?call={call}"),
            handoffs=HandoffServices(music=lambda rate: np.full(rate, MUSIC, np.int16)),
        )


@pytest.fixture
def desk(exchange: Exchange) -> Desk:
    return Desk(exchange)


async def _talk(line: Line, person: LoopbackCaller) -> tuple[int, int]:
    """Both speak; what each heard of the other last."""
    for _ in range(10):
        await line.caller.step(np.full(160, 111, np.int16))
        await person.step(np.full(160, 222, np.int16))
    return int(line.caller.heard[-1][0]), int(person.heard[-1][0])


async def _whispered(line: Line, person: LoopbackCaller) -> set[int]:
    """Let the agent hear the whisper out; what the caller heard meanwhile."""
    told: set[int] = set()
    for _ in range(3000):  # the words are rendered beside the loop
        at_caller, at_person = await line.caller.step(), await person.step()
        if at_person is not None and int(at_person[0]) == VOICE:
            told.add(0 if at_caller is None else int(at_caller[0]))
        elif told:
            break
    return told


async def test_the_caller_waits_hears_the_place_and_talks_to_the_agent(
    exchange: Exchange, desk: Desk
) -> None:
    line = await exchange.call()
    await line.caller.listen(100)
    assert int(line.caller.heard[-1][0]) == MUSIC
    await desk.clock.advance(16)
    await line.caller.listen(400)
    desk.sign_in()
    await settle()
    told = desk.phones.last.contact
    call = line.session.call_id
    assert dict(told.briefing.context) == {
        "order": "17", "call": call, "url": f"https://crm.example/?call={call}"
    }  # fmt: skip
    assert told.briefing.facts["order"] == {"status": "lost"}
    person = await desk.phones.last.answer()
    assert await _whispered(line, person) == {MUSIC}
    assert await _talk(line, person) == (222, 111)
    person.hang_up()
    ended = await line.over()
    assert ended.outcome is Outcome.TRANSFERRED
    assert line.turns[0].prompt.startswith("You are next in line.")
    agent = desk.service.agents()[AgentId("anna")]
    assert (agent.contacts, len(agent.wrapping)) == ((), 1)


async def test_who_hangs_up_in_the_queue_has_abandoned_it(exchange: Exchange, desk: Desk) -> None:
    desk.sign_in()
    line = await exchange.call()
    await line.caller.listen(100)
    await line.hang_up()
    assert line.end.outcome is Outcome.ABANDONED_IN_QUEUE
    assert desk.phones.last.cancelled
    assert list(desk.service.contacts()) == []


async def test_who_hangs_up_on_the_agent_was_transferred(exchange: Exchange, desk: Desk) -> None:
    desk.sign_in()
    line = await exchange.call()
    await line.caller.listen(100)
    person = await desk.phones.last.answer()
    await line.caller.listen(100)
    await line.hang_up()
    assert line.end.outcome is Outcome.TRANSFERRED
    assert person.ended == "the caller has left"
    assert desk.service.agents()[AgentId("anna")].presence is Presence.AVAILABLE


async def test_a_closed_queue_is_a_way_of_the_flow(exchange: Exchange) -> None:
    hours = "hours: {never: {zone: UTC}}\n"
    desk = Desk(exchange, hours + "queues: {support: {hours: never}}")
    desk.sign_in()
    line = await exchange.call()
    assert (await line.over()).outcome is Outcome.REFUSED
    assert [turn.prompt for turn in line.turns] == ["Closed."]


async def test_an_overflow_is_a_way_of_the_flow(exchange: Exchange, desk: Desk) -> None:
    line = await exchange.call()
    await line.caller.listen(100)
    await desk.clock.advance(121)
    await line.over()
    assert line.turns[-1].prompt.endswith("Way out voicemail.")


async def test_without_queues_the_transfer_fails_as_any_other(exchange: Exchange) -> None:
    (exchange.application / "flows" / "main.yaml").write_text(FLOW)
    line = await exchange.call()
    await line.over()
    assert [turn.prompt for turn in line.turns] == ["Sorry, there is no queue 'support'."]


@pytest.mark.parametrize(("felt", "mood"), [(0.0, "calm"), (0.5, "tense"), (0.9, "angry")])
def test_rules_may_ask_for_mood_intent_and_contacts(felt: float, mood: str) -> None:
    facts = known_of(
        {"frustration": felt, "history": {"contacts": 3}, "matter": {"about": "return"}}
    )
    assert (facts["mood"], facts["contacts"], facts["intent"]) == (mood, 3, "return")
    nothing = known_of({"history": None})
    assert (nothing["mood"], nothing["contacts"], nothing["intent"]) == ("calm", None, None)


async def test_a_closed_queue_calls_back_when_it_opens(exchange: Exchange) -> None:
    called: list[str] = []

    async def call_back(number: str, *rest: object) -> None:
        called.append(number)

    # The clock of these tests begins on a Monday at 13:46:40 UTC.
    noon = "hours: {day: {zone: UTC, mon-sun: 12:00-13:00}}\n"
    desk = Desk(
        exchange, noon + QUEUES.replace("wrap_up_s", "hours: day\n    wrap_up_s"), call_back
    )
    (exchange.application / "flows" / "main.yaml").write_text(
        "start: to_agent\n"
        "steps:\n"
        "  to_agent: {transfer: queue:support, closed: book, on_failure: nobody}\n"
        "  book: {transfer: queue:support, callback: '1001', on_failure: nobody, next: bye}\n"
        "  nobody: {say: Nobody., hangup: auto}\n"
        "  bye: {say: Bye., hangup: auto}\n"
    )
    desk.sign_in()
    line = await exchange.call()
    assert (await line.over()).outcome is Outcome.CALLBACK_BOOKED
    assert desk.phones.rings == []
    await desk.clock.advance(80_001)
    assert desk.phones.last.contact.callback
    await desk.phones.last.answer()
    assert called == ["1001"]


TIMED = """\
start: to_agent
steps:
  to_agent:
    transfer: queue:support
    callback: "1001"
    callback_at: "%s"
    on_failure: nobody
    closed: later
    next: agreed
  nobody: {say: "No, {problem}.", hangup: auto}
  later: {say: "Closed, until {transfer.opens}.", hangup: auto}
  agreed: {say: "At {transfer.at|time}.", hangup: auto}
"""


async def _asked_for(exchange: Exchange, when: str) -> tuple[Desk, list[str], str]:
    """What the caller hears who wants to be called at a time, though an agent is free."""
    called: list[str] = []

    async def call_back(number: str, *rest: object) -> None:
        called.append(number)

    # The clock of these tests begins on a Monday at 13:46:40 UTC.
    office = "hours: {day: {zone: UTC, mon-sun: 12:00-16:00}}\n"
    queues = office + QUEUES.replace("wrap_up_s", "hours: day\n    wrap_up_s")
    desk = Desk(exchange, queues, call_back)
    (exchange.application / "flows" / "main.yaml").write_text(TIMED % when)
    desk.sign_in()
    line = await exchange.call()
    await line.over()
    return desk, called, line.turns[-1].prompt


async def test_a_caller_is_called_at_the_time_they_chose(exchange: Exchange) -> None:
    desk, called, heard = await _asked_for(exchange, "0230p")
    assert heard == "At two thirty p.m."
    assert desk.phones.rings == []
    await desk.clock.advance(43 * 60)
    assert desk.phones.rings == []
    await desk.clock.advance(21)
    await desk.phones.last.answer()
    assert called == ["1001"]


@pytest.mark.parametrize(
    ("when", "heard"),
    [("0800p", "Closed, until "), ("some day", "No, the time of the callback is none.")],
)
async def test_at_a_time_that_cannot_be_the_flow_is_told(
    exchange: Exchange, when: str, heard: str
) -> None:
    desk, _, prompt = await _asked_for(exchange, when)
    assert prompt.startswith(heard)
    assert list(desk.service.contacts()) == []
