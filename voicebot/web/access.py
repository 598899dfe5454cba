"""Who may ask for what: every path of the HTTP side, in one table.

A path belongs to the rule that has the most of its beginning; what no rule has is closed to
everybody. A new route gets a line here (a test walks all routes): `OPEN` for strangers, `STAFF` for
all who are signed in, `BROWSER` for those who are so in a browser, or the `Scope` that it asks for.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final, TypeAlias

from voicebot.staff.roles import Scope


class Door(Enum):
    """Who may pass where no scope is asked for."""

    OPEN = auto()
    METRICS = auto()
    """As `staff.metrics` says."""
    STAFF = auto()
    BROWSER = auto()
    """A session, not a token: what a stolen token should not reach."""
    CLOSED = auto()


Access: TypeAlias = Door | Scope

RULES: Final[Mapping[str, Access]] = {
    # For strangers
    "/healthz": Door.OPEN,
    "/readyz": Door.OPEN,
    "/openapi.json": Door.OPEN,
    "/call": Door.OPEN,
    "/api/webrtc": Door.OPEN,
    "/t": Door.OPEN,
    "/chat": Door.OPEN,
    "/widget.js": Door.OPEN,
    "/api/chat": Door.OPEN,
    "/sign-in": Door.OPEN,
    "/staff": Door.OPEN,  # what the pages of staff are made of
    "/api/sign-in": Door.OPEN,
    # They ask for a proof of their own
    "/api/audiosocket": Door.OPEN,
    "/api/mediastream": Door.OPEN,
    "/api/texting": Door.OPEN,
    "/api/webhook": Door.OPEN,
    # For staff and their programs
    "/metrics": Door.METRICS,
    "/": Door.BROWSER,
    "/account": Door.BROWSER,
    "/users": Scope.USERS_MANAGE,
    "/audit": Scope.AUDIT_READ,
    "/outbox": Scope.OUTBOX_READ,
    "/api/users": Scope.USERS_MANAGE,
    "/api/session": Door.STAFF,
    "/api/account": Door.BROWSER,
    "/api/calls": Scope.CALLS_READ,
    "/api/calls/*/recording": Scope.RECORDINGS_PLAY,
    "/api/calls/*/waveform": Scope.RECORDINGS_PLAY,
    "/api/search": Scope.CALLS_READ,
    "/calls": Scope.CALLS_READ,
    "/history": Scope.CALLS_READ,
    "/api/events": Scope.CALLS_READ,
    "/api/dial": Scope.DIAL,
    "/api/outbox": Scope.OUTBOX_READ,
    "/api/deflection": Scope.CALLS_READ,
    "/api/measures": Scope.CALLS_READ,
    "/api/history": Scope.CALLS_READ,
    "/api/export": Scope.CALLS_READ,
    "/api/misunderstood": Scope.CALLS_READ,
    "/api/funnel": Scope.CALLS_READ,
    "/api/actions": Scope.CALLS_READ,
    "/api/offers": Scope.CALLS_READ,
    "/api/replay": Scope.CALLS_READ,
    "/api/queues": Scope.DESK,
    "/desk": Scope.DESK,
    "/api/desk": Scope.DESK,
    "/api/agents": Scope.QUEUES_MANAGE,
    "/api/audit": Scope.AUDIT_READ,
    "/supervisor": Scope.CALLS_READ,
    "/api/wall": Scope.CALLS_READ,
    "/listen": Scope.CALLS_LISTEN,
    "/api/listen": Scope.CALLS_LISTEN,
    "/api/forget": Scope.RECORDS_DELETE,
    "/api/alerts": Scope.CALLS_READ,
    "/api/alerts/mutes": Scope.QUEUES_MANAGE,
}
"""A path without its slash at the end; ``*`` stands for one part of it."""

BEFORE_CHANGE: Final = frozenset({"/account", "/api/session", "/api/account/password"})
"""What somebody may do who has to choose a password first."""


class AccessRules:
    """The table, ready for looking up."""

    def __init__(self, rules: Mapping[str, Access] = RULES) -> None:
        """``rules``: as `RULES`."""
        self._bare = rules.get("/", Door.CLOSED)
        named = {path: access for path, access in rules.items() if path != "/"}
        self._rules = {tuple(path.split("/")[1:]): access for path, access in named.items()}
        self._longest = max(map(len, self._rules))

    def access(self, path: str) -> Access:
        """What ``path`` asks for, decoded as the router sees it. Nothing is below ``/``."""
        if path == "/":
            return self._bare
        parts = path.split("/")[1 : self._longest + 1]
        for length in range(len(parts), 0, -1):
            beginning = tuple(parts[:length])
            if beginning in self._rules:
                return self._rules[beginning]
            for rule, access in self._rules.items():
                if "*" in rule and _fits(rule, beginning):
                    return access
        return Door.CLOSED


def _fits(rule: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    return len(rule) == len(parts) and all(
        wanted in ("*", part) for wanted, part in zip(rule, parts, strict=True)
    )
