"""What a caller's earlier contacts tell: the contract of the look-up, and what the flow is told.

`told` is pure. It gives what is needed to greet a returning caller ('about your return from
Tuesday?'), not the record: what was said stays in the archive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from voicebot.types import CallId, Json, Matter, Outcome

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact that is over. ``at`` is when it began, in UTC epoch seconds."""

    call_id: CallId
    at: float
    outcome: Outcome
    matter: Matter | None


class Histories(Protocol):
    """Where the contacts of a caller are looked up."""

    async def by_number(
        self, number: str, *, since: float, until: float, limit: int
    ) -> tuple[Contact, ...]:
        """Contacts of a number (`numbers.caller_number`) that began at ``since`` or later and were
        over at ``until`` (UTC epoch seconds): at most ``limit``, newest first.

        Calls that were never answered are no contacts. Raises StorageError.
        """
        ...

    async def by_customer(
        self, customer: str, *, since: float, until: float, limit: int
    ) -> tuple[Contact, ...]:
        """The same by the application's own word for a customer. Raises StorageError."""
        ...


def told(contacts: Sequence[Contact], now: float) -> dict[str, Json]:
    """What a flow is told of ``contacts`` (newest first) at ``now``, in UTC epoch seconds.

    ``contacts`` is how many; ``last`` the newest; ``open`` the newest matter that no later contact
    on the same matter has closed. Both are null where there is none. Days are local ones.
    """
    today = date.fromtimestamp(now)
    return {
        "contacts": len(contacts),
        "last": _contact(contacts[0], today) if contacts else None,
        "open": _open(contacts, today),
    }


def _open(contacts: Sequence[Contact], today: date) -> Json:
    later: list[Matter] = []
    for contact in contacts:
        matter = contact.matter
        if matter is None:
            continue
        if matter.open and not any(_same(matter, other) for other in later):
            return _contact(contact, today)
        later.append(matter)
    return None


def _same(earlier: Matter, later: Matter) -> bool:
    """Whether two contacts were on one matter: named alike, and no detail contradicts."""
    shared = earlier.details.keys() & later.details.keys()
    return earlier.about == later.about and all(
        earlier.details[name] == later.details[name] for name in shared
    )


def _contact(contact: Contact, today: date) -> dict[str, Json]:
    day = date.fromtimestamp(contact.at)
    details = contact.matter.details if contact.matter is not None else {}
    return {
        **details,
        "about": contact.matter.about if contact.matter is not None else None,
        "when": day.isoformat(),
        "days_ago": (today - day).days,
        "outcome": contact.outcome.value,
    }
