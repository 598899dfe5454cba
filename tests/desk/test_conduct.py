"""What an agent may do with a caller: hold, keys, advice, sending on; and what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from tests.desk.office import Joined, Office, join
from tests.sessions.agents_at_work import settle
from voicebot.acd.model import AgentId, ContactId, ContactState
from voicebot.desk.desk import GRACE_S
from voicebot.errors import DialFailed, RoutingError
from voicebot.media.dtmf_detector import DtmfDetector
from voicebot.sessions.talk import ToAddress, ToFlow, ToQueue
from voicebot.telephony._api import CallLeg, LegInfo
from voicebot.telephony.loopback import LoopbackCaller, pair
from voicebot.types import CallId

CALLER = ContactId("caller")


@dataclass
class Numbers:
    """`Dialer`: whoever is called answers at once, or not at all."""

    dialled: list[str] = field(default_factory=list)
    told: Mapping[str, str] = field(default_factory=dict)
    error: DialFailed | None = None
    person: LoopbackCaller | None = None

    async def dial(self, target: str, *, headers: Mapping[str, str], **_: Any) -> CallLeg:
        self.dialled.append(target)
        self.told = headers
        if self.error is not None:
            raise self.error
        info = LegInfo(CallId("third"), "loopback", caller="1000", callee="third")
        leg, self.person = pair(info, start=asyncio.get_running_loop().time())
        await leg.answer()
        return leg


@pytest.fixture
def numbers() -> Numbers:
    return Numbers()


@pytest.fixture
async def office(numbers: Numbers) -> AsyncIterator[Office]:
    made = Office(
        "anna",
        "bert",
        targets={"lawyer": "sip:lawyer@192.0.2.9"},
        address_of=lambda number: f"sip:{number}@192.0.2.8",
        dialer=lambda: numbers,
    )
    yield made
    await made.close()


@pytest.fixture
async def joined(office: Office) -> AsyncIterator[Joined]:
    """Anna talks with the caller."""
    screen = office.sit_down("anna")
    await office.arrive()
    made = await join(office, "anna", await office.accept("anna", screen))
    yield made
    await made.end()


async def heard(joined: Joined, *others: LoopbackCaller) -> list[int]:
    """All speak, each at a level of their own; what caller, agent and the others hear last."""
    people = [joined.caller, joined.agent, *others]
    for _ in range(10):
        for number, person in enumerate(people):
            await person.step(np.full(160, 10 ** (number + 1), np.int16))
    return [int(person.heard[-1][0]) for person in people]


def contact(office: Office, name: str = "anna") -> dict[str, Any]:
    found: dict[str, Any] = office.view(name)["contacts"][-1]
    return found


async def test_a_held_caller_hears_nobody_until_taken_back(office: Office, joined: Joined) -> None:
    conduct = office.conduct("anna")
    conduct.hold(CALLER)
    assert (await heard(joined))[1] == 0
    assert contact(office)["held"]
    conduct.take_back(CALLER)
    assert await heard(joined) == [100, 10]
    assert not contact(office)["held"]


async def test_keys_are_heard_by_the_callers_side_as_tones(office: Office, joined: Joined) -> None:
    for key in "4#":
        office.conduct("anna").press(CALLER, key)
    detector, keys = DtmfDetector(8000), ""
    for _ in range(30):
        sound = await joined.caller.step()
        if sound is not None:
            keys += detector.feed(sound).key or ""
    assert keys == "4#"
    with pytest.raises(RoutingError, match="no key"):
        office.conduct("anna").press(CALLER, "x")


async def test_keys_are_signals_where_a_line_takes_them_and_go_to_who_is_asked(
    office: Office, joined: Joined, numbers: Numbers
) -> None:
    conduct = office.conduct("anna")
    joined.caller.takes_keys = True
    conduct.press(CALLER, "1")
    conduct.consult_number(CALLER, "lawyer")
    await settle()
    assert numbers.person is not None
    numbers.person.takes_keys = True
    conduct.press(CALLER, "2")
    joined.agent.press("3")  # the agent's own telephone has keys too
    await settle()
    assert (joined.caller.pressed, numbers.person.pressed) == ("1", "23")
    await conduct.let_go(CALLER)
    conduct.press(CALLER, "4")
    assert (joined.caller.pressed, numbers.person.pressed) == ("14", "23")
    assert not np.any(joined.caller.heard)


async def test_keys_are_heard_as_tones_by_who_is_asked_over_a_line_without_signals(
    office: Office, joined: Joined, numbers: Numbers
) -> None:
    office.conduct("anna").consult_number(CALLER, "lawyer")
    await settle()
    assert numbers.person is not None
    office.conduct("anna").press(CALLER, "7")
    detector, keys = DtmfDetector(8000), ""
    for _ in range(20):
        sound = await numbers.person.step()
        if sound is not None:
            keys += detector.feed(sound).key or ""
    assert keys == "7"


async def test_the_callers_keys_reach_a_machine_that_has_the_call(
    office: Office, joined: Joined, numbers: Numbers
) -> None:
    conduct = office.conduct("anna")
    conduct.consult_number(CALLER, "lawyer")
    await settle()
    await conduct.hand_over(CALLER)
    assert numbers.person is not None
    numbers.person.takes_keys = True
    joined.caller.press("9")
    await settle()
    assert numbers.person.pressed == "9"


async def test_who_hangs_up_lets_the_caller_go_on(office: Office, joined: Joined) -> None:
    await office.conduct("anna").hang_up(CALLER)
    assert joined.agent.ended
    assert joined.talk.onward is None
    ended = await asyncio.wait_for(joined.tasks[1], 30)
    assert not ended.failed


async def test_a_browser_that_dies_in_the_call_is_a_line_that_died(
    office: Office, joined: Joined
) -> None:
    joined.agent.hang_up()
    ended = await asyncio.wait_for(joined.tasks[1], 30)
    assert ended.failed


async def test_a_caller_is_not_left_with_a_desk_that_was_closed(
    office: Office, joined: Joined
) -> None:
    office.desk("anna").close(office.desk("anna").open())
    joined.agent.hold()  # nothing is heard of the browser
    await settle()
    await office.clock.advance(GRACE_S + 1)
    assert not joined.tasks[1].done(), "another window is open"
    for screen in list(office.desk("anna").screens):
        office.desk("anna").close(screen)
    await office.clock.advance(GRACE_S + 1)
    ended = await asyncio.wait_for(joined.tasks[1], 30)
    assert ended.failed


async def test_a_call_outlives_the_line_of_its_page(office: Office, joined: Joined) -> None:
    for screen in list(office.desk("anna").screens):
        office.desk("anna").close(screen)
    await office.clock.advance(GRACE_S + 1)
    assert not joined.tasks[1].done()
    assert await heard(joined) == [100, 10]


async def test_a_caller_sent_to_a_queue_waits_there(office: Office, joined: Joined) -> None:
    await office.conduct("anna").to_queue(CALLER, "billing")
    place = office.service.standing(CALLER)
    assert place is not None
    assert (place.queue, place.state) == ("billing", ContactState.WAITING)
    assert isinstance(joined.talk.onward, ToQueue)
    assert joined.agent.ended


async def test_a_queue_that_takes_nobody_leaves_the_caller_here(
    office: Office, joined: Joined
) -> None:
    with pytest.raises(RoutingError, match="no queue 'moon'"):
        await office.conduct("anna").to_queue(CALLER, "moon")
    assert await heard(joined) == [100, 10]


async def test_a_caller_goes_to_a_number_or_back_into_the_flow(
    office: Office, joined: Joined
) -> None:
    conduct = office.conduct("anna")
    for wrong in ("nobody", "12; rm", ""):
        with pytest.raises(RoutingError, match="cannot be called"):
            await conduct.to_number(CALLER, wrong)
    with pytest.raises(RoutingError, match="'returns' have no"):
        await conduct.to_flow(CALLER, "payment")
    assert not joined.agent.ended
    await conduct.to_number(CALLER, "+15550111")
    assert joined.talk.onward == ToAddress("sip:+15550111@192.0.2.8")


async def test_the_way_back_is_one_of_the_queues(office: Office, joined: Joined) -> None:
    await office.conduct("anna").to_flow(CALLER, "survey")
    assert joined.talk.onward == ToFlow("survey")


async def test_advice_is_heard_by_the_agent_alone_until_all_are_joined(
    office: Office, joined: Joined, numbers: Numbers
) -> None:
    conduct = office.conduct("anna")
    conduct.consult_number(CALLER, "lawyer")
    await settle()
    assert numbers.dialled == ["sip:lawyer@192.0.2.9"]
    assert numbers.told == {"queue": "support", "order": "17"}
    assert numbers.person is not None
    assert contact(office)["consulted"]["state"] == "there"
    assert await heard(joined, numbers.person) == [0, 1000, 100]
    conduct.take_back(CALLER)
    assert await heard(joined, numbers.person) == [1100, 1010, 110]
    await conduct.let_go(CALLER)
    assert numbers.person.ended
    assert await heard(joined) == [100, 10]


async def test_a_caller_who_is_handed_over_stays_with_the_other(
    office: Office, joined: Joined, numbers: Numbers
) -> None:
    conduct = office.conduct("anna")
    with pytest.raises(RoutingError, match="nobody has answered"):
        await conduct.hand_over(CALLER)
    conduct.consult_number(CALLER, "lawyer")
    await settle()
    with pytest.raises(RoutingError, match="asked already"):
        conduct.consult_number(CALLER, "lawyer")
    await conduct.hand_over(CALLER)
    await settle()
    assert joined.agent.ended
    assert office.service.standing(CALLER) is None
    assert contact(office)["wrapping"]
    assert numbers.person is not None
    assert not joined.tasks[1].done()
    numbers.person.hang_up()
    ended = await asyncio.wait_for(joined.tasks[1], 30)
    assert not ended.failed


async def test_who_cannot_be_asked_is_told_and_another_may_be(
    office: Office, joined: Joined, numbers: Numbers
) -> None:
    numbers.error = DialFailed("lawyer", "busy", 486)
    conduct = office.conduct("anna")
    conduct.consult_number(CALLER, "lawyer")
    await settle()
    consulted = contact(office)["consulted"]
    assert (consulted["state"], consulted["problem"]) == ("failed", "busy")
    numbers.error = None
    conduct.consult_number(CALLER, "lawyer")
    await settle()
    assert contact(office)["consulted"]["state"] == "there"


async def test_a_colleague_is_asked_gets_nobody_else_and_takes_the_caller(
    office: Office, joined: Joined
) -> None:
    conduct = office.conduct("anna")
    with pytest.raises(RoutingError, match="not free"):
        conduct.consult_agent(CALLER, AgentId("bert"))
    screen = office.sit_down("bert")
    conduct.consult_agent(CALLER, AgentId("bert"))
    await settle()
    (ringing,) = office.view("bert")["ringing"]
    assert (ringing["asked_by"], ringing["caller"]) == ("anna", "caller")
    assert office.view("bert")["agent"]["reason"] == "asked by anna"
    colleague = await office.accept("bert", screen)
    assert contact(office, "bert")["advises"]
    with pytest.raises(RoutingError, match="your colleague's"):
        office.conduct("bert").take_back(CALLER)
    await conduct.hand_over(CALLER)
    await settle()
    assert not contact(office, "bert")["advises"]
    assert contact(office, "bert")["consulted"] is None
    for refused in (office.conduct("bert").let_go, office.conduct("bert").hand_over):
        with pytest.raises(RoutingError):
            await refused(CALLER)
    office.conduct("bert").hold(CALLER)
    office.conduct("bert").take_back(CALLER)
    await office.conduct("bert").hang_up(CALLER)
    await asyncio.wait_for(joined.tasks[1], 30)
    assert colleague.ended
    assert office.view("bert")["agent"]["state"] == "available"
    assert contact(office, "bert")["over_at"] is not None


async def test_a_colleague_who_is_let_go_before_answering_is_free_again(
    office: Office, joined: Joined
) -> None:
    office.sit_down("bert")
    conduct = office.conduct("anna")
    conduct.consult_agent(CALLER, AgentId("bert"))
    await settle()
    await conduct.let_go(CALLER)
    assert office.view("bert")["ringing"] == []
    assert office.view("bert")["agent"]["state"] == "available"


async def test_a_conversation_that_is_over_takes_no_orders(office: Office, joined: Joined) -> None:
    await joined.end()
    with pytest.raises(RoutingError, match="no conversation"):
        office.conduct("anna").hold(CALLER)
    with pytest.raises(RoutingError, match="not on your desk"):
        office.conduct("anna").hold(ContactId("somebody"))
