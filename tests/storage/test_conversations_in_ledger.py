"""Conversations that began in text are contacts of the ledger: each once, with one outcome."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.sessions.chat_house import House, house, message
from tests.sessions.test_chats import a_call
from tests.storage.facts import ended, started, turn
from voicebot.analytics.history import Span
from voicebot.analytics.totals import Rules
from voicebot.events import CallEvent, TurnResult
from voicebot.sessions.chat_ledger import BY_TELEPHONE, ChatLedger
from voicebot.sessions.chats import Chats
from voicebot.sessions.invitation import TextFrom
from voicebot.storage.archive import SqlCallArchive
from voicebot.storage.contacts import SqlContacts
from voicebot.storage.conversations import SqlChatStore
from voicebot.storage.database import open_database
from voicebot.storage.journal import SqlJournal
from voicebot.storage.ledger import SqlLedger
from voicebot.storage.misheard import SqlMisheard
from voicebot.types import CallId, Outcome

RULES = Rules()
ALWAYS = Span(0.0, 1e6)
MATTER = "menu:\n    matter: {about: wish}"


@pytest.fixture
def shop(tmp_path: Path) -> House:
    shop = house(tmp_path)
    shop.flow = shop.flow.replace("menu:", MATTER, 1)
    return shop


@asynccontextmanager
async def served(shop: House, *, ledger: bool = True) -> AsyncIterator[Chats]:
    """The conversations, with the facts of their contacts in the records at the end."""
    engine = open_database(shop.url)
    journal = SqlJournal(engine)
    await journal.start()
    async with shop.running() as chats:
        if ledger:
            chats.keep_ledger(ChatLedger(journal.append).ended)
        yield chats
    await journal.stop()
    await engine.dispose()


async def contacts(shop: House) -> list[tuple[str, str, str, str, float]]:
    """Door, caller, outcome, matter and seconds of each, the oldest first."""
    engine = open_database(shop.url)
    pages = [page async for page in SqlContacts(engine, RULES).pages(ALWAYS, 1e6)]
    sums = await SqlLedger(engine, RULES).sums(ALWAYS, {}, None, hourly=False, now=1e6)
    await engine.dispose()
    found = [each for page in pages for each in page]
    counted = sum(each.totals.contacts for each in sums)
    assert counted == len(found)
    assert counted == sum(
        getattr(each.totals, outcome.value) for each in sums for outcome in Outcome
    )
    return [
        (
            each.door,
            each.caller,
            each.outcome.value,
            each.intent,
            each.ended_at - (each.answered_at or 0.0),
        )
        for each in found
    ]


async def test_every_way_to_end_gives_one_contact_with_one_outcome(shop: House) -> None:
    async with served(shop) as chats:
        answered = (await chats.begin()).conversation
        for words in ("opening hours", "good bye"):
            shop.now += 10
            await chats.say(answered, message(words))
        shop.now += 100
        left = (await chats.begin()).conversation
        shop.now += 20
        await chats.say(left, message("delivery"))
        shop.now += 100
        for id_, words in (("1", "delivery"), ("2", "bye"), ("2", "bye")):
            await chats.take(TextFrom("whatsapp", "+15550142", id_, words))
        shop.now += 10 * 86_400
        await chats.tidying.sweep()
        await chats.tidying.sweep()
    assert await contacts(shop) == [
        ("chat", "", "self_served", "wish", 20.0),
        ("chat", "", "abandoned_in_flow", "wish", 20.0),
        ("webhook", "+15550142", "abandoned_in_flow", "wish", 0.0),
    ]


async def test_what_came_from_a_call_or_went_on_as_one_is_that_calls_contact(shop: House) -> None:
    async with served(shop) as chats:
        await chats.prepare(a_call(shop))
        invited = await chats.open(shop.sent[-1], lambda _: "")
        await chats.say(invited.conversation, message("good bye"))
        spoken = (await chats.begin()).conversation
        await chats.leave_for_voice(spoken)
    assert await contacts(shop) == []


async def test_who_was_called_back_has_the_outcome_of_the_call(shop: House) -> None:
    facts: list[CallEvent] = []
    async with served(shop) as chats:
        talk = (await chats.begin()).conversation
        record = await chats.leave_for_voice(talk, BY_TELEPHONE)
    async with served(shop):
        ledger = ChatLedger(facts.append)
        ledger.called_back(record, (), shop.now + 5, Outcome.SELF_SERVED)
    engine = open_database(shop.url)
    journal = SqlJournal(engine)
    await journal.start()
    for fact in facts:
        journal.append(fact)
    await journal.stop()
    await engine.dispose()
    assert await contacts(shop) == [("chat", "", "self_served", "", 5.0)]


async def test_ends_that_nobody_wrote_down_are_found_at_the_next_start(shop: House) -> None:
    async with served(shop, ledger=False) as chats:
        done = (await chats.begin()).conversation
        await chats.say(done, message("bye"))
        cut = (await chats.begin()).conversation
        await chats.leave_for_voice(cut, BY_TELEPHONE)
        by_voice = (await chats.begin()).conversation
        await chats.leave_for_voice(by_voice)
        await chats.begin()
    engine = open_database(shop.url)
    journal = SqlJournal(engine)
    await journal.start()
    ledger, store = ChatLedger(journal.append), SqlChatStore(engine)
    for record in await store.not_in_ledger(0.0, 100):
        ledger.found(record, await store.lines(record.id))
    await journal.flush()
    assert await store.not_in_ledger(0.0, 100) == []
    await journal.stop()
    await engine.dispose()
    assert sorted(outcome for _, _, outcome, *_ in await contacts(shop)) == [
        "abandoned_in_flow",
        "failed",
    ]


async def test_what_was_written_stands_in_the_record_as_turns(shop: House) -> None:
    async with served(shop) as chats:
        talk = (await chats.begin()).conversation
        for words in ("my parcel is wet", "delivery"):
            shop.now += 10
            await chats.say(talk, message(words))
        shop.now += 10 * 86_400
        await chats.tidying.sweep()
    engine = open_database(shop.url)
    call = await SqlCallArchive(engine).get_call(CallId(talk))
    misses = await SqlMisheard(engine).misheard(ALWAYS, {}, unsure=0.6, limit=9)
    await engine.dispose()
    assert call is not None
    assert call.spoken == ()
    told = [(turn.step, turn.result, turn.prompt, turn.channel) for turn in call.turns]
    assert told == [
        ("menu", TurnResult.NOMATCH, "Hello. What is it about?", "web"),
        ("menu", TurnResult.MATCH, "Pardon?", "web"),
        ("delivery", TurnResult.SAID, "Which day?", "web"),
    ]
    assert [turn.text for turn in misses.turns] == ["my parcel is wet"]


async def test_what_was_written_after_a_call_is_told_of_that_call(shop: House) -> None:
    engine = open_database(shop.url)
    journal = SqlJournal(engine)
    await journal.start()
    for event in (started("c1"), turn("c1", 1), ended("c1")):
        journal.append(event)
    await journal.flush()
    async with served(shop, ledger=False) as chats:
        await chats.prepare(a_call(shop, "opening hours"))
        invited = await chats.open(shop.sent[-1], lambda _: "")
        await chats.say(invited.conversation, message("good bye"))
    store = SqlChatStore(engine)
    (record,) = await store.not_in_ledger(0.0, 100)
    ChatLedger(journal.append).found(record, await store.lines(record.id))
    await journal.flush()
    assert await store.not_in_ledger(0.0, 100) == []
    call = await SqlCallArchive(engine).get_call(CallId("c1"))
    await journal.stop()
    await engine.dispose()
    assert call is not None
    assert call.outcome is Outcome.SELF_SERVED
    assert [turn.index for turn in call.spoken] == [1]
    written = [turn.heard.text for turn in call.turns if turn.channel and turn.heard]
    assert written == ["good bye"]
