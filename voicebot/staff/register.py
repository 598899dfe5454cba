"""Who there is: adds, changes and disables users, and gives and revokes tokens.

Every change is in the audit log, with who did it. Users are disabled, never deleted: the log would
lose whom it speaks of.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

from voicebot.errors import StaffError
from voicebot.staff.model import (
    Actor,
    AuditEntry,
    AuditLog,
    Deed,
    Session,
    StaffBook,
    Token,
    User,
)
from voicebot.staff.names import name_of
from voicebot.staff.passwords import Passwords, check_new_password
from voicebot.staff.roles import SCOPES_OF, Role, Scope
from voicebot.staff.secrets import key_of, new_token, new_token_id

MOST_TOKENS: Final = 50
"""Of one user, that still open something."""
LONGEST_TITLE: Final = 100
_DAY_S: Final = 86_400.0
_LAST_ADMIN: Final = "that would leave no administrator; make somebody else one first"


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token as it is handed out: ``secret`` is shown once."""

    secret: str = field(repr=False)
    token: Token


class Register:
    """Changes what ``book`` holds; ``now`` is UTC epoch seconds. Methods raise StorageError, and
    StaffError with the reason where something cannot be."""

    def __init__(self, book: StaffBook, audit: AuditLog, passwords: Passwords) -> None:
        self._book = book
        self._audit = audit
        self._passwords = passwords

    async def users(self) -> Sequence[User]:
        """All users, by name."""
        return await self._book.users()

    async def user(self, typed: str) -> User:
        """The user of this name."""
        user = await self._book.user(name_of(typed))
        if user is None:
            raise StaffError("no user has this name; `voicebot user list` shows them all")
        return user

    async def add_user(
        self, typed: str, role: Role, password: str, by: Actor, now: float, *, must_change: bool
    ) -> User:
        """``must_change``: the password is only good for choosing another."""
        name = name_of(typed)
        check_new_password(password, name)
        hashed = await self._passwords.hash(password)
        user = User(name, role, hashed, now, must_change=must_change)
        if not await self._book.add_user(user):
            raise StaffError(f"there is a user '{name}' already")
        await self._note(by, Deed.USER_ADDED, f"{name} ({role})", now)
        return user

    async def set_password(
        self, typed: str, password: str, by: Actor, now: float, *, must_change: bool
    ) -> User:
        """Give another password; every session of the user ends."""
        user = await self.user(typed)
        check_new_password(password, user.name)
        hashed = await self._passwords.hash(password)
        await self._book.set_password(user.name, hashed, must_change=must_change)
        await self._book.end_sessions(user.name)
        await self._note(by, Deed.PASSWORD_CHANGED, user.name, now)
        return user

    async def set_role(self, typed: str, role: Role, by: Actor, now: float) -> User:
        """Tokens of the user keep no right that the new role has not."""
        user = await self.user(typed)
        if not await self._book.set_role(user.name, role):
            raise StaffError(_LAST_ADMIN)
        await self._note(by, Deed.ROLE_CHANGED, f"{user.name} ({user.role} to {role})", now)
        return user

    async def disable(self, typed: str, by: Actor, now: float) -> User:
        """End every session; tokens open nothing until the user is enabled again."""
        user = await self.user(typed)
        if not await self._book.set_disabled(user.name, True):
            raise StaffError(_LAST_ADMIN)
        await self._book.end_sessions(user.name)
        await self._note(by, Deed.USER_DISABLED, user.name, now)
        return user

    async def enable(self, typed: str, by: Actor, now: float) -> User:
        """Let a disabled user sign in again."""
        user = await self.user(typed)
        await self._book.set_disabled(user.name, False)
        await self._note(by, Deed.USER_ENABLED, user.name, now)
        return user

    async def sessions(self) -> Sequence[Session]:
        """Of all users, the last seen first; what has ended by age may still be among them."""
        return await self._book.sessions()

    async def end_sessions(self, typed: str, by: Actor, now: float) -> User:
        """Sign a user out everywhere."""
        user = await self.user(typed)
        await self._book.end_sessions(user.name)
        await self._note(by, Deed.SIGNED_OUT_BY_ADMIN, user.name, now)
        return user

    # Tokens

    async def tokens(self, typed: str | None = None) -> Sequence[Token]:
        """Of one user or of all, the newest first."""
        return await self._book.tokens(None if typed is None else (await self.user(typed)).name)

    async def add_token(
        self,
        typed: str,
        title: str,
        scopes: Collection[Scope],
        by: Actor,
        now: float,
        *,
        days: float | None = None,
    ) -> NewToken:
        """A token with some of the user's rights, for ``days`` or (None) until it is revoked."""
        user = await self.user(typed)
        if not title.strip() or len(title) > LONGEST_TITLE:
            raise StaffError(f"a token is named in 1 to {LONGEST_TITLE} characters by its purpose")
        beyond = sorted(set(scopes) - SCOPES_OF[user.role])
        if beyond or not scopes:
            may = ", ".join(sorted(SCOPES_OF[user.role]))
            raise StaffError(f"the scopes of a token of {user.name} ({user.role}) are among: {may}")
        open_ones = [each for each in await self._book.tokens(user.name) if each.valid(now)]
        if len(open_ones) >= MOST_TOKENS:
            raise StaffError(f"{user.name} has {MOST_TOKENS} tokens; revoke one first")
        secret = new_token()
        token = Token(
            new_token_id(),
            user.name,
            title.strip(),
            frozenset(scopes),
            key_of(secret),
            now,
            None if days is None else now + days * _DAY_S,
        )
        await self._book.add_token(token)
        what = f"{token.id} of {user.name}: {' '.join(sorted(scopes))}"
        await self._note(by, Deed.TOKEN_ADDED, what, now)
        return NewToken(secret, token)

    async def revoke_token(
        self, id: str, by: Actor, now: float, *, owner: str | None = None
    ) -> None:
        """``owner``: only if it is that user's."""
        if not await self._book.revoke_token(id, now, user=owner):
            raise StaffError("no token that is still good has this id")
        await self._note(by, Deed.TOKEN_REVOKED, id, now)

    async def _note(self, by: Actor, deed: Deed, what: str, now: float) -> None:
        await self._audit.note(AuditEntry(now, by.who, deed, what, by.address))
