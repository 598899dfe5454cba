"""Conversations in text that came to a person: the wait, the agent and their time are counted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.sessions.chat_house import message
from tests.sessions.text_centre import Centre, wants_person
from voicebot.acd import events as ev
from voicebot.acd.model import AgentId, ContactId, QueueRules
from voicebot.analytics.contacts import LedgerContact
from voicebot.analytics.history import Span
from voicebot.analytics.totals import Rules
from voicebot.sessions.chat_ledger import ChatLedger
from voicebot.sessions.chats import Chats
from voicebot.storage.contacts import SqlContacts
from voicebot.storage.database import open_database
from voicebot.storage.journal import SqlJournal
from voicebot.types import Outcome


@pytest.fixture
def centre(tmp_path: Path) -> Centre:
    return Centre(tmp_path, (QueueRules("support", wrap_up_s=None), QueueRules("billing")))


@asynccontextmanager
async def served(centre: Centre) -> AsyncIterator[Chats]:
    """The conversations, with all that becomes of them in the records at the end."""
    engine = open_database(centre.shop.url)
    journal = SqlJournal(engine)
    await journal.start()
    centre.note = journal.append
    async with centre.running() as chats:
        ledger = ChatLedger(
            journal.append, lambda contact: centre.service.noted(ContactId(contact))
        )
        chats.keep_ledger(ledger.ended)
        yield chats
    await journal.stop()
    await engine.dispose()


async def contacts(centre: Centre) -> list[LedgerContact]:
    engine = open_database(centre.shop.url)
    pages = SqlContacts(engine, Rules()).pages(Span(9e5, 2e6), 2e6)
    found = [each async for page in pages for each in page]
    await engine.dispose()
    return found


async def test_a_person_served_it_with_wait_talk_and_the_work_after_it(centre: Centre) -> None:
    async with served(centre) as chats:
        talk = await wants_person(chats)
        centre.clock.now += 20
        centre.sign_in("anna")
        with_anna = await centre.accept()
        centre.clock.now += 100
        await with_anna.leave()
        await chats.say(talk, message("bye"))
        centre.clock.now += 15
        centre.service.receive(ev.WrapUpDone(AgentId("anna"), ContactId(talk)))
    (contact,) = await contacts(centre)
    assert (contact.outcome, contact.queue, contact.agent) == (
        Outcome.TRANSFERRED, "support", "anna"
    )  # fmt: skip
    assert (contact.waited_s, contact.handled_s, contact.wrapped_s) == (20, 100, 15)


async def test_who_gave_up_waiting_is_abandoned_in_the_queue(centre: Centre) -> None:
    async with served(centre) as chats:
        await wants_person(chats)
        centre.clock.now += 25 * 3600
        await chats.tidying.sweep()
    (contact,) = await contacts(centre)
    assert (contact.outcome, contact.queue, contact.agent) == (
        Outcome.ABANDONED_IN_QUEUE, "support", ""
    )  # fmt: skip
    assert contact.waited_s == 25 * 3600


async def test_what_was_before_a_restart_counts_too(centre: Centre) -> None:
    async with served(centre):
        pass
    async with served(centre) as chats:
        talk = await wants_person(chats)
        centre.clock.now += 20
        centre.sign_in("anna")
        with_anna = await centre.accept()
        centre.clock.now += 100
        await with_anna.leave()
        await chats.say(talk, message("opening hours"))
    async with served(centre) as chats:
        centre.clock.now += 10
        await chats.leave_line(talk)
        await chats.say(talk, message("bye"))
    (contact,) = await contacts(centre)
    assert (contact.agent, contact.waited_s, contact.handled_s) == ("anna", 30, 100)
