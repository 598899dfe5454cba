"""The variables of flows: what sets them, and where they are read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from voicebot.document import suggest
from voicebot.errors import FlowError
from voicebot.flows.expression import Expression, Name, names
from voicebot.flows.facts import FACTS
from voicebot.flows.model import Flow, FlowSet
from voicebot.flows.references import LanguageName, ListSource
from voicebot.flows.step_parts import step_grammars, step_templates
from voicebot.flows.steps import (
    ActStep,
    AnswerStep,
    AskStep,
    BranchStep,
    FormStep,
    LanguageStep,
    OfferStep,
    SetStep,
    Step,
    TransferStep,
)
from voicebot.flows.template import Template
from voicebot.types import Json


def variables_set(flows: FlowSet) -> set[str]:
    """Every variable that some step of some flow sets: flows share them."""
    found = set(FACTS)
    for flow in flows:
        for step in flow.steps.values():
            if isinstance(step, SetStep):
                found |= set(step.set)
            elif isinstance(step, AskStep | ActStep | FormStep) and step.store is not None:
                found.add(step.store)
            if isinstance(step, FormStep):
                found |= set(step.form)
    return found


def undefined_variables(flow: Flow, variables: Collection[str]) -> Iterator[FlowError]:
    """What the flow reads that is not among ``variables``."""
    for name in names_read(flow):
        if name.path[0] not in variables:
            yield name.place.error(
                f"variable '{name.path[0]}' is set nowhere", suggest(name.path[0], variables)
            )


def names_read(flow: Flow) -> Iterator[Name]:
    """Every variable that the flow reads, where it reads it."""
    for policy in (flow.trouble, flow.offers):
        if policy is not None and policy.if_ is not None:
            yield from names(policy.if_)
    templates = [*flow.help, *flow.noinput, *flow.nomatch, *flow.apology, *flow.which]
    for step in flow.steps.values():
        templates += (*step_templates(step), *_list_templates(step), *_other_templates(step))
        for condition in _conditions(step):
            yield from names(condition)
    for template in templates:
        for placeholder in template.slots:
            yield from names(placeholder.expression)


def _conditions(step: Step) -> Iterator[Expression]:
    """What a step looks at to choose."""
    if isinstance(step, BranchStep):
        yield from (case.condition for case in step.branch.cases)
    elif isinstance(step, FormStep):
        yield from (case.condition for case in step.stop)
        yield from (slot.if_ for slot in step.form.values() if slot.if_ is not None)
    elif isinstance(step, OfferStep) and step.if_ is not None:
        yield step.if_


def _other_templates(step: Step) -> Iterator[Template]:
    """The templates of a step that are no prompts."""
    yield from _templates_of(step.matter.values())
    if step.card is not None:
        yield from step.card.templates()
    if isinstance(step, SetStep):
        yield from _templates_of(step.set.values())
    elif isinstance(step, LanguageStep):
        yield from _templates_of([step.language])
    elif isinstance(step, ActStep):
        yield from _templates_of(step.arguments.values())
    elif isinstance(step, AnswerStep):
        yield step.answer
    elif isinstance(step, TransferStep):
        yield from _templates_of([*step.context.values(), step.callback, step.callback_at])
    elif isinstance(step, FormStep):
        for slot in step.form.values():
            yield from _templates_of([slot.prefill, slot.default])


def _list_templates(step: Step) -> Iterator[Template]:
    for source in step_grammars(step):
        if isinstance(source, ListSource) and isinstance(source.list, Template):
            yield source.list


def _templates_of(values: Iterable[Template | LanguageName | Json]) -> Iterator[Template]:
    return (value for value in values if isinstance(value, Template))
