"""Who is offered to whom."""

from __future__ import annotations

import pytest

from tests.acd.floor_plan import MORNING, Centre, of_type, offers
from voicebot.acd import effects as e
from voicebot.acd import events as ev
from voicebot.acd.acd import Acd
from voicebot.acd.model import (
    AgentId,
    AgentProfile,
    Channel,
    Contact,
    ContactId,
    Presence,
    QueueRules,
    Ring,
    Routing,
)
from voicebot.errors import RoutingError

PLAIN = QueueRules("q", announcing=None)


def test_the_agent_who_has_been_idle_longest_is_asked() -> None:
    centre = Centre(PLAIN)
    centre.sign_in("ann", now=0)
    centre.sign_in("bob", now=1)
    centre.arrive("c1", 2)
    centre.answer("c1", "ann", 3)
    centre.finish("c1", 60)

    assert offers(centre.arrive("c2", 61)) == [("c2", "bob")]
    assert offers(centre.arrive("c3", 62)) == [("c3", "ann")]


def test_routing_by_skill_asks_the_most_proficient() -> None:
    centre = Centre(QueueRules("q", {"french": 2}, Routing.SKILL, announcing=None))
    centre.sign_in("ann", french=3)
    centre.sign_in("bob", french=9, now=5)
    centre.sign_in("eve", french=1)

    assert offers(centre.arrive("c1", 10)) == [("c1", "bob")]
    assert offers(centre.arrive("c2", 10)) == [("c2", "ann")]
    assert offers(centre.arrive("c3", 10)) == []


def test_a_free_agent_takes_who_came_first_of_several_queues() -> None:
    centre = Centre(PLAIN, QueueRules("r", announcing=None))
    centre.arrive("c1", 0, "r")
    centre.arrive("c2", 1, "q")

    centre.sign_in("ann", "q", "r", now=5)
    assert offers(centre.seen) == [("c1", "ann")]


def test_a_vip_goes_first_but_whoever_waited_long_enough_is_not_overtaken() -> None:
    centre = Centre(QueueRules("q", priority_step_s=60, announcing=None))
    centre.arrive("early", 0)
    centre.arrive("late", 50)
    centre.arrive("vip", 100, priority=1)
    assert [centre.acd.position(ContactId(name)) for name in ("early", "vip", "late")] == [1, 2, 3]


def test_rings_widen_the_search_until_somebody_is_found() -> None:
    rings = (Ring(20, {"billing": 2}), Ring(40, {"billing": 0}), Ring(60, agents_of=("other",)))
    centre = Centre(
        QueueRules("q", {"billing": 5}, rings=rings, announcing=None),
        QueueRules("other", announcing=None),
    )
    centre.sign_in("beginner", billing=2)
    centre.sign_in("anybody")
    centre.sign_in("elsewhere", "other")
    for number in range(3):
        assert offers(centre.arrive(f"c{number}", number)) == []

    assert offers(centre.until(20)) == [("c0", "beginner")]
    centre.answer("c0", "beginner", 21)
    assert offers(centre.until(41)) == [("c1", "anybody")]
    centre.answer("c1", "anybody", 41)
    assert ("c2", "elsewhere") in offers(centre.until(62))


def test_an_agent_freed_takes_a_contact_whose_ring_has_reached_the_agent() -> None:
    centre = Centre(
        QueueRules("q", rings=(Ring(10, agents_of=("other",)),), announcing=None),
        QueueRules("other", announcing=None),
    )
    centre.arrive("c1", 0)
    centre.until(10)
    centre.sign_in("elsewhere", "other", now=11)
    assert offers(centre.seen) == [("c1", "elsewhere")]


