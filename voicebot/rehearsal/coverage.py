"""What of the flows the tests went through: steps, the ways that leave them, silence and nomatch.

A way is counted once it was taken for its own reason: a case of a branch because its condition
held, an answer because that answer was given. Steps that can be left in one way only count as one.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from voicebot.flows.events import (
    ActionFailed,
    Ambiguous,
    FlowEvent,
    InputMatched,
    NoInput,
    NoMatch,
    TextNotSent,
    TextSent,
    TransferRefused,
)
from voicebot.flows.expression import holds
from voicebot.flows.graph import (
    ACCEPTED,
    DECLINED,
    Edge,
    Why,
    edges,
    reachable_in_call,
    shared_edges,
)
from voicebot.flows.model import FlowSet
from voicebot.flows.queue_steps import CLOSED
from voicebot.flows.references import ListSource
from voicebot.flows.state import FlowState, Frame, Waiting
from voicebot.flows.steps import (
    AnswerStep,
    AskStep,
    BranchStep,
    FormStep,
    OfferStep,
    Step,
    TransferStep,
)
from voicebot.rehearsal.form_answers import form_at
from voicebot.rehearsal.form_ways import answered, left_for_a_while, left_for_good, ways_of_form
from voicebot.rehearsal.judge import result_of
from voicebot.rehearsal.ways import Way, command_in, route_key, way_along
from voicebot.rehearsal.witness import Passage


@dataclass(frozen=True, slots=True)
class Coverage:
    """``missed`` stands in the order of the files."""

    steps: int
    steps_reached: int
    ways: int
    ways_reached: int
    missed: tuple[Way, ...]

    @property
    def percent(self) -> float:
        """Of steps and ways together, 0 to 100."""
        whole = self.steps + self.ways
        return 100 * (self.steps_reached + self.ways_reached) / whole if whole else 100.0


def measure(flows: FlowSet, passages: Iterable[Passage]) -> Coverage:
    """What of ``flows`` these passages reached."""
    wanted = list(all_ways(flows))
    reached = {way for passage in passages for way in _reached(flows, passage)}
    steps = [way for way in wanted if way.kind == "step"]
    others = [way for way in wanted if way.kind != "step"]
    missed = [way for way in wanted if way not in reached]
    # What leaves a step that was never reached is missed with it, and told with it.
    lost = {(way.flow, way.step) for way in missed if way.kind == "step"}
    told = [way for way in missed if way.kind == "step" or (way.flow, way.step) not in lost]
    return Coverage(
        steps=len(steps),
        steps_reached=sum(way in reached for way in steps),
        ways=len(others),
        ways_reached=sum(way in reached for way in others),
        missed=tuple(sorted(told, key=lambda way: (way.place.file, way.place.line))),
    )


def all_ways(flows: FlowSet) -> Iterator[Way]:
    """Everything that could be reached."""
    for flow in flows:
        in_call = reachable_in_call(flow)
        for name, step in flow.steps.items():
            if name not in in_call:
                continue
            yield Way(flow.name, name, "step", 0, step.place, f"step '{name}'")
            leaving = list(edges(step))
            if len(leaving) > 1:
                for number, edge in enumerate(leaving):
                    if edge.why is not Why.TEXT:  # the call itself does not go there
                        yield way_along(flow, name, number, edge)
            if isinstance(step, FormStep):
                yield from ways_of_form(flow, step)
            for kind in _misses(step):
                yield Way(flow.name, name, kind, 0, step.place, f"{kind} at '{name}'")
        for number, edge in enumerate(shared_edges(flow)):
            yield way_along(flow, "", number, edge)


def _misses(step: Step) -> Iterator[str]:
    """What may come at a question instead of an answer."""
    if isinstance(step, AskStep | OfferStep):
        yield from ("noinput", "nomatch")
    sources = step.grammar if isinstance(step, AskStep) else ()
    if any(isinstance(source, ListSource) and source.near for source in sources):
        yield "ambiguous"


def _reached(flows: FlowSet, passage: Passage) -> Iterator[Way]:
    states = list(passage.trail)
    for state in states:
        frame = state.frames[-1]
        yield _plain(flows, frame, "step")
    before = passage.before
    if before.waiting is not Waiting.START:
        asked = before.frames[-1]
        yield from answered(flows, passage)
        result = result_of(passage)
        if result in {"noinput", "nomatch"} and form_at(flows, before) is None:
            # What the knowledge does not answer is a nomatch at the question before.
            looked_up = before.waiting is Waiting.ACTION
            yield _plain(flows, passage.after.frames[-1] if looked_up else asked, str(result))
            if isinstance(passage.event, Ambiguous):
                yield _plain(flows, asked, "ambiguous")
        if states:
            yield from _left(flows, before, passage.event, states[0])
    for state, after in itertools.pairwise(states):
        yield from _walked(flows, state, after)


def _plain(flows: FlowSet, frame: Frame, kind: str) -> Way:
    place = flows[frame.flow].steps[frame.step].place
    return Way(frame.flow, frame.step, kind, 0, place)


def _walked(flows: FlowSet, state: FlowState, after: FlowState) -> Iterator[Way]:
    """The way that a step took by itself."""
    frame, to = state.frames[-1], after.frames[-1]
    flow = flows[frame.flow]
    step = flow.steps[frame.step]
    leaving = list(enumerate(edges(step)))
    if isinstance(step, BranchStep):
        cases = step.branch.cases
        taken = (n for n, case in enumerate(cases) if holds(case.condition, state.variables))
        number = next(taken, len(cases))
        yield way_along(flow, frame.step, number, leaving[number][1])
    elif isinstance(step, FormStep):
        aside = list(left_for_a_while(flow, step, state, after, None))
        yield from aside or left_for_good(flow, step, after)
    elif isinstance(step, OfferStep):
        passed = (each for each in leaving if each[1].why is Why.CONDITION)
        yield from (way_along(flow, frame.step, number, edge) for number, edge in passed)
    elif len(leaving) > 1 and to.flow == frame.flow:
        yield from (
            way_along(flow, frame.step, number, edge)
            for number, edge in leaving
            if edge.target.name == to.step
        )


def _left(flows: FlowSet, before: FlowState, event: FlowEvent, after: FlowState) -> Iterator[Way]:
    """The way that an event led from the step that waited for it."""
    frame = before.frames[-1]
    flow = flows[frame.flow]
    step = flow.steps[frame.step]
    ways: list[Way] = []
    if isinstance(step, AnswerStep) and after.frames[-1].step == step.next.name:
        ways += [
            way_along(flow, step.name, number, edge)
            for number, edge in enumerate(edges(step))
            if edge.why is Why.NEXT  # whatever the caller says to the offer
        ]
    if isinstance(step, FormStep):
        ways += left_for_a_while(flow, step, before, after, event)
    if isinstance(step, TransferStep) and isinstance(event, InputMatched):
        ways += [
            way_along(flow, step.name, number, edge)
            for number, edge in enumerate(edges(step))
            if edge.why is Why.ASIDE and edge.label == route_key(event.heard.semantics)
        ]
    ways = ways or list(_led(flows, before, event, after.frames[-1]))
    if isinstance(step, FormStep):
        ways = ways or list(left_for_good(flow, step, after))
    yield from ways


def _led(flows: FlowSet, before: FlowState, event: FlowEvent, to: Frame) -> Iterator[Way]:
    """The edge that an event leads along, that of the step or one that all questions share."""
    frame = before.frames[-1]
    flow = flows[frame.flow]
    own = [
        (flow, frame.step, number, edge)
        for number, edge in enumerate(edges(flow.steps[frame.step]))
        if frame.flow == to.flow and edge.target.name == to.step
    ]
    shared = [
        (around, "", number, edge)
        for around in {frame.flow: flows[frame.flow] for frame in before.frames}.values()
        for number, edge in enumerate(shared_edges(around))
        if around.name == to.flow and edge.target.name == to.step
    ]
    fitting = [each for each in (*own, *shared) if _fits(each[3], before, event)]
    # An answer of its own goes before 'else'.
    labelled = [each for each in fitting if each[3].label]
    for around, step, number, edge in (labelled or fitting)[:1]:
        yield way_along(around, step, number, edge)


def _fits(edge: Edge, before: FlowState, event: FlowEvent) -> bool:
    match event:
        case InputMatched(heard):
            pending = before.pending if before.waiting is Waiting.CONFIRMATION else None
            meaning = pending.semantics if pending and heard.semantics is True else heard.semantics
            if edge.why is Why.COMMAND:
                return edge.label == command_in(event)
            said = {DECLINED: False}.get(edge.label) is meaning
            return edge.why is Why.ANSWER and (edge.label in {"", route_key(meaning)} or said)
        case TextSent():
            return edge.label == ACCEPTED
        case NoMatch() | Ambiguous() | NoInput():
            return edge.why in {Why.TROUBLE, Why.OFFER}
        case ActionFailed() | TextNotSent():
            return edge.why is Why.FAILURE
        case TransferRefused(_, why):
            way = "" if not why else CLOSED if why == CLOSED else "overflow"
            return edge.why is Why.FAILURE and edge.label in {"", way}
    return edge.why in {Why.NEXT, Why.UNKNOWN}
