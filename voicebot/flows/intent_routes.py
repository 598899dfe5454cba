"""Which intents a flow listens for, and which of them some way of it takes.

A way takes an intent where its name stands: in the 'next' of a question or the 'aside' of a form
that listens for intents, or in a condition on what was asked for (``request.intent == 'refund'``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from voicebot.document import Place, suggest
from voicebot.errors import FlowError
from voicebot.flows.expression import Binary, Expression, ListOf, Literal, Name, Not
from voicebot.flows.model import Flow, FlowSet
from voicebot.flows.references import Reference
from voicebot.flows.step_parts import listens_for_intents
from voicebot.flows.steps import AskStep, BranchStep, FormStep, SetStep
from voicebot.types import Language

_INTENT = "intent"


def missing_intents(
    flow: Flow, known: Mapping[Language, Collection[str] | None] | None
) -> Iterator[FlowError]:
    """What listens for intents that do not exist."""
    if known is None:
        return
    for step in flow.steps.values():
        place = listens_for_intents(step)
        if place is None:
            continue
        if flow.language not in known:
            yield place.error(
                f"step '{step.name}' listens for intents, but {flow.language} has none",
                f"Write intents/{flow.language}.yaml.",
            )
            continue
        names = known[flow.language]
        if names is None:
            continue
        for reference in _certainly_intents(flow, step):
            if reference.name not in names:
                yield reference.place.error(
                    f"intent '{reference.name}' does not exist", suggest(reference.name, names)
                )


def _certainly_intents(flow: Flow, step: object) -> Iterator[Reference]:
    """Names that can be nothing but intents: no grammar, key or command could mean them."""
    if isinstance(step, AskStep) and step.intents is not None:
        yield from step.intents.only
        if not step.grammar and not step.keys:
            cases = step.next.cases.items()
            yield from (Reference(name, target.place) for name, target in cases)
    elif isinstance(step, FormStep) and step.aside is not None and not step.aside.grammar:
        asides = step.aside.steps.items() if flow.commands is None else ()
        yield from (Reference(name, target.place) for name, target in asides)


def intents_taken(flows: FlowSet) -> dict[Language, set[str]]:
    """For each language in which something listens for intents, the names that some way takes."""
    taken: dict[Language, set[str]] = {}
    for flow in flows.in_all_languages():
        for step in flow.steps.values():
            if listens_for_intents(step) is None:
                continue
            names = taken.setdefault(flow.language, set())
            if isinstance(step, AskStep):
                names |= set(step.next.cases)
            elif isinstance(step, FormStep) and step.aside is not None:
                names |= set(step.aside.steps)
    for flow in flows.in_all_languages():
        if flow.language in taken:
            taken[flow.language] |= {name for name, _ in intents_compared(flow)}
    return taken


def intents_compared(flow: Flow) -> Iterator[tuple[str, Place]]:
    """Every text that a condition of the flow compares an ``….intent`` with, and where."""
    for step in flow.steps.values():
        if isinstance(step, BranchStep):
            cases = step.branch.cases
        elif isinstance(step, FormStep):
            cases = step.stop
        else:
            continue
        for case in cases:
            yield from _compared(case.condition)


def intents_of_keys(flow: Flow) -> Iterator[str]:
    """The names that keys, and values that are set, give to an ``intent``."""
    for step in flow.steps.values():
        given: list[object] = []
        if isinstance(step, AskStep):
            given = list(step.keys.values())
        elif isinstance(step, SetStep):
            given = list(step.set.values())
        for meaning in given:
            if isinstance(meaning, dict) and isinstance(name := meaning.get(_INTENT), str):
                yield name


def unmeant(flow: Flow, intents: Collection[str], others: Collection[str]) -> Iterator[FlowError]:
    """Conditions on intents that nothing means: neither ``intents`` nor the ``others``, such as the
    words of grammars."""
    for name, place in intents_compared(flow):
        if name not in intents and name not in others:
            yield place.error(
                f"nothing that callers say means the intent '{name}'", suggest(name, intents)
            )


def _compared(expression: Expression) -> Iterator[tuple[str, Place]]:
    match expression:
        case Binary("and" | "or", left, right):
            yield from _compared(left)
            yield from _compared(right)
        case Not(operand):
            yield from _compared(operand)
        case Binary(_, Name(path, place), other) if path[-1] == _INTENT:
            yield from ((text, place) for text in _texts(other))


def _texts(expression: Expression) -> Iterator[str]:
    match expression:
        case Literal(str(text)):
            yield text
        case ListOf(items):
            for item in items:
                yield from _texts(item)
