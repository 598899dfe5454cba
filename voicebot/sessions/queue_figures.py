"""What queues have counted since the start: how many were answered, how soon, and who left.

The service level is the share answered within `ANSWERED_WITHIN_S` of all who were answered or left
by themselves. Callbacks count neither way: they do not wait on the line. Nor does who was served in
another way while they waited, said that they want nobody any more, or was taken out of the queue by
a supervisor.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from voicebot.acd import effects as e
from voicebot.acd.model import ContactId
from voicebot.acd.views import ContactPlace
from voicebot.sessions.stepping_in import STEPPED_IN

ANSWERED_WITHIN_S: Final = 20.0

HUNG_UP: Final = "hung up while waiting"
SERVED: Final = "served meanwhile"
UNWANTED: Final = "no longer wanted"
TOOK_LINK: Final = "took a link to text"
BY_VOICE: Final = "went on by voice"
_NOT_GIVEN_UP: Final = frozenset({SERVED, UNWANTED, TOOK_LINK, BY_VOICE, STEPPED_IN})
"""Why callers leave a queue who did something else meanwhile, and did not give up. Whether one who
took a link gave up is known later (`QueueTally.gave_up`)."""


@dataclass(slots=True)
class QueueCounts:
    """One queue's. ``overflowed`` is by the reason."""

    connected: int = 0
    in_time: int = 0
    abandoned: int = 0
    callbacks: int = 0
    unanswered: int = 0
    overflowed: Counter[str] = field(default_factory=Counter)

    @property
    def service_level(self) -> float | None:
        """0 to 1; None while nobody was answered or left."""
        wanted = self.connected + self.abandoned
        return self.in_time / wanted if wanted else None


@dataclass(slots=True)
class QueueTally:
    """All queues'."""

    queues: dict[str, QueueCounts] = field(default_factory=dict)
    _called_back: set[ContactId] = field(default_factory=set)

    def of(self, queue: str) -> QueueCounts:
        return self.queues.setdefault(queue, QueueCounts())

    def gave_up(self, queue: str) -> None:
        """A caller who left with a link to text has not opened it."""
        self.of(queue).abandoned += 1

    def count(self, effect: e.Effect, find: Callable[[ContactId], ContactPlace | None]) -> None:
        """Take an effect; ``find`` tells where a contact stands."""
        match effect:
            case e.Connect(contact_id, _, queue, waited_s):
                if contact_id in self._called_back:
                    self._called_back.discard(contact_id)
                    return
                counts = self.of(queue)
                counts.connected += 1
                counts.in_time += waited_s <= ANSWERED_WITHIN_S
            case e.Abandoned(contact_id, queue, reason):
                if contact_id not in self._called_back and reason not in _NOT_GIVEN_UP:
                    self.of(queue).abandoned += 1
                self._called_back.discard(contact_id)
            case e.CallbackOff(contact_id):
                self._called_back.discard(contact_id)
            case e.Overflowed(_, queue, why):
                self.of(queue).overflowed[why.value] += 1
            case e.CallbackBooked(contact_id):
                place = find(contact_id)
                if place is not None and contact_id not in self._called_back:
                    self.of(place.queue).callbacks += 1
                    self._called_back.add(contact_id)
            case e.Withdraw(contact_id, _, "no answer") if place := find(contact_id):
                self.of(place.queue).unanswered += 1
