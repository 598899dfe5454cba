"""A caller whom a colleague handed over: all that may be done with them, and who is at work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from tests.desk.office import Joined, Office, join
from tests.sessions.agents_at_work import settle
from voicebot.acd.model import AgentId, Contact, ContactId, ContactState
from voicebot.errors import RoutingError
from voicebot.sessions.briefing import Briefing
from voicebot.sessions.place import Place
from voicebot.sessions.talk import ToFlow, ToQueue
from voicebot.telephony.loopback import LoopbackCaller

CALLER = ContactId("caller")
BERT = AgentId("bert")


@dataclass
class Handed:
    """Anna has handed the caller over to bert, whose end of the line is ``bert``."""

    office: Office
    joined: Joined
    place: Place
    bert: LoopbackCaller

    def contact(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.office.view(name)["contacts"][-1]
        return found

    async def consult(self, asking: str, asked: str) -> LoopbackCaller:
        screen = self.office.sit_down(asked)
        self.office.conduct(asking).consult_agent(CALLER, AgentId(asked))
        await settle()
        return await self.office.accept(asked, screen)


@pytest.fixture
async def handed() -> AsyncIterator[Handed]:
    office = Office("anna", "bert", "carl")
    screen = office.sit_down("anna")
    place = await office.arrive()
    joined = await join(office, "anna", await office.accept("anna", screen))
    made = Handed(office, joined, place, joined.agent)
    made.bert = await made.consult("anna", "bert")
    await office.conduct("anna").hand_over(CALLER)
    await settle()
    yield made
    await joined.end()
    await office.close()


async def test_the_contact_and_its_work_are_the_colleagues(handed: Handed) -> None:
    office = handed.office
    standing, bert = office.service.standing(CALLER), office.service.agent(BERT)
    assert standing is not None
    assert bert is not None
    assert (standing.state, standing.agent_id) == (ContactState.CONNECTED, BERT)
    assert (bert.presence, bert.contacts) == ("available", (CALLER,))
    assert handed.contact("anna")["wrapping"]
    assert not handed.contact("bert")["advises"]
    await office.conduct("bert").hang_up(CALLER)
    await asyncio.wait_for(handed.joined.tasks[1], 30)
    await handed.place.leave("the agent has left")
    assert handed.contact("bert")["wrapping"]
    assert office.service.agents()[BERT].wrapping == (CALLER,)


async def test_the_caller_can_be_sent_to_a_queue_again(handed: Handed) -> None:
    await handed.office.conduct("bert").to_queue(CALLER, "billing")
    standing = handed.office.service.standing(CALLER)
    assert standing is not None
    assert (standing.queue, standing.state) == ("billing", ContactState.WAITING)
    assert isinstance(handed.joined.talk.onward, ToQueue)
    ended = await asyncio.wait_for(handed.joined.tasks[1], 30)
    assert not ended.failed
    assert handed.contact("bert")["wrapping"]


async def test_the_caller_can_be_sent_back_into_the_flow(handed: Handed) -> None:
    await handed.office.conduct("bert").to_flow(CALLER, "survey")
    assert handed.joined.talk.onward == ToFlow("survey")
    assert handed.bert.ended


async def test_the_colleague_may_ask_somebody_and_hand_over_again(handed: Handed) -> None:
    office, joined = handed.office, handed.joined
    with pytest.raises(RoutingError, match="nobody is consulted"):
        await office.conduct("bert").let_go(CALLER)
    carl = await handed.consult("bert", "carl")
    assert handed.contact("carl")["advises"], "not theirs yet"
    with pytest.raises(RoutingError, match="your colleague's"):
        office.conduct("carl").hold(CALLER)
    await office.conduct("bert").hand_over(CALLER)
    await settle()
    assert handed.bert.ended
    assert not joined.tasks[1].done()
    for _ in range(10):
        await joined.caller.step(np.full(160, 10, np.int16))
        await carl.step(np.full(160, 100, np.int16))
    assert (int(joined.caller.heard[-1][0]), int(carl.heard[-1][0])) == (100, 10)
    assert handed.contact("bert")["wrapping"]
    await office.conduct("carl").hang_up(CALLER)
    ended = await asyncio.wait_for(joined.tasks[1], 30)
    assert not ended.failed


async def test_an_adviser_who_is_let_go_leaves_the_caller_with_the_colleague(
    handed: Handed,
) -> None:
    carl = await handed.consult("bert", "carl")
    await handed.office.conduct("bert").let_go(CALLER)
    assert carl.ended
    assert not handed.bert.ended
    assert handed.office.view("carl")["agent"]["state"] == "available"


async def test_a_browser_that_dies_at_the_colleague_puts_the_caller_at_the_head(
    handed: Handed,
) -> None:
    handed.bert.hang_up()
    ended = await asyncio.wait_for(handed.joined.tasks[1], 30)
    assert ended.failed
    assert handed.office.service.line_lost(handed.place)
    standing = handed.office.service.standing(CALLER)
    assert standing is not None
    assert standing.state is ContactState.WAITING


async def test_a_caller_who_hangs_up_leaves_no_line_open(handed: Handed) -> None:
    await handed.joined.talk.close()
    await settle()
    assert handed.bert.ended


async def test_a_colleague_who_has_got_another_caller_is_given_no_second(handed: Handed) -> None:
    office = handed.office
    await handed.consult("bert", "carl")
    office.desk("carl").ready()  # carl wants a caller of their own after all
    other = Contact(ContactId("other"), "support", party="+15550199")
    office.service.enter(other, Briefing("other"))
    await settle()
    with pytest.raises(RoutingError, match="no room"):
        await office.conduct("bert").hand_over(CALLER)
    assert not handed.bert.ended
    standing = office.service.standing(CALLER)
    assert standing is not None
    assert standing.agent_id == BERT
