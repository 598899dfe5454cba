"""The parts of a form: slots that are asked for one by one and may all be filled by one sentence.

The step itself, `steps.FormStep`, holds them; `flows.forms` runs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from voicebot.document import Place
from voicebot.flows.expression import Expression
from voicebot.flows.references import ListSource, Reference
from voicebot.flows.template import Template
from voicebot.types import Json

DEFAULT_AFTER = 2
"""Silences and words not understood at a slot after which its ``default`` is taken."""


@dataclass(frozen=True, slots=True)
class SlotConfirm:
    """How sure of a value the bot must be, by its confidence (0..1).

    Below ``ask_below`` it asks (always, where there is ``ask`` and no number); otherwise, below
    ``say_below``, it says the value back before the next question (always, where there is ``say``
    and no number).
    """

    ask: tuple[Template, ...]
    say: tuple[Template, ...]
    ask_below: float | None
    say_below: float | None
    grammar: Reference
    keys: Mapping[str, Json]

    def wants_question(self, confidence: float) -> bool:
        return bool(self.ask) and (self.ask_below is None or confidence < self.ask_below)

    def wants_saying(self, confidence: float) -> bool:
        return bool(self.say) and (self.say_below is None or confidence < self.say_below)


@dataclass(frozen=True, slots=True)
class FormSlot:
    """One thing that a form needs; its value is the variable of the same name.

    ``if_`` is the condition under which it is needed at all. ``prefill`` is taken as its value
    where it is not null when the form begins, ``default`` when the caller cannot give one.
    ``called`` are the words for the slot itself: 'change the *day*'. ``filled`` is a step
    that looks at each new value, and returns to the form; it may set the variable to null.
    ``sensitive``: its value is a secret, and is taken only where it is asked for.
    """

    name: str
    place: Place
    ask: tuple[Template, ...]
    again: tuple[Template, ...] = ()
    grammar: tuple[Reference | ListSource, ...] = ()
    keys: Mapping[str, Json] = field(default_factory=dict)
    called: tuple[str, ...] = ()
    help: tuple[Template, ...] = ()
    noinput: tuple[Template, ...] = ()
    nomatch: tuple[Template, ...] = ()
    if_: Expression | None = None
    prefill: Template | Json = None
    default: Template | Json = None
    carry: bool = False
    filled: Reference | None = None
    confirm: SlotConfirm | None = None
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Review:
    """All values are said back at the end; after a 'no', ``change`` asks what is wrong."""

    ask: tuple[Template, ...]
    change: tuple[Template, ...]
    grammar: Reference
    keys: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Aside:
    """Where callers may go from within a form and come back: the step of each meaning.

    A meaning is that of one of ``grammar``, the name of a command or, with ``intents``, of an
    intent.
    """

    grammar: tuple[Reference | ListSource, ...]
    steps: Mapping[str, Reference]
    intents: bool = False