def test_one_call_or_three_texts_fill_an_agent() -> None:
    centre = Centre(PLAIN)
    centre.sign_in("ann", voice=1, text=3)
    for number in range(4):
        centre.arrive(f"t{number}", number, channel=Channel.TEXT)
    centre.arrive("call", 5)
    assert offers(centre.seen) == [("t0", "ann"), ("t1", "ann"), ("t2", "ann")]

    for number in range(3):
        centre.answer(f"t{number}", "ann", 6)
    assert offers(centre.finish("t0", 10)) == [("t3", "ann")]
    centre.answer("t3", "ann", 10)
    for name in ("t1", "t2"):
        assert offers(centre.finish(name, 20)) == []
    assert offers(centre.finish("t3", 21)) == [("call", "ann")]


def test_an_agent_whose_room_changes_takes_more_or_gives_back_what_rings() -> None:
    centre = Centre(PLAIN)
    centre.sign_in("ann", voice=1, text=0)
    centre.arrive("t0", 0, channel=Channel.TEXT)
    assert offers(centre.seen) == []
    assert offers(centre.do(ev.Room(AgentId("ann"), 1, 2), 1)) == [("t0", "ann")]
    effects = centre.do(ev.Room(AgentId("ann"), 1, 0), 2)
    assert [each.contact_id for each in of_type(effects, e.Withdraw)] == ["t0"]
    assert centre.acd.agents()[AgentId("ann")].presence is Presence.AVAILABLE
    centre.do(ev.Room(AgentId("ann"), 1, 2), 3)
    centre.answer("t0", "ann", 4)
    centre.do(ev.Room(AgentId("ann"), 1, 0), 5)
    centre.arrive("call", 6)
    assert offers(centre.finish("t0", 7)) == [("call", "ann")]


def test_who_talked_before_a_restart_stands_before_who_only_waited() -> None:
    centre = Centre(PLAIN)
    for name, since, head in (("old", 0, False), ("talked", 60, True)):
        contact = Contact(ContactId(name), "q", Channel.TEXT)
        centre.do(ev.Enqueue(contact, MORNING + since, restored=True, head=head), 100)
    centre.sign_in("ann", now=101)
    assert offers(centre.seen)[0] == ("talked", "ann")
    assert centre.acd.wait_left(ContactId("talked")) is None


def test_a_text_goes_to_the_agent_with_least_to_do() -> None:
    centre = Centre(PLAIN)
    centre.sign_in("ann")
    centre.sign_in("bob", now=1)
    for number in range(4):
        centre.arrive(f"t{number}", 2, channel=Channel.TEXT)
    assert [agent for _, agent in offers(centre.seen)] == ["ann", "bob", "ann", "bob"]


def test_no_answer_sends_the_agent_away_and_the_caller_to_the_head() -> None:
    centre = Centre(QueueRules("q", answer_within_s=20, announcing=None))
    centre.sign_in("ann")
    centre.arrive("c1", 0)
    centre.arrive("vip", 1, priority=9)
    effects = centre.until(20)

    assert e.Withdraw(ContactId("c1"), AgentId("ann"), "no answer") in effects
    assert e.AgentChanged(AgentId("ann"), Presence.AWAY, "no answer") in effects
    assert centre.acd.position(ContactId("c1")) == 1
    assert offers(centre.do(ev.Resume(AgentId("ann")), 30)) == [("c1", "ann")]


def test_a_declined_contact_is_offered_to_others_and_later_again() -> None:
    centre = Centre(QueueRules("q", declined_for_s=30, announcing=None))
    centre.sign_in("ann")
    centre.arrive("c1", 0)
    centre.arrive("c2", 1)

    assert offers(centre.decline("c1", "ann", 2)) == [("c2", "ann")]
    centre.answer("c2", "ann", 3)
    assert offers(centre.finish("c2", 10)) == []
    assert offers(centre.until(32)) == [("c1", "ann")]


def test_an_agent_who_cannot_be_asked_goes_away() -> None:
    centre = Centre(PLAIN)
    centre.sign_in("ann")
    centre.sign_in("bob", now=1)
    centre.arrive("c1", 2)
    failed = ev.OfferFailed(ContactId("c1"), AgentId("ann"), "unreachable")

    assert offers(centre.do(failed, 3)) == [("c1", "bob")]
    assert centre.acd.agents()[AgentId("ann")].reason == "unreachable"


