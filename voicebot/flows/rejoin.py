"""A contact that goes on elsewhere: on another channel, after a restart, in newer flows. Pure.

Where it stood the question is asked again. Where that place is gone (the designer has changed the
flow since), it goes on at the last question that is still there, else at the beginning; what is
known of the contact stays known either way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from voicebot.flows import questions
from voicebot.flows.model import FlowSet
from voicebot.flows.state import FlowState, Frames, OpenForm, Waiting
from voicebot.flows.steps import AskStep, FormStep, Step, TransferStep
from voicebot.flows.walk import Walk
from voicebot.types import Json

_LISTENING = frozenset({Waiting.INPUT, Waiting.CONFIRMATION})


def rejoin(
    walk: Walk, facts: Mapping[str, Json], begin: FlowState, *, keeps_place: bool = False
) -> None:
    """Take the walk's state up again; ``facts`` are as in `ContactStarted`, ``begin`` is the state
    of a contact that has not begun. A place in a queue is the channel's, and does not come along
    but with ``keeps_place``."""
    flows = walk.flows
    known = {**begin.variables, **walk.state.variables, **facts}
    forms = tuple(form for form in walk.state.forms if _is_whole(flows, form))
    queued = walk.state.queued if keeps_place and is_there(flows, walk.state.queued) else ()
    if walk.state.queued and not queued:
        known["in_line"] = None
    state = walk.state = replace(walk.state, variables=known, forms=forms, queued=queued)
    if state.waiting is not Waiting.START and is_there(flows, state.frames):
        _go_on(walk)
        return
    for frames in reversed(state.questions):
        if is_there(flows, frames) and _is_question(_top(flows, frames)):
            walk.state = replace(state, frames=frames, waiting=Waiting.INPUT, pending=None, said=())
            walk.run()
            return
    walk.state = replace(
        begin,
        variables=known,
        served=state.served,
        mood=state.mood,
        once=state.once,
        noted=state.noted,
        queued=queued,
    )
    walk.run()


def still_transfers(flows: FlowSet, state: FlowState) -> bool:
    """Whether the transfer at which a contact waits is in these flows."""
    waits = state.waiting is Waiting.TRANSFER and is_there(flows, state.frames)
    return waits and isinstance(_top(flows, state.frames), TransferStep)


def _go_on(walk: Walk) -> None:
    step, waiting = walk.step, walk.state.waiting
    unsaid = isinstance(step, FormStep) and walk.open_form_here is None
    if waiting in _LISTENING and _is_question(step) and not unsaid:
        if waiting is Waiting.CONFIRMATION and not _can_confirm(walk, step):
            walk.state = replace(walk.state, waiting=Waiting.INPUT, pending=None)
        questions.ask_again(walk)
    else:
        walk.state = replace(walk.state, waiting=Waiting.NOTHING, pending=None, said=())
        walk.run()


def _can_confirm(walk: Walk, step: Step) -> bool:
    has_answer = isinstance(step, FormStep) or walk.state.pending is not None
    return has_answer and questions.question(walk).confirm is not None


def is_there(flows: FlowSet, frames: Frames) -> bool:
    """Whether these flows have all the steps of ``frames``."""
    return all(
        frame.flow in flows.flows and frame.step in flows[frame.flow].steps for frame in frames
    )


def _top(flows: FlowSet, frames: Frames) -> Step:
    return flows[frames[-1].flow].steps[frames[-1].step]


def _is_question(step: Step) -> bool:
    return isinstance(step, AskStep | FormStep)


def _is_whole(flows: FlowSet, form: OpenForm) -> bool:
    """Whether a form under way is still one, with the slots that its state speaks of."""
    if not is_there(flows, form.at) or not isinstance(step := _top(flows, form.at), FormStep):
        return False
    slots = {form.asking, *form.asked, *form.checked, *form.unsure, *form.said_back} - {""}
    return slots <= set(step.form) and bool(form.asking or step.review is not None)
