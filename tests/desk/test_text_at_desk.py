"""Conversations in text at the desk: offered without a line, taken once, several at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.desk.office import Office
from tests.sessions.agents_at_work import settle
from tests.sessions.chat_house import house, message, told
from tests.sessions.text_centre import FLOW, until
from voicebot.acd.model import AgentId, ContactId, Presence
from voicebot.desk.desk import GRACE_S
from voicebot.desk.screens import Screen
from voicebot.errors import RoutingError
from voicebot.queues.reader import QueueFile
from voicebot.sessions.chats import Chats
from voicebot.sessions.invitation import ConversationId
from voicebot.sessions.queue_handoff import Queueing
from voicebot.types import HIDDEN


@dataclass
class Shop:
    """Callers who write, and the agents' desks."""

    office: Office
    chats: Chats

    async def caller(self) -> ConversationId:
        talk = (await self.chats.begin()).conversation
        await self.chats.say(talk, message("opening hours"))
        await settle()
        return talk

    async def rings(self, name: str) -> dict[str, Any]:
        await until(lambda: self.office.view(name)["ringing"])
        return dict(self.office.view(name)["ringing"][-1])

    async def takes(self, name: str, screen: Screen) -> ContactId:
        """The agent takes what rings; gives the contact once it is theirs."""
        contact = ContactId((await self.rings(name))["contact"])
        assert self.office.desk(name).accept(contact, screen) == {}
        await until(lambda: self.at(name, contact).get("joined"))
        return contact

    def at(self, name: str, contact: str) -> dict[str, Any]:
        found = self.office.view(name)["contacts"]
        return next((each for each in found if each["contact"] == contact), {})


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    office, text = Office("anna", "bert", phones={"carl": "sip:carl@192.0.2.7"}), house(tmp_path)
    text.clock, text.flow = office.clock, FLOW
    text.queueing = Queueing(office.service, QueueFile())
    async with text.running() as chats:
        chats.line.agents.talking = office.desks.texting
        yield Shop(office, chats)
        await office.close()


def lines_of(screen: Screen) -> list[tuple[str, str]]:
    told_lines = [each for each in screen.take() if each["type"] == "lines"]
    return [(line["who"], line["text"]) for each in told_lines for line in each["lines"]]


async def test_a_conversation_rings_and_is_taken_in_one_window(shop: Shop) -> None:
    first, second = shop.office.sit_down("anna"), shop.office.desk("anna").open()
    talk = await shop.caller()
    ringing = await shop.rings("anna")
    assert (ringing["channel"], ringing["by_phone"]) == ("text", False)
    assert ringing["facts"] == [["about", "opening"]]
    contact = ContactId(ringing["contact"])
    assert shop.office.desk("anna").accept(contact, second) == {}
    with pytest.raises(RoutingError, match="does not ring here any more"):
        shop.office.desk("anna").accept(contact, first)
    await until(lambda: shop.at("anna", contact).get("joined"))
    assert shop.at("anna", contact)["channel"] == "text"
    for screen in (first, second, shop.office.desk("anna").open()):
        assert lines_of(screen) == [
            ("bot", "What is it about?"),
            ("caller", "opening hours"),
        ]
    assert str(contact) == talk


async def test_what_the_caller_writes_is_unread_until_it_is_seen_or_answered(shop: Shop) -> None:
    screen = shop.office.sit_down("anna")
    talk = await shop.caller()
    contact = await shop.takes("anna", screen)
    conduct = shop.office.conduct("anna")
    assert shop.at("anna", contact)["unread"] == 1
    conduct.seen(contact, 2)
    await shop.chats.say(talk, message("delivery"))
    await shop.chats.say(talk, message("bye"))
    assert shop.at("anna", contact)["unread"] == 2
    await conduct.say(contact, "I am here.", "k1")
    assert shop.at("anna", contact)["unread"] == 0
    assert lines_of(screen)[-1] == ("agent", "I am here.")


async def test_pieces_of_a_card_number_leave_the_desk_once_it_is_known(shop: Shop) -> None:
    screen = shop.office.sit_down("anna")
    talk = await shop.caller()
    await shop.takes("anna", screen)
    for piece in ("4539", "5787", "6362"):
        await shop.chats.say(talk, message(piece))
    before = lines_of(screen)
    assert before[-1] == ("caller", "6362")
    await shop.chats.say(talk, message("1486"))
    told_now = [each for each in screen.take() if each["type"] == "lines"]
    now = {line["cursor"]: line["text"] for each in told_now for line in each["lines"]}
    first = len(before) - 2
    assert now == {first + place: HIDDEN for place in range(4)}
    # Who opens the desk now has not seen the pieces either.
    late = lines_of(shop.office.desk("anna").open())
    assert [text for _, text in late[-4:]] == [HIDDEN] * 4


async def test_conversations_stand_beside_each_other(shop: Shop) -> None:
    screen, conduct = shop.office.sit_down("anna"), shop.office.conduct("anna")
    talks = [await shop.caller() for _ in range(2)]
    contacts = [ContactId(talk) for talk in talks]
    assert {await shop.takes("anna", screen) for _ in talks} == set(contacts)
    for contact, talk, words in zip(contacts, talks, ("Hello.", "Good day."), strict=True):
        await conduct.say(contact, words, "k1")
        assert (await told(shop.chats, talk))[-1] == words
    await conduct.hang_up(contacts[0])
    assert shop.at("anna", contacts[0])["over_at"]
    assert shop.at("anna", contacts[0])["wrapping"]
    assert shop.at("anna", contacts[1])["joined"]
    assert (await told(shop.chats, talks[0]))[-2] == "Back from agent by ."


