"""The shell around the distribution: who rings, who is told, and that nobody is lost."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest

from tests.sessions.agents_at_work import Telephones, TurnedClock, settle
from voicebot.acd import effects as e
from voicebot.acd import events as ev
from voicebot.acd.hours import Hours
from voicebot.acd.model import (
    AgentId,
    AgentProfile,
    Announcing,
    Callbacks,
    Channel,
    Contact,
    ContactId,
    Overflow,
    Presence,
    QueueRules,
    Spill,
)
from voicebot.errors import DialFailed, RoutingError
from voicebot.sessions.briefing import Briefing
from voicebot.sessions.place import Joined, Place
from voicebot.sessions.queueing import QueueService
from voicebot.sessions.ringing import Rings, nobody_writes
from voicebot.telephony._api import CallLeg

NEVER = Hours(ZoneInfo("UTC"), ((),) * 7)


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
def phones() -> Telephones:
    return Telephones()


def service(clock: TurnedClock, phones: Telephones, *queues: QueueRules) -> QueueService:
    rules = queues or (QueueRules("support", wrap_up_s=30),)
    return QueueService(rules, phones, clock=clock, call_later=clock.call_later)


def sign_in(queues: QueueService, *names: str, queue: str = "support") -> None:
    for name in names:
        queues.receive(ev.SignIn(AgentProfile(AgentId(name), (queue,))))


def enter(queues: QueueService, name: str, queue: str = "support") -> Place:
    return queues.enter(Contact(ContactId(name), queue), Briefing(caller=name))


async def notice(place: Place, kind: type) -> object:
    """The next notice of this kind; others may come before."""
    while True:
        found = await asyncio.wait_for(place.next(), 30)
        if isinstance(found, kind):
            return found


async def test_an_agent_who_is_free_rings_at_once_and_is_joined(
    clock: TurnedClock, phones: Telephones
) -> None:
    queues = service(clock, phones)
    sign_in(queues, "anna")
    place = enter(queues, "caller")
    await settle()
    assert phones.last.contact.briefing.caller == "caller"
    person = await phones.last.answer()
    joined = await notice(place, Joined)
    assert isinstance(joined, Joined)
    assert (joined.agent_id, joined.leg) == ("anna", person.leg)


async def test_after_the_call_comes_the_wrap_up_and_then_the_next_caller(
    clock: TurnedClock, phones: Telephones
) -> None:
    queues = service(clock, phones)
    sign_in(queues, "anna")
    first, second = enter(queues, "first"), enter(queues, "second")
    await settle()
    await phones.last.answer()
    await notice(first, Joined)
    await first.leave("over")
    await clock.advance(29)
    assert len(phones.rings) == 1
    await clock.advance(2)
    assert phones.last.contact.contact_id == "second"
    await second.leave("over")


async def test_who_does_not_answer_is_away_and_the_next_agent_rings(
    clock: TurnedClock, phones: Telephones
) -> None:
    queues = service(clock, phones)
    sign_in(queues, "anna", "bert")
    place = enter(queues, "caller")
    await clock.advance(21)
    assert phones.agents() == ["anna", "bert"]
    assert phones.rings[0].cancelled
    assert queues.agents()[AgentId("anna")].presence is Presence.AWAY
    await phones.last.answer()
    assert await notice(place, Joined)
    assert queues.tally.of("support").unanswered == 1


async def test_who_declines_stays_and_the_next_agent_rings(
    clock: TurnedClock, phones: Telephones
) -> None:
    queues = service(clock, phones)
    sign_in(queues, "anna", "bert")
    enter(queues, "caller")
    await settle()
    await phones.last.decline()
    assert phones.agents() == ["anna", "bert"]
    assert queues.agents()[AgentId("anna")].presence is Presence.AVAILABLE


@pytest.mark.parametrize("error", [DialFailed("anna", "unreachable"), RuntimeError("a fault")])
async def test_an_agent_who_cannot_be_rung_is_away(
    clock: TurnedClock, phones: Telephones, error: Exception
) -> None:
    queues = service(clock, phones)
    sign_in(queues, "anna", "bert")
    enter(queues, "caller")
    await settle()
    await phones.last.fail(error)
    assert phones.agents() == ["anna", "bert"]
    assert queues.agents()[AgentId("anna")].presence is Presence.AWAY


async def test_a_caller_who_hangs_up_while_it_rings_leaves_the_agent_free(
    clock: TurnedClock, phones: Telephones
) -> None:
    queues = service(clock, phones)
    sign_in(queues, "anna")
    place = enter(queues, "first")
    await settle()
    await place.leave("hung up while waiting")
    await settle()
    assert phones.last.cancelled
    assert queues.tally.of("support").abandoned == 1
    enter(queues, "second")
    await settle()
    assert phones.last.contact.contact_id == "second"


async def test_an_agent_who_answers_as_the_caller_hangs_up_is_hung_up(
    clock: TurnedClock, phones: Telephones
) -> None:
    queues = service(clock, phones)
    sign_in(queues, "anna")
    place = enter(queues, "caller")
    await settle()
    person = await phones.last.answer()
    await place.leave("hung up while waiting")  # the session never saw the agent
    assert person.ended == "the caller has left"
    assert queues.agents()[AgentId("anna")].contacts == ()


async def test_an_answer_that_the_distribution_wants_no_more_is_hung_up(
    phones: Telephones,
) -> None:
    def too_late(_event: ev.Event) -> None:
        raise RoutingError("the offer has ended")

    rings = Rings(phones, lambda _: None, too_late, lambda _: Channel.VOICE, nobody_writes)
    rings.offer(e.Offer(ContactId("caller"), AgentId("anna"), "support", 1.0, 20.0, False))
    await settle()
    person = await phones.last.answer()
    assert person.ended == "the caller has left"
    with pytest.raises(KeyError):
        rings.take(ContactId("caller"))


async def test_an_agent_who_is_lost_while_it_rings_loses_nobody(
    clock: TurnedClock, phones: Telephones
) -> None:
    queues = service(clock, phones)
    sign_in(queues, "anna", "bert")
    enter(queues, "caller")
    await settle()
    queues.receive(ev.AgentLost(AgentId("anna"), "the browser is gone"))
    await settle()
    assert phones.rings[0].cancelled
    assert phones.agents() == ["anna", "bert"]


async def test_who_waits_is_told_the_position(clock: TurnedClock, phones: Telephones) -> None:
    rules = QueueRules("support", announcing=Announcing(10, 20))
    queues = service(clock, phones, rules)
    enter(queues, "first")
    place = enter(queues, "second")
    await clock.advance(35)
    told = [await notice(place, e.Announce) for _ in range(2)]
    assert [each.position for each in told if isinstance(each, e.Announce)] == [2, 2]


async def test_a_closed_queue_sends_away(clock: TurnedClock, phones: Telephones) -> None:
    rules = QueueRules("support", hours=NEVER, overflow=(Overflow(Spill.CLOSED, to="mail"),))
    queues = service(clock, phones, rules)
    sign_in(queues, "anna")
    effect = await notice(enter(queues, "caller"), e.Overflowed)
    assert isinstance(effect, e.Overflowed)
    assert (effect.why, effect.to) == (Spill.CLOSED, "mail")
    assert not queues.is_open("support")
    assert phones.rings == []


async def test_who_overflows_into_another_queue_goes_on_waiting(
    clock: TurnedClock, phones: Telephones
) -> None:
    queues = service(
        clock,
        phones,
        QueueRules("support", overflow=(Overflow(Spill.WAIT, "general", after_s=60),)),
        QueueRules("general"),
    )
    sign_in(queues, "anna", queue="general")
    place = enter(queues, "caller")
    await clock.advance(61)
    await phones.last.answer()
    assert await notice(place, Joined)
    assert queues.tally.of("support").overflowed == {"wait": 1}


async def test_nobody_enters_twice_or_where_no_queue_is(
    clock: TurnedClock, phones: Telephones
) -> None:
    queues = service(clock, phones)
    place = enter(queues, "caller")
    for name, queue in (("caller", "support"), ("other", "nowhere")):
        with pytest.raises(RoutingError):
            enter(queues, name, queue)
    await place.leave("done")
    enter(queues, "other")


async def test_new_rules_count_while_callers_wait(clock: TurnedClock, phones: Telephones) -> None:
    queues = service(clock, phones)
    place = enter(queues, "caller")
    queues.change([QueueRules("support", announcing=None), QueueRules("sales")])
    await clock.advance(120)
    place.tell(e.Announce(place.contact_id, 9, None))
    told = await notice(place, e.Announce)
    assert isinstance(told, e.Announce)
    assert told.position == 9  # no other came
    sign_in(queues, "anna", queue="sales")
    enter(queues, "buyer", "sales")
    await settle()
    assert phones.last.contact.contact_id == "buyer"


def test_flows_are_told_of_the_queues(clock: TurnedClock, phones: Telephones) -> None:
    queues = service(clock, phones, QueueRules("support", handling_s=100))
    assert queues.facts()["support"] == {
        "waiting": 0, "wait_s": None, "open": True, "agents": 0, "free": 0
    }  # fmt: skip


class Telephonists:
    """Agents who answer, decline, do not hear it or are not there, as chance will have it."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.legs: list[CallLeg] = []
        self._phones = Telephones()

    async def ring(self, agent: AgentId, contact: object) -> CallLeg:
        await asyncio.sleep(0)
        luck = self._chance.random()
        if luck < 0.1:
            raise DialFailed(agent, "declined", 603)
        if luck < 0.13:
            raise DialFailed(agent, "unreachable")
        if luck < 0.2:
            await asyncio.Event().wait()
        ringing = Telephones()
        task = asyncio.ensure_future(ringing.ring(agent, contact))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        person = await ringing.last.answer()
        self.legs.append(person.leg)
        return await task


