"""The kinds of step that a flow is made of.

The fields of a step are the keys of the YAML file (`flows.vocabulary` says what each means); a
test keeps the two in step. What is asked of any kind of step stands in `flows.step_parts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TypeAlias

from voicebot.document import Place
from voicebot.flows.cards import CardTemplate
from voicebot.flows.commands import TransferMode
from voicebot.flows.expression import Expression
from voicebot.flows.form_model import Aside, FormSlot, Review
from voicebot.flows.question_model import Confirm, Intents, OfferNumber
from voicebot.flows.queue_model import WhileWaiting
from voicebot.flows.references import Branch, Case, LanguageName, ListSource, Reference, Route
from voicebot.flows.template import Template
from voicebot.types import Json, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    name: str
    place: Place
    say: tuple[Template, ...] = ()
    bargein: bool = True
    served: bool = False
    matter: Mapping[str, Template | Json] = field(default_factory=dict)
    card: CardTemplate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question(_Step):
    help: tuple[Template, ...] = ()
    on_trouble: Reference | None = None
    commands: Mapping[str, Reference] | bool = True
    """False: no global command works here. A mapping: these lead elsewhere than usual."""
    timeout_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _TimedQuestion(_Question):
    completetimeout_ms: int | None = None
    incompletetimeout_ms: int | None = None
    maxspeechtimeout_ms: int | None = None
    interdigittimeout_ms: int | None = None
    termchar: str = "#"
    private: bool = False
    sensitive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SayStep(_Step):
    next: Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class AskStep(_TimedQuestion):
    """``keys`` give a key, or several in a row, the meaning that the grammar would give."""

    ask: tuple[Template, ...]
    next: Route
    grammar: tuple[Reference | ListSource, ...] = ()
    intents: Intents | None = None
    free: bool = False
    keys: Mapping[str, Json] = field(default_factory=dict)
    store: str | None = None
    confirm: Confirm | None = None
    noinput: tuple[Template, ...] = ()
    nomatch: tuple[Template, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FormStep(_TimedQuestion):
    """Asks for what is missing among its slots (`flows.forms`).

    ``grammar`` are grammars whose meanings are objects that name slots. The rest is as in
    `AskStep`.
    """

    form: Mapping[str, FormSlot]
    next: Reference
    title: str = ""
    grammar: tuple[Reference | ListSource, ...] = ()
    store: str | None = None
    corrected: tuple[Template, ...] = ()
    resume: tuple[Template, ...] = ()
    review: Review | None = None
    stop: tuple[Case, ...] = ()
    aside: Aside | None = None

    def hides(self, slot: str) -> bool:
        """Whether the value of a slot is a secret."""
        return self.sensitive or (slot in self.form and self.form[slot].sensitive)

    @property
    def has_secrets(self) -> bool:
        return any(self.hides(name) for name in self.form)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetStep(_Step):
    set: Mapping[str, Template | Json]
    next: Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageStep(_Step):
    """Goes on in another language; one that no flow speaks changes nothing. What it says is said
    in the new language."""

    language: LanguageName | Template
    next: Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchStep(_Step):
    branch: Branch


@dataclass(frozen=True, slots=True, kw_only=True)
class ActStep(_Step):
    act: Reference
    next: Reference
    on_error: Reference
    arguments: Mapping[str, Template | Json] = field(default_factory=dict)
    store: str | None = None
    filler: Template | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerStep(_Step):
    """Answer a question from the knowledge (`flows.answers`).

    ``grammar`` is that of yes and no. Without ``unknown`` a question that nothing answers counts as
    not understood.
    """

    answer: Template
    next: Reference
    grammar: Reference
    more: tuple[Template, ...] = ()
    keys: Mapping[str, Json] = field(default_factory=lambda: {"1": True, "2": False})
    unknown: Reference | None = None
    served: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferStep(_Step):
    """Without ``next`` the call ends when the one who took it has left. ``closed``, ``overflow``
    and the callback belong to a queue."""

    transfer: Reference
    on_failure: Reference
    context: Mapping[str, Template | Json] = field(default_factory=dict)
    mode: TransferMode | None = None
    next: Reference | None = None
    while_waiting: WhileWaiting = field(default_factory=WhileWaiting)
    whisper: tuple[Template, ...] = ()
    ring_ms: int | None = None
    closed: Reference | None = None
    overflow: Reference | None = None
    callback: Template | None = None
    callback_at: Template | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferStep(_Question):
    """Offers to go on in text (`flows.offers`); whom, says `flows.offer_rules`. ``grammar`` is that
    of yes and no."""

    offer_text: tuple[Template, ...]
    accepted: Reference
    declined: Reference
    unavailable: Reference
    grammar: Reference
    skipped: Reference | None = None
    in_text: Reference | None = None
    intent: str = ""
    if_: Expression | None = None
    number: OfferNumber | None = None
    keys: Mapping[str, Json] = field(default_factory=lambda: {"1": True, "2": False})
    noinput: tuple[Template, ...] = ()
    nomatch: tuple[Template, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUpStep(_Step):
    """``hangup`` is the outcome, or None for what was reached (see `FlowState`)."""

    hangup: Outcome | None
    reason: str = "the flow ended the call"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStep(_Step):
    """Run another flow; its ``return`` comes back to ``next``."""

    call: Reference
    next: Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class GotoStep(_Step):
    """Go on in another flow and do not come back."""

    goto: Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnStep(_Step):
    return_: bool = True


Step: TypeAlias = (
    SayStep
    | AskStep
    | FormStep
    | SetStep
    | LanguageStep
    | BranchStep
    | ActStep
    | AnswerStep
    | TransferStep
    | OfferStep
    | HangUpStep
    | CallStep
    | GotoStep
    | ReturnStep
)


def step_keys(kind: type[_Step]) -> set[str]:
    """The keys that the YAML of a kind of step may have."""
    return {entry.name.rstrip("_") for entry in fields(kind)} - {"name", "place"}
