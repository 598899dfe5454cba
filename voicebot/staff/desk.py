"""Who asks? Signs staff in and out, and knows sessions and tokens again.

A session ends when its browser signs out, when nothing was asked for `SessionPolicy.idle_s`, when
it is `SessionPolicy.lasts_s` old, when the password changes and when the user is disabled. Every
question goes to the book, so that a right that was taken away is gone with the next request.

How often somebody may try is the web room's to say, by name and by address.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from voicebot.errors import StaffError
from voicebot.staff.model import (
    Actor,
    AuditEntry,
    AuditLog,
    Deed,
    Identity,
    Session,
    StaffBook,
    User,
)
from voicebot.staff.names import name_of
from voicebot.staff.passwords import Passwords, check_new_password
from voicebot.staff.roles import SCOPES_OF, Role, Scope
from voicebot.staff.secrets import LONGEST, key_of, new_secret

SEEN_EVERY_S: Final = 60.0
"""How exactly it is written down when a session or token was last used."""
MOST_SESSIONS: Final = 20
"""Of one user; the ones not seen for longest make room."""
INVITATION_S: Final = 900.0
NOBODY: Final = "(unknown)"
"""In the audit log for a name that no user has: people type passwords into the wrong field."""


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """How long a session may be unused, and how long it lasts at most, in seconds."""

    idle_s: float = 3600.0
    lasts_s: float = 12 * 3600.0


@dataclass(frozen=True, slots=True)
class FixedToken:
    """A token that stands in no book: one of the settings, or of this machine."""

    name: str
    secret: str = field(repr=False)
    scopes: frozenset[Scope]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that has just begun. ``secret`` is for the cookie, and kept nowhere else."""

    secret: str = field(repr=False)
    identity: Identity


