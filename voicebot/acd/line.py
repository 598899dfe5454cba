"""The line of one queue: who waits, in order, found fast by what an agent can do.

Contacts with the same needs stand in one sorted list, so that a free agent looks only at the first
of each list rather than at everybody. Positions are counted over all lists by bisection.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from voicebot.acd.model import NOBODY, AgentId, Channel, ContactId


class Rank(NamedTuple):
    """The order in line, smallest first.

    ``tier`` 0 is for who was already being offered. ``arrival`` is the time of arrival less what
    the priority is worth: as everybody ages at one pace, the order of two contacts never changes,
    and whoever waited that much longer goes first. ``number`` keeps equals in order of arrival.
    """

    tier: int
    arrival: float
    number: int


@dataclass(frozen=True, slots=True)
class Need:
    """What an agent must have to be offered a contact.

    ``ring`` is how far the search was widened. ``only`` is the one agent waited for; ``excluded``
    are those who declined.
    """

    channel: Channel
    skills: tuple[tuple[str, int], ...]
    ring: int = 0
    only: AgentId = NOBODY
    excluded: tuple[AgentId, ...] = ()


_Entries = list[tuple[Rank, ContactId]]


class Line:
    """Who waits in a queue."""

    def __init__(self) -> None:
        self._lists: dict[AgentId, dict[Need, _Entries]] = {NOBODY: {}}
        self._lengths = dict.fromkeys(Channel, 0)

    def __len__(self) -> int:
        return sum(self._lengths.values())

    def count(self, channel: Channel) -> int:
        """How many of a channel stand in line."""
        return self._lengths[channel]

    def add(self, need: Need, rank: Rank, contact_id: ContactId) -> None:
        insort(self._lists.setdefault(need.only, {}).setdefault(need, []), (rank, contact_id))
        self._lengths[need.channel] += 1

    def remove(self, need: Need, rank: Rank, contact_id: ContactId) -> None:
        lists = self._lists[need.only]
        entries = lists[need]
        del entries[bisect_left(entries, (rank, contact_id))]
        if not entries:
            del lists[need]
            if not lists and need.only:
                del self._lists[need.only]
        self._lengths[need.channel] -= 1

    def heads(self, agent_id: AgentId) -> Iterator[tuple[Need, Rank, ContactId]]:
        """The first of each list that this agent may be asked about."""
        for only in (NOBODY, agent_id):
            for need, entries in self._lists.get(only, {}).items():
                yield need, *entries[0]

    def waiting_for(self, agent_id: AgentId) -> list[ContactId]:
        """Who waits for this agent alone, in order within each list."""
        lists = self._lists.get(agent_id, {})
        return [contact_id for entries in lists.values() for _, contact_id in entries]

    def first(self) -> ContactId | None:
        """Who comes first of all; None where nobody waits."""
        heads = (entries[0] for lists in self._lists.values() for entries in lists.values())
        first = min(heads, default=None)
        return None if first is None else first[1]

    def in_order(self) -> list[ContactId]:
        """Everybody, first come first."""
        everybody = [
            each for lists in self._lists.values() for entries in lists.values() for each in entries
        ]
        return [contact_id for _, contact_id in sorted(everybody)]

    def ahead_of(self, rank: Rank) -> dict[Channel, int]:
        """How many of each channel stand before ``rank``."""
        key, ahead = (rank, ContactId("")), dict.fromkeys(Channel, 0)
        for lists in self._lists.values():
            for need, entries in lists.items():
                ahead[need.channel] += bisect_left(entries, key)
        return ahead
