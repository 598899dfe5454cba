"""What each kind of step does when a walk comes to it: passes it on, or stops it with a command.

Questions, forms and offers have files of their own; what follows a command that waited is in
`flows.interpreter`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from voicebot.flows import form_progress, offers, understanding
from voicebot.flows.commands import ANSWER, Act, Transfer, queue_of
from voicebot.flows.expression import holds
from voicebot.flows.once import KEY_ARGUMENT
from voicebot.flows.queue_steps import choices
from voicebot.flows.secrecy import SALT, Paths, reads_secret
from voicebot.flows.state import Frame, Waiting
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
    ReturnStep,
    SayStep,
    SetStep,
    Step,
    TransferStep,
)
from voicebot.flows.template import Template
from voicebot.flows.walk import MAX_CALLS, Walk
from voicebot.types import Json, Outcome


def take(walk: Walk, step: Step) -> bool:
    """Carry a step out; whether the walk goes on."""
    match step:
        case SayStep() | LanguageStep():
            walk.go(step.next.name)
        case SetStep():
            _set(walk, step)
            walk.go(step.next.name)
        case BranchStep():
            walk.go(_choose(walk, step))
        case CallStep():
            return _call(walk, step)
        case GotoStep():
            flow = walk.flows[step.goto.name]
            frames = (*walk.state.frames[:-1], Frame(flow.name, flow.start.name))
            walk.state = replace(walk.state, frames=frames)
        case ReturnStep():
            return _return(walk)
        case AskStep():
            return understanding.open_question(walk, step)
        case FormStep():
            return form_progress.open_form(walk, step)
        case OfferStep():
            return offers.open_offer(walk, step)
        case ActStep():
            return _act(walk, step)
        case AnswerStep():
            _look_up(walk, step)
            return False
        case TransferStep():
            _transfer(walk, step)
            return False
        case HangUpStep():
            walk.end(step.hangup or walk.state.outcome_if_hung_up, step.reason)
            return False
        case _:
            assert_never(step)
    return True


def _set(walk: Walk, step: SetStep) -> None:
    secret = walk.state.secret
    walk.set(**walk.values(step.set))
    made = [(name,) for name, value in step.set.items() if reads_secret(value, secret)]
    if made:
        walk.hide(*made)


def _choose(walk: Walk, step: BranchStep) -> str:
    for case in step.branch.cases:
        if holds(case.condition, walk.state.variables):
            return case.next.name
    return step.branch.otherwise.name


def _call(walk: Walk, step: CallStep) -> bool:
    if len(walk.state.frames) >= MAX_CALLS:
        walk.end(Outcome.FAILED, f"flows called each other {MAX_CALLS} deep")
        return False
    flow = walk.flows[step.call.name]
    frame = Frame(flow.name, flow.start.name)
    walk.state = replace(walk.state, frames=(*walk.state.frames, frame))
    return True


def _return(walk: Walk) -> bool:
    if len(walk.state.frames) == 1:
        walk.end(walk.state.outcome_if_hung_up, "the flow returned and nothing had called it")
        return False
    walk.state = replace(walk.state, frames=walk.state.frames[:-1])
    caller = walk.step
    if isinstance(caller, CallStep):
        walk.go(caller.next.name)
    return True  # a form or question that was left for a while goes on by itself


def _act(walk: Walk, step: ActStep) -> bool:
    """Whether the walk goes on: what was done already is not done again."""
    arguments = walk.values(step.arguments)
    once = walk.state.once
    secret = _reads_secret(step.arguments, walk.state.secret)
    if step.act.name in walk.once and once.contact:
        place = f"{walk.state.frames[-1].flow}.{step.name}"
        salted = {**arguments, "": SALT} if secret else arguments
        key = once.key(place, step.act.name, salted)
        if once.has(key):
            acted(walk, step, once.result(key))
            return True
        arguments[KEY_ARGUMENT] = key
        walk.state = replace(walk.state, once=once.begun(key))
    filler = next(iter(walk.prompts((step.filler,))), None) if step.filler else None
    walk.emit(Act(step.act.name, arguments, filler, secret))
    walk.state = replace(walk.state, waiting=Waiting.ACTION)
    return False


def _look_up(walk: Walk, step: AnswerStep) -> None:
    question = _plain(step.answer.value(walk.state.variables))
    arguments: dict[str, Json] = {"question": question, "language": str(walk.flow.language)}
    walk.emit(Act(ANSWER, arguments, secret=reads_secret(step.answer, walk.state.secret)))
    walk.state = replace(walk.state, waiting=Waiting.ACTION)


def acted(walk: Walk, step: ActStep, value: Json) -> None:
    """Take what an action gave, and go on behind it."""
    walk.state = replace(walk.state, once=walk.state.once.finished(value))
    if step.store is not None:
        walk.set(**{step.store: value})
    walk.go(step.next.name)


def _transfer(walk: Walk, step: TransferStep) -> None:
    context = {name: _plain(value) for name, value in walk.shown(step.context).items()}
    to_queue, number = bool(queue_of(step.transfer.name)), step.callback
    called = "" if number is None else _plain(number.value(walk.state.variables))
    at = step.callback_at if called else None
    company = step.while_waiting
    asked = company.offer.ask if company.offer is not None else ()
    walk.emit(
        Transfer(
            step.transfer.name,
            context,
            step.mode,
            walk.prompts((*company.say, *asked)),
            tuple(prompt.masked() for prompt in walk.prompts(step.whisper)),
            step.ring_ms,
            facts=walk.state.told if to_queue else {},
            callback=called,
            callback_at="" if at is None else _plain(at.value(walk.state.variables)),
            way_back=_way_back(walk) if called else {},
            choices=choices(step, walk.state.variables, walk.flow.language),
        )
    )
    if walk.state.queued:
        walk.set(in_line=None)
    walk.state = replace(
        walk.state,
        waiting=Waiting.TRANSFER,
        said=(),
        queued=(),
        served=False,
        served_when_heard=False,
        noted=walk.state.noted.unserved() if walk.state.noted is not None else None,
    )


def _way_back(walk: Walk) -> Mapping[str, Json]:
    """The contact as it stands in the transfer that it has waited in, or in this one."""
    state = walk.state
    waits = replace(state, frames=state.queued or state.frames, waiting=Waiting.TRANSFER)
    return waits.to_json()


def _reads_secret(values: Mapping[str, Template | Json], secret: Paths) -> bool:
    return any(reads_secret(value, secret) for value in values.values())


def _plain(value: Json) -> str:
    return "" if value is None else str(value)
