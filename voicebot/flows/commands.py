"""What comes out of the flow interpreter: what it wants done, as plain frozen data.

An event of `flows.events` goes in, a list of commands comes out. The list is any number of `Say`,
`Show`, `ChangeLanguage`, `OfferText`, `CloseOffer` and `LeaveQueue`, then exactly one command that
waits (`Listen`, `Act`, `Transfer`, `SendText`) or ends (`HangUp`); the next event answers it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

from voicebot.flows.cards import Card
from voicebot.types import Json, Language, Outcome, Prompt

ANSWER: Final = "knowledge:answer"
"""The action of answer steps, with ``question`` and ``language``. It is the session's own (no
action of a designer's has a name like this) and gives an object with ``parts``, the answer in parts
of speakable length, and the article's ``name``; no parts where nothing is known."""


@dataclass(frozen=True, slots=True)
class Say:
    """Speak (or show) a prompt. ``bargein`` says whether the caller may interrupt it.

    ``serves``: with these words the caller has what they came for. A channel that knows how far
    a prompt was played uses it to choose between `FlowState.outcome_if_hung_up` (it was played to
    its end) and `FlowState.outcome_if_cut_off` (it was not).
    """

    prompt: Prompt
    bargein: bool = True
    serves: bool = False


@dataclass(frozen=True, slots=True)
class Show:
    """Show a card beside the conversation. A channel that has nothing to look at passes over it:
    what must be known is said too."""

    card: Card


@dataclass(frozen=True, slots=True)
class ChangeLanguage:
    """From here on the contact is held in ``language``: what is said, listened for and shown.

    It comes before the first command of that language. A contact begins in the language of its
    first flow, as written.
    """

    language: Language


@dataclass(frozen=True, slots=True)
class ListGrammar:
    """A grammar that is made while the call runs: each item is a phrase, as it is written, and
    what it means. An item whose phrase is empty cannot be spoken. ``near``: an item said or typed a
    little wrong is taken too."""

    items: tuple[tuple[str, Json], ...]
    language: Language
    name: str = "list"
    near: bool = False


@dataclass(frozen=True, slots=True)
class SlotGrammar:
    """What may be said for one slot of a form, and what the slot itself is ``called``."""

    name: str
    grammars: tuple[str | ListGrammar, ...]
    called: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FormGrammar:
    """Sentences that hold values of several slots, in any order, and corrections of them.

    Its meaning is an object with ``filled`` (slot -> meaning), ``denied`` (slot -> the meaning that
    is wrong, null where only the slot was named) and ``corrected`` (whether the caller objected).
    ``naming``: the question is which slot to change, so that its name alone is an answer.
    """

    slots: tuple[SlotGrammar, ...]
    language: Language
    name: str = "form"
    naming: bool = False


@dataclass(frozen=True, slots=True)
class WantedIntents:
    """What words may mean that no grammar holds: one or several of the intents of ``language``.

    ``names`` are those that count, all of them where it is empty; ``least`` is the confidence that
    one must have (0..1). The meaning is an object: ``intent`` (its name), ``text`` (the words that
    say it), ``response`` (its hint), ``because`` (the example most like the words), the values of
    its slots, and ``more``: the meanings of what else was asked for, each with its ``confidence``.
    """

    language: Language
    names: tuple[str, ...] = ()
    least: float = 0.0


@dataclass(frozen=True, slots=True)
class Listen:
    """Listen for one of ``grammars`` (names, and those made for this call; the step's own first,
    then the global commands) and for ``keys`` (key or key string -> semantics). Words that none of
    them holds may mean one of ``intents``. Times are None where the defaults hold.

    Names and meanings of the timeouts are VoiceXML 2.1's (appendix D).
    """

    grammars: tuple[str | ListGrammar | FormGrammar, ...]
    keys: Mapping[str, Json] = field(default_factory=dict)
    timeout_ms: int | None = None
    completetimeout_ms: int | None = None
    incompletetimeout_ms: int | None = None
    maxspeechtimeout_ms: int | None = None
    interdigittimeout_ms: int | None = None
    termchar: str = "#"
    private: bool = False
    """Whether what is asked and answered now must stay out of a recording."""
    sensitive: bool = False
    """Whether the answer is a secret: nothing of it may be kept or shown, in whatever form."""
    intents: WantedIntents | None = None
    free: bool = False
    """Whether words that no grammar holds are an answer too (`FREE`)."""


