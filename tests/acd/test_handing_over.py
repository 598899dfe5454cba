"""A caller whom one agent leaves with another who is in the conversation already."""

from __future__ import annotations

import pytest

from tests.acd.floor_plan import MORNING, Centre, of_type, offers
from voicebot.acd import effects as e
from voicebot.acd import events as ev
from voicebot.acd.model import AgentId, ContactId, ContactState, QueueRules
from voicebot.errors import RoutingError

PLAIN = QueueRules("q", announcing=None, wrap_up_s=30)
C1, ANN, BOB = ContactId("c1"), AgentId("ann"), AgentId("bob")


@pytest.fixture
def centre() -> Centre:
    """Ann talks with c1; bob is asked for advice, and takes nobody meanwhile."""
    made = Centre(PLAIN)
    made.sign_in("ann")
    made.arrive("c1", 0, party="p")
    made.answer("c1", "ann", 1)
    made.sign_in("bob", now=2)
    made.do(ev.Pause(BOB, "asked by ann"), 3)
    return made


def test_the_new_agent_has_the_contact_and_both_have_work_after_it(centre: Centre) -> None:
    effects = centre.do(ev.HandOver(C1, BOB), 100)
    assert effects == (e.Release(C1, ANN, MORNING + 130), e.HandedOver(C1, BOB, "q"))
    agents = centre.acd.agents()
    assert (agents[ANN].contacts, agents[ANN].wrapping) == ((), (C1,))
    assert (agents[BOB].contacts, agents[BOB].used) == ((C1,), 1)
    place = centre.acd.contact(C1)
    assert place is not None
    assert (place.state, place.agent_id) == (ContactState.CONNECTED, BOB)
    centre.do(ev.Resume(BOB), 101)
    assert offers(centre.arrive("c2", 102)) == [], "both are at work"
    assert offers(centre.until(131)) == [("c2", "ann")]
    assert of_type(centre.finish("c1", 200), e.Release) == [e.Release(C1, BOB, MORNING + 230)]


def test_the_new_agent_may_send_the_caller_on_and_is_the_one_of_last_time() -> None:
    centre = Centre(
        QueueRules("q", announcing=None, last_agent_s=60), QueueRules("r", announcing=None)
    )
    centre.sign_in("ann")
    centre.arrive("c1", 0, party="p")
    centre.answer("c1", "ann", 1)
    centre.sign_in("bob", now=2)
    centre.do(ev.HandOver(C1, BOB), 100)
    centre.do(ev.Transfer(C1, "r"), 150)
    assert centre.acd.position(C1) == 1
    assert offers(centre.arrive("c2", 200, party="p")) == [("c2", "bob")]


def test_a_line_that_dies_at_the_new_agent_puts_the_caller_back_at_the_head(
    centre: Centre,
) -> None:
    centre.do(ev.HandOver(C1, BOB), 100)
    centre.do(ev.LineLost(C1), 110)
    assert centre.acd.position(C1) == 1
    assert offers(centre.until(131)) == [("c1", "ann")], "the first agent is free by then"


def test_a_line_that_dies_puts_the_caller_before_who_is_more_important(centre: Centre) -> None:
    centre.arrive("vip", 5, priority=9)
    centre.do(ev.LineLost(C1), 110)
    assert centre.acd.position(C1) == 1


def test_who_is_not_there_or_has_no_room_is_given_nobody(centre: Centre) -> None:
    centre.do(ev.Resume(BOB), 4)
    centre.arrive("c2", 5)
    centre.answer("c2", "bob", 6)
    centre.sign_in("cat", voice=0, now=7)
    for agent, problem in (
        (ANN, "at work on contact c1 already"),
        (BOB, "no room"),
        (AgentId("cat"), "no room"),
        (AgentId("dan"), "not signed in"),
    ):
        with pytest.raises(RoutingError, match=problem):
            centre.do(ev.HandOver(C1, agent), 50)
    centre.do(ev.SignOut(BOB), 51)
    with pytest.raises(RoutingError, match="not signed in"):
        centre.do(ev.HandOver(C1, BOB), 52)
    place = centre.acd.contact(C1)
    assert place is not None
    assert place.agent_id == ANN


def test_an_agent_who_was_leaving_is_gone_once_the_caller_is_handed_over(centre: Centre) -> None:
    centre.do(ev.SignOut(ANN), 50)
    centre.do(ev.HandOver(C1, BOB), 100)
    assert of_type(centre.until(130), e.AgentChanged)[-1].presence is None
    assert ANN not in centre.acd.agents()
