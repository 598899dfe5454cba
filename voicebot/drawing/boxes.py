"""What a picture shows of a flow: a box for each step, with its words and its ways out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from voicebot.flows.expression import written
from voicebot.flows.graph import Edge, Why, edges, shared_edges
from voicebot.flows.model import Flow
from voicebot.flows.reader import STEP_CLASSES
from voicebot.flows.references import LanguageName
from voicebot.flows.step_parts import step_templates
from voicebot.flows.steps import (
    ActStep,
    AnswerStep,
    AskStep,
    BranchStep,
    CallStep,
    FormStep,
    GotoStep,
    HangUpStep,
    LanguageStep,
    OfferStep,
    SetStep,
    Step,
    TransferStep,
)
from voicebot.flows.template import Slot, Template
from voicebot.types import Json, SayAs

KINDS: Final = {kind: name for name, kind in STEP_CLASSES.items()}


@dataclass(frozen=True, slots=True)
class WayOut:
    """One way that leaves a step. ``flow`` is named where it leads into another one; ``count`` is
    how often real calls took it, None where nobody counted."""

    label: str
    target: str
    why: Why
    flow: str = ""
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """A step: ``words`` are what is said there, ``facts`` what is done."""

    name: str
    kind: str
    words: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    ways: tuple[WayOut, ...] = ()
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """One flow: its boxes in the file's order, and what leads away from every question."""

    flow: str
    start: str
    boxes: tuple[Box, ...]
    shared: tuple[WayOut, ...] = field(default=())


Counts = Mapping[tuple[str, str, int], int]
"""By flow, step and number of the edge; number -1 is the step itself."""


def chart(flow: Flow, counts: Counts | None = None) -> Chart:
    """What to show of ``flow``, with the counts of real calls if there are any."""
    return Chart(
        flow.name,
        flow.start.name,
        tuple(_box(flow, step, counts) for step in flow.steps.values()),
        tuple(
            WayOut(edge.label or edge.why.value, edge.target.name, edge.why)
            for edge in shared_edges(flow)
        ),
    )


def _box(flow: Flow, step: Step, counts: Counts | None) -> Box:
    return Box(
        name=step.name,
        kind=KINDS.get(type(step), "step"),
        words=tuple(shown(template) for template in _words(step)),
        facts=tuple(_facts(step)),
        ways=tuple(_ways(flow, step, counts)),
        count=None if counts is None else counts.get((flow.name, step.name, -1), 0),
    )


def _words(step: Step) -> tuple[Template, ...]:
    """What is said first; of a form every slot's question, and its review."""
    if isinstance(step, FormStep):
        asked = [template for slot in step.form.values() for template in slot.ask]
        return (*step.say, *asked, *(step.review.ask if step.review is not None else ()))
    question = step.offer_text if isinstance(step, OfferStep) else ()
    words = step.say + (step.ask if isinstance(step, AskStep) else question)
    return words or tuple(step_templates(step))[:2]


def _ways(flow: Flow, step: Step, counts: Counts | None) -> Iterator[WayOut]:
    for number, edge in enumerate(edges(step)):
        count = None if counts is None else counts.get((flow.name, step.name, number), 0)
        yield WayOut(_label(step, number, edge), edge.target.name, edge.why, "", count)
    if isinstance(step, CallStep):
        yield WayOut("calls", "", Why.NEXT, step.call.name)
    if isinstance(step, GotoStep):
        yield WayOut("", "", Why.NEXT, step.goto.name)


def _label(step: Step, number: int, edge: Edge) -> str:
    if edge.why is Why.FAILURE:
        kinds = {ActStep: "fails", OfferStep: "cannot be sent"}
        return kinds.get(type(step), edge.label or "nobody takes it")
    if edge.why is Why.TROUBLE:
        return "trouble"
    if edge.why is Why.UNKNOWN:
        return "nothing known"
    if edge.why is Why.CONDITION and isinstance(step, BranchStep | FormStep):
        cases = step.branch.cases if isinstance(step, BranchStep) else step.stop
        number -= [each.why for each in edges(step)].index(Why.CONDITION)
        return written(cases[number].condition) if number < len(cases) else "else"
    if isinstance(step, OfferStep) and edge.why in {Why.CONDITION, Why.TEXT}:
        return "in text" if edge.why is Why.TEXT else "not offered"
    if edge.why is Why.VALUE:
        return f"looks at {edge.label}"
    if isinstance(step, AskStep) and edge.why is Why.ANSWER and not edge.label:
        return "else" if step.next.cases else ""
    return edge.label


def _facts(step: Step) -> Iterator[str]:
    match step:
        case SetStep():
            yield from (f"{name} = {_value(value)}" for name, value in step.set.items())
        case LanguageStep():
            wanted = step.language
            yield wanted.language if isinstance(wanted, LanguageName) else _value(wanted)
        case ActStep():
            yield f"{step.act.name}({', '.join(step.arguments)})"
        case AnswerStep():
            yield f"answers {shown(step.answer)}"
        case TransferStep():
            yield f"to {step.transfer.name}"
        case FormStep():
            yield f"fills {', '.join(step.form)}"
        case HangUpStep():
            yield f"outcome: {step.hangup.value if step.hangup else 'what was reached'}"


def _value(value: Template | Json) -> str:
    return shown(value) if isinstance(value, Template) else str(value)


def shown(template: Template) -> str:
    """A prompt as a designer wrote it, values in braces."""
    return "".join(part if isinstance(part, str) else _slot(part) for part in template.parts)


def _slot(slot: Slot) -> str:
    kind = "" if slot.say_as is SayAs.TEXT else f"|{slot.say_as.value}"
    return f"{{{written(slot.expression)}{kind}}}"
