"""Users, sessions, tokens and the audit log keep what they are told, on either book."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

import voicebot.storage.migrations
from tests.staff.memory import MemoryBook, MemoryLog
from voicebot.errors import StorageError
from voicebot.staff.model import (
    AuditChoice,
    AuditEntry,
    AuditLog,
    Deed,
    Session,
    StaffBook,
    Token,
    User,
)
from voicebot.staff.roles import Role, Scope
from voicebot.storage.database import open_database
from voicebot.storage.staff import SqlAuditLog, SqlStaffBook

ANNA = User("anna", Role.ADMIN, "hash", 1.5)
SESSION = Session("k1", "anna", 10.0, 20.0, "192.0.2.1")
TOKEN = Token("t1", "anna", "report", frozenset({Scope.DIAL, Scope.CALLS_READ}), "k", 3.0, 9.0)


@pytest.fixture(params=["sql", "memory"])
def book(request: pytest.FixtureRequest, engine: AsyncEngine) -> StaffBook:
    return SqlStaffBook(engine) if request.param == "sql" else MemoryBook()


@pytest.fixture(params=["sql", "memory"])
def log(request: pytest.FixtureRequest, engine: AsyncEngine) -> AuditLog:
    return SqlAuditLog(engine) if request.param == "sql" else MemoryLog()


async def test_a_user_comes_back_as_added(book: StaffBook) -> None:
    assert await book.add_user(ANNA)
    assert not await book.add_user(replace(ANNA, role=Role.AGENT))
    assert await book.user("anna") == ANNA
    assert await book.user("bert") is None
    await book.add_user(replace(ANNA, name="Ähre"))
    assert [user.name for user in await book.users()] == ["anna", "Ähre"]


async def test_only_the_first_is_added_as_the_first(book: StaffBook) -> None:
    assert await book.add_user(ANNA, only_first=True)
    assert not await book.add_user(replace(ANNA, name="bert"), only_first=True)
    assert len(await book.users()) == 1


async def test_the_last_administrator_is_not_taken_away(book: StaffBook) -> None:
    await book.add_user(ANNA)
    await book.add_user(replace(ANNA, name="bert", disabled=True))
    assert not await book.set_disabled("anna", True)
    assert not await book.set_role("anna", Role.AGENT)
    assert await book.user("anna") == ANNA
    assert await book.set_disabled("bert", False)
    assert await book.set_role("anna", Role.AGENT)


async def test_a_password_is_changed(book: StaffBook) -> None:
    await book.add_user(ANNA)
    await book.set_password("anna", "other", must_change=True)
    assert await book.user("anna") == replace(ANNA, password_hash="other", must_change=True)


async def test_sessions_are_found_seen_and_ended(book: StaffBook) -> None:
    await book.add_user(ANNA)
    for number in range(3):
        await book.add_session(replace(SESSION, key=f"k{number}"), most=9, began_since=0)
    await book.saw_session("k2", 30.0)
    assert await book.session("k2") == (replace(SESSION, key="k2", seen_at=30.0), ANNA)
    assert (await book.sessions("anna"))[0].key == "k2"
    await book.end_session("k0")
    assert await book.session("k0") is None
    await book.end_sessions("anna", but="k1")
    assert [each.key for each in await book.sessions("anna")] == ["k1"]


async def test_old_and_surplus_sessions_make_room(book: StaffBook) -> None:
    await book.add_user(ANNA)
    await book.add_user(replace(ANNA, name="bert"))
    await book.add_session(replace(SESSION, key="old", user="bert"), most=2, began_since=0)
    for number in range(4):
        new = replace(SESSION, key=f"k{number}", began_at=100.0 + number, seen_at=100.0 + number)
        await book.add_session(new, most=2, began_since=50)
    assert [each.key for each in await book.sessions("anna")] == ["k3", "k2"]
    assert await book.sessions("bert") == []


async def test_tokens_are_found_used_and_revoked(book: StaffBook) -> None:
    await book.add_user(ANNA)
    await book.add_user(replace(ANNA, name="bert"))
    await book.add_token(TOKEN)
    await book.add_token(replace(TOKEN, id="t2", key="k2", user="bert", created_at=5.0))
    assert await book.token("k") == (TOKEN, ANNA)
    assert await book.token("x") is None
    assert [each.id for each in await book.tokens()] == ["t2", "t1"]
    assert [each.id for each in await book.tokens("anna")] == ["t1"]
    await book.used_token("t1", 6.0)
    assert not await book.revoke_token("t1", 7.0, user="bert")
    assert await book.revoke_token("t1", 7.0)
    assert not await book.revoke_token("t1", 8.0)
    assert await book.tokens("anna") == [replace(TOKEN, used_at=6.0, revoked_at=7.0)]


async def test_the_log_is_read_newest_first_in_pages(log: AuditLog) -> None:
    for number in range(5):
        await log.note(AuditEntry(float(number), "anna", Deed.SIGNED_IN, f"n{number}", "::1"))
    page = await log.entries(before=None, limit=2)
    assert [each.what for each in page] == ["n4", "n3"]
    rest = await log.entries(before=page[-1].id, limit=9)
    assert [each.what for each in rest] == ["n2", "n1", "n0"]
    assert replace(rest[-1], id=0) == AuditEntry(0.0, "anna", Deed.SIGNED_IN, "n0", "::1")


@pytest.mark.parametrize(
    ("choice", "found"),
    [
        (AuditChoice(), ["n3", "n2", "n1", "n0"]),
        (AuditChoice(who="anna"), ["n2", "n0"]),
        (AuditChoice(who="%"), []),
        (AuditChoice(deed=Deed.USER_ADDED), ["n1"]),
        (AuditChoice(since=1.0, until=3.0), ["n2", "n1"]),
        (AuditChoice(who="anna", deed=Deed.SIGNED_IN, since=1.0), ["n2"]),
    ],
)
async def test_lines_of_the_log_are_chosen(
    log: AuditLog, choice: AuditChoice, found: list[str]
) -> None:
    did = [
        ("anna", Deed.SIGNED_IN),
        ("bert", Deed.USER_ADDED),
        ("anna (token 5f2c01aa)", Deed.SIGNED_IN),
        ("annabel", Deed.SIGNED_IN),
    ]
    for number, (who, deed) in enumerate(did):
        await log.note(AuditEntry(float(number), who, deed, f"n{number}", ""))
    entries = await log.entries(before=None, limit=9, choice=choice)
    assert [each.what for each in entries] == found


@pytest.mark.parametrize("change", ["DELETE FROM audit", "UPDATE audit SET who = 'x'"])
async def test_the_log_can_only_grow(engine: AsyncEngine, change: str) -> None:
    log = SqlAuditLog(engine)
    await log.note(AuditEntry(time.time(), "anna", Deed.SIGNED_IN, "", ""))
    with pytest.raises(DBAPIError, match="only grows"):
        async with engine.begin() as connection:
            await connection.execute(text(change))
    assert len(await log.entries(before=None, limit=9)) == 1


async def test_a_database_that_is_away_is_told(tmp_path_factory: pytest.TempPathFactory) -> None:
    engine = open_database(f"sqlite:///{tmp_path_factory.mktemp('empty')}/calls.db")
    with pytest.raises(StorageError, match="cannot be read"):
        await SqlStaffBook(engine).users()
    with pytest.raises(StorageError, match="cannot be written"):
        await SqlStaffBook(engine).add_user(ANNA)
    await engine.dispose()


def _down_and_up(connection: Connection) -> tuple[set[str], set[str]]:
    config = Config()
    config.set_main_option(
        "script_location", str(Path(voicebot.storage.migrations.__file__).parent)
    )
    script = ScriptDirectory.from_config(config).get_revision("0009")
    assert script is not None
    with Operations.context(MigrationContext.configure(connection)):
        script.module.downgrade()
        before = set(inspect(connection).get_table_names())
        script.module.upgrade()
    inspect(connection).clear_cache()
    return before, set(inspect(connection).get_table_names())


async def test_the_tables_of_staff_can_be_taken_back(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        before, after = await connection.run_sync(_down_and_up)
    assert {"staff_users", "staff_sessions", "staff_tokens", "audit"} == after - before
