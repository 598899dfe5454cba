"""Ids and small value types that every room may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final, Literal, NewType, TypeAlias

import numpy as np
from numpy.typing import NDArray

CallId = NewType("CallId", str)
"""Our own id of a call: unique over all doors and restarts."""

Language = NewType("Language", str)
"""A BCP 47 tag, such as ``en-US``."""

Samples: TypeAlias = NDArray[np.int16]
"""Mono PCM, shape [samples], full scale 32768. The rate is stated where it is passed on."""

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

Transport: TypeAlias = Literal[
    "sip", "webrtc", "audiosocket", "mediastream", "loopback", "terminal", "chat", "webhook"
]

TEXT_DOORS: Final[frozenset[Transport]] = frozenset({"chat", "webhook"})
"""How conversations came that began in text: on a page, or in a messenger."""

Direction: TypeAlias = Literal["inbound", "outbound"]
"""Who called: somebody us, or we somebody."""

KEYS = "0123456789*#ABCD"
"""The keys of a telephone keypad, RFC 4733 events 0 to 15."""


class Mode(StrEnum):
    """How something was said."""

    SPEECH = "speech"
    DTMF = "dtmf"
    TEXT = "text"


class Outcome(StrEnum):
    """How a contact ended: exactly one of these.

    ``self_served``        the caller got what they came for from the bot
    ``moved_to_text``      the caller went on in text
    ``transferred``        a person or another line took the call
    ``callback_booked``    a person will call back
    ``abandoned_in_flow``  the caller hung up (or fell silent for good) before being served
    ``abandoned_in_queue`` the caller hung up while waiting for a person
    ``refused``            not admitted: no capacity, closed, no common codec
    ``not_reached``        a call of ours that nobody took: busy, no answer, declined
    ``failed``             something of ours broke, or the line died
    """

    SELF_SERVED = "self_served"
    MOVED_TO_TEXT = "moved_to_text"
    TRANSFERRED = "transferred"
    CALLBACK_BOOKED = "callback_booked"
    ABANDONED_IN_FLOW = "abandoned_in_flow"
    ABANDONED_IN_QUEUE = "abandoned_in_queue"
    REFUSED = "refused"
    NOT_REACHED = "not_reached"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Matter:
    """What a contact was about: ``about`` in the application's own word ('return') and plain values
    that belong to it. ``open``: the caller has not got what they came for, or it goes on."""

    about: str
    details: Mapping[str, Json]
    open: bool


class SayAs(StrEnum):
    """How a value is read out (or shown, in text)."""

    TEXT = "text"
    NUMBER = "number"
    ORDINAL = "ordinal"
    DIGITS = "digits"
    SPELL = "spell"
    MONEY = "money"
    DATE = "date"
    TIME = "time"


HIDDEN: Final = "••••"
"""What stands in records in place of a secret; as long whatever the secret was."""


@dataclass(frozen=True, slots=True)
class Value:
    """A part of a prompt that is filled in while the call runs.

    ``value`` is what the flow holds (for money a number or ``"19.99 EUR"``, for dates and times
    ISO 8601); the channel decides how it sounds or looks. One that is ``secret`` is for the caller
    alone: records have `HIDDEN` in its place.
    """

    value: str | int | float
    say_as: SayAs = SayAs.TEXT
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the bot says: literal text and values, in order.

    A prompt whose parts are all text is static: its sound can be rendered ahead of time.
    """

    parts: tuple[str | Value, ...]

    @property
    def is_static(self) -> bool:
        return all(isinstance(part, str) for part in self.parts)

    @property
    def is_secret(self) -> bool:
        """Whether it holds what only the caller may hear."""
        return any(isinstance(part, Value) and part.secret for part in self.parts)

    def masked(self) -> Prompt:
        """The prompt as others may know it."""
        return Prompt(
            tuple(
                HIDDEN if isinstance(part, Value) and part.secret else part for part in self.parts
            )
        )


@dataclass(frozen=True, slots=True)
class Heard:
    """One understood utterance, keyed entry or typed line.

    ``confidence`` is 0..1 (1.0 for keys). ``grammar`` names the grammar that matched.
    """

    text: str
    semantics: Json
    confidence: float
    mode: Mode
    grammar: str = ""


class Verdict(Enum):
    """What the guard of a door says of a request: serve it; tell the sender to slow down; drop it
    unanswered, so that a forged sender gets nothing from us."""

    ALLOW = "allow"
    SLOW = "slow"
    DROP = "drop"


class Failure(StrEnum):
    """What counts against the address that a request came from."""

    MALFORMED = "malformed"
    """Not the protocol of the door."""
    CREDENTIALS = "credentials"
    """A wrong password, token or signature; a first try without any is no failure."""
    UNKNOWN = "unknown"
    """A user, method or path that is not there."""
