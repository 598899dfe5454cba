"""A caller's wait in a queue, from the flow's transfer to the agent's goodbye.

While the caller waits they hear music, the flow's messages, and now and then their position and the
wait, in the language of the call. When an agent has answered, the rest is a bridged transfer like
any other (`Handoff.converse`). An agent may send them on, and a caller whose agent's line dies goes
back to the head of the line. Whatever ends this, the place is given up: when the caller hangs up,
the task is cancelled, and an agent who rings is left in peace.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from voicebot.acd import effects as e
from voicebot.acd.model import Contact, ContactId, Spill
from voicebot.errors import RoutingError
from voicebot.flows.commands import (
    CallbackAgreed,
    FlowEvent,
    Transfer,
    TransferRefused,
    TransferReturned,
)
from voicebot.queues.prerouting import preroute
from voicebot.queues.reader import QueueFile
from voicebot.queues.words import WaitingWords, words_for
from voicebot.sessions.briefing import Briefing
from voicebot.sessions.handoff import Handoff
from voicebot.sessions.numbers import number_of
from voicebot.sessions.queueing import Joined, Place, QueueService
from voicebot.sessions.talk import ToAddress, ToQueue
from voicebot.telephony._api import LegInfo
from voicebot.types import Json, Language, Prompt

log = structlog.get_logger(__name__)

_ANGRY: Final = 0.7
_TENSE: Final = 0.35


_SAID: Final = {
    Spill.CLOSED: "the queue is closed",
    Spill.NO_AGENT: "nobody is there",
    Spill.LENGTH: "too many wait",
    Spill.WAIT: "the wait is too long",
}


@dataclass(frozen=True, slots=True)
class Queueing:
    """The queues as one version of the application sees them: ``file`` has its rules and words,
    ``service`` is the server's. ``url`` is a page about the call for agents' screens, with
    ``{call}`` for its id; empty for none."""

    service: QueueService
    file: QueueFile
    url: str = ""

    def enter(self, info: LegInfo, transfer: Transfer, language: Language) -> Place:
        """Let the caller wait where the rules send them. Raises RoutingError."""
        facts = known_of(transfer.facts)
        going = preroute(self.file.rules, facts, transfer.queue)
        contact = Contact(
            ContactId(info.call_id),
            going.queue,
            priority=going.priority,
            skills=going.skills,
            party=number_of(info.direction, info.caller, info.callee),
        )
        return self.service.enter(
            contact, Briefing(info.caller, language, self.context(info, transfer), facts)
        )

    def context(self, info: LegInfo, transfer: Transfer) -> Mapping[str, str]:
        """What agents and their telephones are told."""
        told = {**transfer.context, "call": str(info.call_id)}
        return {**told, "url": self.url.replace("{call}", info.call_id)} if self.url else told

    def announcement(self, notice: e.Announce, language: Language) -> Prompt:
        """Position and wait, said in ``language``."""
        words = self._words(notice.contact_id, language)
        return Prompt((words.of(notice.position, notice.wait_s),))

    def apology(self, contact_id: ContactId, language: Language) -> Prompt:
        """What is said to a caller whose agent's line has died."""
        return Prompt((self._words(contact_id, language).lost,))

    def _words(self, contact_id: ContactId, language: Language) -> WaitingWords:
        place = self.service.standing(contact_id)
        return words_for(language, {} if place is None else self.file.words.get(place.queue, {}))

    def refusal(self, effect: e.Overflowed) -> TransferRefused:
        """What the flow is told of who is sent away."""
        hours = self.service.rules(effect.queue).hours
        opens = ""
        if effect.opens_at is not None and hours is not None:
            opens = datetime.fromtimestamp(effect.opens_at, hours.zone).isoformat("T", "minutes")
        return TransferRefused(_SAID[effect.why], effect.why.value, effect.to, opens)


@dataclass(slots=True)
class Waiter:
    """One caller who is handed to a queue: what `hand_to_queue` needs of the session.

    ``say`` says a prompt to the caller, ``language`` is that of the call now.
    """

    info: LegInfo
    handoff: Handoff
    language: Language
    say: Callable[[Prompt], None]


async def hand_to_queue(queueing: Queueing, waiter: Waiter, transfer: Transfer) -> FlowEvent:
    """Let the caller wait, and talk to the agent who comes; what the flow is told of it."""
    try:
        place = queueing.enter(waiter.info, transfer, waiter.language)
    except RoutingError as error:
        log.warning("queue_not_entered", queue=transfer.queue, problem=str(error))
        return TransferRefused(str(error))
    reason = "left the queue"
    try:
        if transfer.callback and _book(queueing, place, transfer.callback):
            return CallbackAgreed()
        while True:
            found = await _wait(queueing, place, waiter, transfer)
            if isinstance(found, TransferRefused):
                return found
            event = await _talk(waiter.handoff, found, transfer)
            match waiter.handoff.onward:
                case ToQueue():
                    continue
                case ToAddress(uri):
                    await place.leave("put through")
                    return await waiter.handoff.transfer(transfer, uri, waiter.say)
            if event.left == "line" and queueing.service.line_lost(place):
                waiter.say(queueing.apology(place.contact_id, waiter.language))
                continue
            return event
    except asyncio.CancelledError:
        reason = "hung up while waiting"
        raise
    finally:
        await place.leave(reason)


async def _talk(handoff: Handoff, found: Joined, transfer: Transfer) -> TransferReturned:
    try:
        return await handoff.converse(found.leg, transfer)
    finally:
        await found.leg.hang_up("the caller has left")


def _book(queueing: Queueing, place: Place, number: str) -> bool:
    """Whether the caller will be called. Where not, they wait: mostly an agent is ringing already,
    or the queue takes nobody and says so."""
    try:
        queueing.service.book(place, number)
    except RoutingError as error:
        log.info("callback_not_booked", problem=str(error))
        return False
    return True


async def _wait(
    queueing: Queueing, place: Place, waiter: Waiter, transfer: Transfer
) -> Joined | TransferRefused:
    with waiter.handoff.company(transfer.while_waiting, waiter.say):
        while True:
            match await place.next():
                case Joined() as joined:
                    return joined
                case e.Overflowed() as effect:
                    return queueing.refusal(effect)
                case e.Announce() as notice:
                    waiter.say(queueing.announcement(notice, waiter.language))


def known_of(facts: Mapping[str, Json]) -> dict[str, Json]:
    """What rules may ask for: the flow's variables, and from them ``mood`` ('calm', 'tense' or
    'angry'), ``contacts`` (in the last days, null where nobody knows) and ``intent`` (what the
    contact is about)."""
    history, matter, felt = facts.get("history"), facts.get("matter"), facts.get("frustration")
    level = felt if isinstance(felt, int | float) else 0.0
    return {
        **facts,
        "mood": "angry" if level >= _ANGRY else "tense" if level >= _TENSE else "calm",
        "contacts": history.get("contacts") if isinstance(history, dict) else None,
        "intent": matter.get("about") if isinstance(matter, dict) else None,
    }
