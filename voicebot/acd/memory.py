"""What is remembered of callers beyond one contact: whom they spoke to, and their callbacks.

Callers are known by ``party`` alone, any stable key; an empty one is nobody's.
"""

from __future__ import annotations

from collections import OrderedDict

from voicebot.acd.model import NOBODY, AgentId, ContactId

MAX_REMEMBERED = 20_000
"""Callers whose last agent is remembered; beyond it the oldest are forgotten."""


class LastAgents:
    """Who spoke to each caller last, and when. ``forgotten`` counts what the bound cost."""

    def __init__(self) -> None:
        self._last: OrderedDict[str, tuple[AgentId, float]] = OrderedDict()
        self.forgotten = 0

    def remember(self, party: str, agent_id: AgentId, now: float) -> None:
        if not party:
            return
        self._last[party] = (agent_id, now)
        self._last.move_to_end(party)
        if len(self._last) > MAX_REMEMBERED:
            self._last.popitem(last=False)
            self.forgotten += 1

    def of(self, party: str, since: float) -> AgentId:
        """Who spoke to the caller at ``since`` or later; NOBODY where nobody did."""
        agent_id, at = self._last.get(party, (NOBODY, since))
        return agent_id if at >= since else NOBODY


class Bookings:
    """Which contacts are callbacks of the same caller, in the order they were booked."""

    def __init__(self) -> None:
        self._booked: dict[str, dict[ContactId, None]] = {}

    def add(self, party: str, contact_id: ContactId) -> None:
        if party:
            self._booked.setdefault(party, {})[contact_id] = None

    def remove(self, party: str, contact_id: ContactId) -> None:
        booked = self._booked.get(party)
        if booked is None:
            return
        booked.pop(contact_id, None)
        if not booked:
            del self._booked[party]

    def of(self, party: str) -> list[ContactId]:
        return list(self._booked.get(party, ()))
