"""Contacts one by one, as other programs take them: comma-separated values.

RFC 4180, in UTF-8. A cell that a spreadsheet would take for a formula (OWASP, CSV injection) gets
an apostrophe in front, so that whatever a caller or a designer wrote stays text; telephone numbers
with a plus get one too. Times are ISO 8601 in UTC.
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime
from typing import Final, Protocol

from voicebot.analytics.history import Span
from voicebot.types import CallId, Outcome

_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True)
class LedgerContact:
    """One contact of the ledger. Times are UTC epoch seconds; times of the queue are None where it
    never waited, those of the agent where none came. ``called_back``: the agent talked to them in a
    call of ours. ``result`` is the agent's word for how it ended, the newest. ``resolved`` is None
    where nobody can tell (no matter, nobody known) or not yet."""

    id: CallId
    started_at: float
    answered_at: float | None
    ended_at: float
    direction: str
    door: str
    caller: str
    callee: str
    flow: str
    language: str
    version: str
    intent: str
    customer: str
    outcome: Outcome
    reason: str
    queue: str
    agent: str
    waited_s: float | None
    handled_s: float | None
    wrapped_s: float | None
    called_back: bool
    result: str
    repeat: bool
    resolved: bool | None


class Contacts(Protocol):
    """Where contacts are read one by one."""

    def pages(self, span: Span, now: float) -> AsyncIterator[Sequence[LedgerContact]]:
        """Give the contacts that began in ``span``, the oldest first, a page at a time; ``now``
        says which matters are settled. Raises StorageError."""
        ...


class ContactLookup(Protocol):
    """Where one contact is looked up."""

    async def contact(self, call_id: CallId, now: float) -> LedgerContact | None:
        """Give the contact of one call; None where there is none or it has not ended. Raises
        StorageError."""
        ...


async def csv_lines(pages: AsyncIterator[Sequence[LedgerContact]]) -> AsyncIterator[str]:
    """The header, then every page as text: no more than a page is held at a time."""
    yield _lines([[each.name for each in fields(LedgerContact)]])
    async for page in pages:
        yield _lines([[_cell(name, value) for name, value in _values(each)] for each in page])


def _values(contact: LedgerContact) -> Sequence[tuple[str, object]]:
    return [
        (each.name, value) for each, value in zip(fields(contact), astuple(contact), strict=True)
    ]


def _cell(name: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        if name.endswith("_at"):
            return datetime.fromtimestamp(value, UTC).isoformat(timespec="milliseconds")
        return f"{value:.3f}"
    text = str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_DANGEROUS) else text


def _lines(rows: Sequence[Sequence[str]]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue()
