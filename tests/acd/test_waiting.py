"""Overflow, announcements, callbacks, transfers and restarts."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from tests.acd.floor_plan import MORNING, Centre, of_type, offers
from voicebot.acd import admission
from voicebot.acd import effects as e
from voicebot.acd import events as ev
from voicebot.acd.hours import Hours, Span
from voicebot.acd.model import (
    AgentId,
    Announcing,
    Callbacks,
    Channel,
    Contact,
    ContactId,
    ContactState,
    Overflow,
    QueueRules,
    Spill,
)
from voicebot.errors import RoutingError

PLAIN = QueueRules("q", announcing=None)
NEVER = Hours(ZoneInfo("UTC"), ((),) * 7)
NOON = Hours(ZoneInfo("UTC"), ((Span(12 * 60, 13 * 60),),) * 7)


def test_a_line_as_long_as_lines_may_get_takes_nobody_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "MAX_LINE", 2)
    centre = Centre(PLAIN)
    centre.arrive("c1", 0)
    centre.arrive("c2", 1)
    assert centre.acd.position(ContactId("c2")) == 2
    assert centre.arrive("c3", 2) == (e.Overflowed(ContactId("c3"), "q", Spill.LENGTH),)
    assert centre.acd.contact(ContactId("c3")) is None


def test_a_closed_queue_says_when_it_opens() -> None:
    centre = Centre(QueueRules("q", hours=NOON))
    effects = centre.arrive("c1", 0)
    opens_at = MORNING + 4 * 3600
    assert effects == (e.Overflowed(ContactId("c1"), "q", Spill.CLOSED, opens_at=opens_at),)
    assert centre.acd.contact(ContactId("c1")) is None


def test_a_full_queue_overflows_into_another_and_the_time_of_arrival_is_kept() -> None:
    full = Overflow(Spill.LENGTH, queue="r", length=1)
    centre = Centre(
        QueueRules("q", overflow=(full,), announcing=None), QueueRules("r", announcing=None)
    )
    centre.arrive("c1", 0)
    effects = centre.arrive("c2", 5)
    assert effects[0] == e.Overflowed(ContactId("c2"), "q", Spill.LENGTH, to_queue="r")
    place = centre.acd.contact(ContactId("c2"))
    assert place is not None
    assert (place.queue, place.arrived_at) == ("r", MORNING + 5)


def test_overflow_by_time_goes_to_the_other_queue_once_that_is_open() -> None:
    late = Overflow(Spill.WAIT, queue="r", after_s=60)
    opens = Hours(ZoneInfo("UTC"), ((Span(8 * 60 + 2, 9 * 60),),) * 7)
    centre = Centre(
        QueueRules("q", overflow=(late,), announcing=None),
        QueueRules("r", hours=opens, announcing=None),
    )
    centre.arrive("c1", 0)
    assert of_type(centre.until(119), e.Overflowed) == []
    assert of_type(centre.until(150), e.Overflowed) == [
        e.Overflowed(ContactId("c1"), "q", Spill.WAIT, to_queue="r")
    ]


def test_nobody_there_sends_callers_on_also_when_the_last_agent_leaves() -> None:
    nobody = Overflow(Spill.NO_AGENT, to="voicemail")
    centre = Centre(QueueRules("q", overflow=(nobody,), announcing=None))
    assert of_type(centre.arrive("c0", 0), e.Overflowed)[0].to == "voicemail"
    centre.sign_in("ann", now=1)
    centre.arrive("c1", 2)
    centre.arrive("c2", 3)

    effects = centre.do(ev.SignOut(AgentId("ann")), 4)
    assert [each.contact_id for each in of_type(effects, e.Overflowed)] == ["c1", "c2"]
    assert list(centre.acd.contacts()) == []


def test_an_agent_who_only_writes_is_nobody_for_callers() -> None:
    nobody = Overflow(Spill.NO_AGENT, to="voicemail")
    centre = Centre(QueueRules("q", overflow=(nobody,), announcing=None))
    centre.sign_in("ann", voice=0)
    assert of_type(centre.arrive("c0", 0), e.Overflowed)[0].to == "voicemail"
    assert of_type(centre.arrive("t0", 1, channel=Channel.TEXT), e.Overflowed) == []

    centre.sign_in("ben", text=0, now=2)
    centre.do(ev.Pause(AgentId("ben"), "lunch"), 2)
    centre.arrive("c1", 3)
    effects = centre.do(ev.Room(AgentId("ben"), voice=0, text=1), 4)
    assert [each.contact_id for each in of_type(effects, e.Overflowed)] == ["c1"]
    centre.do(ev.Room(AgentId("ben"), voice=1, text=0), 5)
    centre.arrive("c2", 6)
    effects = centre.do(ev.SignOut(AgentId("ben")), 7)
    assert [each.contact_id for each in of_type(effects, e.Overflowed)] == ["c2"]


def test_queues_that_overflow_into_each_other_send_the_caller_away() -> None:
    centre = Centre(
        QueueRules("q", hours=NEVER, overflow=(Overflow(Spill.CLOSED, queue="r"),)),
        QueueRules("r", hours=NEVER, overflow=(Overflow(Spill.CLOSED, queue="q"),)),
    )
    effects = of_type(centre.arrive("c1", 0), e.Overflowed)
    assert [(each.queue, each.to_queue) for each in effects] == [("q", "r"), ("r", "")]


def test_position_and_estimate_are_announced_at_intervals() -> None:
    centre = Centre(QueueRules("q", handling_s=120, announcing=Announcing(15, 60)))
    centre.sign_in("ann")
    centre.arrive("c1", 0)
    centre.answer("c1", "ann", 0)
    queued = centre.arrive("c2", 0)
    assert queued == (e.Queued(ContactId("c2"), "q", 1, 120.0),)
    announced = of_type(centre.until(80), e.Announce)
    assert [(each.contact_id, each.position) for each in announced] == [("c2", 1), ("c2", 1)]


def test_who_does_something_else_hears_no_announcement_and_keeps_the_place() -> None:
    centre = Centre(QueueRules("q", announcing=Announcing(15, 60)))
    centre.arrive("c1", 0)
    centre.arrive("c2", 1)
    centre.do(ev.StepAside(ContactId("c1")), 2)
    assert [each.contact_id for each in of_type(centre.until(70), e.Announce)] == ["c2"]
    assert centre.acd.position(ContactId("c1")) == 1
    centre.do(ev.StepBack(ContactId("c1")), 71)
    assert ContactId("c1") in [each.contact_id for each in of_type(centre.until(140), e.Announce)]


def test_a_callback_keeps_the_place_and_dials_when_an_agent_has_accepted() -> None:
    centre = Centre(PLAIN)
    centre.arrive("c1", 0)
    centre.arrive("c2", 1)
    assert centre.do(ev.BookCallback(ContactId("c1")), 2) == (
        e.CallbackBooked(ContactId("c1"), None),
    )
    centre.sign_in("ann", now=10)
    assert offers(centre.seen) == [("c1", "ann")]
    effects = centre.answer("c1", "ann", 12)
    assert effects == (e.CallbackDue(ContactId("c1"), AgentId("ann")),)
    effects = centre.do(ev.Reached(ContactId("c1")), 20)
    assert effects == (e.Connect(ContactId("c1"), AgentId("ann"), "q", 20.0),)


def test_a_callback_at_a_time_comes_then_and_is_tried_again() -> None:
    centre = Centre(QueueRules("q", callbacks=Callbacks(2, 600), announcing=None))
    centre.arrive("c1", 0)
    centre.do(ev.BookCallback(ContactId("c1"), MORNING + 3600), 2)
    centre.sign_in("ann", now=10)
    assert offers(centre.seen) == []
    assert offers(centre.until(3600)) == [("c1", "ann")]

    centre.answer("c1", "ann", 3601)
    assert of_type(centre.do(ev.NotReached(ContactId("c1"), "busy"), 3620), e.CallbackOff) == []
    assert offers(centre.until(4220)) == [("c1", "ann")]
    centre.answer("c1", "ann", 4221)
    effects = centre.do(ev.NotReached(ContactId("c1"), "no answer"), 4250)
    assert effects == (e.CallbackOff(ContactId("c1"), "no answer"),)
    assert list(centre.acd.contacts()) == []


def test_a_callback_whose_queue_has_closed_waits_until_it_opens() -> None:
    holiday = Hours(ZoneInfo("UTC"), ((Span(0, 1440),),) * 7, {date(2026, 6, 3): ()})
    centre = Centre(QueueRules("q", hours=holiday, announcing=None))
    centre.arrive("c1", 0)
    with pytest.raises(RoutingError, match="closed at the time"):
        centre.do(ev.BookCallback(ContactId("c1"), MORNING + 2 * 86_400), 1)
    centre.do(ev.BookCallback(ContactId("c1"), MORNING + 86_400), 1)
    centre.acd.receive(ev.Tick(), MORNING + 2 * 86_400)
    place = centre.acd.contact(ContactId("c1"))
    assert place is not None
    assert place.due_at == MORNING + 2 * 86_400 + 16 * 3600


@pytest.mark.parametrize("rings", [False, True])
def test_a_callback_is_cancelled_when_the_caller_gets_through_another_way(rings: bool) -> None:
    centre = Centre(PLAIN)
    centre.arrive("c1", 0, party="p")
    centre.do(ev.BookCallback(ContactId("c1"), None if rings else MORNING + 9999), 1)
    centre.sign_in("ann", now=2)
    centre.sign_in("bob", now=3)
    centre.arrive("c2", 4, party="p")
    effects = centre.answer("c2", "bob" if rings else "ann", 5)

    assert e.CallbackOff(ContactId("c1"), "reached") in effects
    assert bool(of_type(effects, e.Withdraw)) is rings
    assert [place.contact.contact_id for place in centre.acd.contacts()] == ["c2"]


def test_callbacks_of_unknown_callers_have_nothing_to_do_with_each_other() -> None:
    centre = Centre(PLAIN)
    centre.arrive("c1", 0)
    centre.do(ev.BookCallback(ContactId("c1"), MORNING + 9999), 1)
    centre.sign_in("ann", now=2)
    centre.arrive("c2", 4)
    assert of_type(centre.answer("c2", "ann", 5), e.CallbackOff) == []


def test_a_transfer_takes_the_caller_to_the_other_queue_with_the_time_waited() -> None:
    centre = Centre(PLAIN, QueueRules("r", announcing=None))
    centre.sign_in("ann")
    centre.arrive("c1", 0)
    centre.answer("c1", "ann", 1)
    centre.arrive("earlier", 50, "r")
    centre.do(ev.Transfer(ContactId("c1"), "r"), 100)
    assert centre.acd.position(ContactId("c1")) == 1
    assert offers(centre.arrive("c2", 101)) == [("c2", "ann")]


def test_a_transfer_to_a_closed_queue_leaves_the_caller_with_the_agent() -> None:
    centre = Centre(PLAIN, QueueRules("r", hours=NEVER))
    centre.sign_in("ann")
    centre.arrive("c1", 0)
    centre.answer("c1", "ann", 1)
    with pytest.raises(RoutingError, match="'r' takes nobody now"):
        centre.do(ev.Transfer(ContactId("c1"), "r"), 100)
    place = centre.acd.contact(ContactId("c1"))
    assert place is not None
    assert (place.state, place.agent_id) == (ContactState.CONNECTED, "ann")


def test_a_transfer_to_a_full_queue_leaves_the_caller_with_the_agent() -> None:
    full = Overflow(Spill.LENGTH, length=1, to="later")
    centre = Centre(PLAIN, QueueRules("r", overflow=(full,), announcing=None))
    centre.sign_in("ann")
    centre.arrive("c1", 0)
    centre.answer("c1", "ann", 1)
    centre.arrive("c2", 50, "r")
    with pytest.raises(RoutingError, match=r"'r' takes nobody now \(length\)"):
        centre.do(ev.Transfer(ContactId("c1"), "r"), 100)
    place = centre.acd.contact(ContactId("c1"))
    assert place is not None
    assert (place.state, place.agent_id) == (ContactState.CONNECTED, "ann")
    centre.do(ev.Abandon(ContactId("c2"), "hung up"), 110)
    centre.do(ev.Transfer(ContactId("c1"), "r"), 120)
    assert centre.acd.position(ContactId("c1")) == 1


def test_a_transfer_within_the_queue_goes_to_another_agent() -> None:
    centre = Centre(PLAIN)
    centre.sign_in("ann")
    centre.arrive("c1", 0)
    centre.answer("c1", "ann", 1)
    assert offers(centre.do(ev.Transfer(ContactId("c1"), "q"), 100)) == []
    centre.sign_in("bob", now=101)
    assert offers(centre.seen)[-1] == ("c1", "bob")


def test_a_caller_whose_agents_line_died_is_next_though_others_are_important() -> None:
    centre = Centre(PLAIN)
    centre.sign_in("ann")
    centre.arrive("c1", 0)
    centre.answer("c1", "ann", 1)
    centre.sign_in("bob", now=2)
    centre.arrive("c2", 3)
    centre.answer("c2", "bob", 4)
    centre.arrive("important", 5, priority=9)
    centre.do(ev.LineLost(ContactId("c1")), 100)
    assert offers(centre.seen)[-1] == ("important", "ann")
    assert centre.acd.position(ContactId("c1")) == 1
    centre.do(ev.Finish(ContactId("c2")), 101)
    assert offers(centre.seen)[-1] == ("c1", "bob")


def test_a_caller_whose_agents_line_died_keeps_the_place_though_the_queue_has_closed() -> None:
    centre = Centre(PLAIN)
    centre.sign_in("ann")
    centre.arrive("c1", 0)
    centre.answer("c1", "ann", 1)
    centre.acd.change([QueueRules("q", hours=NEVER, announcing=None)])
    centre.do(ev.LineLost(ContactId("c1")), 100)
    assert centre.acd.position(ContactId("c1")) == 1


def test_places_survive_a_restart() -> None:
    nobody = Overflow(Spill.NO_AGENT, to="voicemail")
    rules = QueueRules("q", overflow=(nobody,), announcing=None)
    before = Centre(rules)
    before.sign_in("ann")
    before.do(ev.Pause(AgentId("ann"), "lunch"), 0)
    before.arrive("c1", 0)
    before.arrive("vip", 10, priority=5)
    before.arrive("c2", 20)

    after = Centre(rules)
    for place in before.acd.contacts():
        after.do(ev.Enqueue(place.contact, place.arrived_at, restored=True), 100)
    order = [after.acd.position(ContactId(name)) for name in ("vip", "c1", "c2")]
    assert order == [1, 2, 3]


def test_a_contact_cannot_come_twice_nor_to_a_queue_that_is_not_there() -> None:
    centre = Centre(PLAIN)
    centre.arrive("c1", 0)
    with pytest.raises(RoutingError, match="here already"):
        centre.arrive("c1", 1)
    with pytest.raises(RoutingError, match="no queue 'x'"):
        centre.do(ev.Enqueue(Contact(ContactId("c2"), "x")), 1)


def test_the_error_of_estimates_is_kept() -> None:
    centre = Centre(QueueRules("q", handling_s=100, announcing=None))
    centre.sign_in("ann")
    centre.arrive("c1", 0)
    centre.answer("c1", "ann", 0)
    centre.arrive("c2", 0)
    centre.finish("c1", 60)
    centre.answer("c2", "ann", 60)
    error = centre.acd.queue("q", MORNING + 60).error
    assert (error.count, error.mean_abs_s, error.bias_s, error.mean_wait_s) == (1, 40, 40, 60)


def test_a_booked_callback_waits_for_whoever_declined_no_longer_than_the_caller_did() -> None:
    centre = Centre(QueueRules("q", declined_for_s=30, announcing=None))
    centre.sign_in("ann")
    centre.arrive("c1", 0)
    centre.decline("c1", "ann", 2)
    centre.do(ev.BookCallback(ContactId("c1")), 10)
    assert offers(centre.until(32)) == [("c1", "ann")]


def test_a_callback_does_not_overflow_after_it_was_declined() -> None:
    late = Overflow(Spill.WAIT, to="voicemail", after_s=60)
    centre = Centre(QueueRules("q", overflow=(late,), announcing=None))
    centre.arrive("c1", 0)
    centre.do(ev.BookCallback(ContactId("c1")), 1)
    centre.sign_in("ann", now=2)
    centre.decline("c1", "ann", 3)
    centre.do(ev.Pause(AgentId("ann"), "lunch"), 4)
    assert of_type(centre.until(500), e.Overflowed) == []


def test_who_waits_nowhere_is_promised_a_call_when_the_turn_comes() -> None:
    centre = Centre(QueueRules("q", announcing=None))
    centre.arrive("before", 0)
    promised = Contact(ContactId("c1"), "q")
    assert of_type(centre.do(ev.Promise(promised), 1), e.CallbackBooked) == [
        e.CallbackBooked(ContactId("c1"), None)
    ]
    centre.arrive("after", 2)
    assert centre.acd.position(ContactId("c1")) == 2
    with pytest.raises(RoutingError, match="already"):
        centre.do(ev.Promise(promised), 3)
    centre.sign_in("ann", now=4, voice=2)
    (first, second) = of_type(centre.seen, e.Offer)
    assert (first.callback, second.contact_id, second.callback) == (False, "c1", True)


def test_a_call_agreed_for_a_time_comes_then_though_an_agent_is_free_now() -> None:
    centre = Centre(QueueRules("q", hours=NOON))
    centre.sign_in("ann")
    promised, noon = Contact(ContactId("c1"), "q"), 4 * 3600.0
    with pytest.raises(RoutingError, match="closed at the time"):
        centre.do(ev.Promise(promised, at=MORNING + 60), 1)
    effects = centre.do(ev.Promise(promised, at=MORNING + noon + 60), 2)
    assert effects == (e.CallbackBooked(ContactId("c1"), MORNING + noon + 60),)
    assert offers(centre.until(noon + 59)) == []
    assert offers(centre.until(noon + 60)) == [("c1", "ann")]


def test_a_free_agent_calls_at_once() -> None:
    centre = Centre(QueueRules("q"))
    centre.sign_in("ann")
    effects = centre.do(ev.Promise(Contact(ContactId("c1"), "q")), 1)
    assert of_type(effects, e.Offer)[0].callback
    assert of_type(centre.answer("c1", "ann", 2), e.CallbackDue)


def test_a_closed_queue_promises_for_when_it_opens_and_others_say_why_not() -> None:
    full = Overflow(Spill.LENGTH, to="later", length=0)
    centre = Centre(QueueRules("q", hours=NOON), QueueRules("full", overflow=(full,)))
    centre.sign_in("ann")
    opens = MORNING + 4 * 3600
    booked = centre.do(ev.Promise(Contact(ContactId("c1"), "q")), 1)
    assert booked == (e.CallbackBooked(ContactId("c1"), opens),)
    with pytest.raises(RoutingError, match="length"):
        centre.do(ev.Promise(Contact(ContactId("c2"), "full")), 2)
    assert offers(centre.until(4 * 3600)) == [("c1", "ann")]
