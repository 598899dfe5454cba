"""The book of announced calls as the HTTP side sees it: with the loop's clock."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from voicebot.telephony.audiosocket.book import CallBook, Fate
from voicebot.telephony.stream_leg import now


class Desk:
    """Answers for ``book``."""

    def __init__(self, book: CallBook) -> None:
        self._book = book

    def announce(self, uuid: UUID, caller: str, callee: str, headers: Mapping[str, str]) -> None:
        """Expect a call. Raises CallError with the reason where that cannot be."""
        self._book.announce(uuid, caller, callee, headers, now())

    def state(self, uuid: UUID) -> str | None:
        """The `Fate` of a call; None where it is unknown."""
        entry = self._book.ask(uuid, now())
        return None if entry is None else entry.fate.value

    def take(self, uuid: UUID) -> str:
        """The target of a call that is transferred, else ''; see `CallBook.take`."""
        return self._book.take(uuid, now())

    def context(self, uuid: UUID, name: str) -> str:
        """One value of what a transferred call has learned; '' where there is none."""
        entry = self._book.ask(uuid, now())
        if entry is None or entry.fate is not Fate.TRANSFER:
            return ""
        return entry.context.get(name, "")
