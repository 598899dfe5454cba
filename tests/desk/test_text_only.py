"""Agents who take text for now, and what the knowledge has for what callers write."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest

from tests.desk.office import Office
from tests.sessions.agents_at_work import settle
from voicebot.acd.model import AgentId, Channel, ContactId
from voicebot.desk.card import read_card
from voicebot.desk.contacts import KEPT_LINES, AtDesk
from voicebot.sessions.briefing import Briefing
from voicebot.sessions.chat_records import PAGE, ChatLine, Who
from voicebot.sessions.invitation import ConversationId
from voicebot.sessions.ringing import RingingContact
from voicebot.sessions.text_talk import TextTalk


class Lines:
    """`TextSide` and `Pages`, of which nothing but the lines is asked."""

    def __init__(self) -> None:
        self.known: list[ChatLine] = []

    def add(self, who: Who, text: str) -> None:
        self.known.append(ChatLine(len(self.known) + 1, 1.0, PAGE, who, text))

    def lines(self, conversation: ConversationId) -> Sequence[ChatLine]:
        return self.known

    async def say(self, talk: TextTalk, text: str, key: str) -> int:
        raise AssertionError("nobody answers here")

    def show(self, conversation: ConversationId) -> None:
        raise AssertionError("nobody writes here")

    async def agent_left(self, talk: TextTalk, way: str) -> None:
        raise AssertionError("nobody leaves here")

    async def agent_sent_on(self, talk: TextTalk) -> None:
        raise AssertionError("nobody is sent on here")

    def agent_lost(self, talk: TextTalk) -> None:
        raise AssertionError("nobody is lost here")


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    made = Office("anna")
    yield made
    await made.close()


async def test_who_takes_text_only_gets_calls_when_ready_for_them(office: Office) -> None:
    desk = office.desk("anna")
    desk.open()
    desk.ready(text_only=True)
    await office.arrive()
    agent = office.view("anna")["agent"]
    assert (agent["state"], agent["voice"], agent["takes"]["voice"]) == ("available", 1, 0)
    assert office.view("anna")["ringing"] == []
    desk.ready()
    await settle()
    assert office.view("anna")["agent"]["takes"] == {"voice": 1, "text": 3}
    assert len(office.view("anna")["ringing"]) == 1


async def test_articles_follow_what_the_caller_writes(office: Office) -> None:
    screen, lines = office.sit_down("anna"), Lines()
    contact_id = ContactId("web1")
    contact = AtDesk(contact_id, "support", Briefing(), "", 0.0, channel=Channel.TEXT)
    office.desk("anna").put(contact)
    lines.add(Who.CALLER, "where is my parcel")
    talk = TextTalk(
        contact_id,
        ConversationId("talk1"),
        AgentId("anna"),
        0.0,
        lines,
        lines,
        office.clock.call_later,
    )
    office.desks.texting(talk)
    await settle()
    lines.add(Who.CALLER, "hello?")
    lines.add(Who.BOT, "one two three four")
    talk.changed()
    await settle()
    found = [each["question"] for each in screen.take() if each["type"] == "suggestions"]
    assert found == ["where is my parcel"]
    assert (await read_card(office.desks.services, contact))["asked"] == "where is my parcel"


async def test_what_was_written_is_on_the_card_while_it_rings(office: Office) -> None:
    office.sit_down("anna")
    lines = Lines()
    for number in range(KEPT_LINES):
        lines.add(Who.BOT, f"line {number}")
    lines.add(Who.CALLER, "where is my parcel")
    office.desks.written = lambda contact_id: lines.known
    contact = RingingContact(
        ContactId("web1"), "support", 0.0, 20.0, False, Briefing(), channel=Channel.TEXT
    )
    card = await read_card(office.desks.services, office.desks.ring(AgentId("anna"), contact))
    assert len(card["lines"]) == KEPT_LINES
    assert card["lines"][-1] == {"who": "caller", "text": "where is my parcel", "at": 1.0}
    assert card["asked"] == "where is my parcel"