def test_two_agents_cannot_take_one_contact() -> None:
    centre = Centre(PLAIN)
    centre.sign_in("ann")
    centre.sign_in("bob", now=1)
    centre.arrive("c1", 2)
    with pytest.raises(RoutingError, match="not offered to agent bob"):
        centre.answer("c1", "bob", 3)
    centre.answer("c1", "ann", 3)
    with pytest.raises(RoutingError, match="is connected"):
        centre.answer("c1", "ann", 3)


@pytest.mark.parametrize("wrap_up_s", [15.0, None])
def test_work_after_a_call_keeps_the_agent(wrap_up_s: float | None) -> None:
    centre = Centre(QueueRules("q", wrap_up_s=wrap_up_s, announcing=None))
    centre.sign_in("ann")
    centre.arrive("c1", 0)
    centre.answer("c1", "ann", 1)
    centre.arrive("c2", 2)

    assert offers(centre.finish("c1", 10)) == []
    if wrap_up_s is None:
        assert offers(centre.until(1000)) == []
        done = ev.WrapUpDone(AgentId("ann"), ContactId("c1"))
        assert offers(centre.do(done, 1001)) == [("c2", "ann")]
    else:
        assert offers(centre.until(25)) == [("c2", "ann")]


def test_a_pause_gives_back_what_rings_and_takes_nothing_more() -> None:
    centre = Centre(PLAIN)
    centre.sign_in("ann")
    centre.arrive("c1", 0)
    effects = centre.do(ev.Pause(AgentId("ann"), "lunch"), 1)

    assert e.Withdraw(ContactId("c1"), AgentId("ann"), "lunch") in effects
    assert centre.acd.position(ContactId("c1")) == 1
    assert offers(centre.do(ev.Resume(AgentId("ann")), 9)) == [("c1", "ann")]


def test_a_lost_browser_gives_back_what_rings_and_keeps_what_is_talked_about() -> None:
    centre = Centre(PLAIN)
    centre.sign_in("ann", text=2)
    centre.arrive("t1", 0, channel=Channel.TEXT)
    centre.answer("t1", "ann", 1)
    centre.arrive("t2", 2, channel=Channel.TEXT)
    centre.do(ev.AgentLost(AgentId("ann"), "connection lost"), 3)

    assert centre.acd.position(ContactId("t2")) == 1
    talking = centre.acd.contact(ContactId("t1"))
    assert talking is not None
    assert talking.state == "connected"


def test_an_agent_removed_during_a_call_finishes_it() -> None:
    centre = Centre(PLAIN)
    centre.sign_in("ann")
    centre.arrive("c1", 0)
    centre.answer("c1", "ann", 1)
    centre.do(ev.SignOut(AgentId("ann")), 2)
    centre.arrive("c2", 3)

    effects = centre.finish("c1", 10)
    assert e.AgentChanged(AgentId("ann"), None, "signed out") in effects
    assert offers(effects) == []
    assert not centre.acd.agents()


def test_a_returning_caller_waits_a_while_for_the_agent_of_last_time() -> None:
    centre = Centre(QueueRules("q", last_agent_s=30, answer_within_s=99, announcing=None))
    centre.sign_in("ann")
    centre.arrive("c1", 0, party="p")
    centre.answer("c1", "ann", 1)
    centre.finish("c1", 10)
    centre.sign_in("bob", now=11)
    centre.arrive("other", 12)
    assert offers(centre.seen)[-1] == ("other", "ann")

    assert offers(centre.arrive("c2", 20, party="p")) == []
    assert offers(centre.until(50)) == [("c2", "bob")]


