"""What agents do, and since when."""

from __future__ import annotations

import pytest

from voicebot.acd.model import NOBODY, AgentId, Contact, ContactId, ContactState, Presence
from voicebot.acd.views import AgentState, ContactPlace
from voicebot.wall.agent_times import AgentTimes, activity
from voicebot.wall.model import Activity

ANNA = AgentId("anna")
CALL = ContactId("call")


def state(
    presence: Presence = Presence.AVAILABLE,
    contacts: tuple[ContactId, ...] = (),
    wrapping: tuple[ContactId, ...] = (),
) -> AgentState:
    return AgentState(presence, "", contacts, wrapping, 0.0)


@pytest.mark.parametrize(
    "standing, contact, does",
    [
        (None, ContactState.WAITING, Activity.SIGNED_OUT),
        (state(), ContactState.WAITING, Activity.AVAILABLE),
        (state(contacts=(CALL,)), ContactState.OFFERED, Activity.RINGING),
        (state(contacts=(CALL,)), ContactState.CONNECTED, Activity.TALKING),
        (state(contacts=(CALL,)), ContactState.DIALLING, Activity.TALKING),
        (state(wrapping=(CALL,)), ContactState.WAITING, Activity.WRAPPING),
        (state(Presence.PAUSED, (CALL,)), ContactState.CONNECTED, Activity.TALKING),
        (state(Presence.PAUSED), ContactState.WAITING, Activity.PAUSED),
        (state(Presence.AWAY), ContactState.WAITING, Activity.AWAY),
    ],
)
def test_contacts_come_before_work_after_them_and_both_before_a_pause(
    standing: AgentState | None, contact: ContactState, does: Activity
) -> None:
    assert activity(standing, {CALL: contact}) is does


def test_the_time_runs_from_the_last_change() -> None:
    times = AgentTimes()
    times.see([ANNA], {ANNA: state()}, [], 10.0)
    assert times.of(ANNA) == (Activity.AVAILABLE, None), "it may have begun before we looked"
    talking = ContactPlace(
        Contact(CALL, "support"), "support", ContactState.CONNECTED, 0.0, NOBODY, False, None
    )
    for now in (20.0, 30.0):
        times.see([ANNA], {ANNA: state(contacts=(CALL,))}, [talking], now)
    assert times.of(ANNA) == (Activity.TALKING, 20.0)
    times.see([ANNA], {}, [], 40.0)
    assert times.of(ANNA) == (Activity.SIGNED_OUT, 40.0)


def test_who_is_no_agent_any_more_is_forgotten() -> None:
    times = AgentTimes()
    times.see([ANNA], {ANNA: state()}, [], 10.0)
    times.see([], {}, [], 11.0)
    assert times.of(ANNA) == (Activity.SIGNED_OUT, None)
