"""The desk of one agent: what rings there, who answers, and what becomes of a desk that is left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.desk.office import Office
from tests.sessions.agents_at_work import settle
from voicebot.acd.model import AgentId, ContactId, Presence
from voicebot.desk.desk import GRACE_S, MOST_SCREENS
from voicebot.errors import RoutingError
from voicebot.sessions.place import Joined, Place

CALLER = ContactId("caller")


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    made = Office("anna", "bert", phones={"carl": "sip:carl@192.0.2.7"})
    yield made
    await made.close()


async def joined(place: Place) -> Joined:
    while True:
        found = await asyncio.wait_for(place.next(), 30)
        if isinstance(found, Joined):
            return found


async def test_who_rings_and_why_is_on_every_window_of_the_agent(office: Office) -> None:
    first, second = office.sit_down("anna"), office.desk("anna").open()
    for screen in (first, second):
        await screen.stirred(0)
    await office.arrive(
        mood="angry",
        intent="return",
        matter={"about": "return", "open": True},
        customer={"name": "Ms Doe"},
        size={"shoe": 42},
        headers={"p": "secret"},
    )
    (ringing,) = office.view("anna")["ringing"]
    assert ringing["caller"] == "caller"
    assert (ringing["name"], ringing["intent"], ringing["mood"]) == ("Ms Doe", "return", "angry")
    assert ringing["facts"] == [["order", "17"], ["size.shoe", "42"]]
    assert ringing["until"] - ringing["arrived_at"] == 20
    for screen in (first, second):
        async with asyncio.timeout(30):
            await screen.stirred(20)


async def test_the_agent_answers_in_the_browser_and_is_joined(office: Office) -> None:
    screen = office.sit_down("anna")
    place = await office.arrive()
    await office.accept("anna", screen)
    found = await joined(place)
    assert (found.agent_id, found.leg) == ("anna", office.desk("anna").lines[CALLER])
    view = office.view("anna")
    assert view["ringing"] == []
    (contact,) = view["contacts"]
    assert (contact["contact"], contact["codes"]) == ("caller", ["solved", "later"])


async def test_of_two_windows_that_answer_one_is_told_that_the_other_does(office: Office) -> None:
    first, second = office.sit_down("anna"), office.desk("anna").open()
    await office.arrive()
    right = office.desk("anna").accept(CALLER, first)
    with pytest.raises(RoutingError, match="another of your windows"):
        office.desk("anna").accept(CALLER, second)
    office.desk("anna").give_back(CALLER, first)
    await office.accept("anna", second)
    agent = await office.pages.call(right["token"])
    assert agent.ended, "the window that gave up has no call"
    assert len(office.view("anna")["contacts"]) == 1


async def test_who_declines_leaves_the_caller_to_others(office: Office) -> None:
    office.sit_down("anna")
    office.sit_down("bert")
    await office.arrive()
    office.desk("anna").decline(CALLER)
    await settle()
    assert office.view("anna")["ringing"] == []
    assert len(office.view("bert")["ringing"]) == 1
    assert office.view("anna")["agent"]["state"] == "available"


async def test_a_desk_that_dies_while_it_rings_is_away_and_the_next_one_rings(
    office: Office,
) -> None:
    screen = office.sit_down("anna")
    office.sit_down("bert")
    await office.arrive()
    right = office.desk("anna").accept(CALLER, screen)
    office.desk("anna").close(screen)
    await office.clock.advance(GRACE_S + 1)
    assert office.service.agents()[AgentId("anna")].presence is Presence.AWAY
    assert len(office.view("bert")["ringing"]) == 1
    agent = await office.pages.call(right["token"])
    assert agent.ended


async def test_a_desk_that_nobody_has_open_is_away_at_once(office: Office) -> None:
    office.desk("anna").ready()
    office.sit_down("bert")
    await office.arrive()
    assert office.view("anna")["agent"]["state"] == "away"
    assert len(office.view("bert")["ringing"]) == 1


async def test_a_page_that_is_loaded_anew_is_no_desk_that_was_left(office: Office) -> None:
    screen = office.sit_down("anna")
    await office.arrive()
    office.desk("anna").close(screen)
    await office.clock.advance(GRACE_S - 1)
    again = office.desk("anna").open()
    await office.clock.advance(5)
    await office.accept("anna", again)
    assert len(office.view("anna")["contacts"]) == 1


async def test_a_caller_who_hangs_up_rings_no_more_and_an_answer_then_comes_too_late(
    office: Office,
) -> None:
    screen = office.sit_down("anna")
    place = await office.arrive()
    right = office.desk("anna").accept(CALLER, screen)
    await place.leave("hung up")
    await settle()
    assert office.view("anna")["ringing"] == []
    assert [each["reason"] for each in screen.take()] == ["caller left"]
    agent = await office.pages.call(right["token"])
    assert agent.ended
    with pytest.raises(RoutingError, match="does not ring here any more"):
        office.desk("anna").accept(CALLER, screen)


async def test_an_agent_who_answers_in_the_moment_of_the_hang_up_is_hung_up(
    office: Office,
) -> None:
    screen = office.sit_down("anna")
    place = await office.arrive()
    right = office.desk("anna").accept(CALLER, screen)
    ringing = office.desk("anna").ringing[CALLER]
    answering = asyncio.create_task(office.pages.call(right["token"]))
    while not ringing.leg.done():
        await asyncio.sleep(0)
    leg = ringing.leg.result()
    assert leg is not None
    await place.leave("hung up")
    await answering
    await settle()
    assert leg.over.is_set()
    assert office.view("anna")["contacts"] == []


async def test_an_agent_with_a_telephone_answers_there_and_may_decline_here(
    office: Office,
) -> None:
    screen = office.sit_down("carl")
    place = await office.arrive()
    (ringing,) = office.view("carl")["ringing"]
    assert ringing["by_phone"]
    with pytest.raises(RoutingError, match="at your telephone"):
        office.desk("carl").accept(CALLER, screen)
    await office.telephones.last.answer()
    assert (await joined(place)).agent_id == "carl"
    other = await office.arrive("other")
    await place.leave("over")
    await office.clock.advance(31)
    office.desk("carl").decline(ContactId("other"))
    await settle()
    assert office.telephones.last.cancelled
    await other.leave("over")


async def test_an_agent_with_a_telephone_may_close_the_desk(office: Office) -> None:
    office.desk("carl").close(office.sit_down("carl"))
    await office.clock.advance(GRACE_S + 1)
    assert office.service.agents()[AgentId("carl")].presence is Presence.AVAILABLE


async def test_pause_ready_and_sign_out(office: Office) -> None:
    desk = office.desk("anna")
    with pytest.raises(RoutingError):
        desk.pause("Lunch")
    desk.sign_out()
    desk.ready()
    desk.pause("Lunch")
    assert (office.view("anna")["agent"]["state"], office.view("anna")["agent"]["reason"]) == (
        "paused", "Lunch"
    )  # fmt: skip
    desk.ready()
    desk.ready()
    assert office.view("anna")["agent"]["state"] == "available"
    desk.sign_out()
    assert office.view("anna")["agent"]["state"] == "signed_out"


async def test_after_the_call_comes_the_work_that_the_agent_ends(office: Office) -> None:
    screen = office.sit_down("anna")
    place = await office.arrive()
    await office.accept("anna", screen)
    await place.leave("over")
    (contact,) = office.view("anna")["contacts"]
    assert (contact["wrapping"], contact["wrap_until"]) == (True, office.clock.now + 30)
    await office.clock.advance(31)
    (contact,) = office.view("anna")["contacts"]
    assert not contact["wrapping"]
    assert contact["over_at"] is not None


async def test_a_desk_keeps_the_last_contacts_and_has_few_windows(office: Office) -> None:
    screen = office.sit_down("anna")
    for number in range(8):
        place = await office.arrive(f"c{number}")
        await office.accept("anna", screen, f"c{number}")
        await place.leave("over")
        await office.clock.advance(31)
    assert [each["contact"] for each in office.view("anna")["contacts"]] == [
        "c3",
        "c4",
        "c5",
        "c6",
        "c7",
    ]
    for _ in range(MOST_SCREENS - 1):
        office.desk("anna").open()
    with pytest.raises(RoutingError, match="close one"):
        office.desk("anna").open()


async def test_a_window_that_reads_too_slowly_is_cut_off(office: Office) -> None:
    screen = office.sit_down("anna")
    for _ in range(300):
        office.desk("anna").tell({"type": "said"})
    assert screen.cut_off
