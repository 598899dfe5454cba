"""A month of made-up contacts, one after the other and side by side, on virtual time."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Final

from voicebot.acd.model import Contact, ContactId
from voicebot.events import (
    CallEnded,
    CallEvent,
    CallStarted,
    MatterNoted,
    QueueNoted,
)
from voicebot.flows.commands import Transfer
from voicebot.flows.events import CallbackAgreed, TransferReturned
from voicebot.queues.prerouting import preroute
from voicebot.queues.reader import QueueFile
from voicebot.sessions import history
from voicebot.sessions.account import CallAccount
from voicebot.sessions.dialogue import facts_of
from voicebot.sessions.numbers import number_of
from voicebot.sessions.queue_handoff import known_of, refused_by
from voicebot.sessions.ready_times import Stretch
from voicebot.sessions.registry import Refusal
from voicebot.telephony._api import LegInfo
from voicebot.traffic.agents import Agents, Came, GaveUp, SentAway, Served
from voicebot.traffic.calendar import DAY_S, arrivals
from voicebot.traffic.caller import Caller
from voicebot.traffic.shop import EN, WANTS, ZH
from voicebot.traffic.talk import Clock, House, Talk
from voicebot.traffic.timeline import Timeline
from voicebot.types import CallId, Json, Language, Matter, Outcome, Transport

CALLEE: Final = "shop"
DOORS: Final[dict[Transport, float]] = {
    "sip": 71,
    "mediastream": 12,
    "webrtc": 13,
    "audiosocket": 4,
}
CHINESE: Final = 0.11
REFUSED: Final = 0.004
BROKEN: Final = 0.002
COMES_BACK: Final = 0.13
"""How often who calls has called before in these days; mostly about the same."""
FOR_A_PERSON: Final = 0.35
"""The share of contacts that agents are hired for."""
REMEMBERED: Final = 400
HISTORY_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class Plan:
    """How much, and when: ``contacts`` in the ``days`` before ``until``, a midnight; nothing
    begins after ``over_by``, and those who would have called then do not count.
    ``flow`` takes the calls, ``version`` is that of the application, ``languages`` its own."""

    contacts: int
    days: int
    until: float
    over_by: float
    seed: int
    flow: str
    languages: tuple[str, ...]
    version: str


class Month:
    """Plays ``plan``. Facts go to ``append`` in the order of time but for those that are drawn
    ahead; ``drain`` is awaited between contacts, for whoever writes them to keep up."""

    def __init__(
        self,
        plan: Plan,
        house: House,
        queues: QueueFile,
        append: Callable[[CallEvent], None],
        drain: Callable[[], Awaitable[None]],
    ) -> None:
        self._plan = plan
        self._house = house
        self._queues = queues
        self._write = append
        self._drain = drain
        self._dice = Random(plan.seed)
        self._timeline = Timeline()
        self._agents = Agents(queues, self._timeline, self._dice)
        self._numbers: dict[CallId, tuple[str, float, Matter | None]] = {}
        self._past: defaultdict[str, deque[history.Contact]] = defaultdict(lambda: deque(maxlen=20))
        self._recent: deque[tuple[str, str, str]] = deque(maxlen=REMEMBERED)

    async def play(self) -> list[Stretch]:
        """All contacts, to their ends; gives when agents were ready and busy."""
        plan, zone = self._plan, self._house.zone
        last = datetime.fromtimestamp(plan.until, zone).date()
        days = [last - timedelta(days=back) for back in range(1, plan.days + 1)]
        self._agents.hire(plan.contacts / plan.days * FOR_A_PERSON, days, zone)
        for at in arrivals(plan.contacts, plan.days, plan.until, zone, self._dice):
            if at < plan.over_by:
                self._timeline.at(at, self._call)
        await self._timeline.run()
        return [
            replace(each, ended_at=min(each.ended_at, plan.over_by))
            for each in self._agents.times.unwritten(plan.over_by)
            if each.began_at < plan.over_by
        ]

    async def _call(self, now: float) -> None:
        dice = Random(self._dice.random())
        door = dice.choices(list(DOORS), list(DOORS.values()))[0]
        number, want, language = self._who(dice)
        number = "browser" if door == "webrtc" else number
        info = LegInfo(CallId(f"{dice.getrandbits(128):032x}"), door, number, CALLEE)
        clock = Clock(now)
        account = CallAccount(info, self, lambda _: None, clock)
        account.started(self._plan.flow, Language(language), self._plan.version)
        if dice.random() < REFUSED:
            account.ended(Outcome.REFUSED, Refusal.FULL)
            return
        clock.now += dice.uniform(0.2, 1.5)
        account.answered()
        if dice.random() < BROKEN:
            clock.now += dice.uniform(5, 60)
            account.ended(Outcome.FAILED, "no audio from the caller for 20 s")
            return
        caller = Caller(language, want, f"{dice.randrange(1000, 9999)}", dice)
        talk = Talk(
            self._house, account, caller, clock, Language(language), dice, self._agents.facts
        )
        wanted = await talk.begin(self._facts(info, language, number, now))
        await self._queue(talk, wanted)
        await self._drain()

    def _who(self, dice: Random) -> tuple[str, str, str]:
        """A number, a wish and a language: often of somebody who has called before."""
        if self._recent and dice.random() < COMES_BACK:
            number, want, language = dice.choice(self._recent)
            if dice.random() < 0.25:
                want = self._wish(dice)
        else:
            chinese = ZH in self._plan.languages and dice.random() < CHINESE
            number, language = f"+1555{dice.randrange(10**6, 10**7)}", ZH if chinese else EN
            want = self._wish(dice)
        self._recent.append((number, want, language))
        return number, want, language

    def _wish(self, dice: Random) -> str:
        return dice.choices(list(WANTS), [want.share for want in WANTS.values()])[0]

    def _facts(self, info: LegInfo, language: str, number: str, now: float) -> dict[str, Json]:
        known = number_of(info.direction, info.caller, info.callee)
        text: dict[str, Json] = {
            "to": "sms" if known else "page",
            "number": known or None,
            "ending": known[-2:] if known else None,
            "never": [],
            "soon_s": 60,
        }
        past = [each for each in self._past[number] if now - each.at < HISTORY_DAYS * DAY_S]
        told: Json = history.told(past[::-1], now) if known else None
        facts = facts_of(info, Language(language))
        return {**facts, "text": text, "history": told, "customer": None}

    # Queues

    async def _queue(self, talk: Talk, wanted: Transfer | None) -> None:
        """Let the contact wait where the flow sends it; None: it is over."""
        if wanted is None:
            return
        if wanted.callback:
            await self._queue(talk, await talk.go_on(CallbackAgreed()))
            return
        self._timeline.at(talk.clock.now, partial(self._enter, talk, wanted))

    async def _enter(self, talk: Talk, wanted: Transfer, now: float) -> None:
        going = preroute(self._queues.rules, known_of(wanted.facts), wanted.queue)
        info = talk.account.info
        contact = Contact(
            ContactId(info.call_id),
            going.queue,
            priority=going.priority,
            skills=going.skills,
            party=number_of(info.direction, info.caller, info.callee),
        )
        await self._agents.enter(contact, talk.caller.patience_s, partial(self._came, talk), now)

    async def _came(self, talk: Talk, came: Came, now: float) -> None:
        talk.clock.now = now
        call = talk.account.info.call_id
        match came:
            case GaveUp(queue, waited_s):
                self.append(QueueNoted(call, now, queue, waited_s))
                talk.leave("hung up while waiting")
            case SentAway(queue, waited_s, effect):
                self.append(QueueNoted(call, now, queue, waited_s))
                rules = next(each for each in self._queues.queues if each.name == effect.queue)
                await self._queue(talk, await talk.go_on(refused_by(effect, rules)))
            case Served(queue, agent, waited_s, seconds, wrapped_s):
                noted = QueueNoted(call, now, queue, waited_s, agent, seconds, wrapped_s)
                self.append(noted)
                await self._queue(talk, await talk.go_on(TransferReturned(seconds)))

    # What is known of earlier contacts

    def append(self, event: CallEvent) -> None:
        """Take a fact of a call (`sessions.records.Journal`); remember who called about what."""
        self._write(event)
        match event:
            case CallStarted():
                self._numbers[event.call_id] = (event.caller, event.at, None)
            case MatterNoted():
                number, at, _ = self._numbers[event.call_id]
                self._numbers[event.call_id] = (number, at, event.matter)
            case CallEnded():
                number, at, matter = self._numbers.pop(event.call_id)
                contact = history.Contact(event.call_id, at, event.outcome, matter)
                self._past[number].append(contact)