async def test_thousands_of_events_lose_nobody_and_leave_no_line_open(clock: TurnedClock) -> None:
    chance = random.Random(7)
    lines = Telephonists(chance)
    rules = QueueRules("support", wrap_up_s=5, declined_for_s=5)
    queues = QueueService([rules], lines, clock=clock, call_later=clock.call_later)
    names = [f"agent{number}" for number in range(12)]
    sign_in(queues, *names)
    served: set[ContactId] = set()
    gone: set[ContactId] = set()

    async def call(number: int) -> None:
        place = enter(queues, f"caller{number}")
        patience = chance.random() < 0.2
        try:
            while not isinstance(found := await place.next(), Joined):
                pass
            served.add(place.contact_id)
            assert found.leg is not None
            if patience:
                await settle(3)
            await found.leg.hang_up("over")
        except asyncio.CancelledError:
            gone.add(place.contact_id)
            raise
        finally:
            await place.leave("over")

    calls = []
    for number in range(1500):
        calls.append(asyncio.create_task(call(number)))
        await clock.advance(chance.random() * 3, turns=3)
        if chance.random() < 0.1:
            chance.choice(calls).cancel()
        away = [who for who, state in queues.agents().items() if state.presence is Presence.AWAY]
        for agent in away:
            queues.receive(ev.Resume(agent))
    for _ in range(500):
        if all(task.done() for task in calls):
            break
        await clock.advance(10)
        for agent, state in queues.agents().items():
            if state.presence is Presence.AWAY:
                queues.receive(ev.Resume(agent))
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert not [each for each in results if isinstance(each, Exception)]
    assert len(served | gone) == 1500
    assert list(queues.contacts()) == []
    counts = queues.tally.of("support")
    assert counts.connected + counts.abandoned == 1500
    assert all(leg.state.value == "ended" for leg in lines.legs)  # type: ignore[attr-defined]
    await clock.advance(10)
    assert all(not state.contacts for state in queues.agents().values())
    await queues.stop()


