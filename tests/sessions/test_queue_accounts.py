"""What the records are told of callers in queues and of agents' time, up to the report."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC
from pathlib import Path

import pytest

from tests.sessions.agents_at_work import Telephones, TurnedClock, settle
from tests.storage.facts import ended, started
from voicebot.acd import events as ev
from voicebot.acd.model import (
    AgentId,
    AgentProfile,
    Contact,
    ContactId,
    Overflow,
    QueueRules,
    Spill,
)
from voicebot.analytics.history import HistoryQuery, Span, Split, read_history
from voicebot.analytics.measures import Costs, measured
from voicebot.analytics.totals import HOUR_S, Rules
from voicebot.errors import DialFailed
from voicebot.events import QueueNoted
from voicebot.sessions.briefing import Briefing
from voicebot.sessions.feed import AgentMoved, LiveEvent, QueueMoved
from voicebot.sessions.place import Joined, Place
from voicebot.sessions.queue_records import Booking
from voicebot.sessions.queueing import QueueService
from voicebot.storage.database import open_database
from voicebot.storage.journal import SqlJournal
from voicebot.storage.ledger import SqlLedger
from voicebot.storage.migrations import upgrade
from voicebot.types import Json, Outcome

ANNA, BERT = AgentId("anna"), AgentId("bert")


class Caller:
    """The telephone of who is called back (`queueing.CallBack`): is picked up when the test says
    so, and put down too."""

    def __init__(self) -> None:
        self.answers, self.ends = asyncio.Event(), asyncio.Event()
        self.away = False

    async def __call__(
        self, number: str, place: Place, joined: Joined, reached: Callable[[], None]
    ) -> None:
        if self.away:
            raise DialFailed("the caller", "busy")
        await self.answers.wait()
        reached()
        await self.ends.wait()


class Floor:
    """Queues whose facts are kept in a list, with agents who answer when the test says so."""

    def __init__(self, *queues: QueueRules) -> None:
        self.clock, self.phones = TurnedClock(), Telephones()
        self.facts: list[QueueNoted] = []
        self.caller = Caller()
        self.service = QueueService(
            queues or (QueueRules("support", wrap_up_s=30),),
            self.phones,
            clock=self.clock,
            call_later=self.clock.call_later,
            call_back=self.caller,
            note=self.facts.append,
        )

    def sign_in(self, agent: AgentId, *queues: str) -> None:
        self.service.receive(ev.SignIn(AgentProfile(agent, queues or ("support",))))

    def enter(self, name: str, queue: str = "support") -> Place:
        return self.service.enter(Contact(ContactId(name), queue), Briefing())

    async def answered(self) -> None:
        await settle()
        await self.phones.last.answer()

    async def call_back(self, talk_s: float) -> None:
        """The agent answers, the caller after ten seconds; then they talk."""
        await self.answered()
        await self.clock.advance(10)
        self.caller.answers.set()
        await self.clock.advance(talk_s)
        self.caller.ends.set()
        await settle()

    def last(self, name: str) -> QueueNoted:
        return [each for each in self.facts if each.call_id == name][-1]

    def known(self, name: str) -> tuple[str, float | None, str, float, float]:
        """The last fact of a call, as queue, wait, agent, handling and work after it."""
        fact = self.last(name)
        return fact.queue, fact.waited_s, fact.agent, fact.handled_s, fact.wrapped_s


async def test_the_wait_the_talk_and_the_work_after_it_are_told() -> None:
    floor = Floor()
    place = floor.enter("one")
    assert floor.known("one") == ("support", 0.0, "", 0.0, 0.0)
    await floor.clock.advance(12)
    floor.sign_in(ANNA)
    await floor.clock.advance(3)
    await floor.answered()
    assert floor.known("one") == ("support", 15.0, "anna", 0.0, 0.0)
    await floor.clock.advance(100)
    await place.leave("hung up")
    assert floor.known("one") == ("support", 15.0, "anna", 100.0, 0.0)
    await floor.clock.advance(40)
    assert floor.known("one") == ("support", 15.0, "anna", 100.0, 30.0)


async def test_a_caller_who_is_handed_over_is_the_other_agents_in_the_records_too() -> None:
    floor = Floor()
    floor.sign_in(ANNA)
    place = floor.enter("one")
    await floor.answered()
    await floor.clock.advance(60)
    floor.sign_in(BERT)
    floor.service.receive(ev.HandOver(ContactId("one"), BERT))
    assert floor.known("one") == ("support", 0.0, "bert", 60.0, 0.0)
    await floor.clock.advance(40)
    await place.leave("hung up")
    await floor.clock.advance(40)
    assert floor.known("one") == ("support", 0.0, "bert", 100.0, 60.0), "two agents' work after it"
    assert floor.service.tally.of("support").connected == 1


async def test_who_leaves_has_waited_and_nobody_took_the_call() -> None:
    floor = Floor()
    place = floor.enter("one")
    await floor.clock.advance(7)
    await place.leave("hung up")
    assert floor.known("one") == ("support", 7.0, "", 0.0, 0.0)


async def test_two_waits_of_one_call_add_up_and_the_last_agent_counts() -> None:
    floor = Floor(QueueRules("support", wrap_up_s=30), QueueRules("sales"))
    floor.sign_in(ANNA)
    place = floor.enter("one")
    await floor.answered()
    await floor.clock.advance(60)
    floor.service.receive(ev.Transfer(ContactId("one"), "sales"))
    await floor.clock.advance(20)
    floor.sign_in(BERT, "sales")
    await floor.answered()
    await floor.clock.advance(100)
    await place.leave("hung up")
    await floor.clock.advance(60)
    assert floor.known("one") == ("sales", 20.0, "bert", 160.0, 20.0 + 10.0)


async def test_a_promised_call_has_waited_until_the_promise() -> None:
    floor = Floor()
    place = floor.enter("one")
    await floor.clock.advance(9)
    floor.service.receive(ev.BookCallback(place.contact_id))
    await floor.clock.advance(500)
    floor.service.receive(ev.Abandon(place.contact_id, "taken back"))
    assert floor.known("one") == ("support", 9.0, "", 0.0, 0.0)


async def test_the_talk_with_who_is_called_back_and_the_work_after_it_are_told() -> None:
    floor = Floor()
    place = floor.enter("one")
    await floor.clock.advance(9)
    floor.service.book(place, "1001")
    assert not floor.last("one").called_back
    await floor.clock.advance(500)
    floor.sign_in(ANNA)
    await floor.call_back(talk_s=100)
    assert floor.known("one") == ("support", None, "anna", 100.0, 0.0)
    await floor.clock.advance(40)
    assert floor.known("one") == ("support", None, "anna", 100.0, 30.0)
    assert floor.last("one").called_back


async def test_who_is_not_reached_was_not_called_back() -> None:
    floor = Floor()
    place = floor.enter("one")
    await floor.clock.advance(9)
    floor.service.book(place, "1001")
    floor.caller.away = True
    floor.sign_in(ANNA)
    await floor.answered()
    assert floor.known("one") == ("support", 9.0, "", 0.0, 0.0)


async def test_who_had_an_agent_before_was_not_called_back_first() -> None:
    floor = Floor(QueueRules("support", wrap_up_s=30), QueueRules("sales"))
    floor.sign_in(ANNA)
    place = floor.enter("one")
    await floor.answered()
    await floor.clock.advance(60)
    floor.service.receive(ev.Transfer(ContactId("one"), "sales"))
    floor.service.book(place, "1001")
    floor.sign_in(BERT, "sales")
    await floor.call_back(talk_s=100)
    await floor.clock.advance(60)
    assert floor.known("one") == ("sales", None, "bert", 160.0, 30.0)
    assert not floor.last("one").called_back


async def test_a_promise_from_before_a_restart_leaves_the_wait_as_it_was_noted() -> None:
    floor = Floor()
    details: dict[str, Json] = {
        "priority": 0, "skills": {}, "party": "+1001", "caller": "1001", "language": "en-US",
        "context": {}, "facts": {},
    }  # fmt: skip
    promised_at = floor.clock.now - 900
    floor.service.restore(Booking("one", "support", "1001", promised_at, None, details))
    assert floor.facts == []
    floor.sign_in(ANNA)
    await floor.call_back(talk_s=100)
    assert floor.known("one") == ("support", None, "anna", 100.0, 0.0)
    assert floor.last("one").called_back


async def test_who_is_sent_away_at_once_has_not_waited() -> None:
    floor = Floor()
    floor.enter("one", "support")
    floor.service.change(
        [QueueRules("support", overflow=(Overflow(Spill.LENGTH, length=1, to="away"),))]
    )
    floor.enter("two")
    assert [each.call_id for each in floor.facts] == ["one"]


async def test_the_report_tells_what_happened_in_the_queue(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'calls.db'}"
    await upgrade(url)
    engine = open_database(url)
    journal = SqlJournal(engine)
    ledger = SqlLedger(engine, Rules(target_s=20.0, short_s=5.0))
    await journal.start()
    floor = Floor()
    began = floor.clock.now

    def facts_go_on() -> None:
        for fact in floor.facts:
            journal.append(fact)

    def end(name: str, outcome: Outcome) -> None:
        journal.append(ended(name, at=floor.clock.now, outcome=outcome))

    for name in ("soon", "late", "gone"):
        journal.append(started(name, at=began))
    floor.sign_in(ANNA)
    first, second, third = floor.enter("soon"), floor.enter("late"), floor.enter("gone")
    await floor.clock.advance(10)
    await floor.answered()
    await floor.clock.advance(50)
    await third.leave("hung up")
    end("gone", Outcome.ABANDONED_IN_QUEUE)
    await first.leave("hung up")
    end("soon", Outcome.TRANSFERRED)
    await floor.clock.advance(30)
    await floor.answered()
    await floor.clock.advance(70)
    await second.leave("hung up")
    end("late", Outcome.TRANSFERRED)
    await floor.clock.advance(40)
    journal.append(started("promised", at=floor.clock.now))
    floor.service.receive(ev.Pause(ANNA, "lunch"))
    promised = floor.enter("promised")
    await floor.clock.advance(15)
    floor.service.book(promised, "1001")
    end("promised", Outcome.CALLBACK_BOOKED)
    floor.service.receive(ev.Resume(ANNA))
    await floor.call_back(talk_s=60)
    await floor.clock.advance(30)
    facts_go_on()
    await journal.flush()
    await floor.service.ready_times.write(ledger.note_agent_times, floor.clock.now)
    span = Span(began - HOUR_S, floor.clock.now + HOUR_S)
    history = await read_history(
        ledger, HistoryQuery(span, UTC, split=Split.AGENT), floor.clock.now
    )
    told = measured(history.whole.totals, Costs("EUR", 4.0, 0.2), history.whole.agents)
    await journal.stop()
    await engine.dispose()
    assert told["asa_s"] == pytest.approx((10 + 90) / 2)
    assert told["aht_s"] == pytest.approx((50 + 30 + 70 + 30 + 60 + 30) / 3)
    assert told["service_level"] == pytest.approx(1 / 3)
    assert told["abandonment_in_queue"] == pytest.approx(1 / 4)
    assert told["occupancy"] == pytest.approx((180 + 90) / (200 + 100))
    assert {row.value for row in history.rows} == {"", "anna"}
    whole = history.whole.totals
    assert (whole.answered, whole.called_back, whole.queued) == (2, 1, 4)


async def test_watchers_see_what_happens_in_the_queues() -> None:
    clock, phones, told = TurnedClock(), Telephones(), list[LiveEvent]()
    rules = QueueRules("support", wrap_up_s=30)
    service = QueueService(
        [rules], phones, clock=clock, call_later=clock.call_later, publish=told.append
    )
    place = service.enter(Contact(ContactId("one"), "support"), Briefing())
    await clock.advance(16)
    service.receive(ev.SignIn(AgentProfile(ANNA, ("support",))))
    await settle()
    await phones.last.answer()
    await clock.advance(10)
    await place.leave("hung up")
    await clock.advance(31)
    place = service.enter(Contact(ContactId("two"), "support"), Briefing())
    await place.leave("hung up")
    moved = [event for event in told if isinstance(event, QueueMoved)]
    assert [(event.call_id, event.change, event.agent) for event in moved] == [
        ("one", "waiting", ""),
        ("one", "told", ""),
        ("one", "offered", "anna"),
        ("one", "answered", "anna"),
        ("one", "released", "anna"),
        ("one", "free", "anna"),
        ("two", "offered", "anna"),
        ("two", "withdrawn", "anna"),
        ("two", "left", ""),
    ]
    assert (moved[0].position, moved[3].waited_s, moved[-1].reason) == (1, 16.0, "hung up")
    states = [(event.agent, event.state) for event in told if isinstance(event, AgentMoved)]
    assert states == [("anna", "available")]
