"""What works and yet serves callers badly: warnings and advice for designers.

What cannot work at all is found by `flows.validation`. Limits are those of the field: a caller
keeps about five choices and twelve seconds of speech in mind, and wants a way to a person.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from voicebot.document import Place
from voicebot.errors import FlowError
from voicebot.flows.model import Flow, FlowSet
from voicebot.flows.references import ListSource, Reference
from voicebot.flows.steps import ActStep, AskStep, FormStep, SetStep, TransferStep
from voicebot.flows.template import Template
from voicebot.flows.variables import names_read
from voicebot.flows.ways import without_person
from voicebot.speaking_time import LONGEST_S, speaking_s
from voicebot.types import Json, Language, SayAs

MOST_ITEMS: Final = 5
LONGEST_PROMPT_S: Final = LONGEST_S

_VALUE_S: Final[Mapping[SayAs, float]] = {
    SayAs.TEXT: 0.8,
    SayAs.NUMBER: 1.0,
    SayAs.DIGITS: 2.0,
    SayAs.SPELL: 2.0,
    SayAs.MONEY: 1.6,
    SayAs.DATE: 1.2,
    SayAs.TIME: 1.0,
    SayAs.ORDINAL: 0.6,
}
"""What a value may take, whatever it is."""

Measured: TypeAlias = Callable[[Template, Language], float | None]
"""How long a prompt has turned out, in seconds; None where nobody knows."""


def warnings(
    flows: FlowSet, measured: Measured = lambda template, language: None
) -> list[FlowError]:
    """What callers will suffer from, in the order of files and lines."""
    found = [*long_prompts(flows, measured), *long_menus(flows), *nobody_to_talk_to(flows)]
    return sorted(found, key=lambda each: (each.file, each.line, each.column))


def seconds(template: Template, language: Language) -> float:
    """About how long the prompt takes to say."""
    return sum(
        speaking_s(part, language) if isinstance(part, str) else _VALUE_S[part.say_as]
        for part in template.parts
    )


def long_prompts(
    flows: FlowSet, measured: Measured = lambda template, language: None
) -> Iterator[FlowError]:
    """Prompts too long for the ear."""
    for flow in flows.in_all_languages():
        for template in _own_templates(flow, flows):
            known = measured(template, flow.language)
            length = seconds(template, flow.language) if known is None else known
            if length > LONGEST_PROMPT_S:
                about = "about " if known is None else ""
                yield template.place.error(
                    f"the prompt takes {about}{length:.0f} s to say; "
                    f"callers keep {LONGEST_PROMPT_S:.0f} in mind",
                    "Say less, or make two steps of it.",
                )


def _own_templates(flow: Flow, flows: FlowSet) -> Iterator[Template]:
    """The prompts that stand in the flow, without those that a translation lacks."""
    written = set() if flow is flows[flow.name] else set(flows[flow.name].templates())
    return (template for template in flow.templates() if template not in written)


def long_menus(flows: FlowSet) -> Iterator[FlowError]:
    """Menus with more choices than a caller keeps in mind."""
    for flow in flows:
        for what, place, items in _menus(flow):
            if items > MOST_ITEMS:
                yield place.error(
                    f"{what} is a menu of {items} items; callers keep {MOST_ITEMS} in mind",
                    "Ask openly, or group the items in two menus.",
                )


def _menus(flow: Flow) -> Iterator[tuple[str, Place, int]]:
    """Every question, those of forms among them, with the number of choices that it names."""
    for step in flow.steps.values():
        if isinstance(step, AskStep):
            yield f"step '{step.name}'", step.place, _items(step.keys, step.grammar)
        elif isinstance(step, FormStep):
            for slot in step.form.values():
                yield f"slot '{slot.name}'", slot.place, _items(slot.keys, slot.grammar)


def _items(keys: Mapping[str, Json], grammar: tuple[Reference | ListSource, ...]) -> int:
    meanings = {repr(meaning) for meaning in keys.values()}
    lists = [source.list for source in grammar if isinstance(source, ListSource)]
    return max(len(meanings), *(len(each) for each in lists if isinstance(each, list)), 0)


def nobody_to_talk_to(flows: FlowSet) -> Iterator[FlowError]:
    """Questions from which no way leads to a person; one line where the application has none."""
    stuck = without_person(flows)
    transfers = any(
        isinstance(step, TransferStep) for flow in flows for step in flow.steps.values()
    )
    for flow, step in stuck if transfers else stuck[:1]:
        yield step.place.error(
            f"from step '{step.name}' no way leads to a person"
            if transfers
            else "nothing in this application leads to a person",
            "Add a command such as 'operator' whose step is a transfer."
            if flow.commands is None or not transfers
            else "Let 'commands' work here, or lead an answer to a transfer.",
        )


def unread_variables(flows: FlowSet) -> Iterator[FlowError]:
    """Variables that are filled and that nothing reads. Slots are not among them: a form's answer
    holds them all."""
    read = {name.path[0] for flow in flows for name in names_read(flow)}
    told: set[str] = set()
    for flow in flows:
        for name, place in _filled(flow):
            if name not in read and name not in told:
                told.add(name)
                yield place.error(f"nothing reads the variable '{name}'", "Leave it out?")


def _filled(flow: Flow) -> Iterator[tuple[str, Place]]:
    for step in flow.steps.values():
        if isinstance(step, SetStep):
            for name, value in step.set.items():
                yield name, value.place if isinstance(value, Template) else step.place
        elif isinstance(step, AskStep | ActStep | FormStep) and step.store is not None:
            yield step.store, step.place


# Languages


def out_of_step(
    flows: FlowSet,
    grammars: Mapping[str, Language],
    others: Mapping[str, Collection[Language]] | None = None,
) -> Iterator[FlowError]:
    """What one language has and another lacks.

    ``grammars`` gives the language of each grammar; ``others`` the languages of what else is kept
    by language (``{"intents": ["en-US"]}``).
    """
    yield from _foreign_grammars(flows, grammars)
    yield from _untranslated(flows)
    spoken = set(flows.languages)
    for what, languages in (others or {}).items():
        for language in sorted(spoken - set(languages)) if languages else ():
            everything = flows.in_all_languages()
            flow = next((each for each in everything if each.language == language), None)
            flow = flow or next(iter(flows))
            yield Place(flow.file, 0, 0).error(
                f"{what} has nothing in {language}", f"Add {what}/{language}.yaml."
            )


def _foreign_grammars(flows: FlowSet, grammars: Mapping[str, Language]) -> Iterator[FlowError]:
    for flow in flows.in_all_languages():
        for reference in FlowSet({flow.name: flow}).grammars():
            language = grammars.get(reference.name)
            if language and _primary(language) != _primary(flow.language):
                yield reference.place.error(
                    f"the flow speaks {flow.language}, its grammar '{reference.name}' {language}",
                    _own_grammar(reference.name, flow.language),
                )


def _own_grammar(name: str, language: Language) -> str:
    if name.startswith("builtin:"):
        return "Ask for it by keys, or write a grammar of your own."
    if name.startswith(f"{language}/"):
        return f"Write grammars/{name}.gram."
    return "Name a grammar of the flow's language."


def _untranslated(flows: FlowSet) -> Iterator[FlowError]:
    """Flows that are not there in every language of the application, and texts that one of the
    languages lacks or has too many."""
    for language, translation in flows.translations.items():
        for flow in translation:
            if flow is not flows[flow.name]:
                yield from flow.out_of_step
            elif flow.name in translation.unread:
                continue
            elif flow.language != language and list(flow.templates()):
                file = Path(flow.file)
                yield flow.start.place.error(
                    f"flow '{flow.name}' is not there in {language}",
                    f"Write its texts to {file.parent / language / file.name}.",
                )


def _primary(language: str) -> str:
    return language.split("-")[0].lower()