class Lines:
    """Calls back: waits until the test says what came of it."""

    def __init__(self) -> None:
        self.numbers: list[str] = []
        self.outcome: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.over = asyncio.Event()

    async def __call__(
        self, number: str, place: Place, joined: Joined, reached: Callable[[], None]
    ) -> None:
        self.numbers.append(number)
        try:
            if not await self.outcome:
                raise DialFailed(number, "busy")
            reached()
            await self.over.wait()
        finally:
            await joined.leg.hang_up("the call is over")


async def booked(clock: TurnedClock, phones: Telephones) -> tuple[QueueService, Lines]:
    lines = Lines()
    rules = QueueRules("support", callbacks=Callbacks(attempts=2, retry_s=600))
    queues = QueueService(
        [rules], phones, clock=clock, call_later=clock.call_later, call_back=lines
    )
    place = queues.enter(
        Contact(ContactId("caller"), "support", party="1001"), Briefing(caller="1001")
    )
    queues.book(place, "1001")
    await place.leave("left the queue")  # the session goes on without the queue
    return queues, lines


async def test_who_booked_a_callback_keeps_the_place_and_is_called(
    clock: TurnedClock, phones: Telephones
) -> None:
    queues, lines = await booked(clock, phones)
    later = enter(queues, "later")
    sign_in(queues, "anna")
    await settle()
    assert phones.last.contact.callback
    assert phones.last.contact.briefing.caller == "1001"
    person = await phones.last.answer()
    assert lines.numbers == ["1001"]
    lines.outcome.set_result(True)
    await settle()
    assert queues.agents()[AgentId("anna")].contacts == ("caller",)
    lines.over.set()
    await settle()
    assert person.ended == "the call is over"
    assert phones.last.contact.contact_id == "later"
    await later.leave("done")
    assert queues.tally.of("support").callbacks == 1
    assert list(queues.contacts()) == []


