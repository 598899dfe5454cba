"""A flow as the interpreter runs it, and all flows of an application: frozen, with the place of
every reference.

A flow's steps are those of `flows.steps`; what rules all its questions stands here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from voicebot.document import suggest
from voicebot.errors import FlowError, UsageError
from voicebot.flows.cards import CardTemplate
from voicebot.flows.expression import Expression
from voicebot.flows.references import LanguageName, Reference
from voicebot.flows.step_parts import step_grammars, step_templates
from voicebot.flows.steps import ActStep, Step, TransferStep
from voicebot.flows.template import Slot, Template
from voicebot.types import Language, Prompt, Value

DEFAULT_IN_A_ROW = 3
DEFAULT_IN_ALL = 5


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


@dataclass(frozen=True, slots=True)
class FlowSet:
    """All flows of an application folder, by name: as they are written, and in ``translations``
    the same flows in other languages. One that was not translated stands there as it is."""

    flows: Mapping[str, Flow]
    translations: Mapping[Language, FlowSet] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()
    """Flows whose files are there and cannot be read; empty where flows are run."""

    @property
    def is_whole(self) -> bool:
        """Whether every flow and step was read: only then is what none of them uses left over."""
        read = not self.unread and not any(flow.unreadable for flow in self)
        return read and all(translation.is_whole for translation in self.translations.values())

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
