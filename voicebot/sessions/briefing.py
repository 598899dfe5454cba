"""What an agent is told of who waits, and how it is written down with a place that outlives us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from voicebot.acd.model import Contact, ContactId
from voicebot.acd.views import ContactPlace
from voicebot.sessions.queue_records import Booking
from voicebot.types import Json, Language


@dataclass(frozen=True, slots=True)
class Briefing:
    """What an agent may know before they answer: who calls, and what was found out.

    ``caller`` is the number or name, ``context`` what the flow tells in its own words (also sent
    with a call, as headers), ``facts`` the flow's variables. The transcript is that of the call
    ``contact_id``, in the records and in the live feed. ``way_back`` is that of a promised callback
    (`Transfer.way_back`).
    """

    caller: str = field(default="", repr=False)
    language: Language = field(default=Language(""))
    context: Mapping[str, str] = field(default_factory=dict, repr=False)
    facts: Mapping[str, Json] = field(default_factory=dict, repr=False)
    way_back: Mapping[str, Json] = field(default_factory=dict, repr=False)


def as_booking(place: ContactPlace, briefing: Briefing, number: str) -> Booking:
    """What is to be kept of a callback. `restored` is the inverse."""
    return Booking(
        place.contact.contact_id,
        place.queue,
        number,
        place.arrived_at,
        place.due_at,
        {**contact_to_json(place.contact), **briefing_to_json(briefing)},
    )


def restored(booking: Booking) -> tuple[Contact, Briefing]:
    """The contact of a callback, in the queue in which it stood, and what is known of it."""
    return told_of(ContactId(booking.contact_id), booking.queue, booking.details)


def contact_to_json(contact: Contact) -> dict[str, Json]:
    """What the queues need to know of it; with `briefing_to_json` the inverse of `told_of`."""
    return {
        "priority": contact.priority,
        "skills": dict(contact.skills),
        "party": contact.party,
    }


def briefing_to_json(briefing: Briefing) -> dict[str, Json]:
    """What agents are told, as plain data."""
    return {
        "caller": briefing.caller,
        "language": str(briefing.language),
        "context": dict(briefing.context),
        "facts": dict(briefing.facts),
        "way_back": dict(briefing.way_back),
    }


def told_of(contact_id: ContactId, queue: str, told: Mapping[str, Any]) -> tuple[Contact, Briefing]:
    """A contact that stands in ``queue``, and what is known of it, as they were written down.
    Raises KeyError for anything else."""
    contact = Contact(
        contact_id,
        queue,
        priority=told["priority"],
        skills=told["skills"],
        party=told["party"],
    )
    briefing = Briefing(
        told["caller"],
        Language(told["language"]),
        told["context"],
        told["facts"],
        told.get("way_back", {}),  # not known of those that were promised before it was kept
    )
    return contact, briefing