async def test_who_is_not_reached_is_called_again_and_then_no_more(
    clock: TurnedClock, phones: Telephones
) -> None:
    queues, lines = await booked(clock, phones)
    lines.outcome.set_result(False)
    sign_in(queues, "anna")
    await settle()
    await phones.last.answer()
    await clock.advance(599)
    assert len(phones.rings) == 1
    await clock.advance(2)
    await phones.last.answer()
    assert lines.numbers == ["1001", "1001"]
    assert list(queues.contacts()) == []
    assert queues.briefing(ContactId("caller")) is None


async def test_who_gets_through_another_way_is_not_called(
    clock: TurnedClock, phones: Telephones
) -> None:
    queues, lines = await booked(clock, phones)
    rules = Contact(ContactId("again"), "support", party="1001", priority=50)
    place = queues.enter(rules, Briefing())
    sign_in(queues, "anna")
    await settle()
    await phones.last.answer()
    assert await notice(place, Joined)
    assert [each.contact.contact_id for each in queues.contacts()] == ["again"]
    assert lines.numbers == []


async def test_no_callback_where_an_agent_rings_already(
    clock: TurnedClock, phones: Telephones
) -> None:
    queues = service(clock, phones)
    sign_in(queues, "anna")
    place = enter(queues, "caller")
    with pytest.raises(RoutingError):
        queues.book(place, "1001")
    await settle()
    await phones.last.answer()
    assert await notice(place, Joined)


async def test_who_waits_nowhere_is_promised_a_call_and_a_free_agent_makes_it_at_once(
    clock: TurnedClock, phones: Telephones
) -> None:
    lines = Lines()
    queues = QueueService(
        [QueueRules("support")], phones, clock=clock, call_later=clock.call_later, call_back=lines
    )
    sign_in(queues, "anna")
    contact = Contact(ContactId("writer"), "support")
    queues.promise(contact, Briefing(caller="1001"), "1001")
    with pytest.raises(RoutingError, match="already"):
        queues.promise(contact, Briefing(), "1001")
    await settle()
    assert phones.last.contact.callback
    await phones.last.answer()
    assert lines.numbers == ["1001"]
    lines.outcome.set_result(True)
    lines.over.set()
    await settle()
    assert list(queues.contacts()) == []
    assert queues.briefing(ContactId("writer")) is None


async def test_what_cannot_be_promised_leaves_nothing_behind(
    clock: TurnedClock, phones: Telephones
) -> None:
    contact = Contact(ContactId("writer"), "nowhere")
    with pytest.raises(RoutingError, match="called back"):
        service(clock, phones).promise(contact, Briefing(), "1001")
    queues, _ = await booked(clock, phones)
    with pytest.raises(RoutingError, match="no queue"):
        queues.promise(contact, Briefing(), "1001")
    assert queues.briefing(ContactId("writer")) is None
