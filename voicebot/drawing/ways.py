"""The ways that a call may have gone between two steps that are known of it.

A walk like that of `flows.walk`, but over everything that may happen, with what is known for sure
of the variables: answers are in the record, results of actions are not. A condition that what is
known decides is decided; any other may have gone either way.

A form is a question that may also pass a call on without asking. While its values are looked at, or
the caller is elsewhere, it waits below; coming back to it is no second arrival.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from voicebot.flows.expression import Binary, Expression, Not, holds, names
from voicebot.flows.graph import RETURNING, Edge, Why, edges
from voicebot.flows.model import FlowSet
from voicebot.flows.state import Frame, Frames
from voicebot.flows.steps import (
    ActStep,
    AskStep,
    BranchStep,
    CallStep,
    FormStep,
    GotoStep,
    HangUpStep,
    ReturnStep,
    SetStep,
    Step,
)
from voicebot.flows.template import Template
from voicebot.types import Json

MOST_LOOKED_AT: Final = 2000
"""Places that a search may come to."""

Taken: TypeAlias = tuple[str, str, int]
"""A flow, a step, and the number of the edge by which it was left; -1 for coming to the step."""


@dataclass(frozen=True, slots=True)
class Way:
    """Where a call stands, what is ``known`` of its variables, and how it came there."""

    frames: Frames
    known: Mapping[str, Json] = field(default_factory=dict)
    taken: tuple[Taken, ...] = ()

    @property
    def label(self) -> str:
        """The step as records name it."""
        top = self.frames[-1]
        return top.step if len(self.frames) == 1 else f"{top.flow}.{top.step}"

    def arriving(self, frames: Frames, *taken: Taken) -> Way:
        """The way on to ``frames``, having taken these edges."""
        top = frames[-1]
        return replace(self, frames=frames, taken=(*self.taken, *taken, (top.flow, top.step, -1)))

    def leaving(self, number: int, edge: Edge) -> Way:
        """The way on by this edge of the present step."""
        top = self.frames[-1]
        below = self.frames if edge.why in RETURNING else self.frames[:-1]
        frames = (*below, Frame(top.flow, edge.target.name))
        return self.arriving(frames, (top.flow, top.step, number))

    @property
    def is_simple(self) -> bool:
        """Whether it has come to no step twice."""
        arrivals = [taken for taken in self.taken if taken[2] == -1]
        return len(arrivals) == len(set(arrivals))


def ways_to(flows: FlowSet, label: str, beginning: Way) -> Iterator[Way]:
    """The ways from ``beginning`` to the step ``label`` on which no question is asked."""
    todo = [beginning]
    for _ in range(MOST_LOOKED_AT):
        if not todo:
            return
        way = todo.pop()
        step = step_of(flows, way.frames)
        if isinstance(step, FormStep):
            way = _at_form(way, step)
        found = way.label == label
        if found and not _stops(way, step):
            yield way
        if not found or isinstance(step, FormStep):
            todo += [onward for onward in _onward(flows, way) if onward.is_simple]


def step_of(flows: FlowSet, frames: Frames) -> Step | None:
    """The step on top of ``frames``; None where the flows do not have it."""
    top = frames[-1]
    return flows[top.flow].steps.get(top.step) if top.flow in flows.flows else None


def _onward(flows: FlowSet, way: Way) -> Iterator[Way]:
    step = step_of(flows, way.frames)
    match step:
        case None | AskStep() | HangUpStep():
            return
        case CallStep() | GotoStep():
            name = step.call.name if isinstance(step, CallStep) else step.goto.name
            if name in flows.flows:
                below = way.frames if isinstance(step, CallStep) else way.frames[:-1]
                yield way.arriving((*below, Frame(name, flows[name].start.name)))
        case ReturnStep():
            below = way.frames[:-1]
            caller = step_of(flows, below) if below else None
            if isinstance(caller, CallStep):
                yield replace(way, frames=below).leaving(0, next(edges(caller)))
            elif isinstance(caller, FormStep):
                yield replace(way, frames=below)
        case FormStep():
            yield from through_form(way, step)
        case BranchStep():
            yield from _branched(way, step)
        case _:
            way = replace(way, known=_learnt(way.known, step))
            for number, edge in enumerate(edges(step)):
                yield way.leaving(number, edge)


def _branched(way: Way, step: BranchStep) -> Iterator[Way]:
    *cases, otherwise = enumerate(edges(step))
    for (number, edge), case in zip(cases, step.branch.cases, strict=True):
        verdict = _verdict(case.condition, way.known)
        if verdict is not False:
            yield way.leaving(number, edge)
        if verdict:
            return
    yield way.leaving(*otherwise)


def through_form(way: Way, step: FormStep, given: Collection[str] | None = None) -> Iterator[Way]:
    """The ways on from a form: it stops, looks at a value, or is complete.

    Only values of the slots ``given`` are looked at; None is any.
    """
    ways = list(enumerate(edges(step)))
    stops = [(number, edge) for number, edge in ways if edge.why is Why.CONDITION]
    for (number, edge), case in zip(stops, step.stop, strict=True):
        verdict = _verdict(case.condition, way.known)
        if verdict is not False:
            yield way.leaving(number, edge)
        if verdict:
            return
    for number, edge in ways:
        looked_at = edge.why is Why.VALUE and (given is None or edge.label in given)
        if looked_at or edge.why is Why.NEXT:
            yield way.leaving(number, edge)


def _stops(way: Way, step: Step | None) -> bool:
    """Whether it is known that the step, a form, asks nothing any more."""
    return isinstance(step, FormStep) and any(
        _verdict(case.condition, way.known) for case in step.stop
    )


def _at_form(way: Way, step: FormStep) -> Way:
    """The same way where it has come to a form that waits below; its slots may hold anything."""
    changed = {*step.form, step.store, "answer"}
    known = {name: value for name, value in way.known.items() if name not in changed}
    depth = way.frames.index(way.frames[-1]) + 1
    if depth < len(way.frames):
        way = replace(way, frames=way.frames[:depth], taken=way.taken[:-1])
    return replace(way, known=known)


def _verdict(condition: Expression, known: Mapping[str, Json]) -> bool | None:
    """Whether the condition holds; None where that depends on what is not known."""
    match condition:
        case Binary("and" | "or" as operator, left, right):
            decisive = operator == "or"
            verdicts = (_verdict(left, known), _verdict(right, known))
            if decisive in verdicts:
                return decisive
            return None if None in verdicts else not decisive
        case Not(operand):
            verdict = _verdict(operand, known)
            return None if verdict is None else not verdict
        case _:
            return holds(condition, known) if _decided(condition, known) else None


def _decided(expression: Expression, known: Mapping[str, Json]) -> bool:
    return all(name.path[0] in known for name in names(expression))


def _learnt(known: Mapping[str, Json], step: Step) -> Mapping[str, Json]:
    """What is known after ``step``."""
    if isinstance(step, ActStep) and step.store in known:
        return {name: value for name, value in known.items() if name != step.store}
    if not isinstance(step, SetStep):
        return known
    learnt = dict(known)
    for name, value in step.set.items():
        if not isinstance(value, Template):
            learnt[name] = value
        elif all(_decided(slot.expression, known) for slot in value.slots):
            learnt[name] = value.value(known)
        else:
            learnt.pop(name, None)
    return learnt