def test_who_waits_for_an_agent_that_leaves_waits_for_anybody() -> None:
    centre = Centre(QueueRules("q", last_agent_s=30, answer_within_s=99, announcing=None))
    centre.sign_in("ann")
    centre.arrive("c1", 0)
    centre.sign_in("bob", now=1)
    assert offers(centre.arrive("c2", 2, last_agent=AgentId("ann"))) == []
    assert ("c2", "bob") in offers(centre.do(ev.SignOut(AgentId("ann")), 3))


def test_the_last_agent_is_forgotten_in_time() -> None:
    rules = QueueRules("q", last_agent_s=30, last_agent_within_s=3600, announcing=None)
    centre = Centre(rules)
    centre.sign_in("ann")
    centre.arrive("c1", 0, party="p")
    centre.answer("c1", "ann", 1)
    centre.finish("c1", 10)
    centre.sign_in("bob", now=11)
    centre.arrive("busy", 4000)
    assert offers(centre.arrive("c2", 4001, party="p")) == [("c2", "bob")]


def test_a_caller_who_leaves_while_it_rings_frees_the_agent() -> None:
    centre = Centre(PLAIN)
    centre.sign_in("ann")
    centre.arrive("c1", 0)
    centre.arrive("c2", 1)
    effects = centre.do(ev.Abandon(ContactId("c1"), "hung up"), 5)

    assert effects[0] == e.Withdraw(ContactId("c1"), AgentId("ann"), "caller left")
    assert e.Abandoned(ContactId("c1"), "q", "hung up", 5.0) in effects
    assert offers(effects) == [("c2", "ann")]


def test_a_clock_that_was_set_back_changes_no_order() -> None:
    centre = Centre(PLAIN)
    centre.arrive("c1", 100)
    centre.arrive("c2", 40)
    assert centre.acd.position(ContactId("c1")) == 1


def test_queues_that_name_queues_which_are_not_there_are_refused() -> None:
    with pytest.raises(RoutingError, match="names 'nowhere'"):
        Centre(QueueRules("q", rings=(Ring(1, agents_of=("nowhere",)),)))


def test_an_agent_who_could_not_be_reached_is_tried_again() -> None:
    acd = Acd([QueueRules("support")], unreachable_s=60)
    anna = AgentId("anna")
    acd.receive(ev.SignIn(AgentProfile(anna, ("support",))), 0.0)
    acd.receive(ev.Enqueue(Contact(ContactId("one"), "support")), 0.0)
    acd.receive(ev.OfferFailed(ContactId("one"), anna, "unreachable"), 5.0)
    assert acd.agents()[anna].presence is Presence.AWAY
    effects = acd.receive(ev.Tick(), 65.0)
    assert e.Offer(ContactId("one"), anna, "support", 65.0, 20.0, callback=False) in effects
    assert (acd.agents()[anna].presence, acd.agents()[anna].since) == (Presence.AVAILABLE, 65.0)
    acd.receive(ev.Tick(), 85.0)
    assert acd.agents()[anna].presence is Presence.AWAY, "nobody answered"
    acd.receive(ev.Tick(), 200.0)
    assert acd.agents()[anna].presence is Presence.AWAY, "they were not at their desk"


@pytest.mark.parametrize("event", [ev.Resume, ev.SignOut])
def test_who_comes_back_or_goes_is_not_fetched_again(
    event: type[ev.Resume] | type[ev.SignOut],
) -> None:
    acd = Acd([QueueRules("support")], unreachable_s=60)
    anna = AgentId("anna")
    acd.receive(ev.SignIn(AgentProfile(anna, ("support",))), 0.0)
    acd.receive(ev.Enqueue(Contact(ContactId("one"), "support")), 0.0)
    acd.receive(ev.OfferFailed(ContactId("one"), anna, "unreachable"), 5.0)
    acd.receive(event(anna), 10.0)
    acd.receive(ev.Tick(), 65.0)
    states = [state.presence for state in acd.agents().values()]
    assert states == ([] if event is ev.SignOut else [Presence.AWAY])
