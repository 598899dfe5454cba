"""Changed clocks, agents who are removed, queues that are full: nobody is lost."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.sessions.agents_at_work import Telephones, TurnedClock, settle
from tests.sessions.conftest import Exchange
from tests.sessions.test_waiting_in_a_queue import Desk
from voicebot.acd import effects as e
from voicebot.acd import events as ev
from voicebot.acd.hours import Hours, Span
from voicebot.acd.model import AgentId, AgentProfile, Contact, ContactId, QueueRules
from voicebot.queues.reader import QueueFile
from voicebot.sessions.briefing import Briefing
from voicebot.sessions.place import Joined, Place
from voicebot.sessions.queue_handoff import Queueing
from voicebot.sessions.queueing import QueueService

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = Hours(BERLIN, ((Span(150, 300),),) * 7)
"""02:30 to 05:00, every day."""
ANNA = AgentId("anna")


def at(local: str, fold: int = 0) -> float:
    return datetime.fromisoformat(local).replace(tzinfo=BERLIN, fold=fold).timestamp()


class Floor:
    def __init__(self, now: float, rules: QueueRules) -> None:
        self.clock, self.phones = TurnedClock(now), Telephones()
        self.service = QueueService(
            [rules], self.phones, clock=self.clock, call_later=self.clock.call_later
        )
        self.queueing = Queueing(self.service, QueueFile())

    def sign_in(self) -> None:
        self.service.receive(ev.SignIn(AgentProfile(ANNA, ("support",))))

    def enter(self, name: str) -> Place:
        return self.service.enter(Contact(ContactId(name), "support"), Briefing())


async def told(place: Place, kind: type) -> object:
    """The first notice of this kind; it is there already."""
    while not isinstance(notice := await place.next(), kind):
        pass
    return notice


async def test_in_the_short_night_a_closed_queue_says_the_hour_that_there_will_be() -> None:
    floor = Floor(at("2026-03-29T01:30"), QueueRules("support", hours=NIGHT))
    effect = await told(floor.enter("one"), e.Overflowed)
    assert isinstance(effect, e.Overflowed)
    assert floor.queueing.refusal(effect).opens == "2026-03-29T03:00+02:00"
    await floor.clock.advance(30 * 60 + 1)
    floor.sign_in()
    floor.enter("two")
    await settle()
    assert floor.phones.last.contact.contact_id == "two"


async def test_in_the_long_night_a_wait_is_as_long_as_it_was() -> None:
    floor = Floor(at("2026-10-25T02:40"), QueueRules("support", hours=NIGHT))
    floor.enter("one")
    await floor.clock.advance(at("2026-10-25T02:45", fold=1) - floor.clock.now)
    floor.enter("two")
    floor.sign_in()
    await settle()
    ringing = floor.phones.last.contact
    assert (ringing.contact_id, ringing.waited_s) == ("one", 65 * 60)


async def test_an_agent_who_is_removed_finishes_the_call_and_gets_no_other() -> None:
    floor = Floor(0.0, QueueRules("support", wrap_up_s=10))
    floor.sign_in()
    place = floor.enter("one")
    await settle()
    person = await floor.phones.last.answer()
    assert isinstance(await told(place, Joined), Joined)
    floor.service.receive(ev.SignOut(ANNA))
    waiting = floor.enter("two")
    await floor.clock.advance(60)
    assert person.ended is None
    assert floor.phones.agents() == ["anna"]
    await place.leave("hung up")
    await floor.clock.advance(11)
    assert floor.service.agents() == {}
    assert floor.phones.agents() == ["anna"]
    assert floor.service.standing(waiting.contact_id) is not None


@pytest.mark.parametrize("waits", [True, False])
async def test_a_full_queue_is_a_way_of_the_flow(exchange: Exchange, waits: bool) -> None:
    rules = "{overflow: [{when: length, length: 1, to: later}]}"
    desk = Desk(exchange, f"queues: {{support: {rules}, lost: {{}}}}")
    if waits:
        desk.service.enter(Contact(ContactId("before"), "support"), Briefing())
    line = await exchange.call()
    await line.caller.listen(200)
    if waits:
        await line.over()
        assert line.turns[-1].prompt.endswith("Way out later.")
    else:
        assert len(list(desk.service.contacts())) == 1
        await line.hang_up()
