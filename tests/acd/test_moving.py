"""A waiting caller who goes on by text, or by voice again, and keeps the place."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from tests.acd.floor_plan import MORNING, Centre, of_type, offers
from voicebot.acd import effects as e
from voicebot.acd import events as ev
from voicebot.acd.model import (
    AgentId,
    Channel,
    ContactId,
    ContactState,
    Overflow,
    QueueRules,
    Ring,
    Spill,
)
from voicebot.errors import RoutingError

TEXT, VOICE = Channel.TEXT, Channel.VOICE


@pytest.fixture
def centre() -> Centre:
    return Centre(QueueRules("q"))


def move(centre: Centre, name: str, channel: Channel, now: float) -> tuple[e.Effect, ...]:
    return centre.do(ev.Move(ContactId(name), channel), now)


def test_the_place_among_all_is_kept(centre: Centre) -> None:
    for number, name in enumerate("abc"):
        centre.arrive(name, number)
    assert move(centre, "b", TEXT, 10) == (e.Moved(ContactId("b"), "q", TEXT),)
    assert [centre.acd.position(ContactId(name)) for name in "abc"] == [1, 2, 3]
    standing = centre.acd.contact(ContactId("b"))
    assert standing is not None
    assert (standing.contact.channel, standing.arrived_at) == (TEXT, MORNING + 1)
    centre.sign_in("anna", now=20, voice=1, text=1)
    assert offers(centre.seen) == [("a", "anna")]
    centre.answer("a", "anna", 21)
    centre.finish("a", 22)
    assert offers(centre.seen)[1:] == [("b", "anna")]


def test_the_priority_is_kept(centre: Centre) -> None:
    centre.arrive("first", 0)
    centre.arrive("vip", 1, priority=1)
    move(centre, "vip", TEXT, 2)
    assert centre.acd.position(ContactId("vip")) == 1


def test_an_agent_of_text_takes_it_at_once(centre: Centre) -> None:
    centre.sign_in("anna", voice=0, text=1)
    centre.arrive("a", 0)
    assert offers(centre.seen) == []
    assert offers(move(centre, "a", TEXT, 30)) == [("a", "anna")]
    assert of_type(centre.seen, e.Offer)[0].waited_s == 30


def test_the_capacity_of_the_new_channel_counts(centre: Centre) -> None:
    centre.sign_in("anna", voice=1, text=2)
    for name in "abc":
        centre.arrive(name, 0)
    centre.answer("a", "anna", 1)
    move(centre, "b", TEXT, 2)
    move(centre, "c", TEXT, 3)
    assert offers(centre.seen) == [("a", "anna")], "a call fills her"
    centre.finish("a", 4)
    assert offers(centre.seen)[1:] == [("b", "anna"), ("c", "anna")]


def test_who_is_being_asked_for_a_call_is_not_any_more(centre: Centre) -> None:
    centre.sign_in("anna", voice=1, text=0)
    centre.arrive("a", 0)
    centre.arrive("b", 1)
    effects = move(centre, "a", TEXT, 5)
    assert of_type(effects, e.Withdraw) == [
        e.Withdraw(ContactId("a"), AgentId("anna"), "goes on by text")
    ]
    assert offers(effects) == [("b", "anna")]
    assert centre.acd.position(ContactId("a")) == 1
    with pytest.raises(RoutingError):
        centre.answer("a", "anna", 6)


def test_the_same_agent_is_asked_anew_for_the_text(centre: Centre) -> None:
    centre.sign_in("anna", voice=1, text=1)
    centre.arrive("a", 0)
    assert offers(move(centre, "a", TEXT, 5)) == [("a", "anna")]
    centre.answer("a", "anna", 6)


def test_who_talks_or_waits_for_a_call_back_does_not_move(centre: Centre) -> None:
    centre.arrive("promised", 0)
    centre.do(ev.BookCallback(ContactId("promised")), 1)
    with pytest.raises(RoutingError, match="callback"):
        move(centre, "promised", TEXT, 2)
    centre.arrive("a", 2)
    with pytest.raises(RoutingError, match="already"):
        move(centre, "a", VOICE, 3)
    centre.do(ev.Abandon(ContactId("promised"), "no"), 3)
    centre.sign_in("anna", now=4)
    centre.answer("a", "anna", 5)
    with pytest.raises(RoutingError, match="connected"):
        move(centre, "a", TEXT, 6)


def test_and_back_to_voice(centre: Centre) -> None:
    centre.arrive("a", 0)
    centre.arrive("b", 1)
    move(centre, "a", TEXT, 2)
    move(centre, "a", VOICE, 3)
    centre.sign_in("anna", now=4, text=0)
    assert offers(centre.seen) == [("a", "anna")]


def test_who_waits_for_an_agent_who_takes_no_text_waits_for_all() -> None:
    centre = Centre(QueueRules("q", last_agent_s=60))
    centre.sign_in("anna", text=0)
    centre.sign_in("bert", voice=0)
    centre.arrive("busy", 0)
    centre.answer("busy", "anna", 1)
    centre.arrive("a", 2, last_agent=AgentId("anna"))
    assert offers(move(centre, "a", TEXT, 3)) == [("a", "bert")]


def test_widening_and_overflow_go_on_as_if_nothing_had_happened() -> None:
    rules = QueueRules(
        "q",
        rings=(Ring(40, agents_of=("r",)),),
        overflow=(Overflow(Spill.WAIT, to="voicemail", after_s=90),),
    )
    centre = Centre(rules, QueueRules("r"))
    centre.sign_in("bert", "r", voice=0, text=1)
    centre.arrive("busy", 0, "r", channel=TEXT)
    centre.answer("busy", "bert", 1)
    centre.arrive("a", 0)
    move(centre, "a", TEXT, 60)
    centre.until(61)
    centre.finish("busy", 62)
    assert offers(centre.seen)[-1] == ("a", "bert"), "the ring had widened at 40 s"
    centre.decline("a", "bert", 63)
    assert of_type(centre.until(91), e.Overflowed)


def test_it_is_known_whether_anybody_serves_text() -> None:
    centre = Centre(QueueRules("q", rings=(Ring(40, agents_of=("r",)),)), QueueRules("r"))
    serves = centre.acd.serves
    assert not serves("q", TEXT)
    centre.sign_in("anna", "q", text=0)
    assert (serves("q", TEXT), serves("q", VOICE)) == (False, True)
    centre.sign_in("bert", "r", voice=0, text=1)
    assert serves("q", TEXT), "their turn to be asked comes"
    centre.do(ev.Pause(AgentId("bert"), "tea"), 1)
    assert serves("q", TEXT), "who pauses comes back"
    centre.do(ev.SignOut(AgentId("bert")), 2)
    assert not serves("q", TEXT)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans()), max_size=30))
def test_however_often_they_move_all_are_served_once_and_in_order(
    moves: list[tuple[str, bool]],
) -> None:
    centre = Centre(QueueRules("q"))
    for number, name in enumerate("abcdef"):
        centre.arrive(name, number)
    for name, text in moves:
        standing = centre.acd.contact(ContactId(name))
        assert standing is not None
        if (standing.contact.channel is TEXT) is not text:
            move(centre, name, TEXT if text else VOICE, 10)
    centre.sign_in("anna", now=20, voice=1, text=1)
    for name in "abcdef":
        standing = centre.acd.contact(ContactId(name))
        assert standing is not None
        assert standing.state is ContactState.OFFERED
        centre.answer(name, "anna", 21)
        centre.finish(name, 22)
    assert [name for name, _ in offers(centre.seen)] == list("abcdef")
    assert list(centre.acd.contacts()) == []


def test_who_writes_may_be_called_back_at_the_place(centre: Centre) -> None:
    centre.sign_in("anna", voice=1, text=0)
    centre.arrive("before", 0)
    centre.answer("before", "anna", 1)
    centre.arrive("a", 2, channel=TEXT)
    centre.arrive("b", 3)
    centre.do(ev.BookCallback(ContactId("a")), 4)
    centre.finish("before", 5)
    offer = of_type(centre.seen, e.Offer)[-1]
    assert (offer.contact_id, offer.callback) == ("a", True)


def test_a_free_agent_calls_who_writes_at_once_or_when_it_was_agreed(centre: Centre) -> None:
    centre.sign_in("anna", voice=1, text=0)
    centre.arrive("later", 0, channel=TEXT)
    centre.arrive("now", 0, channel=TEXT)
    centre.do(ev.BookCallback(ContactId("later"), MORNING + 600), 1)
    assert offers(centre.do(ev.BookCallback(ContactId("now")), 1)) == [("now", "anna")]
    centre.answer("now", "anna", 2)
    centre.do(ev.Reached(ContactId("now")), 3)
    centre.finish("now", 4)
    assert offers(centre.until(601)) == [("later", "anna")]
