"""Queues whose rules change while callers wait and agents work."""

from __future__ import annotations

import pytest

from voicebot.acd import effects as e
from voicebot.acd import events as ev
from voicebot.acd.acd import Acd
from voicebot.acd.model import AgentId, AgentProfile, Contact, ContactId, QueueRules, Ring
from voicebot.errors import RoutingError

ANNA = AgentId("anna")
WIDENED = QueueRules("support", rings=(Ring(10, agents_of=("sales",)),))


def offered(effects: tuple[e.Effect, ...]) -> list[str]:
    return [effect.contact_id for effect in effects if isinstance(effect, e.Offer)]


def test_a_new_queue_takes_callers_and_agents() -> None:
    acd = Acd([QueueRules("support")])
    acd.receive(ev.Enqueue(Contact(ContactId("waits"), "support")), 0)
    acd.change([QueueRules("support"), QueueRules("sales")])
    acd.receive(ev.Enqueue(Contact(ContactId("buyer"), "sales")), 1)
    assert offered(acd.receive(ev.SignIn(AgentProfile(ANNA, ("sales",))), 2)) == ["buyer"]
    assert acd.position(ContactId("waits")) == 1


def test_agents_who_are_there_are_asked_by_a_new_ring() -> None:
    acd = Acd([QueueRules("support"), QueueRules("sales")])
    acd.receive(ev.SignIn(AgentProfile(ANNA, ("sales",))), 0)
    acd.change(
        [QueueRules("support", rings=(Ring(10, agents_of=("sales",)),)), QueueRules("sales")]
    )
    acd.receive(ev.Enqueue(Contact(ContactId("caller"), "support")), 1)
    assert offered(acd.receive(ev.Tick(), 11)) == ["caller"]


def test_who_signs_out_after_a_change_is_gone() -> None:
    acd = Acd([QueueRules("support"), QueueRules("sales")])
    acd.receive(ev.SignIn(AgentProfile(ANNA, ("sales",))), 0)
    acd.change(
        [QueueRules("support", rings=(Ring(10, agents_of=("sales",)),)), QueueRules("sales")]
    )
    acd.receive(ev.SignOut(ANNA), 1)
    assert acd.agents() == {}
    acd.receive(ev.Enqueue(Contact(ContactId("caller"), "support")), 2)
    assert offered(acd.receive(ev.Tick(), 20)) == []


def test_announcements_that_were_switched_off_stop() -> None:
    acd = Acd([QueueRules("support")])
    acd.receive(ev.Enqueue(Contact(ContactId("caller"), "support")), 0)
    acd.change([QueueRules("support", announcing=None)])
    assert acd.receive(ev.Tick(), 60) == ()


def test_rules_that_name_no_queue_change_nothing() -> None:
    acd = Acd([QueueRules("support", wrap_up_s=1)])
    with pytest.raises(RoutingError, match="'sales', which is no queue"):
        acd.change([QueueRules("support", rings=(Ring(10, agents_of=("sales",)),))])
    assert acd.queues["support"].wrap_up_s == 1
