"""What goes into the flow interpreter: what happened to the contact, as plain frozen data.

What comes out are the commands of `flows.commands`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from voicebot.types import Heard, Json

FREE: Final = "free"
"""What `Heard.grammar` says of words that no grammar holds and that a question takes as they are:
their meaning is ``{text: the words}``."""

INTENTS_GRAMMAR = "intents"
"""What stands for a grammar's name where words were understood as an intent."""


@dataclass(frozen=True, slots=True)
class ContactStarted:
    """A contact begins. ``facts`` (caller, callee, channel, language) are variables of the flow."""

    facts: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InputMatched:
    """The caller said, keyed or typed something that a grammar of the last `Listen` holds."""

    heard: Heard


@dataclass(frozen=True, slots=True)
class NoMatch:
    """The caller spoke, keyed or typed, and it was none of what was asked.

    ``text`` is what the words were, as far as anybody can tell.
    """

    text: str = ""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """What was said is as near to several items of a list, none of them exactly."""

    options: tuple[str, ...]
    text: str = ""


@dataclass(frozen=True, slots=True)
class NoInput:
    """The caller said nothing in time."""


@dataclass(frozen=True, slots=True)
class RecognitionFailed:
    """We could not listen (a worker died); it counts as neither noinput nor nomatch."""


@dataclass(frozen=True, slots=True)
class ActionDone:
    value: Json


@dataclass(frozen=True, slots=True)
class ActionFailed:
    problem: str


@dataclass(frozen=True, slots=True)
class TransferDone:
    """The call is with somebody else now, and no longer with us."""


@dataclass(frozen=True, slots=True)
class TransferReturned:
    """The target took a bridged call and has left; the caller is with us again.

    ``seconds`` is how long the two talked, ``left`` who ended it: 'agent', or 'line' where the
    agent's line died. ``to`` is the way on that the person chose, of those that the queue's file
    names, empty where they just left. It comes instead of an answer to a `Listen` where a
    supervisor stepped in; so does `TransferRefused`.
    """

    seconds: float
    left: str = "agent"
    to: str = ""


@dataclass(frozen=True, slots=True)
class TransferRefused:
    """Nobody took the contact. A queue that sends callers away says ``why``: 'closed', 'no_agent',
    'length' or 'wait'; ``to`` is what its file calls the way out, and ``opens`` when it opens (ISO
    8601, in the queue's own time), empty where nobody knows."""

    problem: str
    why: str = ""
    to: str = ""
    opens: str = ""


@dataclass(frozen=True, slots=True)
class TurnCame:
    """An agent rings for the contact, which does something else and keeps its place in a queue. It
    comes instead of an answer to a `Listen`. ``answered``: the agent is there, and nobody is asked
    whether they are still wanted."""

    answered: bool = False


@dataclass(frozen=True, slots=True)
class CallbackAgreed:
    """The queue will call the contact back; nobody waits on the line for it any more. ``at`` is the
    time agreed (ISO 8601, in the queue's own time), empty for 'when the turn comes'."""

    at: str = ""


@dataclass(frozen=True, slots=True)
class TextSent:
    """The link to go on in text is on its way to the caller, or on their screen."""


@dataclass(frozen=True, slots=True)
class TextNotSent:
    """No link can be sent; ``problem`` is a short word for the flow's records."""

    problem: str


FlowEvent: TypeAlias = (
    ContactStarted
    | InputMatched
    | NoMatch
    | Ambiguous
    | NoInput
    | RecognitionFailed
    | ActionDone
    | ActionFailed
    | TransferDone
    | TransferReturned
    | TransferRefused
    | TurnCame
    | CallbackAgreed
    | TextSent
    | TextNotSent
)
