"""A book and a log in memory, for tests of what stands on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from voicebot.staff.desk import FixedToken, SessionPolicy, StaffDesk
from voicebot.staff.model import (
    EVERYTHING,
    AuditChoice,
    AuditEntry,
    Deed,
    Session,
    Token,
    User,
)
from voicebot.staff.passwords import Passwords
from voicebot.staff.register import Register
from voicebot.staff.roles import Role, Scope

ALL_RIGHTS: Final = FixedToken("tester", "vb_tester", frozenset(Scope))
BEARER: Final = {"Authorization": f"Bearer {ALL_RIGHTS.secret}"}


@dataclass
class MemoryLog:
    """`AuditLog`."""

    lines: list[AuditEntry] = field(default_factory=list)

    async def note(self, entry: AuditEntry) -> None:
        self.lines.append(replace(entry, id=len(self.lines) + 1))

    async def entries(
        self, *, before: int | None, limit: int, choice: AuditChoice = EVERYTHING
    ) -> list[AuditEntry]:
        older = [
            each
            for each in self.lines
            if (before is None or each.id < before)
            and choice.who in (None, each.who.partition(" (token ")[0])
            and choice.deed in (None, each.deed)
            and (choice.since is None or each.at >= choice.since)
            and (choice.until is None or each.at < choice.until)
        ]
        return older[::-1][:limit]

    @property
    def deeds(self) -> list[tuple[str, Deed, str]]:
        """Who did what to what, in order."""
        return [(each.who, each.deed, each.what) for each in self.lines]


@dataclass
class MemoryBook:
    """`StaffBook`."""

    people: dict[str, User] = field(default_factory=dict)
    open: dict[str, Session] = field(default_factory=dict)
    keys: dict[str, Token] = field(default_factory=dict)

    async def add_user(self, user: User, *, only_first: bool = False) -> bool:
        if user.name in self.people or (only_first and self.people):
            return False
        self.people[user.name] = user
        return True

    async def user(self, name: str) -> User | None:
        return self.people.get(name)

    async def users(self) -> Sequence[User]:
        return [self.people[name] for name in sorted(self.people)]

    async def set_password(self, name: str, password_hash: str, *, must_change: bool) -> None:
        self._change(
            replace(self.people[name], password_hash=password_hash, must_change=must_change)
        )

    async def set_role(self, name: str, role: Role) -> bool:
        return self._change(replace(self.people[name], role=role))

    async def set_disabled(self, name: str, disabled: bool) -> bool:
        return self._change(replace(self.people[name], disabled=disabled))

    def _change(self, user: User) -> bool:
        others = [each for each in self.people.values() if each.name != user.name]
        had, has = (
            any(each.role is Role.ADMIN and not each.disabled for each in [*others, this])
            for this in (self.people[user.name], user)
        )
        if had and not has:
            return False
        self.people[user.name] = user
        return True

    async def add_session(self, session: Session, *, most: int, began_since: float) -> None:
        kept = [each for each in self.open.values() if each.began_at >= began_since]
        mine = [each for each in [*kept, session] if each.user == session.user]
        mine.sort(key=lambda each: (-each.seen_at, each.key))
        others = [each for each in kept if each.user != session.user]
        self.open = {each.key: each for each in [*others, *mine[:most]]}

    async def session(self, key: str) -> tuple[Session, User] | None:
        found = self.open.get(key)
        return None if found is None else (found, self.people[found.user])

    async def sessions(self, user: str | None = None) -> Sequence[Session]:
        mine = [each for each in self.open.values() if user in (None, each.user)]
        return sorted(mine, key=lambda each: -each.seen_at)

    async def saw_session(self, key: str, now: float) -> None:
        self.open[key] = replace(self.open[key], seen_at=now)

    async def end_session(self, key: str) -> None:
        self.open.pop(key, None)

    async def end_sessions(self, user: str, *, but: str = "") -> None:
        self.open = {
            key: each for key, each in self.open.items() if each.user != user or key == but
        }

    async def add_token(self, token: Token) -> None:
        self.keys[token.id] = token

    async def token(self, key: str) -> tuple[Token, User] | None:
        for each in self.keys.values():
            if each.key == key:
                return each, self.people[each.user]
        return None

    async def tokens(self, user: str | None = None) -> Sequence[Token]:
        wanted = [each for each in self.keys.values() if user in (None, each.user)]
        return sorted(wanted, key=lambda each: -each.created_at)

    async def used_token(self, id: str, now: float) -> None:
        self.keys[id] = replace(self.keys[id], used_at=now)

    async def revoke_token(self, id: str, now: float, *, user: str | None = None) -> bool:
        found = self.keys.get(id)
        if found is None or found.revoked_at is not None or user not in (None, found.user):
            return False
        self.keys[id] = replace(found, revoked_at=now)
        return True


@dataclass
class Office:
    """A desk and a register on one book in memory, and a clock to set."""

    now: float = 1_000_000.0
    policy: SessionPolicy = field(default_factory=SessionPolicy)
    book: MemoryBook = field(default_factory=MemoryBook)
    log: MemoryLog = field(default_factory=MemoryLog)
    passwords: Passwords = field(default_factory=Passwords)

    def __post_init__(self) -> None:
        self.desk = StaffDesk(self.book, self.log, self.passwords, self.policy, fixed=(ALL_RIGHTS,))
        self.register = Register(self.book, self.log, self.passwords)

    def clock(self) -> float:
        return self.now
