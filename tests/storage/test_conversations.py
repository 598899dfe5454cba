"""Conversations on SQL: what was kept comes back, and nobody writes over anybody."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.errors import StorageError
from voicebot.events import QueueNoted
from voicebot.sessions.chat_records import ChatChange, ChatLine, ChatRecord, Stand, Who
from voicebot.sessions.invitation import ConversationId
from voicebot.storage.conversations import SqlChatStore
from voicebot.storage.database import open_database
from voicebot.storage.migrations import _config
from voicebot.types import CallId, Language, Outcome


def record(name: str = "t1", **fields: object) -> ChatRecord:
    plain = ChatRecord(
        ConversationId(name), "main", Language("en-US"), "one", {"frames": []}, 1.0, 2.0
    )
    return replace(plain, **fields)  # type: ignore[arg-type]


def line(cursor: int, text: str = "hello", **fields: object) -> ChatLine:
    plain = ChatLine(cursor, 5.0, "web", Who.CALLER, text, f"m{cursor}")
    return replace(plain, **fields)  # type: ignore[arg-type]


async def test_what_was_kept_comes_back(engine: AsyncEngine) -> None:
    store = SqlChatStore(engine)
    kept = record(
        contact=CallId("c"), channel="sms", sender="+49", cursor=2, opened_at=3.0, ended_at=4.0,
        outcome=Outcome.SELF_SERVED, reason="done", link="ab" * 32, link_until=9.0, key="cd" * 32,
        stand=Stand(1.0, 2.0, "support", "anna", head=True, thanked=True),
        noted=QueueNoted(CallId("c"), 2.0, "support", None, "anna", 3.0, 4.0, called_back=True),
    )  # fmt: skip
    lines = [
        line(1),
        line(2, "שלום 🦄", who=Who.BOT, client_id=""),
        line(3, "Hello", who=Who.AGENT, client_id="k1", name="anna"),
    ]
    await store.create(kept, lines)
    assert await store.get(kept.id) == kept
    assert await store.lines(kept.id) == lines
    assert await store.by_link("ab" * 32) == kept
    assert await store.by_contact(CallId("c")) is None  # it has ended
    assert await store.by_sender("sms", "+49") is None
    assert await store.open_count() == 0


async def test_who_stands_in_queues_is_found_the_longest_first(engine: AsyncEngine) -> None:
    store = SqlChatStore(engine)
    for name, since in (("late", 9.0), ("early", 1.0)):
        await store.create(record(name, stand=Stand(since, since)), [])
    await store.create(record("nowhere"), [])
    await store.create(record("over", stand=Stand(0.0, 0.0), ended_at=4.0), [])
    assert await store.standing(10) == ["early", "late"]
    early = await store.get(ConversationId("early"))
    assert early is not None
    assert await store.commit(ChatChange(replace(early, stand=None), 0))
    assert await store.standing(10) == ["late"]


async def test_a_change_after_another_line_is_not_made(engine: AsyncEngine) -> None:
    store = SqlChatStore(engine)
    await store.create(record(), [])
    first = ChatChange(record(cursor=1), 0, [line(1, "first")])
    second = ChatChange(record(cursor=1), 0, [line(1, "second")])
    assert sorted(await asyncio.gather(store.commit(first), store.commit(second))) == [False, True]
    assert [each.text for each in await store.lines(ConversationId("t1"))] == ["first"]


async def test_many_changes_at_once_are_all_kept(engine: AsyncEngine) -> None:
    store = SqlChatStore(engine)
    names = [f"t{number}" for number in range(300)]
    for name in names:
        await store.create(record(name), [])
    changes = (ChatChange(record(name, cursor=1), 0, [line(1)]) for name in names)
    assert all(await asyncio.gather(*(store.commit(change) for change in changes)))
    assert await store.open_count() == 300


async def test_a_change_that_cannot_be_kept_is_told(engine: AsyncEngine) -> None:
    store = SqlChatStore(engine)
    await store.create(record(), [line(1)])
    with pytest.raises(StorageError, match="cannot be written"):
        await store.commit(ChatChange(record(cursor=1), 0, [line(1)]))
    assert await store.commit(ChatChange(record(cursor=2), 0, [line(2)]))


async def test_a_database_that_is_away_is_told(tmp_path: object) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/empty.db")
    store = SqlChatStore(engine)
    with pytest.raises(StorageError, match="conversations cannot be read"):
        await store.get(ConversationId("t1"))
    with pytest.raises(StorageError, match="conversations cannot be written"):
        await store.create(record(), [])
    await engine.dispose()


async def test_the_migration_goes_down_and_up(engine: AsyncEngine) -> None:
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(_config()).get_revision("0007")
    assert script is not None

    def tables(connection: Connection) -> set[str]:
        return set(inspect(connection).get_table_names())

    def down_and_up(connection: Connection) -> tuple[set[str], set[str]]:
        with Operations.context(MigrationContext.configure(connection)):
            script.module.downgrade()
            without = tables(connection)
            script.module.upgrade()
            return without, tables(connection)

    async with engine.begin() as connection:
        without, whole = await connection.run_sync(down_and_up)
    assert whole - without == {"conversations", "conversation_lines"}
