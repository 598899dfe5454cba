"""Records of staff, and what the staff room asks of storage.

Times are UTC epoch seconds. What is secret is kept as a hash only (`passwords`, `secrets`), and
stays out of ``repr``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Literal, Protocol, TypeAlias

from voicebot.staff.roles import Role, Scope

Proof: TypeAlias = Literal["session", "token"]
"""How somebody showed who they are: a browser's session, or a token in a header."""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may sign in. ``must_change``: with this password only to choose another."""

    name: str
    role: Role
    password_hash: str = field(repr=False)
    created_at: float
    disabled: bool = False
    must_change: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is signed in. ``key`` is the hash of what its cookie holds."""

    key: str = field(repr=False)
    user: str
    began_at: float
    seen_at: float
    address: str


@dataclass(frozen=True, slots=True)
class Token:
    """A program's key to the API. ``id`` is for people to name it by, ``key`` the secret's hash."""

    id: str
    user: str
    title: str
    scopes: frozenset[Scope]
    key: str = field(repr=False)
    created_at: float
    expires_at: float | None = None
    used_at: float | None = None
    revoked_at: float | None = None

    def valid(self, now: float) -> bool:
        """Whether it still opens anything."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, as far as they have shown it. ``key`` is that of the session, or the token's id;
    ``expires_at`` is None where only a revocation ends it."""

    name: str
    scopes: frozenset[Scope]
    proof: Proof
    key: str = field(repr=False)
    role: Role | None = None
    must_change: bool = False
    expires_at: float | None = None

    @property
    def who(self) -> str:
        """For the audit log: a token is named beside its owner."""
        return f"{self.name} (token {self.key})" if self.proof == "token" else self.name


class Deed(StrEnum):
    """What the audit log tells of."""

    SIGNED_IN = "signed in"
    SIGN_IN_FAILED = "sign-in failed"
    SIGNED_OUT = "signed out"
    SESSIONS_ENDED = "other sessions ended"
    SIGNED_OUT_BY_ADMIN = "signed out everywhere"
    PASSWORD_CHANGED = "password changed"
    USER_ADDED = "user added"
    ROLE_CHANGED = "role changed"
    USER_DISABLED = "user disabled"
    USER_ENABLED = "user enabled"
    TOKEN_ADDED = "token added"
    TOKEN_REVOKED = "token revoked"
    RECORDING_PLAYED = "recording played"
    CALL_LISTENED_TO = "call listened to"
    AGENT_WHISPERED_TO = "agent whispered to"
    CALL_TAKEN_OVER = "call taken over"
    CALLER_SENT_ON = "caller sent to a queue"
    CALL_ENDED = "call ended by a supervisor"
    CONTACTS_EXPORTED = "contacts exported"
    CALLER_FORGOTTEN = "caller forgotten"
    ALERTS_MUTED = "alerts muted"
    ALERTS_UNMUTED = "alerts unmuted"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, and from where: an address, or empty for the command line."""

    who: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit log. ``what`` is whom or what it was done to; never a caller's number
    or words. ``id`` is given by the log and grows; 0 before."""

    at: float
    who: str
    deed: Deed
    what: str
    address: str
    id: int = 0


def exported(since: float, until: float) -> str:
    """What the audit log says of an export of contacts between two times, UTC epoch seconds."""
    begin, end = (datetime.fromtimestamp(at, UTC) for at in (since, until))
    return f"{begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True, slots=True)
class AuditChoice:
    """Which lines of the log are asked for; what is None chooses all. ``who`` is a user's name:
    what their tokens did is chosen too."""

    who: str | None = None
    deed: Deed | None = None
    since: float | None = None
    until: float | None = None


EVERYTHING: Final = AuditChoice()


class AuditLog(Protocol):
    """A list that only grows."""

    async def note(self, entry: AuditEntry) -> None:
        """Write it down before this returns. Raises StorageError."""
        ...

    async def entries(
        self, *, before: int | None, limit: int, choice: AuditChoice = EVERYTHING
    ) -> Sequence[AuditEntry]:
        """The newest first; ``before`` is the id that the page before ended with."""
        ...


class StaffBook(Protocol):
    """Where users, sessions and tokens are kept. Every method raises StorageError."""

    # Users

    async def add_user(self, user: User, *, only_first: bool = False) -> bool:
        """False, and nothing is changed, where the name is taken (``only_first``: where there is
        any user)."""
        ...

    async def user(self, name: str) -> User | None: ...

    async def users(self) -> Sequence[User]:
        """All, by name."""
        ...

    async def set_password(self, name: str, password_hash: str, *, must_change: bool) -> None: ...

    async def set_role(self, name: str, role: Role) -> bool:
        """False, and nothing is changed, where that leaves no admin who may sign in."""
        ...

    async def set_disabled(self, name: str, disabled: bool) -> bool:
        """False, and nothing is changed, where that leaves no admin who may sign in."""
        ...

    # Sessions

    async def add_session(self, session: Session, *, most: int, began_since: float) -> None:
        """Add it; forget all that began before ``began_since``, and of this user all but the
        ``most`` that were seen last."""
        ...

    async def session(self, key: str) -> tuple[Session, User] | None: ...

    async def sessions(self, user: str | None = None) -> Sequence[Session]:
        """Of one user or of all, the last seen first."""
        ...

    async def saw_session(self, key: str, now: float) -> None: ...

    async def end_session(self, key: str) -> None: ...

    async def end_sessions(self, user: str, *, but: str = "") -> None:
        """All of a user, except the one with the key ``but``."""
        ...

    # Tokens

    async def add_token(self, token: Token) -> None: ...

    async def token(self, key: str) -> tuple[Token, User] | None: ...

    async def tokens(self, user: str | None = None) -> Sequence[Token]:
        """Of one user or of all, the newest first, the revoked ones too."""
        ...

    async def used_token(self, id: str, now: float) -> None: ...

    async def revoke_token(self, id: str, now: float, *, user: str | None = None) -> bool:
        """False where there is no such token (of ``user``), or it was revoked before."""
        ...