class StaffDesk:
    """Answers for every request who asks. ``now`` is UTC epoch seconds."""

    def __init__(
        self,
        book: StaffBook,
        audit: AuditLog,
        passwords: Passwords,
        policy: SessionPolicy | None = None,
        fixed: Sequence[FixedToken] = (),
    ) -> None:
        self._book = book
        self._audit = audit
        self._passwords = passwords
        self._policy = policy or SessionPolicy()
        self._fixed = [(key_of(each.secret), each) for each in fixed if each.secret]
        self._invitation: tuple[str, float] | None = None

    # Sessions

    async def sign_in(
        self, typed: str, password: str, address: str, now: float, *, instead_of: str = ""
    ) -> SignedIn | None:
        """Begin a session, or None: why is not told, and each reason takes as long. A session that
        the browser had before (``instead_of``, its secret) ends. Raises StaffBusy, StorageError."""
        user = await self._known(typed)
        right = await self._passwords.verify(password, user.password_hash if user else None)
        if user is None or not right or user.disabled:
            who = user.name if user else NOBODY
            await self._note(Actor(who, address), Deed.SIGN_IN_FAILED, "", now)
            return None
        if instead_of:
            await self._book.end_session(key_of(instead_of))
        await self._note(Actor(user.name, address), Deed.SIGNED_IN, "", now)
        return await self._begin(user, address, now)

    async def session(self, secret: str, now: float) -> Identity | None:
        """Whose session this is, None where it is nobody's (any more). Raises StorageError."""
        if not 0 < len(secret) <= LONGEST:
            return None
        found = await self._book.session(key_of(secret))
        if found is None:
            return None
        session, user = found
        idle, age = now - session.seen_at, now - session.began_at
        if user.disabled or idle >= self._policy.idle_s or age >= self._policy.lasts_s:
            return None
        if idle >= SEEN_EVERY_S:
            await self._book.saw_session(session.key, now)
        return self._identity(user, session)

    async def sign_out(self, identity: Identity, address: str, now: float) -> None:
        """End this session. Raises StorageError."""
        await self._book.end_session(identity.key)
        await self._note(Actor(identity.name, address), Deed.SIGNED_OUT, "", now)

    async def sign_out_elsewhere(self, identity: Identity, address: str, now: float) -> None:
        """End all sessions of this user but this one. Raises StorageError."""
        await self._book.end_sessions(identity.name, but=identity.key)
        await self._note(Actor(identity.name, address), Deed.SESSIONS_ENDED, "", now)

    async def change_password(
        self, identity: Identity, old: str, new: str, address: str, now: float
    ) -> SignedIn | None:
        """End every session of this user and begin another; None where ``old`` is wrong.

        Raises StaffError for a new password that is too easily guessed or is the old one.
        """
        user = await self._book.user(identity.name)
        if user is None or not await self._passwords.verify(old, user.password_hash):
            await self._note(Actor(identity.name, address), Deed.SIGN_IN_FAILED, "", now)
            return None
        check_new_password(new, user.name)
        if old == new:
            raise StaffError("the new password should not be the old one")
        hashed = await self._passwords.hash(new)
        await self._book.set_password(user.name, hashed, must_change=False)
        await self._book.end_sessions(user.name)
        await self._note(Actor(user.name, address), Deed.PASSWORD_CHANGED, user.name, now)
        return await self._begin(user, address, now, must_change=False)

    async def sessions(self, identity: Identity, now: float) -> list[Session]:
        """The sessions of this user that still hold, the last seen first. Raises StorageError."""
        return self.open_ones(await self._book.sessions(identity.name), now)

    def open_ones(self, sessions: Iterable[Session], now: float) -> list[Session]:
        """Those that still hold, by their age."""
        return [
            each
            for each in sessions
            if now - each.seen_at < self._policy.idle_s
            and now - each.began_at < self._policy.lasts_s
        ]

    # Tokens

    async def token(self, secret: str, now: float) -> Identity | None:
        """Whose token this is, None where it opens nothing. Raises StorageError."""
        if not 0 < len(secret) <= LONGEST:
            return None
        key = key_of(secret)
        for fixed_key, fixed in self._fixed:
            if hmac.compare_digest(key, fixed_key):
                return Identity(fixed.name, fixed.scopes, "token", "fixed")
        found = await self._book.token(key)
        if found is None:
            return None
        token, user = found
        if user.disabled or not token.valid(now):
            return None
        if token.used_at is None or now - token.used_at >= SEEN_EVERY_S:
            await self._book.used_token(token.id, now)
        scopes = token.scopes & SCOPES_OF[user.role]
        return Identity(
            user.name, scopes, "token", token.id, user.role, expires_at=token.expires_at
        )

    # The first administrator

    async def invite(self, now: float) -> str | None:
        """A secret that makes one administrator within `INVITATION_S`; None where there are users
        already. Kept in memory only; a new one replaces the old. Raises StorageError."""
        if await self._book.users():
            return None
        secret = new_secret()
        self._invitation = (key_of(secret), now + INVITATION_S)
        return secret

    async def accept(
        self, secret: str, typed: str, password: str, address: str, now: float
    ) -> SignedIn | None:
        """Make the first administrator and sign them in; None where the invitation does not hold
        (any more). Raises StaffError for a name or password that will not do; it holds on then."""
        if not self._invites(secret, now):
            return None
        name = name_of(typed)
        check_new_password(password, name)
        invitation, self._invitation = self._invitation, None  # whoever comes second comes in vain
        try:
            hashed = await self._passwords.hash(password)
        except StaffError:
            self._invitation = invitation
            raise
        user = User(name, Role.ADMIN, hashed, now)
        if not await self._book.add_user(user, only_first=True):
            return None
        await self._note(Actor(name, address), Deed.USER_ADDED, f"{name} (admin)", now)
        return await self._begin(user, address, now)

    def _invites(self, secret: str, now: float) -> bool:
        if self._invitation is None or len(secret) > LONGEST:
            return False
        key, until = self._invitation
        return hmac.compare_digest(key, key_of(secret)) and now < until

    async def _known(self, typed: str) -> User | None:
        try:
            return await self._book.user(name_of(typed))
        except StaffError:
            return None

    async def _begin(
        self, user: User, address: str, now: float, *, must_change: bool | None = None
    ) -> SignedIn:
        secret = new_secret()
        session = Session(key_of(secret), user.name, now, now, address)
        await self._book.add_session(
            session, most=MOST_SESSIONS, began_since=now - self._policy.lasts_s
        )
        return SignedIn(secret, self._identity(user, session, must_change))

    def _identity(self, user: User, session: Session, must_change: bool | None = None) -> Identity:
        return Identity(
            user.name,
            SCOPES_OF[user.role],
            "session",
            session.key,
            user.role,
            user.must_change if must_change is None else must_change,
            session.began_at + self._policy.lasts_s,
        )

    async def _note(self, actor: Actor, deed: Deed, what: str, now: float) -> None:
        await self._audit.note(AuditEntry(now, actor.who, deed, what, actor.address))
