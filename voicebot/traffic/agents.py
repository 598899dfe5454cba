"""Made-up people who answer the application's queues: the real `Acd` on virtual time.

They come and go by shifts, eat, let a telephone ring now and then, talk and write up. Left out on
purpose: text conversations, and the calls of callbacks that were promised.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from functools import partial
from random import Random
from typing import Any, Final, TypeAlias

from voicebot.acd import effects as e
from voicebot.acd import events as ev
from voicebot.acd.acd import Acd
from voicebot.acd.model import AgentId, AgentProfile, Channel, Contact, ContactId, Presence
from voicebot.errors import RoutingError
from voicebot.queues.reader import QueueFile
from voicebot.sessions.queue_facts import facts_of
from voicebot.sessions.ready_times import ReadyTimes
from voicebot.traffic.timeline import Timeline
from voicebot.types import Json

NAMES: Final = (
    "mia", "jonas", "li.na", "amara", "tom", "sofia", "erik", "yusuf", "clara", "wei",
    "ines", "paul", "noor", "ben", "hana", "luca", "ruth", "ivan", "zoe", "omar",
)  # fmt: skip
HANDLING_S: Final = 215.0
NO_ANSWER: Final = 0.03
AWAY_S: Final = 240.0
_SHIFTS: Final = (
    (time(8), time(12), time(12, 40), time(16, 45)),
    (time(9, 30), time(13), time(13, 45), time(18, 15)),
    (time(12), time(16), time(16, 30), time(20, 30)),
)
"""Begin, break, end of it, end."""


@dataclass(frozen=True, slots=True)
class Served:
    """A person has talked to the contact for ``seconds``; ``wrapped_s`` is the work after it."""

    queue: str
    agent: str
    waited_s: float
    seconds: float
    wrapped_s: float


@dataclass(frozen=True, slots=True)
class SentAway:
    """The queue does not take the contact, or no longer."""

    queue: str
    waited_s: float
    effect: e.Overflowed


@dataclass(frozen=True, slots=True)
class GaveUp:
    """The caller hung up while waiting."""

    queue: str
    waited_s: float


Came: TypeAlias = Served | SentAway | GaveUp
Told: TypeAlias = Callable[[Came, float], Coroutine[Any, Any, None]]
"""Is told what came of a wait, and when."""


@dataclass(slots=True)
class _Waiting:
    told: Told
    since: float
    queue: str


class Agents:
    """``file`` are the application's queues. ``times`` are those of the agents."""

    def __init__(self, file: QueueFile, timeline: Timeline, dice: Random) -> None:
        self.times = ReadyTimes(most=sys.maxsize)
        self._acd = Acd(file.queues)
        self._file = file
        self._timeline = timeline
        self._dice = dice
        self._waiting: dict[ContactId, _Waiting] = {}
        self._tick_at = math.inf

    # Shifts

    def hire(self, calls_a_day: float, days: Sequence[date], zone: tzinfo) -> None:
        """Plan the shifts of as many as so many calls for a person want."""
        if not self._file.queues:
            return
        busy = calls_a_day * 0.11 * HANDLING_S / 3600
        wanted = max(2 * len(self._file.queues), math.ceil(2.6 * busy) + 2)
        for number, profile in enumerate(self._profiles(min(wanted, len(NAMES)))):
            for day in days:
                off = {(number + 2) % 7, (number + 5) % 7} if number % 3 else {5, 6}
                if day.weekday() not in off:
                    self._plan(profile, day, number, zone)

    def _profiles(self, wanted: int) -> Iterator[AgentProfile]:
        names = [rules.name for rules in self._file.queues]
        skills = {skill: 7 for rules in self._file.queues for skill in rules.skills}
        skills |= {skill: 7 for rule in self._file.rules for skill in rule.skills}
        for number in range(wanted):
            queues = tuple(names) if number % 3 else (names[number // 3 % len(names)],)
            yield AgentProfile(AgentId(NAMES[number]), queues, skills)

    def _plan(self, profile: AgentProfile, day: date, number: int, zone: tzinfo) -> None:
        agent = profile.agent_id
        events: tuple[ev.Event, ...] = (
            ev.SignIn(profile),
            ev.Pause(agent, "lunch"),
            ev.Resume(agent),
            ev.SignOut(agent),
        )
        for clock, event in zip(_SHIFTS[number % len(_SHIFTS)], events, strict=True):
            late = timedelta(seconds=self._dice.uniform(-240, 420))
            when = (datetime.combine(day, clock, zone) + late).timestamp()
            self._timeline.at(when, partial(self._if_possible, event))

    # Callers

    def facts(self, now: float) -> dict[str, Json]:
        """What flows know of the queues, as of real ones (`sessions.queueing`)."""
        told: dict[str, Json] = {}
        for rules in self._file.queues:
            state = self._acd.queue(rules.name, now)
            is_open = rules.hours is None or rules.hours.is_open(now)
            told[rules.name] = facts_of(state, Channel.VOICE, is_open=is_open)
        return {"queues": told} if told else {}

    async def enter(self, contact: Contact, patience_s: float, told: Told, now: float) -> None:
        """Let a contact wait, for no longer than its patience; ``told`` hears what came of it."""
        self._waiting[contact.contact_id] = _Waiting(told, now, contact.queue)
        await self._receive(ev.Enqueue(contact), now)
        if contact.contact_id in self._waiting:
            gone = ev.Abandon(contact.contact_id, "hung up while waiting")
            self._timeline.at(now + patience_s, partial(self._if_waiting, contact.contact_id, gone))

    # What happens

    async def _if_waiting(self, contact_id: ContactId, event: ev.Event, now: float) -> None:
        if contact_id in self._waiting:
            await self._if_possible(event, now)

    async def _if_possible(self, event: ev.Event, now: float) -> None:
        """Somebody may have been faster, or gone."""
        try:
            await self._receive(event, now)
        except RoutingError:
            return

    async def _receive(self, event: ev.Event, now: float) -> None:
        effects = self._acd.receive(event, now)
        for effect in effects:
            self.times.take(effect, now)
            await self._follow(effect, now)
        due = self._acd.next_timer()
        if due is not None and due < self._tick_at:
            self._tick_at = due
            self._timeline.at(max(due, now), self._tick)

    async def _tick(self, now: float) -> None:
        self._tick_at = math.inf
        await self._receive(ev.Tick(), now)

    async def _follow(self, effect: e.Effect, now: float) -> None:
        match effect:
            case e.Offer(contact_id, agent_id):
                if self._dice.random() >= NO_ANSWER:
                    answer = ev.Answer(contact_id, agent_id)
                    rings_s = self._dice.uniform(1.5, 6.0)
                    self._timeline.at(now + rings_s, partial(self._if_possible, answer))
            case e.Connect():
                self._connected(effect, now)
            case e.Release(contact_id, agent_id, None):
                done = ev.WrapUpDone(agent_id, contact_id)
                later = now + self._dice.uniform(5, 45)
                self._timeline.at(later, partial(self._if_possible, done))
            case e.Abandoned(contact_id, queue, _, waited_s):
                await self._tell(contact_id, GaveUp(queue, waited_s), now)
            case e.Overflowed(contact_id, queue, to_queue=""):
                waited_s = now - self._waiting[contact_id].since
                await self._tell(contact_id, SentAway(queue, waited_s, effect), now)
            case e.AgentChanged(agent_id, Presence.AWAY):
                self._timeline.at(now + AWAY_S, partial(self._if_possible, ev.Resume(agent_id)))

    def _connected(self, effect: e.Connect, now: float) -> None:
        talk_s = self._dice.lognormvariate(math.log(HANDLING_S) - 0.18, 0.6)
        wrap_s = next(each.wrap_up_s for each in self._file.queues if each.name == effect.queue)
        served = Served(
            effect.queue,
            effect.agent_id,
            effect.waited_s,
            talk_s,
            self._dice.uniform(5, 45) if wrap_s is None else wrap_s,
        )
        self._timeline.at(now + talk_s, partial(self._finished, effect.contact_id, served))

    async def _finished(self, contact_id: ContactId, served: Served, now: float) -> None:
        await self._receive(ev.Finish(contact_id), now)
        await self._tell(contact_id, served, now)

    async def _tell(self, contact_id: ContactId, came: Came, now: float) -> None:
        await self._waiting.pop(contact_id).told(came, now)
