"""What a caller does while the place in a queue is kept: chosen, ended, and the turn that comes.

What was chosen runs on top of the transfer that waits, as a task beside a form does: a return comes
back to the queue. When an agent rings, the caller goes back there at once, or is asked whether they
still want a person; whoever says no leaves the line and goes on where they were. Anything but a no
is taken for a yes: nobody loses a place by being silent.
"""

from __future__ import annotations

from dataclasses import replace

from voicebot.flows import questions
from voicebot.flows.commands import LeaveQueue, Listen
from voicebot.flows.model import FlowSet
from voicebot.flows.queue_model import WaitingOffer
from voicebot.flows.references import Route
from voicebot.flows.rejoin import is_there
from voicebot.flows.state import FlowState, Frame, Frames, Waiting
from voicebot.flows.steps import TransferStep
from voicebot.flows.walk import MAX_CALLS, Walk
from voicebot.types import Heard


def chosen(walk: Walk, heard: Heard) -> None:
    """Do what the waiting caller has chosen; what leads nowhere leaves them in the queue."""
    step = walk.step
    assert isinstance(step, TransferStep), "only a transfer waits in a queue"
    offer, here = step.while_waiting.offer, walk.state.frames
    target = None if offer is None else Route(offer.steps, None).target(heard.semantics)
    if target is None or len(here) >= MAX_CALLS:
        walk.state = replace(walk.state, queued=here)
        walk.run()
        return
    frames = (*here, Frame(here[-1].flow, target.name))
    walk.state = replace(walk.state, frames=frames, queued=here, waiting=Waiting.NOTHING)
    walk.set(answer=heard.semantics, in_line=True)
    walk.run()


def with_place(flows: FlowSet, state: FlowState, frames: Frames) -> FlowState:
    """The state of a contact for which the transfer at ``frames`` waits from now on; unchanged
    where there is no such transfer."""
    if not frames or not is_there(flows, frames):
        return state
    if not isinstance(flows[frames[-1].flow].steps[frames[-1].step], TransferStep):
        return state
    return replace(state, queued=frames, variables={**state.variables, "in_line": True})


def at_transfer(state: FlowState) -> FlowState:
    """The state of a contact that does nothing else any more, and waits at the transfer whose queue
    has kept its place."""
    return replace(
        state,
        frames=state.queued,
        queued=(),
        waiting=Waiting.TRANSFER,
        variables={**state.variables, "in_line": None},
        pending=None,
        said=(),
        served=False,
        served_when_heard=False,
    )


def without_place(state: FlowState) -> FlowState:
    """The state of a contact that keeps no place in a queue any more."""
    return replace(state, queued=(), variables={**state.variables, "in_line": None})


def turn_came(walk: Walk, *, answered: bool = False) -> None:
    """An agent rings for a caller who does something else, or has ``answered`` already."""
    queued = walk.state.queued
    if not queued:  # they have left the line in this very moment
        questions.ask_again(walk)
        return
    frames = (*walk.state.frames, queued[-1])
    offer = _offer_at(walk)
    if offer is None or not offer.still or answered or len(frames) > MAX_CALLS:
        _back_in_line(walk, offer)
        return
    walk.state = replace(walk.state, frames=frames, pending=None, said=(), waiting=Waiting.INPUT)
    walk.mention(offer.still)
    walk.emit(Listen(grammars=(offer.boolean.name,), keys={"1": True, "2": False}))


def answered(walk: Walk, heard: Heard | None) -> None:
    """The caller was asked whether they still want a person, and said this or nothing."""
    if heard is None or heard.semantics is not False:
        _back_in_line(walk, None)
        return
    frames = walk.state.frames[:-1]
    walk.commands.append(LeaveQueue())
    walk.state = replace(walk.state, frames=frames, queued=(), waiting=Waiting.NOTHING)
    walk.set(in_line=None)
    walk.run()


def _back_in_line(walk: Walk, offer: WaitingOffer | None) -> None:
    state = walk.state
    walk.state = replace(state, frames=state.queued, pending=None, said=(), waiting=Waiting.NOTHING)
    if offer is not None:
        walk.mention(offer.ready, bargein=False)
    walk.run()


def _offer_at(walk: Walk) -> WaitingOffer | None:
    top = walk.state.queued[-1]
    step = walk.flows[top.flow].steps.get(top.step)
    return step.while_waiting.offer if isinstance(step, TransferStep) else None