@dataclass(frozen=True, slots=True)
class Act:
    """Run a self-service action. ``filler`` is said when it is slow, None for silence. ``secret``:
    its arguments hold what may not be kept, shown or logged."""

    action: str
    arguments: Mapping[str, Json]
    filler: Prompt | None = None
    secret: bool = False


QUEUE_PREFIX: Final = "queue:"
"""How a transfer's target begins that is one of the application's queues."""


class TransferMode(StrEnum):
    """How a contact is handed over: the caller's phone is told to call the target (`REFER`), or we
    call it and join the two (`BRIDGE`)."""

    REFER = "refer"
    BRIDGE = "bridge"


@dataclass(frozen=True, slots=True)
class Transfer:
    """Hand the contact to ``target`` (a name, a SIP URI, or 'queue:' and a queue's name) with
    ``context`` for who takes it.

    ``mode`` is None where the settings decide. The rest is for a bridge or a queue:
    ``while_waiting`` is said over and over while it rings, ``whisper`` to the one who takes the
    call before the two hear each other, ``ring_ms`` is how long it may ring (None: the default).
    For a queue alone, ``facts`` are what its rules may ask for, and ``callback`` is the number to
    be called when the turn comes, empty for who waits on the line, or at the time that
    ``callback_at`` gives (`queues.appointments`); ``way_back`` is then where the
    contact stands (`FlowState.to_json`), for the flow to go on with after that. ``choices`` are
    what the caller may say or press meanwhile: told to the flow as `InputMatched`, it goes on with
    that, and the place is kept until the next transfer or `LeaveQueue`.
    """

    target: str
    context: Mapping[str, str]
    mode: TransferMode | None = None
    while_waiting: tuple[Prompt, ...] = ()
    whisper: tuple[Prompt, ...] = ()
    ring_ms: int | None = None
    facts: Mapping[str, Json] = field(default_factory=dict)
    callback: str = ""
    callback_at: str = ""
    way_back: Mapping[str, Json] = field(default_factory=dict, repr=False)
    choices: Listen | None = None

    @property
    def queue(self) -> str:
        """The queue that this leads to; empty for any other target."""
        return queue_of(self.target)


def queue_of(target: str) -> str:
    """The queue that a transfer's target names; empty for any other target."""
    return target.removeprefix(QUEUE_PREFIX) if target.startswith(QUEUE_PREFIX) else ""


@dataclass(frozen=True, slots=True)
class OfferText:
    """The caller is being asked whether to go on in text; ``intent`` is what it is about."""

    intent: str


@dataclass(frozen=True, slots=True)
class CloseOffer:
    """The offer is over and no link is wanted; ``declined`` where the caller said no."""

    intent: str
    declined: bool


@dataclass(frozen=True, slots=True)
class SendText:
    """Send the caller a link to go on in text: to ``number``, or to their screen where it is
    empty."""

    number: str
    intent: str


@dataclass(frozen=True, slots=True)
class LeaveQueue:
    """The caller no longer wants the person whose queue they kept a place in."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the contact. ``outcome`` is what the flow believes was reached."""

    outcome: Outcome
    reason: str


Command: TypeAlias = (
    Say
    | Show
    | ChangeLanguage
    | OfferText
    | CloseOffer
    | LeaveQueue
    | Listen
    | Act
    | Transfer
    | SendText
    | HangUp
)
