"""Two who answer at once, queues that take nobody, agents who are removed: nobody is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tests.desk.office import Joined, Office, join
from tests.sessions.agents_at_work import settle
from voicebot.acd import events as ev
from voicebot.acd.hours import Hours
from voicebot.acd.model import (
    AgentId,
    Contact,
    ContactId,
    ContactState,
    Overflow,
    QueueRules,
    Spill,
)
from voicebot.errors import RoutingError
from voicebot.sessions.briefing import Briefing

CALLER = ContactId("caller")
ANNA, BERT = AgentId("anna"), AgentId("bert")
RULES = (
    QueueRules("support", wrap_up_s=30),
    QueueRules("night", hours=Hours(ZoneInfo("UTC"), ((),) * 7)),
    QueueRules("full", overflow=(Overflow(Spill.LENGTH, length=1),)),
)


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    made = Office("anna", "bert", rules=RULES)
    made.service.enter(Contact(ContactId("before"), "full"), Briefing())
    yield made
    await made.close()


async def talking(office: Office) -> Joined:
    screen = office.sit_down("anna")
    await office.arrive()
    return await join(office, "anna", await office.accept("anna", screen))


async def hear_each_other(joined: Joined) -> bool:
    for _ in range(10):
        await joined.caller.step(np.full(160, 10, np.int16))
        await joined.agent.step(np.full(160, 100, np.int16))
    return (int(joined.caller.heard[-1][0]), int(joined.agent.heard[-1][0])) == (100, 10)


async def test_of_two_agents_who_answer_in_the_same_moment_one_has_the_caller(
    office: Office,
) -> None:
    first, second = office.sit_down("anna"), office.sit_down("bert")
    await office.arrive()
    late = office.desk("anna").accept(CALLER, first)["token"]
    await office.clock.advance(21)  # the line comes up only when it rings at bert by now
    taken = office.desk("bert").accept(CALLER, second)["token"]
    anna, bert = await asyncio.gather(office.pages.call(late), office.pages.call(taken))
    await settle()
    standing = office.service.standing(CALLER)
    assert standing is not None
    assert (standing.state, standing.agent_id) == (ContactState.CONNECTED, BERT)
    assert bert.ended is None
    assert anna.ended is not None
    assert CALLER not in office.desk("anna").contacts


async def test_of_two_lines_that_wait_at_two_agents_only_the_one_asked_now_counts(
    office: Office,
) -> None:
    first, second = office.sit_down("anna"), office.sit_down("bert")
    await office.arrive()
    anna = await office.pages.call(office.desk("anna").prepare(CALLER, first)["token"])
    await office.clock.advance(21)
    bert = await office.pages.call(office.desk("bert").prepare(CALLER, second)["token"])
    with pytest.raises(RoutingError, match="does not ring here"):
        office.desk("anna").accept(CALLER, first, warm=True)
    office.desk("bert").accept(CALLER, second, warm=True)
    await settle()
    assert (anna.ended is not None, bert.ended) == (True, None)
    assert office.service.agents()[BERT].contacts == (CALLER,)


@pytest.mark.parametrize(("queue", "why"), [("night", "closed"), ("full", "length")])
async def test_a_queue_that_takes_nobody_leaves_the_caller_with_the_agent(
    office: Office, queue: str, why: str
) -> None:
    joined = await talking(office)
    with pytest.raises(RoutingError, match=rf"takes nobody now \({why}\)"):
        await office.conduct("anna").to_queue(CALLER, queue)
    assert await hear_each_other(joined)
    assert joined.talk.onward is None
    await joined.end()


@pytest.mark.parametrize("queue", ["night", "full"])
async def test_so_it_is_for_a_caller_whom_a_colleague_handed_over(
    office: Office, queue: str
) -> None:
    joined = await talking(office)
    screen = office.sit_down("bert")
    office.conduct("anna").consult_agent(CALLER, BERT)
    await settle()
    joined.agent = await office.accept("bert", screen)
    await office.conduct("anna").hand_over(CALLER)
    with pytest.raises(RoutingError, match="takes nobody now"):
        await office.conduct("bert").to_queue(CALLER, queue)
    assert await hear_each_other(joined)
    await joined.end()


async def test_an_agent_who_is_removed_goes_on_talking_and_may_send_the_caller_on(
    office: Office,
) -> None:
    joined = await talking(office)
    office.service.receive(ev.SignOut(ANNA))
    assert office.view("anna")["agent"]["state"] == "leaving"
    assert await hear_each_other(joined)
    await office.conduct("anna").to_queue(CALLER, "support")
    standing = office.service.standing(CALLER)
    assert standing is not None
    assert standing.state is ContactState.WAITING
    await office.clock.advance(31)
    assert ANNA not in office.service.agents()
    await joined.end()


async def test_a_colleague_who_is_removed_while_asked_is_given_nobody(office: Office) -> None:
    joined = await talking(office)
    screen = office.sit_down("bert")
    office.conduct("anna").consult_agent(CALLER, BERT)
    await settle()
    await office.accept("bert", screen)
    office.service.receive(ev.SignOut(BERT))
    with pytest.raises(RoutingError, match="bert is not signed in"):
        await office.conduct("anna").hand_over(CALLER)
    office.conduct("anna").take_back(CALLER)
    assert await hear_each_other(joined)
    await joined.end()


async def test_a_caller_who_hangs_up_as_the_colleague_answers_leaves_both_free(
    office: Office,
) -> None:
    joined = await talking(office)
    screen = office.sit_down("bert")
    office.conduct("anna").consult_agent(CALLER, BERT)
    await settle()
    token = office.desk("bert").accept(CALLER, screen)["token"]
    colleague, _ = await asyncio.gather(office.pages.call(token), joined.talk.close())
    await settle()
    assert colleague.ended is not None
    assert office.view("bert")["agent"]["state"] == "available"
    assert office.view("bert")["ringing"] == []
    with pytest.raises(RoutingError):
        await office.conduct("anna").hand_over(CALLER)
    await joined.end()
