"""What agents write about contacts, and how each one ended in their words: the contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

LONGEST_NOTE: Final = 4_000


@dataclass(frozen=True, slots=True)
class Note:
    """One agent's note on one contact. ``at`` is in UTC epoch seconds; ``code`` is one of the
    queue's wrap-up codes, empty for none."""

    contact_id: str
    agent: str
    queue: str
    at: float
    code: str
    text: str = field(repr=False)


class NoteRecords(Protocol):
    """Where notes are kept."""

    async def keep(self, note: Note) -> None:
        """Write a note; the agent's earlier one on the same contact is replaced. Raises
        StorageError."""
        ...

    async def about(self, contacts: Sequence[str]) -> tuple[Note, ...]:
        """Every note on these contacts, the newest first. Raises StorageError."""
        ...
