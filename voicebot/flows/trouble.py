"""Silence, and words that are not understood: asking in other words, until it is too much.

The words change each time; both are counted over the whole contact, and when it is too much the
caller goes where the flow's ``trouble`` leads.
"""

from __future__ import annotations

from dataclasses import replace

from voicebot.flows.expression import holds
from voicebot.flows.model import DEFAULT_IN_A_ROW, DEFAULT_IN_ALL, Trouble
from voicebot.flows.offer_rules import is_struggling, may_offer
from voicebot.flows.questions import ask_to_confirm, confirming, leave, listen, question
from voicebot.flows.state import Counts, Frame, Waiting
from voicebot.flows.steps import OfferStep
from voicebot.flows.template import Template
from voicebot.flows.walk import MAX_CALLS, Walk

MAX_TROUBLES = 3
"""How often trouble may lead elsewhere in one contact; after that it ends."""

MAX_FAILURES = 3
"""How often in a row listening may fail before that is trouble too."""

_Wording = tuple[int, tuple[Template, ...]] | None


def noinput(walk: Walk) -> None:
    """The caller was silent."""
    counts = walk.state.counts
    _count(walk, replace(counts, noinput_here=counts.noinput_here + 1))
    step = question(walk)
    own, of_flow = step.noinput, walk.nearest(lambda flow: flow.noinput)
    _escalate(walk, own, of_flow, walk.state.counts.noinput_here)


def nomatch(walk: Walk) -> None:
    """The caller said something that was none of what was asked."""
    if _offered_text(walk):
        return
    step = question(walk)
    own, of_flow = step.nomatch, walk.nearest(lambda flow: flow.nomatch)
    _escalate(walk, own, of_flow, walk.state.counts.nomatch_here)


def ambiguous(walk: Walk, options: tuple[str, ...]) -> None:
    """What was said is near to several items: ask which, in the flow's words for it."""
    which = walk.nearest(lambda flow: flow.which)
    walk.set(options=list(options))
    if question(walk).sensitive:
        walk.hide(("options",))
    if which is None or walk.state.waiting is Waiting.CONFIRMATION:
        nomatch(walk)
        return
    if _offered_text(walk):
        return
    _escalate(walk, which[1], None, walk.state.counts.nomatch_here)


def listening_failed(walk: Walk) -> None:
    """We could not listen: apologise and ask again; the caller is not to blame."""
    failures = walk.state.counts.failures + 1
    walk.state = replace(walk.state, counts=replace(walk.state.counts, failures=failures))
    if failures >= MAX_FAILURES:
        _to_trouble(walk, "failure")
        return
    _reprompt(walk, walk.nearest(lambda flow: flow.apology), failures)


def _count(walk: Walk, counts: Counts) -> None:
    counts = replace(counts, in_a_row=counts.in_a_row + 1, in_all=counts.in_all + 1)
    walk.state = replace(walk.state, counts=counts)


def _offered_text(walk: Walk) -> bool:
    """Count words that were not understood; whether text is offered now, and nothing asked."""
    counts = walk.state.counts
    _count(walk, replace(counts, nomatch_here=counts.nomatch_here + 1))
    return _offer_text(walk)


def _offer_text(walk: Walk) -> bool:
    """Offer text on top of a question whose answers are not understood; whether that was done. Not
    after silence: who cannot be heard cannot say yes."""
    found = walk.nearest(lambda flow: flow.offers)
    frames = walk.state.frames
    if found is None or len(frames) >= MAX_CALLS:
        return False
    depth, policy = found
    flow = walk.flows[frames[depth - 1].flow]
    step = flow.steps[policy.struggling.name]
    struggles = is_struggling(policy, walk.state.counts, walk.state.variables)
    if not (struggles and isinstance(step, OfferStep) and may_offer(flow, step, walk.state)):
        return False
    frames = (*frames, Frame(flow.name, step.name))
    counts = replace(walk.state.counts, in_a_row=0)  # the offer has its own chances
    walk.state = replace(walk.state, frames=frames, counts=counts, said=(), pending=None)
    walk.run()
    return True


def _escalate(walk: Walk, own: tuple[Template, ...], of_flow: _Wording, time: int) -> None:
    """Lead to trouble when it is enough, else ask in other words."""
    trouble = walk.nearest(lambda flow: flow.trouble)
    in_a_row, in_all = _limits(trouble[1] if trouble is not None else None)
    counts = walk.state.counts
    condition = trouble[1].if_ if trouble is not None else None
    at_once = condition is not None and holds(condition, walk.state.variables)
    if at_once or counts.in_a_row >= in_a_row or counts.in_all >= in_all:
        _to_trouble(walk, "noinput" if counts.noinput_here >= in_a_row else "nomatch")
    else:
        say_other_words(walk, own, of_flow, time)


def say_other_words(walk: Walk, own: tuple[Template, ...], of_flow: _Wording, time: int) -> None:
    """A question's own words stand alone; the flow's words are followed by the question."""
    step = question(walk)
    if own and walk.state.waiting is not Waiting.CONFIRMATION:
        walk.mention((own[min(time, len(own)) - 1],), step.bargein)
        listen(walk, step)
    else:
        _reprompt(walk, of_flow, time)


def _reprompt(walk: Walk, wording: _Wording, time: int) -> None:
    step = question(walk)
    if wording is not None:
        words = wording[1]
        walk.mention((words[min(time, len(words)) - 1],), step.bargein)
    if (confirm := confirming(walk, step)) is not None:
        ask_to_confirm(walk, confirm)
    else:
        walk.mention(step.ask, step.bargein)
        listen(walk, step)


def _limits(trouble: Trouble | None) -> tuple[int, int]:
    if trouble is None:
        return DEFAULT_IN_A_ROW, DEFAULT_IN_ALL
    return trouble.in_a_row, trouble.in_all


def _to_trouble(walk: Walk, kind: str) -> None:
    step = question(walk)
    troubles = walk.state.counts.troubles + 1
    walk.state = replace(walk.state, counts=Counts(troubles=troubles))
    walk.set(trouble={"kind": kind, "count": troubles})
    found = walk.nearest(lambda flow: flow.trouble)
    if troubles > MAX_TROUBLES or (step.on_trouble is None and found is None):
        walk.end(walk.state.outcome_if_hung_up, f"too much trouble: {kind}")
    elif step.on_trouble is not None:
        leave(walk, step.on_trouble.name)
    elif found is not None:
        leave(walk, found[1].next.name, found[0])