async def test_what_only_calls_know_is_refused_in_a_sentence(shop: Shop) -> None:
    screen, conduct = shop.office.sit_down("anna"), shop.office.conduct("anna")
    await shop.caller()
    contact = await shop.takes("anna", screen)
    orders: list[Callable[[], object]] = [
        lambda: conduct.hold(contact),
        lambda: conduct.press(contact, "1"),
        lambda: conduct.consult_number(contact, "17"),
        lambda: conduct.consult_agent(contact, AgentId("bert")),
    ]
    for order in orders:
        with pytest.raises(RoutingError, match="this caller writes"):
            order()
    with pytest.raises(RoutingError, match="this caller writes"):
        await conduct.to_number(contact, "17")
    with pytest.raises(RoutingError, match="no 'elsewhere'"):
        await conduct.to_flow(contact, "elsewhere")
    with pytest.raises(RoutingError, match="at most"):
        await conduct.say(contact, "x" * 2001, "k1")


async def test_a_conversation_goes_back_into_the_flow_or_to_another_queue(shop: Shop) -> None:
    screen, conduct = shop.office.sit_down("anna"), shop.office.conduct("anna")
    talk = await shop.caller()
    contact = await shop.takes("anna", screen)
    with pytest.raises(RoutingError, match="no queue"):
        await conduct.to_queue(contact, "nowhere")
    await conduct.to_flow(contact, "survey")
    assert (await told(shop.chats, talk))[-2] == "Back from agent by survey."
    shop.office.desk("anna").ready()
    other = await shop.caller()
    contact = await shop.takes("anna", screen)
    await conduct.to_queue(contact, "billing")
    waiting = (await shop.chats.view(other, 0)).waiting
    assert waiting is not None
    assert (waiting.queue, shop.at("anna", contact)["over_at"] is not None) == ("billing", True)


async def test_a_desk_that_is_left_gives_the_conversation_to_others(shop: Shop) -> None:
    screen = shop.office.sit_down("anna")
    talk = await shop.caller()
    contact = await shop.takes("anna", screen)
    await shop.office.conduct("anna").say(contact, "One moment.", "k1")
    shop.office.desk("anna").close(screen)
    await shop.office.clock.advance(GRACE_S - 1)
    assert (await shop.chats.view(talk, 0)).agent == "anna"
    bert = shop.office.sit_down("bert")
    await shop.office.clock.advance(2)
    await shop.takes("bert", bert)
    assert shop.at("anna", contact)["over_at"]
    assert ("agent", "One moment.") in lines_of(bert)
    assert (await shop.chats.view(talk, 0)).agent == "bert"


async def test_an_agent_with_a_telephone_gets_text_while_a_page_is_open(shop: Shop) -> None:
    desk = shop.office.desk("carl")
    desk.ready()
    talk = await shop.caller()
    assert not shop.office.view("carl")["ringing"]
    screen = desk.open()
    ringing = await shop.rings("carl")
    assert (ringing["channel"], ringing["by_phone"]) == ("text", False)
    assert not shop.office.telephones.rings
    desk.close(screen)
    await shop.office.clock.advance(GRACE_S + 1)
    carl = shop.office.service.agent(AgentId("carl"))
    assert carl is not None
    assert (carl.presence, carl.contacts) == (Presence.AVAILABLE, ())
    assert (await shop.chats.view(talk, 0)).waiting is not None
    await shop.takes("carl", desk.open())


async def test_who_does_not_answer_is_away_and_who_declines_is_passed_over(shop: Shop) -> None:
    shop.office.sit_down("anna")
    await shop.caller()
    contact = ContactId((await shop.rings("anna"))["contact"])
    shop.office.desk("anna").decline(contact)
    await settle()
    shop.office.sit_down("bert")
    await shop.rings("bert")
    await shop.office.clock.advance(21)
    bert = shop.office.service.agent(AgentId("bert"))
    assert bert is not None
    assert bert.presence is Presence.AWAY
    await shop.office.clock.advance(31)
    assert (await shop.rings("anna"))["contact"] == contact


async def test_a_page_is_told_of_the_caller_at_the_keys_and_gone(shop: Shop) -> None:
    screen = shop.office.sit_down("anna")
    talk = await shop.caller()
    contact = await shop.takes("anna", screen)

    async def told() -> tuple[bool, bool]:
        """Whether the caller writes, and is there, once the page is sent the state anew."""
        async with asyncio.timeout(20):
            await screen.stirred(60)
        of = shop.at("anna", contact)
        return of["writing"], of["there"]

    screen.take()
    shop.chats.writes(talk, True)
    assert await told() == (True, False)
    conduct = shop.office.conduct("anna")
    conduct.typing(contact, on=True)
    assert (await shop.chats.view(talk, 0)).agent_typing
    views = shop.chats.follow(talk, 0)
    screen.take()
    await anext(views)
    assert await told() == (True, True)


async def test_a_card_number_that_an_agent_writes_is_masked(shop: Shop) -> None:
    screen = shop.office.sit_down("anna")
    talk = await shop.caller()
    contact = await shop.takes("anna", screen)
    await shop.office.conduct("anna").say(contact, "Is it 4111 1111 1111 1111?", "k1")
    (line,) = (await shop.chats.view(talk, 2)).lines
    assert line.text.startswith("Is it ")
    assert "1111 1111" not in line.text
    assert lines_of(screen)[-1] == ("agent", line.text)
