"""Lines that pages make while it rings: the agent is joined at once, and nobody else is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.desk.office import Office, join
from tests.sessions.agents_at_work import settle
from voicebot.acd.model import AgentId, ContactId, ContactState
from voicebot.desk.screens import Screen
from voicebot.errors import RoutingError
from voicebot.telephony.loopback import LoopbackCaller

CALLER = ContactId("caller")


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    made = Office("anna", "bert", phones={"carl": "sip:carl@127.0.0.1"})
    yield made
    await made.close()


async def warm(office: Office, screen: Screen) -> LoopbackCaller:
    """The page makes its call while it rings; gives the agent's end."""
    return await office.pages.call(office.desk("anna").prepare(CALLER, screen)["token"])


async def accept(office: Office, screen: Screen) -> dict[str, Any]:
    given = office.desk("anna").accept(CALLER, screen, warm=True)
    await settle()
    return given


def is_connected(office: Office) -> bool:
    standing = office.service.standing(CALLER)
    return standing is not None and standing.state is ContactState.CONNECTED


async def test_who_answers_with_a_line_that_is_up_is_joined_at_once(office: Office) -> None:
    screen = office.sit_down("anna")
    await office.arrive()
    agent = await warm(office, screen)
    await agent.listen(20_000)  # it rings on: nothing is kept of what is said
    assert not is_connected(office)
    assert await accept(office, screen) == {"warm": True}
    assert is_connected(office)
    joined = await join(office, "anna", agent)
    agent.press("5")
    await settle()
    assert agent.ended is None
    await joined.end()


async def test_an_answer_just_before_the_line_is_up_waits_for_it(office: Office) -> None:
    screen = office.sit_down("anna")
    await office.arrive()
    token = office.desk("anna").prepare(CALLER, screen)["token"]
    assert await accept(office, screen) == {"warm": True}
    assert not is_connected(office)
    await office.pages.call(token)
    assert is_connected(office)


async def test_the_line_goes_when_it_does_not_ring_any_more(office: Office) -> None:
    screen = office.sit_down("anna")
    place = await office.arrive()
    agent = await warm(office, screen)
    await place.leave("hung up while waiting")
    await settle()
    assert agent.ended is not None


async def test_who_declines_is_rid_of_the_line_too(office: Office) -> None:
    screen = office.sit_down("anna")
    await office.arrive()
    agent = await warm(office, screen)
    office.desk("anna").decline(CALLER)
    await settle()
    assert agent.ended is not None


async def test_of_two_windows_the_one_that_answers_has_the_call(office: Office) -> None:
    first, second = office.sit_down("anna"), office.desk("anna").open()
    await office.arrive()
    idle, used = await warm(office, first), await warm(office, second)
    await accept(office, second)
    assert is_connected(office)
    with pytest.raises(RoutingError, match="does not ring"):
        await accept(office, first)
    assert idle.ended is not None
    assert used.ended is None


async def test_a_window_that_goes_takes_its_line_and_another_answers(office: Office) -> None:
    first, second = office.sit_down("anna"), office.desk("anna").open()
    await office.arrive()
    agent = await warm(office, first)
    office.desk("anna").close(first)
    await settle()
    assert agent.ended is not None
    await office.accept("anna", second)
    assert is_connected(office)


async def test_a_line_that_died_while_it_rang_is_made_anew(office: Office) -> None:
    screen = office.sit_down("anna")
    await office.arrive()
    agent = await warm(office, screen)
    agent.lose_line()
    await settle()
    right = await accept(office, screen)
    await office.pages.call(right["token"])
    assert is_connected(office)


async def test_a_line_that_dies_in_the_moment_of_the_answer_may_be_made_anew(
    office: Office,
) -> None:
    screen = office.sit_down("anna")
    await office.arrive()
    agent = await warm(office, screen)
    agent.lose_line()
    office.desk("anna").accept(CALLER, screen, warm=True)
    await settle()
    assert not is_connected(office)
    assert not office.view("anna")["ringing"][0]["taken"]
    await office.accept("anna", screen)
    assert is_connected(office)


async def test_a_page_that_is_out_of_reach_at_the_answer_is_known_to_be(office: Office) -> None:
    screen = office.sit_down("anna")
    await office.arrive()
    agent = await warm(office, screen)
    agent.hold()  # nothing is heard of the browser
    await settle()
    await accept(office, screen)
    joined = await join(office, "anna", agent)
    assert joined.talk.person.away, "the caller hears music instead of nothing"
    agent.resume()
    await settle()
    assert not joined.talk.person.away
    await joined.end()


async def test_who_has_a_telephone_prepares_nothing(office: Office) -> None:
    screen = office.sit_down("carl")
    await office.arrive()
    assert office.service.agent(AgentId("carl")) is not None
    with pytest.raises(RoutingError, match="at your telephone"):
        office.desk("carl").prepare(CALLER, screen)
