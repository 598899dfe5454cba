"""Contacts are read one by one, oldest first, each once, with what is known of their matter."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

import voicebot.storage.contacts
from tests.storage.made_up import MadeUp, store
from voicebot.analytics.contacts import LedgerContact
from voicebot.analytics.history import Span
from voicebot.analytics.totals import DAY_S, HOUR_S, Rules
from voicebot.desk.notes import Note
from voicebot.errors import StorageError
from voicebot.storage.contacts import SqlContacts
from voicebot.storage.database import open_database
from voicebot.storage.notes import SqlNotes
from voicebot.types import Outcome

BEGIN = 500_000 * HOUR_S
SPAN = Span(BEGIN, BEGIN + 10 * DAY_S)
RULES = Rules(repeat_days=2)


async def _read(engine: AsyncEngine, span: Span, now: float) -> list[LedgerContact]:
    contacts = SqlContacts(engine, RULES)
    return [each async for page in contacts.pages(span, now) for each in page]


async def test_each_contact_comes_once_however_many_pages(
    either: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voicebot.storage.contacts, "PAGE", 3)
    # Four of each time: a page ends in the midst of them.
    await store(either, [MadeUp(BEGIN + number // 4) for number in range(12)])
    found = await _read(either, Span(BEGIN, BEGIN + 2), BEGIN)
    assert [each.started_at - BEGIN for each in found] == [0, 0, 0, 0, 1, 1, 1, 1]
    assert len({each.id for each in found}) == 8


async def test_what_time_has_told_of_a_matter(either: AsyncEngine) -> None:
    one, other = "+1", "+2"
    await store(
        either,
        [
            MadeUp(BEGIN, number=one, matter="return", outcome=Outcome.ABANDONED_IN_FLOW),
            MadeUp(BEGIN + DAY_S, number=one, matter="return"),
            MadeUp(BEGIN + DAY_S + 1, number=other, matter="return"),
            MadeUp(BEGIN + DAY_S + 2, number=other),
        ],
    )
    early = await _read(either, SPAN, BEGIN + DAY_S + 60)
    assert [(each.repeat, each.resolved) for each in early] == [
        (False, False),
        (True, None),
        (False, None),
        (False, None),
    ]
    late = await _read(either, SPAN, BEGIN + 4 * DAY_S)
    assert [each.resolved for each in late] == [False, None, True, None]


async def test_contacts_without_their_database_are_told(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    engine = open_database(f"sqlite:///{tmp_path_factory.mktemp('empty')}/calls.db")
    with pytest.raises(StorageError, match="cannot be read"):
        await _read(engine, SPAN, BEGIN)
    await engine.dispose()


async def test_the_newest_result_of_the_agents_is_told(either: AsyncEngine) -> None:
    await store(either, [MadeUp(BEGIN, agent="ann", called_back=True), MadeUp(BEGIN + 1)])
    notes = SqlNotes(either)
    for agent, at, code in (("ann", 1.0, "label"), ("bert", 2.0, "solved"), ("cora", 3.0, "")):
        await notes.keep(Note("call-0", agent, "support", at, code, "Sent it again."))
    found = await _read(either, SPAN, BEGIN + 60)
    assert [(each.result, each.called_back) for each in found] == [("solved", True), ("", False)]
