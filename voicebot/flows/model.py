"""A flow as the interpreter runs it: frozen, with the place of every reference.

The fields of a step are the keys of the YAML file (`flows.vocabulary` says what each means); a
test keeps the two in step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import TypeAlias

from voicebot.document import Place, suggest
from voicebot.errors import FlowError, UsageError
from voicebot.flows.cards import CardTemplate
from voicebot.flows.commands import TransferMode
from voicebot.flows.expression import Expression
from voicebot.flows.form_model import Aside, FormSlot, Review
from voicebot.flows.queue_model import WhileWaiting
from voicebot.flows.template import Slot, Template
from voicebot.types import Json, Language, Outcome, Prompt, Value

DEFAULT_IN_A_ROW = 3
DEFAULT_IN_ALL = 5


@dataclass(frozen=True, slots=True)
class Reference:
    """A name that points to something defined elsewhere, and where it is written."""

    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class LanguageName:
    """A language that the contact is to change to, and where it is written."""

    language: Language
    place: Place


@dataclass(frozen=True, slots=True)
class ListSource:
    """Where the items of a grammar come from while the call runs (`flows.lists`).

    ``item`` are the fields of an item that may be said for it, none where items are texts;
    ``value`` the field that it means, None for the whole item. Fields are dotted paths. ``near``:
    what is said a little wrong is taken too.
    """

    list: Template | Json
    place: Place
    item: tuple[str, ...] = ()
    value: str | None = None
    near: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """Where to go by the meaning of an answer; a single step is ``otherwise`` alone.

    A meaning is looked up as text; an object by its ``intent``. What is neither in ``cases`` nor
    caught by ``otherwise`` counts as a nomatch.
    """

    cases: Mapping[str, Reference]
    otherwise: Reference | None

    def target(self, meaning: Json) -> Reference | None:
        if isinstance(meaning, dict):
            meaning = meaning.get("intent")
        if isinstance(meaning, bool):
            meaning = "true" if meaning else "false"
        return self.cases.get(str(meaning), self.otherwise)


@dataclass(frozen=True, slots=True)
class Case:
    """One arm of a branch."""

    condition: Expression
    next: Reference


@dataclass(frozen=True, slots=True)
class Branch:
    """The first case that holds is taken, else ``otherwise``."""

    cases: tuple[Case, ...]
    otherwise: Reference


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
class Commands:
    """What a caller may say at every question: a grammar, keys, and where the words lead.

    ``help``, ``repeat`` and ``back`` need no step; every other command has one, or a language.
    """

    grammar: Reference | None
    keys: Mapping[str, str]
    steps: Mapping[str, Reference]
    languages: Mapping[str, LanguageName] = field(default_factory=dict)
    """Commands that ask the present question again in another language."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Where to go after ``in_a_row`` or ``in_all`` times of silence or words not understood, or at
    the first one while ``if_`` holds."""

    next: Reference
    in_a_row: int = DEFAULT_IN_A_ROW
    in_all: int = DEFAULT_IN_ALL
    if_: Expression | None = None


@dataclass(frozen=True, slots=True)
class OfferPolicy:
    """When callers who are not understood are offered text, by the step ``struggling``: after
    ``in_a_row`` or ``in_all`` misses, or at the first one while ``if_`` holds."""

    struggling: Reference
    in_a_row: int = 2
    in_all: int = 4
    if_: Expression | None = None


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


@dataclass(frozen=True, slots=True)
class OfferNumber:
    """How the number that gets the link is confirmed: ``ask`` about the caller's own (none: yes to
    the offer is yes to it), ``other`` for another (none: no other will do), ``confirm`` that."""

    grammar: Reference
    ask: tuple[Template, ...] = ()
    other: tuple[Template, ...] = ()
    confirm: tuple[Template, ...] = ()


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


@dataclass(frozen=True, slots=True)
class Flow:
    """One file. A flow without ``commands``, ``trouble`` or wording of its own uses those of the
    flow that called it."""

    name: str
    file: str
    language: Language
    start: Reference
    steps: Mapping[str, Step]
    caller: Reference | None = None
    commands: Commands | None = None
    trouble: Trouble | None = None
    offers: OfferPolicy | None = None
    help: tuple[Template, ...] = ()
    noinput: tuple[Template, ...] = ()
    nomatch: tuple[Template, ...] = ()
    apology: tuple[Template, ...] = ()
    which: tuple[Template, ...] = ()
    unreadable: frozenset[str] = frozenset()
    """Steps that are in the file but could not be read; empty in a flow that is run."""
    out_of_step: tuple[FlowError, ...] = ()
    """Of a flow in another language: texts that it lacks, or has too many."""

    def templates(self) -> Iterator[Template]:
        """Every prompt's template, in the file's order of steps."""
        yield from (*self.help, *self.noinput, *self.nomatch, *self.apology, *self.which)
        for step in self.steps.values():
            yield from step_templates(step)


def step_templates(step: Step) -> Iterator[Template]:
    """Every prompt of a step."""
    yield from step.say
    if isinstance(step, AskStep):
        yield from (*step.ask, *step.noinput, *step.nomatch, *step.help)
        yield from (words for confirm in step_confirms(step) for words in confirm.ask)
        yield from step.intents.further if step.intents is not None else ()
    if isinstance(step, FormStep):
        yield from _form_templates(step)
    if isinstance(step, OfferStep):
        yield from (*step.offer_text, *step.noinput, *step.nomatch, *step.help)
        if step.number is not None:
            yield from (*step.number.ask, *step.number.other, *step.number.confirm)
    if isinstance(step, ActStep) and step.filler is not None:
        yield step.filler
    if isinstance(step, AnswerStep):
        yield from step.more
    if isinstance(step, TransferStep):
        yield from (*step.while_waiting.say, *step.whisper)
        yield from step.while_waiting.offer.templates() if step.while_waiting.offer else ()


def _form_templates(step: FormStep) -> Iterator[Template]:
    yield from (*step.corrected, *step.resume, *step.help)
    if step.review is not None:
        yield from (*step.review.ask, *step.review.change)
    for slot in step.form.values():
        yield from (*slot.ask, *slot.again, *slot.help, *slot.noinput, *slot.nomatch)
        if slot.confirm is not None:
            yield from (*slot.confirm.ask, *slot.confirm.say)


def step_confirms(step: AskStep) -> Iterator[Confirm]:
    """The ways in which a question asks back."""
    if step.confirm is not None:
        yield step.confirm
    if step.intents is not None and step.intents.confirm is not None:
        yield step.intents.confirm


def listens_for_intents(step: Step) -> Place | None:
    """Where it is written that a step understands intents; None where it does not."""
    if isinstance(step, AskStep) and step.intents is not None:
        return step.intents.place
    if isinstance(step, FormStep) and step.aside is not None and step.aside.intents:
        return step.place
    return None


def step_grammars(step: Step) -> Iterator[Reference | ListSource]:
    """Every grammar that a step listens with, those of its confirmations included."""
    if isinstance(step, AskStep):
        yield from step.grammar
        yield from (confirm.grammar for confirm in step_confirms(step))
    if isinstance(step, AnswerStep) and step.more:
        yield step.grammar
    if isinstance(step, OfferStep):
        yield step.grammar
        if step.number is not None and step.number.other:
            yield step.number.grammar
    if isinstance(step, TransferStep) and (meanwhile := step.while_waiting.offer) is not None:
        yield from (*meanwhile.grammar, *([meanwhile.boolean] if meanwhile.still else []))
    if isinstance(step, FormStep):
        yield from (*step.grammar, *(step.aside.grammar if step.aside is not None else ()))
        if step.review is not None:
            yield step.review.grammar
        for slot in step.form.values():
            yield from slot.grammar
            if slot.confirm is not None:
                yield slot.confirm.grammar


def step_keys(kind: type[_Step]) -> set[str]:
    """The keys that the YAML of a kind of step may have."""
    return {entry.name.rstrip("_") for entry in fields(kind)} - {"name", "place"}


@dataclass(frozen=True, slots=True)
class FlowSet:
    """All flows of an application folder, by name: as they are written, and in ``translations``
    the same flows in other languages. One that was not translated stands there as it is."""

    flows: Mapping[str, Flow]
    translations: Mapping[Language, FlowSet] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Flow:
        """Raises UsageError for a flow that is not there."""
        try:
            return self.flows[name]
        except KeyError:
            raise UsageError(
                f"there is no flow '{name}'. {suggest(name, self.flows)}".rstrip()
            ) from None

    def __iter__(self) -> Iterator[Flow]:
        """The flows as they are written, none twice."""
        return iter(self.flows.values())

    def speaking(self, language: str) -> FlowSet:
        """The flows in one of ``languages``, as far as they are translated."""
        return self.translations.get(Language(language), self)

    def in_all_languages(self) -> Iterator[Flow]:
        """Every flow as it is written, then what was translated of it."""
        yield from self
        for translation in self.translations.values():
            yield from (flow for flow in translation if flow is not self.flows[flow.name])

    @property
    def languages(self) -> tuple[Language, ...]:
        """The languages of all flows and of their translations, each once."""
        return tuple(dict.fromkeys([*(flow.language for flow in self), *self.translations]))

    def prompts(self) -> Iterator[tuple[Prompt, Language]]:
        """Every prompt with its language, each once, for rendering ahead of time.

        Where a value will stand there is a `Value` with empty text: its sentences can be told
        from the static ones, which are worth rendering.
        """
        seen: set[tuple[Prompt, Language]] = set()
        for flow in self.in_all_languages():
            for template in flow.templates():
                entry = (_outline(template), flow.language)
                if entry not in seen:
                    seen.add(entry)
                    yield entry

    def grammars(self) -> Iterator[Reference]:
        """Every mention of a grammar that has a name, in all languages."""
        for flow in self.in_all_languages():
            if flow.commands is not None and flow.commands.grammar is not None:
                yield flow.commands.grammar
            for step in flow.steps.values():
                yield from (each for each in step_grammars(step) if isinstance(each, Reference))

    def cards(self) -> Iterator[CardTemplate]:
        """Every card, in all languages."""
        for flow in self.in_all_languages():
            yield from (step.card for step in flow.steps.values() if step.card is not None)

    def actions(self) -> Iterator[Reference]:
        """Every mention of an action."""
        yield from (flow.caller for flow in self if flow.caller is not None)
        yield from (step.act for step in self._steps() if isinstance(step, ActStep))

    def transfers(self) -> Iterator[Reference]:
        """Every mention of a transfer's target."""
        return (step.transfer for step in self._steps() if isinstance(step, TransferStep))

    def _steps(self) -> Iterator[Step]:
        return (step for flow in self for step in flow.steps.values())


def nearest_language(wanted: str, known: Iterable[Language]) -> Language:
    """The one of ``known`` that ``wanted`` means, also with another region; '' for none."""
    languages = {language.lower(): language for language in known}
    tag = wanted.lower()
    if tag in languages:
        return languages[tag]
    primary = tag.partition("-")[0]
    alike = (each for name, each in languages.items() if name.partition("-")[0] == primary)
    return next(alike, Language(""))


def _outline(template: Template) -> Prompt:
    return Prompt(
        tuple(Value("", part.say_as) if isinstance(part, Slot) else part for part in template.parts)
    )
