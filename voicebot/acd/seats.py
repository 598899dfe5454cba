"""Agents at work: how full each is, and who has been without work longest.

Every queue keeps its agents with room for a kind of contact in a sorted list, the least loaded and
longest idle first, so that the next one is found without looking at everybody.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from heapq import merge

from voicebot.acd.line import Need
from voicebot.acd.model import AgentId, AgentProfile, Channel, ContactId, Presence, QueueRules

FreeKey = tuple[float, float, int, AgentId]
"""Share of the agent in use, idle since, order of signing in, who."""


@dataclass(slots=True)
class Seat:
    """One agent who is there.

    ``reach`` names the queues served, each with the ring from which on its contacts may be offered
    here (0: at once). ``engaged`` are the contacts offered or connected, ``wrapping`` those with
    work left after them; ``used`` are the units that both take, of ``units``. ``since`` is
    when the presence began.
    """

    profile: AgentProfile
    reach: tuple[tuple[str, int], ...]
    number: int
    idle_since: float
    presence: Presence = Presence.AVAILABLE
    reason: str = ""
    since: float = 0.0
    engaged: dict[ContactId, Channel] = field(default_factory=dict)
    wrapping: dict[ContactId, Channel] = field(default_factory=dict)
    free_keys: dict[Channel, FreeKey] = field(default_factory=dict)
    used: int = 0
    units: int = field(init=False)
    costs: dict[Channel, int | None] = field(init=False)

    def __post_init__(self) -> None:
        self.measure()

    def measure(self) -> None:
        """Know the whole of the agent, and what each kind of contact takes of it."""
        self.units = self.profile.units
        self.costs = {channel: self.profile.cost(channel) for channel in Channel}

    @property
    def is_idle(self) -> bool:
        return not self.engaged and not self.wrapping

    def count_used(self) -> None:
        """Bring ``used`` up to date; a kind that the agent takes no longer fills all of it."""
        wanted = sum(
            self.costs[channel] or self.units
            for channel in (*self.engaged.values(), *self.wrapping.values())
        )
        self.used = min(wanted, self.units)

    def has_room(self, channel: Channel) -> bool:
        """Whether one more contact of this kind fits."""
        cost = self.costs[channel]
        return cost is not None and self.used + cost <= self.units

    def suits(self, need: Need) -> int | None:
        """How proficient the agent is in what is needed (the sum over the skills), None where the
        contact cannot be offered to this agent now."""
        profile = self.profile
        if self.presence is not Presence.AVAILABLE or profile.agent_id in need.excluded:
            return None
        if not self.has_room(need.channel):
            return None
        total = 0
        for skill, level in need.skills:
            own = profile.skills.get(skill, 0)
            if own < level:
                return None
            total += own
        return total


class Seats:
    """Everybody who is there, and the free ones of each queue."""

    def __init__(self, queues: Mapping[str, QueueRules]) -> None:
        self._queues = queues
        self._seats: dict[AgentId, Seat] = {}
        self._free: dict[tuple[str, Channel], list[FreeKey]] = {
            (name, channel): [] for name in queues for channel in Channel
        }
        self._available = {(name, channel): 0 for name in queues for channel in (None, *Channel)}
        self._places = {(name, channel): 0 for name in queues for channel in Channel}
        self._reaching = {(name, channel): 0 for name in queues for channel in Channel}
        self._signed_in = 0

    def __iter__(self) -> Iterator[Seat]:
        return iter(self._seats.values())

    def __len__(self) -> int:
        return len(self._seats)

    def get(self, agent_id: AgentId) -> Seat | None:
        return self._seats.get(agent_id)

    def __getitem__(self, agent_id: AgentId) -> Seat:
        return self._seats[agent_id]

    def add(self, profile: AgentProfile, now: float) -> Seat:
        """Seat an agent, or give the one who was leaving the new profile."""
        self._signed_in += 1
        seat = Seat(profile, self._reach(profile), self._signed_in, now)
        before = self._seats.get(profile.agent_id)
        if before is not None:
            seat.engaged, seat.wrapping = before.engaged, before.wrapping
        self._seats[profile.agent_id] = seat
        self._count(seat, 1)
        self._count_reach(seat, 1)
        self.refresh(seat)
        return seat

    def open(self, queue: str) -> None:
        """There is another queue; nobody serves it yet."""
        self._free.update({(queue, channel): [] for channel in Channel})
        self._reaching.update({(queue, channel): 0 for channel in Channel})
        self._available.update({(queue, channel): 0 for channel in (None, *Channel)})
        self._places.update({(queue, channel): 0 for channel in Channel})

    def reach_again(self) -> None:
        """The rules of queues have changed, and with them whose agents are asked in the end."""
        for seat in self._seats.values():
            counts = seat.presence is not Presence.LEAVING
            if counts:
                self._count_reach(seat, -1)
            seat.reach = self._reach(seat.profile)
            if counts:
                self._count_reach(seat, 1)

    def remove(self, seat: Seat) -> None:
        """Forget an agent who is LEAVING and has nothing left to do."""
        del self._seats[seat.profile.agent_id]

    def change(self, seat: Seat, presence: Presence, reason: str) -> None:
        was, seat.presence, seat.reason = seat.presence, presence, reason
        if (was is Presence.AVAILABLE) != (presence is Presence.AVAILABLE):
            self._count(seat, 1 if presence is Presence.AVAILABLE else -1)
        if presence is Presence.LEAVING:
            self._count_reach(seat, -1)
        self.refresh(seat)

    def resize(self, seat: Seat, voice: int, text: int) -> None:
        """Let the agent take so many calls and conversations from now on."""
        counts, takes = seat.presence is not Presence.LEAVING, seat.presence is Presence.AVAILABLE
        if counts:
            self._count_reach(seat, -1)
        if takes:
            self._count(seat, -1)
        seat.profile = replace(seat.profile, voice=voice, text=text)
        seat.measure()
        if counts:
            self._count_reach(seat, 1)
        if takes:
            self._count(seat, 1)
        self.refresh(seat)

    def available(self, queue: str, channel: Channel | None = None) -> int:
        """The queue's own agents who take contacts (of one channel, or of any) or are at work on
        one: not paused or away."""
        return self._available[queue, channel]

    def places(self, queue: str, channel: Channel) -> int:
        """How many contacts of a channel these agents can have at once, if no other is there."""
        return self._places[queue, channel]

    def count_free(self, queue: str, channel: Channel | None = None) -> int:
        """The queue's own agents with room for another contact, of one channel or of any."""
        if channel is not None:
            return len(self._free[queue, channel])
        return len({key for each in Channel for key in self._free[queue, each]})

    def reaching(self, queue: str, channel: Channel) -> int:
        """Agents signed in who may be offered this queue's contacts of a kind, sooner or later."""
        return self._reaching[queue, channel]

    def refresh(self, seat: Seat) -> None:
        """Put the agent where load and idle time belong in the lists of the free."""
        seat.count_used()
        room = seat.units - seat.used if seat.presence is Presence.AVAILABLE else 0
        key = (seat.used / seat.units, seat.idle_since, seat.number, seat.profile.agent_id)
        for channel, cost in seat.costs.items():
            before = seat.free_keys.pop(channel, None)
            after = key if cost is not None and cost <= room else None
            if after is not None:
                seat.free_keys[channel] = after
            if before == after:
                continue
            for queue in seat.profile.queues:
                free = self._free[queue, channel]
                if before is not None:
                    del free[bisect_left(free, before)]
                if after is not None:
                    insort(free, after)

    def free(self, queues: Iterable[str], channel: Channel) -> Iterator[Seat]:
        """Agents of these queues with room for one more, the least loaded and longest idle first;
        who serves several of them comes several times."""
        lists = [self._free[queue, channel] for queue in queues]
        keys = lists[0] if len(lists) == 1 else merge(*lists)
        return (self._seats[key[3]] for key in keys)

    def _count(self, seat: Seat, change: int) -> None:
        for queue in seat.profile.queues:
            self._available[queue, None] += change
            for channel, room in seat.profile.rooms:
                self._available[queue, channel] += change if room else 0
                self._places[queue, channel] += change * room

    def _count_reach(self, seat: Seat, change: int) -> None:
        for queue, _ in seat.reach:
            for channel, cost in seat.costs.items():
                self._reaching[queue, channel] += change if cost is not None else 0

    def _reach(self, profile: AgentProfile) -> tuple[tuple[str, int], ...]:
        own = set(profile.queues)
        reach = []
        for name, rules in self._queues.items():
            if name in own:
                reach.append((name, 0))
                continue
            rings = (k for k, ring in enumerate(rules.rings, 1) if own & set(ring.agents_of))
            if (first := next(rings, None)) is not None:
                reach.append((name, first))
        return tuple(reach)
