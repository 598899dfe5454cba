"""What of a form the tests went through: each slot filled, missed and not understood, the review
both ways, a correction, and the ways that leave it, for good or for a while."""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.flows.events import Ambiguous, FlowEvent, InputMatched
from voicebot.flows.expression import holds
from voicebot.flows.graph import Why, edges
from voicebot.flows.model import Flow, FlowSet
from voicebot.flows.references import ListSource
from voicebot.flows.state import FlowState, OpenForm, Waiting
from voicebot.flows.steps import FormStep
from voicebot.rehearsal.form_answers import REVIEW, form_at
from voicebot.rehearsal.judge import result_of
from voicebot.rehearsal.ways import Way, command_in, route_key, way_along
from voicebot.rehearsal.witness import Passage
from voicebot.types import Json

_YES, _NO = 0, 1


def ways_of_form(flow: Flow, step: FormStep) -> Iterator[Way]:
    """Everything that could be reached inside a form; its edges are not among it."""
    places = {name: slot.place for name, slot in step.form.items()}
    for number, (name, place) in enumerate(places.items()):
        text = f"slot '{name}' of '{step.name}' filled by the caller"
        yield Way(flow.name, step.name, "slot", number, place, text)
        if any(isinstance(each, ListSource) and each.near for each in step.form[name].grammar):
            text = f"ambiguous at '{name}' of '{step.name}'"
            yield Way(flow.name, step.name, "ambiguous", number, place, text)
    if step.review is not None:
        places[REVIEW] = step.place
        for number, answer in ((_YES, "yes"), (_NO, "no")):
            text = f"'{answer}' to the review of '{step.name}'"
            yield Way(flow.name, step.name, "review", number, step.place, text)
    for kind in ("noinput", "nomatch"):
        for number, (name, place) in enumerate(places.items()):
            text = f"{kind} at '{name}' of '{step.name}'"
            yield Way(flow.name, step.name, kind, number, place, text)
    if step.corrected:
        text = f"correction in '{step.name}'"
        yield Way(flow.name, step.name, "corrected", 0, step.place, text)


def answered(flows: FlowSet, passage: Passage) -> Iterator[Way]:
    """What the answer to a form's question reached; nothing where no form asked."""
    found = form_at(flows, passage.before)
    if found is None:
        return
    step, form = found
    names = list(step.form)
    asked = names.index(form.asking) if form.asking in names else len(names)
    for kind, number in _kinds(passage, step, form, asked):
        yield Way(passage.before.frames[-1].flow, step.name, kind, number, step.place)


def _kinds(
    passage: Passage, step: FormStep, form: OpenForm, asked: int
) -> Iterator[tuple[str, int]]:
    result = result_of(passage)
    if result in {"noinput", "nomatch"}:
        yield str(result), asked
    if isinstance(passage.event, Ambiguous):
        yield "ambiguous", asked
    if not isinstance(passage.event, InputMatched):
        return
    was = passage.before.variables
    now = (passage.trail[0] if passage.trail else passage.after).variables
    for number, name in enumerate(step.form):
        if now.get(name) is not None and now[name] != was.get(name):
            yield "slot", number
            if was.get(name) is not None:
                yield "corrected", 0
    if passage.before.waiting is Waiting.CONFIRMATION and not form.asking:
        meaning = passage.event.heard.semantics
        if meaning is True:
            yield "review", _YES
        elif meaning is False or _objects(meaning):
            yield "review", _NO


def _objects(meaning: Json) -> bool:
    return isinstance(meaning, dict) and meaning.get("corrected") is True


def left_for_a_while(
    flow: Flow, step: FormStep, before: FlowState, after: FlowState, event: FlowEvent | None
) -> Iterator[Way]:
    """The way to a step that lies on top of the form: another task, or one that looks at a value.

    ``event`` is the answer that led there, None where the form went on by itself.
    """
    if after.frames[:-1] != before.frames:
        return
    form = next((form for form in after.forms if form.at == before.frames), None)
    looked_at = form.checked[-1] if form is not None and form.checking else ""
    for number, edge in enumerate(edges(step)):
        if edge.target.name != after.frames[-1].step:
            continue
        if looked_at:
            fits = edge.why is Why.VALUE and edge.label == looked_at
        else:
            fits = edge.why is Why.ASIDE and edge.label in _labels(event)
        if fits:
            yield way_along(flow, step.name, number, edge)


def _labels(event: FlowEvent | None) -> set[str]:
    if not isinstance(event, InputMatched):
        return set()
    return {command_in(event), route_key(event.heard.semantics)}


def left_for_good(flow: Flow, step: FormStep, after: FlowState) -> Iterator[Way]:
    """The way that a form took to the step after it: complete, or stopped."""
    leaving = list(enumerate(edges(step)))
    onward = [each for each in leaving if each[1].why is Why.NEXT]
    stops = [each for each in leaving if each[1].why is Why.CONDITION]
    for case, stop in zip(step.stop, stops, strict=True):
        if holds(case.condition, after.variables):
            onward = [stop]
            break
    for number, edge in onward:
        if after.frames[-1].step == edge.target.name:
            yield way_along(flow, step.name, number, edge)
