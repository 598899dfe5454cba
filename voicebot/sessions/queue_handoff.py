"""How contacts enter queues: by the rules of their version of the application, and in its words.

`queue_stay` waits there with a call, `text_queue` with a conversation in text; this says where a
caller goes, what agents are told, and what is said of the place and of a queue that takes nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Protocol, Self

from voicebot.acd import effects as e
from voicebot.acd.model import Channel, Contact, ContactId, QueueRules, Spill
from voicebot.flows.commands import Transfer
from voicebot.flows.events import CallbackAgreed, TransferRefused
from voicebot.queues.appointments import NoAppointment, appointment
from voicebot.queues.prerouting import preroute
from voicebot.queues.reader import QueueFile
from voicebot.queues.words import WaitingWords, words_for
from voicebot.sessions.briefing import Briefing
from voicebot.sessions.dialogue import InQueue
from voicebot.sessions.numbers import number_of
from voicebot.sessions.place import Place
from voicebot.sessions.queueing import QueueService
from voicebot.telephony._api import LegInfo
from voicebot.types import Json, Language, Prompt

_ANGRY: Final = 0.7
_TENSE: Final = 0.35


_SAID: Final = {
    Spill.CLOSED: "the queue is closed",
    Spill.NO_AGENT: "nobody is there",
    Spill.LENGTH: "too many wait",
    Spill.WAIT: "the wait is too long",
}


class Moves(Protocol):
    """Who takes places over for callers who go on in text (`sessions.text_places`)."""

    def may_leave(self, place: Place, in_queue: InQueue) -> None:
        """The caller waits on the line at ``place``; where they have a link they may leave it, or
        we may."""
        ...

    def caller_left(self, place: Place, in_queue: InQueue) -> str | None:
        """The caller has hung up who kept ``place``. None where it is somebody else's from now on,
        else why the place is to be left."""
        ...


@dataclass(frozen=True, slots=True)
class Comer:
    """Who is handed to a queue: a call, or a conversation in text. ``caller`` is the number or
    name, ``party`` as in `acd.model.Contact`."""

    contact_id: ContactId
    caller: str = field(default="", repr=False)
    party: str = field(default="", repr=False)
    channel: Channel = Channel.VOICE

    @classmethod
    def by_call(cls, info: LegInfo) -> Self:
        party = number_of(info.direction, info.caller, info.callee)
        return cls(ContactId(info.call_id), info.caller, party)


@dataclass(frozen=True, slots=True)
class Kept:
    """A place that is kept: in ``queue`` (empty: where the rules send the contact) since ``since``
    (UTC epoch seconds), at the ``head`` of the line."""

    since: float
    queue: str = ""
    head: bool = False


@dataclass(frozen=True, slots=True)
class Queueing:
    """The queues as one version of the application sees them: ``file`` has its rules and words,
    ``service`` is the server's. ``url`` is a page about the call for agents' screens, with
    ``{call}`` for its id; empty for none. ``moves`` is None where nobody goes on in text."""

    service: QueueService
    file: QueueFile
    url: str = ""
    moves: Moves | None = None

    def enter(
        self, comer: Comer, transfer: Transfer, language: Language, kept: Kept | None = None
    ) -> Place:
        """Let somebody wait where the rules send them, or where a place is ``kept``. Raises
        RoutingError."""
        contact, briefing = self._who(comer, transfer, language, kept)
        if kept is None:
            return self.service.enter(contact, briefing)
        return self.service.enter(contact, briefing, kept.since, head=kept.head)

    def promise(
        self,
        comer: Comer,
        transfer: Transfer,
        language: Language,
        number: str,
        at: float | None = None,
    ) -> CallbackAgreed:
        """Call ``number`` for somebody who waits nowhere (`QueueService.promise`). Raises
        RoutingError."""
        self.service.promise(*self._who(comer, transfer, language), number, at=at)
        return self.agreed(transfer, at)

    def appointment(self, transfer: Transfer) -> float | TransferRefused | None:
        """When ``transfer`` wants its callback, None for when the turn comes; or what the flow is
        told where nobody is called then."""
        rules = self._leads_to(transfer)
        if not transfer.callback_at or rules is None:
            return None
        found = appointment(transfer.callback_at, self.service.now(), rules.hours)
        if not isinstance(found, NoAppointment):
            return found
        why = Spill.CLOSED.value if found.closed else ""
        return TransferRefused(found.problem, why, opens=_written(found.opens_at, rules))

    def agreed(self, transfer: Transfer, at: float | None) -> CallbackAgreed:
        """What the flow is told of who is called back (`appointment`)."""
        rules = self._leads_to(transfer)
        return CallbackAgreed() if rules is None else CallbackAgreed(_written(at, rules))

    def _leads_to(self, transfer: Transfer) -> QueueRules | None:
        """The queue to which the rules lead; None where there is none."""
        going = preroute(self.file.rules, known_of(transfer.facts), transfer.queue)
        return self.service.rules(going.queue) if self.service.knows(going.queue) else None

    def is_closed(self, transfer: Transfer) -> bool:
        """Whether the queue to which the rules lead is closed now; not where there is none."""
        rules = self._leads_to(transfer)
        return rules is not None and not self.service.is_open(rules.name)

    def _who(
        self, comer: Comer, transfer: Transfer, language: Language, kept: Kept | None = None
    ) -> tuple[Contact, Briefing]:
        facts = known_of(transfer.facts)
        going = preroute(self.file.rules, facts, transfer.queue)
        contact = Contact(
            comer.contact_id,
            (kept.queue if kept is not None else "") or going.queue,
            comer.channel,
            priority=going.priority,
            skills=going.skills,
            party=comer.party,
        )
        told = self.context(comer.contact_id, transfer)
        return contact, Briefing(comer.caller, language, told, facts)

    def context(self, contact_id: ContactId, transfer: Transfer) -> Mapping[str, str]:
        """What agents and their telephones are told."""
        told = {**transfer.context, "call": str(contact_id)}
        return {**told, "url": self.url.replace("{call}", contact_id)} if self.url else told

    def announcement(self, notice: e.Announce, language: Language) -> Prompt:
        """Position and wait, said in ``language``."""
        words = self._words(notice.contact_id, language)
        return Prompt((words.of(notice.position, notice.wait_s),))

    def apology(self, contact_id: ContactId, language: Language) -> Prompt:
        """What is said to a caller whose agent's line has died."""
        return Prompt((self._words(contact_id, language).lost,))

    def thanks(self, contact_id: ContactId, language: Language) -> Prompt:
        """What is said to who writes while they wait in text."""
        return Prompt((self._words(contact_id, language).written,))

    def _words(self, contact_id: ContactId, language: Language) -> WaitingWords:
        place = self.service.standing(contact_id)
        return words_for(language, {} if place is None else self.file.words.get(place.queue, {}))

    def refusal(self, effect: e.Overflowed) -> TransferRefused:
        """What the flow is told of who is sent away."""
        return refused_by(effect, self.service.rules(effect.queue))


def refused_by(effect: e.Overflowed, rules: QueueRules) -> TransferRefused:
    """What the flow is told of who is sent away by the queue with ``rules``."""
    opens = _written(effect.opens_at, rules)
    return TransferRefused(_SAID[effect.why], effect.why.value, effect.to, opens)


def _written(at: float | None, rules: QueueRules) -> str:
    """A moment in the queue's own time; empty where there is none."""
    if at is None:
        return ""
    zone = UTC if rules.hours is None else rules.hours.zone
    return datetime.fromtimestamp(at, zone).isoformat("T", "minutes")


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
