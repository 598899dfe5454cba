"""What a question holds beside its words: how it asks back, and which intents it understands.

The steps themselves are `steps.AskStep` and `steps.OfferStep`; `flows.questions` runs them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from voicebot.document import Place
from voicebot.flows.references import Reference
from voicebot.flows.template import Template
from voicebot.types import Json


@dataclass(frozen=True, slots=True)
class Confirm:
    """Ask back before an answer is taken: always, or only below a confidence (0..1)."""

    ask: tuple[Template, ...]
    below: float | None
    grammar: Reference
    keys: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Intents:
    """What a question understands beside its grammars: intents of the flow's language.

    ``only`` are those that count, all of them where it is empty, and ``least`` is the confidence
    that one must have (0..1). ``confirm`` asks back for an intent in place of the step's own.
    ``further`` is said before a request is served that the caller made in the same breath as
    another.
    """

    place: Place
    only: tuple[Reference, ...] = ()
    least: float = 0.0
    confirm: Confirm | None = None
    further: tuple[Template, ...] = ()


@dataclass(frozen=True, slots=True)
class OfferNumber:
    """How the number that gets the link is confirmed: ``ask`` about the caller's own (none: yes to
    the offer is yes to it), ``other`` for another (none: no other will do), ``confirm`` that."""

    grammar: Reference
    ask: tuple[Template, ...] = ()
    other: tuple[Template, ...] = ()
    confirm: tuple[Template, ...] = ()
