"""A simulated call centre: SimPy's virtual time around the real `Acd`.

Arrivals, handling times and patience are drawn; every decision is the distribution's own. Agents
answer at once, unless told otherwise, so that the queue is the textbook's and can be held against
its formulas.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field

import simpy

from voicebot.acd import effects as e
from voicebot.acd import events as ev
from voicebot.acd.acd import Acd
from voicebot.acd.model import AgentId, AgentProfile, Channel, Contact, ContactId, QueueRules

Draw = Callable[[random.Random], float]
"""Draws a duration, in seconds."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A contact ``after_s`` seconds after the one before it."""

    after_s: float
    queue: str
    channel: Channel = Channel.VOICE


@dataclass(slots=True)
class Tally:
    """What happened. ``waits_s`` are of those who were connected; ``told`` are the estimates given
    to those of them who stood in line, with the wait that came of each (s)."""

    offered: int = 0
    abandoned: int = 0
    turned_away: int = 0
    waits_s: list[float] = field(default_factory=list)
    handling_s: float = 0.0
    told: dict[Channel, list[tuple[float, float]]] = field(
        default_factory=lambda: {channel: [] for channel in Channel}
    )

    def service_level(self, within_s: float) -> float:
        """The share of the contacts offered that were connected within ``within_s``."""
        return sum(wait <= within_s for wait in self.waits_s) / self.offered

    @property
    def mean_wait_s(self) -> float:
        """The average speed of answer."""
        return sum(self.waits_s) / len(self.waits_s)


class CallCentre:
    """Agents and callers who behave as drawn. One use."""

    def __init__(
        self,
        queues: tuple[QueueRules, ...],
        agents: tuple[AgentProfile, ...],
        handling: dict[Channel, Draw],
        *,
        patience: Draw | None = None,
        seed: int = 1,
    ) -> None:
        self.acd = Acd(queues)
        self.tally = Tally()
        self.env = simpy.Environment()
        self.last_arrival = 0.0
        self._handling, self._patience = handling, patience
        self._random = random.Random(seed)
        self._channels: dict[ContactId, Channel] = {}
        self._waiting: set[ContactId] = set()
        self._told: dict[ContactId, float] = {}
        self._tick_at: float | None = None
        for agent in agents:
            self._receive(ev.SignIn(agent))

    def run(self, arrivals: Iterator[Arrival]) -> Tally:
        """Serve everybody who arrives; ends when the last one is gone."""
        self.env.process(self._arrive(arrivals))
        self.env.run()
        return self.tally

    def _arrive(self, arrivals: Iterator[Arrival]) -> Generator[simpy.Event, None, None]:
        for number, arrival in enumerate(arrivals):
            yield self.env.timeout(arrival.after_s)
            contact_id = ContactId(str(number))
            self.tally.offered += 1
            self.last_arrival = self.env.now
            self._channels[contact_id] = arrival.channel
            self._waiting.add(contact_id)
            self._receive(ev.Enqueue(Contact(contact_id, arrival.queue, arrival.channel)))
            if self._patience is not None and contact_id in self._waiting:
                self._later(self._patience(self._random), self._lose_patience, contact_id)

    def _lose_patience(self, contact_id: ContactId) -> None:
        if contact_id in self._waiting:
            self._receive(ev.Abandon(contact_id, "patience"))

    def _hang_up(self, contact_id: ContactId) -> None:
        self._receive(ev.Finish(contact_id))

    def _receive(self, event: ev.Event) -> None:
        pending = list(self.acd.receive(event, self.env.now))
        while pending:
            effect = pending.pop(0)
            match effect:
                case e.Offer(contact_id, agent_id):
                    answer = ev.Answer(contact_id, AgentId(agent_id))
                    pending += self.acd.receive(answer, self.env.now)
                case e.Queued(contact_id, wait_s=float(wait_s)):
                    self._told[contact_id] = wait_s
                case e.Connect(contact_id):
                    self._connected(effect)
                case e.Abandoned(contact_id):
                    self._waiting.discard(contact_id)
                    self.tally.abandoned += 1
                case e.Overflowed(contact_id, to_queue=""):
                    self._waiting.discard(contact_id)
                    self.tally.turned_away += 1
                case _:
                    pass
        self._set_tick()

    def _connected(self, effect: e.Connect) -> None:
        self._waiting.discard(effect.contact_id)
        self.tally.waits_s.append(effect.waited_s)
        channel = self._channels.pop(effect.contact_id)
        if (told := self._told.pop(effect.contact_id, None)) is not None:
            self.tally.told[channel].append((told, effect.waited_s))
        handling = self._handling[channel](self._random)
        self.tally.handling_s += handling
        self._later(handling, self._hang_up, effect.contact_id)

    def _later(self, delay: float, do: Callable[[ContactId], None], contact_id: ContactId) -> None:
        timeout = self.env.timeout(delay)
        assert timeout.callbacks is not None
        timeout.callbacks.append(lambda _: do(contact_id))

    def _set_tick(self) -> None:
        due = self.acd.next_timer()
        if due is None or (self._tick_at is not None and self._tick_at <= due):
            return
        self._tick_at = due
        timeout = self.env.timeout(max(0.0, due - self.env.now))
        assert timeout.callbacks is not None
        timeout.callbacks.append(self._tick)

    def _tick(self, _: simpy.Event) -> None:
        self._tick_at = None
        self._receive(ev.Tick())


def exponential(mean_s: float) -> Draw:
    return lambda source: source.expovariate(1.0 / mean_s)


def poisson(per_s: float, count: int, queue: str, seed: int) -> Iterator[Arrival]:
    """``count`` arrivals at random, ``per_s`` of them a second on average."""
    source = random.Random(seed)
    return (Arrival(source.expovariate(per_s), queue) for _ in range(count))


def mixed(calls: float, texts: float, count: int, queue: str, seed: int) -> Iterator[Arrival]:
    """``count`` arrivals at random, so many ``calls`` and ``texts`` a second on average."""
    source = random.Random(seed)
    for _ in range(count):
        after_s = source.expovariate(calls + texts)
        is_call = source.random() < calls / (calls + texts)
        yield Arrival(after_s, queue, Channel.VOICE if is_call else Channel.TEXT)
