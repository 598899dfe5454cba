"""What the dialplan tells about its calls, and what it is told back: the desk beside the line.

AudioSocket itself carries a UUID and no more: not who calls, not where to go on. So the dialplan
announces the UUID over HTTP beforehand, and asks over HTTP what came of the call afterwards; it
goes on from there, which is how a call is transferred. Pure, on passed-in time, but for
the future that tells a leg that its target was fetched.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import UUID

from voicebot.errors import CallError

ANNOUNCED_S: Final = 60.0
"""How long an announced call may take to come."""
KEPT_S: Final = 60.0
"""How long the dialplan may take to ask what came of it."""
MOST: Final = 2000
"""Calls in the book, those that run included."""
MAX_HEADERS: Final = 64
MAX_VALUE: Final = 1024


class Fate(StrEnum):
    """What became of an announced call."""

    ANNOUNCED = "announced"
    RUNNING = "running"
    TRANSFER = "transfer"
    """The dialplan should connect the caller with `Entry.target`."""
    ENDED = "ended"
    REFUSED = "refused"
    """There was no line free for it."""


class BookFull(CallError):
    """No more calls can be announced now."""


class AlreadyRunning(CallError):
    """A call with this UUID runs."""


@dataclass(slots=True)
class Entry:
    """One call; ``caller``, ``callee`` and ``headers`` as in `LegInfo`. ``target`` is a SIP or tel
    URI, ``context`` what who takes the call should know."""

    caller: str
    callee: str
    headers: Mapping[str, str]
    until: float
    fate: Fate = Fate.ANNOUNCED
    target: str = ""
    context: Mapping[str, str] = field(default_factory=dict)
    fetched: asyncio.Future[None] | None = None


class CallBook:
    """The announced calls of one door, by UUID. Bounded: `MOST` entries, each for a short time."""

    def __init__(self) -> None:
        self._entries: dict[UUID, Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def announce(
        self, uuid: UUID, caller: str, callee: str, headers: Mapping[str, str], now: float
    ) -> None:
        """Expect a call; telling the same twice is no harm. Headers beyond 64 and characters
        beyond 1024 are left out. Raises AlreadyRunning or BookFull."""
        found = self._entries.get(uuid)
        if found is not None and found.fate is Fate.RUNNING:
            raise AlreadyRunning("a call with this UUID is running; give every call its own")
        if found is None and len(self._entries) >= MOST:
            self._forget_old(now)
            if len(self._entries) >= MOST:
                raise BookFull("too many calls are announced; try again in a minute")
        kept = {
            name.lower()[:MAX_VALUE]: value[:MAX_VALUE]
            for name, value in list(headers.items())[:MAX_HEADERS]
        }
        self._entries[uuid] = Entry(caller[:MAX_VALUE], callee[:MAX_VALUE], kept, now + ANNOUNCED_S)

    def claim(self, uuid: UUID, now: float) -> Entry | None:
        """The call is here: give what was announced of it, None where nothing was."""
        entry = self._entries.get(uuid)
        if entry is None or entry.fate is not Fate.ANNOUNCED or entry.until < now:
            return None
        entry.fate = Fate.RUNNING
        return entry

    def offer(
        self, uuid: UUID, target: str, context: Mapping[str, str], now: float
    ) -> asyncio.Future[None]:
        """Keep a transfer's target for the dialplan; the future is done once it was fetched."""
        entry = self._entries[uuid]
        entry.until = now + KEPT_S
        entry.fate, entry.target, entry.context = Fate.TRANSFER, target, dict(context)
        entry.fetched = asyncio.get_running_loop().create_future()
        return entry.fetched

    def close(self, uuid: UUID, fate: Fate, now: float) -> None:
        """The call is over; it is kept for a while. A transfer that was offered stays one."""
        entry = self._entries.get(uuid)
        if entry is not None:
            entry.until = now + KEPT_S
            if entry.fate is not Fate.TRANSFER:
                entry.fate = fate

    def withdraw(self, uuid: UUID) -> None:
        """The offered transfer came to nothing: who asks later finds an ended call."""
        entry = self._entries.get(uuid)
        if entry is not None:
            entry.fate, entry.target, entry.context = Fate.ENDED, "", {}

    def ask(self, uuid: UUID, now: float) -> Entry | None:
        """What came of a call; None for a call that is unknown or long over."""
        entry = self._entries.get(uuid)
        if entry is None or (entry.fate is not Fate.RUNNING and entry.until < now):
            return None
        return entry

    def take(self, uuid: UUID, now: float) -> str:
        """Where the caller is to be connected to; empty for nowhere. Who asks takes the call."""
        entry = self.ask(uuid, now)
        if entry is None:
            return ""
        if entry.fetched is not None and not entry.fetched.done():
            entry.fetched.set_result(None)
        return entry.target

    def _forget_old(self, now: float) -> None:
        old = [
            uuid
            for uuid, entry in self._entries.items()
            if entry.until < now and entry.fate is not Fate.RUNNING
        ]
        for uuid in old:
            del self._entries[uuid]
