"""Keeps users, sessions and tokens of staff, and the audit log: the staff room's Protocols on SQL.

What changes more than one row, or asks before it changes, is one transaction that holds the lock
from its beginning (`WRITES`; on PostgreSQL the rows of all users are locked), so that two who come
at once do not both find the place free.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from typing import Final

from sqlalchemy import ColumnElement, RowMapping, and_, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from voicebot.staff.model import (
    EVERYTHING,
    AuditChoice,
    AuditEntry,
    Deed,
    Session,
    Token,
    User,
)
from voicebot.staff.roles import Role, Scope
from voicebot.storage.database import reading, writing
from voicebot.storage.schema import audit, staff_sessions, staff_tokens, staff_users

_LONGEST_ADDRESS: Final = 64


class _Tables:
    """The engine stays its giver's to dispose of."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    def _reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return reading(self._engine, "records of staff")

    def _writing(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return writing(self._engine, "records of staff")


class SqlAuditLog(_Tables):
    """`AuditLog`: triggers of the database refuse to change what stands there."""

    async def note(self, entry: AuditEntry) -> None:
        values = asdict(entry)
        del values["id"]
        values["address"] = entry.address[:_LONGEST_ADDRESS]
        async with self._writing() as connection:
            await connection.execute(insert(audit).values(values))

    async def entries(
        self, *, before: int | None, limit: int, choice: AuditChoice = EVERYTHING
    ) -> list[AuditEntry]:
        statement = select(audit).where(*_chosen(choice)).order_by(audit.c.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(audit.c.id < before)
        async with self._reading() as connection:
            rows = (await connection.execute(statement)).mappings().all()
        return [AuditEntry(**{**row, "deed": Deed(row["deed"])}) for row in rows]


class SqlStaffBook(_Tables):
    """`StaffBook`."""

    # Users

    async def add_user(self, user: User, *, only_first: bool = False) -> bool:
        async with self._writing() as connection:
            if only_first and await _users_locked(connection):
                return False
            try:
                await connection.execute(insert(staff_users).values(asdict(user)))
            except IntegrityError:
                await connection.rollback()
                return False
        return True

    async def user(self, name: str) -> User | None:
        statement = select(staff_users).where(staff_users.c.name == name)
        async with self._reading() as connection:
            row = (await connection.execute(statement)).mappings().first()
        return None if row is None else _user(row)

    async def users(self) -> list[User]:
        statement = select(staff_users).order_by(staff_users.c.name)
        async with self._reading() as connection:
            return [_user(row) for row in (await connection.execute(statement)).mappings()]

    async def set_password(self, name: str, password_hash: str, *, must_change: bool) -> None:
        await self._change_user(name, password_hash=password_hash, must_change=must_change)

    async def set_role(self, name: str, role: Role) -> bool:
        return await self._change_user(name, role=role.value)

    async def set_disabled(self, name: str, disabled: bool) -> bool:
        return await self._change_user(name, disabled=disabled)

    async def _change_user(self, name: str, **values: str | bool) -> bool:
        """False, and no change, where no administrator is left."""
        change = update(staff_users).where(staff_users.c.name == name).values(**values)
        async with self._writing() as connection:
            had = _has_admin(await _users_locked(connection))
            await connection.execute(change)
            has = _has_admin(await _users_locked(connection))
            if had and not has:
                await connection.rollback()
                return False
        return True

    # Sessions

    async def add_session(self, session: Session, *, most: int, began_since: float) -> None:
        table = staff_sessions
        beyond = (
            select(table.c.key)
            .where(table.c.user == session.user)
            .order_by(table.c.seen_at.desc(), table.c.key)
            .offset(most)
        )
        async with self._writing() as connection:
            await connection.execute(delete(table).where(table.c.began_at < began_since))
            await connection.execute(insert(table).values(_session_values(session)))
            surplus = (await connection.execute(beyond)).scalars().all()
            await connection.execute(delete(table).where(table.c.key.in_(surplus)))

    async def session(self, key: str) -> tuple[Session, User] | None:
        table = staff_sessions
        statement = (
            select(table, *staff_users.c)
            .join(staff_users, staff_users.c.name == table.c.user)
            .where(table.c.key == key)
        )
        async with self._reading() as connection:
            row = (await connection.execute(statement)).mappings().first()
        return None if row is None else (_session(row), _user(row))

    async def sessions(self, user: str | None = None) -> list[Session]:
        table = staff_sessions
        statement = select(table).order_by(table.c.seen_at.desc())
        if user is not None:
            statement = statement.where(table.c.user == user)
        async with self._reading() as connection:
            return [_session(row) for row in (await connection.execute(statement)).mappings()]

    async def saw_session(self, key: str, now: float) -> None:
        table = staff_sessions
        async with self._writing() as connection:
            await connection.execute(update(table).where(table.c.key == key).values(seen_at=now))

    async def end_session(self, key: str) -> None:
        async with self._writing() as connection:
            await connection.execute(delete(staff_sessions).where(staff_sessions.c.key == key))

    async def end_sessions(self, user: str, *, but: str = "") -> None:
        table = staff_sessions
        async with self._writing() as connection:
            await connection.execute(
                delete(table).where(and_(table.c.user == user, table.c.key != but))
            )

    # Tokens

    async def add_token(self, token: Token) -> None:
        values = {**asdict(token), "scopes": " ".join(sorted(token.scopes))}
        async with self._writing() as connection:
            await connection.execute(insert(staff_tokens).values(values))

    async def token(self, key: str) -> tuple[Token, User] | None:
        table = staff_tokens
        owner = [column.label(f"owner_{column.name}") for column in staff_users.c]
        statement = (
            select(table, *owner)
            .join(staff_users, staff_users.c.name == table.c.user)
            .where(table.c.key == key)
        )
        async with self._reading() as connection:
            row = (await connection.execute(statement)).mappings().first()
        return None if row is None else (_token(row), _user(row, "owner_"))

    async def tokens(self, user: str | None = None) -> list[Token]:
        statement = select(staff_tokens).order_by(staff_tokens.c.created_at.desc())
        if user is not None:
            statement = statement.where(staff_tokens.c.user == user)
        async with self._reading() as connection:
            return [_token(row) for row in (await connection.execute(statement)).mappings()]

    async def used_token(self, id: str, now: float) -> None:
        table = staff_tokens
        async with self._writing() as connection:
            await connection.execute(update(table).where(table.c.id == id).values(used_at=now))

    async def revoke_token(self, id: str, now: float, *, user: str | None = None) -> bool:
        table = staff_tokens
        change = update(table).where(table.c.id == id, table.c.revoked_at.is_(None))
        if user is not None:
            change = change.where(table.c.user == user)
        async with self._writing() as connection:
            result = await connection.execute(change.values(revoked_at=now))
        return bool(result.rowcount)


def _chosen(choice: AuditChoice) -> Iterator[ColumnElement[bool]]:
    if choice.who is not None:
        of_a_token = audit.c.who.startswith(f"{choice.who} (token ", autoescape=True)
        yield or_(audit.c.who == choice.who, of_a_token)
    if choice.deed is not None:
        yield audit.c.deed == choice.deed
    if choice.since is not None:
        yield audit.c.at >= choice.since
    if choice.until is not None:
        yield audit.c.at < choice.until


async def _users_locked(connection: AsyncConnection) -> Sequence[RowMapping]:
    """All users; nobody else changes them until the transaction ends."""
    statement = select(staff_users).with_for_update()
    return (await connection.execute(statement)).mappings().all()


def _has_admin(rows: Sequence[RowMapping]) -> bool:
    return any(row["role"] == Role.ADMIN and not row["disabled"] for row in rows)


def _user(row: RowMapping, prefix: str = "") -> User:
    names = ("name", "password_hash", "created_at", "disabled", "must_change")
    return User(role=Role(row[f"{prefix}role"]), **{name: row[prefix + name] for name in names})


def _session_values(session: Session) -> dict[str, str | float]:
    return {**asdict(session), "address": session.address[:_LONGEST_ADDRESS]}


def _session(row: RowMapping) -> Session:
    return Session(**{column.name: row[column.name] for column in staff_sessions.c})


def _token(row: RowMapping) -> Token:
    values = {column.name: row[column.name] for column in staff_tokens.c}
    return Token(**{**values, "scopes": frozenset(map(Scope, row["scopes"].split()))})
