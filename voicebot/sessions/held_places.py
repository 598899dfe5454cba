"""Places of callers who have a link to go on in text, and what is written down of them.

Such a place is the caller's for a while after they have hung up, and a server that dies must not
lose it: it is written down when the caller begins to wait with a link, again when they hang up, and
goes when it is somebody's, or nobody's any more. Left out on purpose: who takes it (`text_places`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

import structlog

from voicebot.acd import effects as e
from voicebot.acd.model import Contact, ContactId
from voicebot.flows.state import Frames, frames_from_json, frames_to_json
from voicebot.sessions.briefing import Briefing, briefing_to_json, contact_to_json, told_of
from voicebot.types import Json

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class HeldPlace:
    """The place of ``contact``, who stands in ``contact.queue`` ``since`` then and whose flow waits
    at ``frames``. ``left_at`` is when they hung up, None while they are on the line. Times are UTC
    epoch seconds."""

    contact: Contact
    briefing: Briefing
    since: float
    frames: Frames
    left_at: float | None = None

    @property
    def kept(self) -> KeptPlace:
        """It, to be written down. `of` is the inverse."""
        details = {
            **contact_to_json(self.contact),
            **briefing_to_json(self.briefing),
            "frames": frames_to_json(self.frames),
        }
        contact = self.contact
        return KeptPlace(contact.contact_id, contact.queue, self.since, self.left_at, details)

    @classmethod
    def of(cls, kept: KeptPlace) -> Self:
        """Raises KeyError for details that are not ours."""
        told: Mapping[str, Any] = kept.details
        contact, briefing = told_of(ContactId(kept.contact_id), kept.queue, told)
        frames = frames_from_json(told["frames"])
        return cls(contact, briefing, kept.since, frames, kept.left_at)


@dataclass(frozen=True, slots=True)
class KeptPlace:
    """A `HeldPlace` as it is written down; ``details`` is plain data of the rest."""

    contact_id: str
    queue: str
    since: float
    left_at: float | None
    details: Mapping[str, Json] = field(repr=False)


class PlaceRecords(Protocol):
    """Keeps places. The first two return at once and never raise; what they are told is kept in
    that order."""

    def place_held(self, place: KeptPlace) -> None:
        """Write it down, in place of what is known of this contact."""
        ...

    def place_gone(self, contact_id: str) -> None:
        """It is held for nobody any more; unknown ones are none."""
        ...

    async def held_places(self) -> list[KeptPlace]:
        """Those who waited longest first. Raises StorageError."""
        ...


class NoPlaceRecords:
    """`PlaceRecords` that keep nothing."""

    def place_held(self, place: KeptPlace) -> None:
        pass

    def place_gone(self, contact_id: str) -> None:
        pass

    async def held_places(self) -> list[KeptPlace]:
        return []


class PlaceBook:
    """Keeps ``records`` of what is held. While a caller is in line, `observe` sees when they are
    that no more."""

    def __init__(self, records: PlaceRecords) -> None:
        self._records = records
        self._in_line: set[ContactId] = set()

    async def places(self) -> list[HeldPlace]:
        """All of before a restart, those who waited longest first; one that cannot be read is
        nobody's any more. Raises StorageError."""
        found = []
        for kept in await self._records.held_places():
            try:
                found.append(HeldPlace.of(kept))
            except (KeyError, TypeError, ValueError) as error:
                log.error("held_place_not_read", problem=type(error).__name__)
                self._records.place_gone(kept.contact_id)
        return found

    def waits(self, place: HeldPlace) -> None:
        """A caller with a link is in line at ``place``."""
        self._in_line.add(place.contact.contact_id)
        self._records.place_held(place.kept)

    def leaves(self, place: HeldPlace) -> None:
        """They leave the line, and the place is held."""
        self._in_line.discard(place.contact.contact_id)
        self._records.place_held(place.kept)

    def gone(self, contact_id: ContactId) -> None:
        """It is held for nobody any more."""
        self._in_line.discard(contact_id)
        self._records.place_gone(contact_id)

    def observe(self, effect: e.Effect) -> None:
        """Take what the distribution does: who has an agent, is to be called back or waits no more
        has no place to be held."""
        match effect:
            case e.Connect() | e.Abandoned() | e.CallbackBooked() | e.Overflowed(to_queue=""):
                if effect.contact_id in self._in_line:
                    self.gone(effect.contact_id)
