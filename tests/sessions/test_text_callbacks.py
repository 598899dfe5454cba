"""Who writes and wants to be called, now or at a time."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from tests.sessions.agents_at_work import Telephones, TurnedClock
from voicebot.acd.hours import Hours, Span
from voicebot.acd.model import Channel, ContactId, ContactState, QueueRules
from voicebot.flows.commands import Transfer
from voicebot.flows.events import CallbackAgreed, TransferRefused
from voicebot.queues.reader import QueueFile
from voicebot.sessions.place import Joined, Place
from voicebot.sessions.queue_handoff import Comer, Queueing
from voicebot.sessions.queueing import QueueService
from voicebot.sessions.text_callbacks import TextCallbacks
from voicebot.types import Language

# The clock of these tests begins on a Monday at 13:46:40 UTC.
DAY = Hours(ZoneInfo("UTC"), ((Span(12 * 60, 16 * 60),),) * 7)
WANTED = Transfer("queue:support", {}, callback="5550142", callback_at="0230p")
WRITER = Comer(ContactId("writer"), "ann", "", Channel.TEXT)
ENGLISH = Language("en-US")


async def _call(number: str, place: Place, agent: Joined, *rest: object) -> None:
    raise AssertionError("it is not time yet")


@pytest.fixture
def queueing() -> Queueing:
    clock = TurnedClock()
    rules = QueueRules("support", hours=DAY)
    service = QueueService(
        [rules], Telephones(), clock=clock, call_later=clock.call_later, call_back=_call
    )
    return Queueing(service, QueueFile((rules,)))


@pytest.fixture
def callbacks() -> TextCallbacks:
    callbacks = TextCallbacks()
    callbacks.may_call = lambda number: number
    return callbacks


def due(queueing: Queueing) -> tuple[ContactState, Channel, float]:
    (place,) = queueing.service.contacts()
    assert place.due_at is not None
    return place.state, place.contact.channel, round(place.due_at - queueing.service.now())


AT_HALF_PAST_TWO = (ContactState.SCHEDULED, Channel.VOICE, 2600)


def test_who_stands_nowhere_is_promised_a_call_at_the_time(
    queueing: Queueing, callbacks: TextCallbacks
) -> None:
    told = callbacks.promised(WRITER, WANTED, ENGLISH, queueing)
    assert isinstance(told, CallbackAgreed)
    assert told.at.endswith("T14:30+00:00")
    assert due(queueing) == AT_HALF_PAST_TWO


def test_who_waits_gives_the_line_up_for_the_time(
    queueing: Queueing, callbacks: TextCallbacks
) -> None:
    place = queueing.enter(WRITER, WANTED, ENGLISH)
    told = callbacks.booked(place, WANTED, queueing)
    assert isinstance(told, CallbackAgreed)
    assert told.at.endswith("T14:30+00:00")
    assert due(queueing) == AT_HALF_PAST_TWO


def test_a_time_at_which_the_queue_is_closed_is_told_or_the_wait_goes_on(
    queueing: Queueing, callbacks: TextCallbacks
) -> None:
    evening = replace(WANTED, callback_at="0800p")
    told = callbacks.promised(WRITER, evening, ENGLISH, queueing)
    assert isinstance(told, TransferRefused)
    assert told.why == "closed"
    assert told.opens.endswith("T12:00+00:00")
    place = queueing.enter(WRITER, evening, ENGLISH)
    assert callbacks.booked(place, evening, queueing) is None
    (standing,) = queueing.service.contacts()
    assert standing.state is ContactState.WAITING


def test_who_may_not_be_called_waits(queueing: Queueing) -> None:
    assert TextCallbacks().promised(WRITER, WANTED, ENGLISH, queueing) is None
    place = queueing.enter(WRITER, WANTED, ENGLISH)
    assert TextCallbacks().booked(place, WANTED, queueing) is None
