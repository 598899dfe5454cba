"""Forms as tests look at them: the slot that is asked for, and the values that a turn brought."""

from __future__ import annotations

from collections.abc import Sequence

from voicebot.flows.model import FlowSet
from voicebot.flows.state import FlowState, OpenForm, Waiting
from voicebot.flows.steps import FormStep
from voicebot.rehearsal.witness import Passage
from voicebot.types import Json

REVIEW = "review"
"""Stands for the question about all values of a form."""


def form_at(flows: FlowSet, state: FlowState) -> tuple[FormStep, OpenForm] | None:
    """The form that the caller is in, None elsewhere and in what lies on top of a form."""
    frame = state.frames[-1]
    step = flows[frame.flow].steps.get(frame.step)
    form = next((form for form in state.forms if form.at == state.frames), None)
    return (step, form) if isinstance(step, FormStep) and form is not None else None


def asked(flows: FlowSet, state: FlowState) -> str:
    """The slot that a form asks for or asks back, or `REVIEW`; empty where no form asks."""
    found = form_at(flows, state)
    if found is None or state.waiting not in {Waiting.INPUT, Waiting.CONFIRMATION}:
        return ""
    return found[1].asking or REVIEW


def filled(flows: FlowSet, passages: Sequence[Passage]) -> dict[str, Json]:
    """Slots whose value came or changed in these passages and is still there at their end.

    Those of every form that was passed or stood on count, whoever filled them.
    """
    if not passages:
        return {}
    before, after = passages[0].before.variables, passages[-1].after.variables
    frames = [*passages[0].before.frames]
    frames += [frame for passage in passages for frame in passage.frames]
    steps = [flows[frame.flow].steps[frame.step] for frame in frames]
    names = {name for step in steps if isinstance(step, FormStep) for name in step.form}
    return {
        name: after[name]
        for name in sorted(names)
        if after.get(name) is not None and after[name] != before.get(name)
    }
