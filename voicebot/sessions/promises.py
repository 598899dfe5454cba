"""The callbacks that are owed: whom to call, at which number, and what comes of it.

The distribution says when a turn has come and an agent is on the line; the caller is called from
here. From their answer on the promise is kept, and they are a caller like any other. Left out on
purpose: the places of callers (`queueing`), and how a number is called (`CallBack`).
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from voicebot.acd import events as ev
from voicebot.acd.model import ContactId
from voicebot.acd.views import ContactPlace
from voicebot.errors import DialFailed, RoutingError
from voicebot.sessions.briefing import as_booking
from voicebot.sessions.place import Joined, Place
from voicebot.sessions.queue_records import QueueRecords
from voicebot.sessions.ringing import CallBack, Rings

log = structlog.get_logger(__name__)


class Promises:
    """``call_back`` is None where nobody can be called. ``rings`` hold what rings for a contact,
    ``receive`` takes events of the distribution, ``standing`` says where it has a contact, ``left``
    ends one that was reached."""

    def __init__(
        self,
        call_back: CallBack | None,
        records: QueueRecords,
        rings: Rings,
        receive: Callable[[ev.Event], None],
        standing: Callable[[ContactId], ContactPlace | None],
        left: Callable[[Place, str], None],
    ) -> None:
        self._call_back = call_back
        self._records = records
        self._rings = rings
        self._receive = receive
        self._standing = standing
        self._left = left
        self._numbers: dict[ContactId, str] = {}

    def __contains__(self, contact_id: ContactId) -> bool:
        """Whether a callback is owed to the contact."""
        return contact_id in self._numbers

    def make(self, place: Place, number: str, booked: ev.BookCallback | ev.Promise) -> None:
        """Promise to call ``number``. Raises RoutingError, with nothing changed, where the
        distribution does not take ``booked``, or voicebot cannot call."""
        if self._call_back is None or not number:
            raise RoutingError("nobody can be called back")
        self._numbers[place.contact_id] = number
        try:
            self._receive(booked)
        except RoutingError:
            del self._numbers[place.contact_id]
            raise
        self._write_down(place)

    def drop(self, contact_id: ContactId) -> bool:
        """Nothing is owed to the contact any more; whether something was."""
        if self._numbers.pop(contact_id, None) is None:
            return False
        self._records.settled(contact_id)
        return True

    def begin(self, place: Place, agent: Joined) -> None:
        """The turn has come: call, with the agent on the line."""
        self._rings.begin(place.contact_id, self._reach(place, agent), "callback")

    async def _reach(self, place: Place, agent: Joined) -> None:
        assert self._call_back is not None, "without it nothing is promised"
        contact_id, reached = place.contact_id, False

        def answered() -> None:
            nonlocal reached
            self._receive(ev.Reached(contact_id))
            reached = True
            self.drop(contact_id)
            self._rings.detach(contact_id)

        reason = "failed"
        try:
            await self._call_back(self._numbers[contact_id], place, agent, answered)
        except DialFailed as error:
            reason = error.outcome
        except Exception:
            log.exception("callback_failed")
        if reached:
            self._left(place, reason)
            return
        self._rings.over(contact_id)
        self._receive(ev.NotReached(contact_id, reason))
        self._write_down(place)

    def _write_down(self, place: Place) -> None:
        """Write a callback down as it stands now, where it still is owed."""
        standing = self._standing(place.contact_id)
        number = self._numbers.get(place.contact_id)
        if standing is not None and number is not None:
            self._records.booked(as_booking(standing, place.briefing, number))
