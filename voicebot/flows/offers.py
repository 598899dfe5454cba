"""The offer to go on in text, as a step: a yes or no, the number confirmed, a link sent.

It asks what `flows.questions` asks in every other question, so that help, repeat, silence and
trouble work here too. A caller who may not be asked (`flows.offer_rules`) passes by unasked. Left
out: what the offer costs and how the link travels; that is the channel's affair.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from voicebot.flows import global_commands, questions, trouble, understanding
from voicebot.flows.commands import CloseOffer, OfferText, SendText
from voicebot.flows.model import FlowSet
from voicebot.flows.more import last_request
from voicebot.flows.offer_rules import MOST_OFFERS, intent_of, may_offer, text_fact
from voicebot.flows.person_soon import wait_s
from voicebot.flows.state import Asking, FlowState, Frame, Waiting
from voicebot.flows.steps import AskStep, OfferStep
from voicebot.flows.walk import Walk
from voicebot.types import Heard, Json


def open_offer(walk: Walk, step: OfferStep) -> bool:
    """Ask on entering the step. True where the caller is not asked and the walk goes on."""
    wait = wait_s(walk.flow, step, walk.state.variables)
    walk.set(waiting_s=None if wait is None or math.isinf(wait) else wait)
    if not may_offer(walk.flow, step, walk.state):
        walk.go((step.skipped or step.declined).name)
        return True
    before = walk.state.offers
    walk.state = replace(
        walk.state,
        offers=replace(
            before,
            at=walk.state.frames,
            asking=Asking.WHETHER,
            intent=intent_of(step),
            made=before.made + 1,
        ),
    )
    walk.enter(step)
    walk.commands.append(OfferText(intent_of(step)))
    questions.ask(walk, questions.question(walk))
    return False


def understand(walk: Walk, heard: Heard) -> None:
    """Take what the caller said to the offer: a command, yes or no, or a number."""
    step = _step(walk)
    question = questions.question(walk)
    command = questions.command_of(walk, question, heard)
    if command is not None:
        global_commands.obey(walk, question, command)
        return
    asking, meaning = walk.state.offers.asking, heard.semantics
    if walk.state.waiting is Waiting.CONFIRMATION and isinstance(meaning, bool):
        _number_confirmed(walk, meaning)
    elif asking is Asking.OTHER:
        _number_given(walk, question, heard)
    elif not isinstance(meaning, bool):
        _something_else(walk, step, heard)
    elif meaning:
        _yes(walk, step)
    elif asking is Asking.NUMBER and step.number is not None and step.number.other:
        _ask(walk, Asking.OTHER)
    else:
        _decline(walk, step)


def _step(walk: Walk) -> OfferStep:
    step = walk.step
    assert isinstance(step, OfferStep), "an open offer waits at its step"
    return step


def _yes(walk: Walk, step: OfferStep) -> None:
    text = text_fact(walk.state)
    own = str(text.get("number") or "")
    if text.get("to") == "page":
        _send(walk, "")
    elif not own:
        _ask(walk, Asking.OTHER)
    elif walk.state.offers.asking is Asking.WHETHER and step.number is not None and step.number.ask:
        _ask(walk, Asking.NUMBER)
    else:
        _send(walk, own)


def _ask(walk: Walk, asking: Asking) -> None:
    _answered(walk)
    walk.state = replace(walk.state, offers=replace(walk.state.offers, asking=asking))
    questions.ask(walk, questions.question(walk))


def _something_else(walk: Walk, step: OfferStep, heard: Heard) -> None:
    """Take what is neither yes nor no as an answer to the question before. That is no refusal."""
    before = last_request(walk)
    if before is None or heard.grammar == step.grammar.name:
        trouble.nomatch(walk)
        return
    walk.state = replace(walk.state, frames=before, said=())
    understanding.understand(walk, heard)


def _number_given(walk: Walk, question: AskStep, heard: Heard) -> None:
    walk.set(answer=heard.semantics)
    if question.confirm is None:
        _send(walk, str(heard.semantics))
        return
    walk.state = replace(walk.state, pending=heard, waiting=Waiting.CONFIRMATION)
    questions.ask_to_confirm(walk, question.confirm)


def _number_confirmed(walk: Walk, yes: bool) -> None:
    pending = walk.state.pending
    assert pending is not None, "a confirmation waits for a number that was given"
    if yes:
        _send(walk, str(pending.semantics))
        return
    walk.state = replace(walk.state, waiting=Waiting.INPUT, pending=None)
    trouble.nomatch(walk)


def _decline(walk: Walk, step: OfferStep) -> None:
    _answered(walk)
    walk.state = replace(walk.state, offers=replace(walk.state.offers, declined=True))
    walk.go(step.declined.name)
    walk.run()


def _send(walk: Walk, number: str) -> None:
    _answered(walk)
    walk.commands.append(SendText(number, walk.state.offers.intent))
    walk.state = replace(walk.state, waiting=Waiting.TEXT)


def _answered(walk: Walk) -> None:
    """An answer: what led here is done, and the caller was understood."""
    counts = walk.state.counts.answered()
    walk.state = replace(walk.state, counts=counts, said=(), pending=None)


def text_sent(walk: Walk) -> None:
    """The link is on its way: the contact has moved, and the call goes on as the flow says."""
    step = _step(walk)
    offers = replace(walk.state.offers, at=(), asking=Asking.NOTHING, moved=True)
    walk.state = replace(walk.state, offers=offers, served=False, waiting=Waiting.NOTHING)
    walk.go(step.accepted.name)
    walk.run()


def text_not_sent(walk: Walk, problem: str) -> None:
    """No link can be sent; another offer would promise the same again."""
    step = _step(walk)
    walk.set(problem=problem, text=None)
    offers = replace(walk.state.offers, at=(), asking=Asking.NOTHING)
    walk.state = replace(walk.state, offers=offers, waiting=Waiting.NOTHING)
    walk.go(step.unavailable.name)
    walk.run()


def close_if_left(walk: Walk) -> None:
    """Tell the channel of an offer that this walk has left without a link."""
    state = walk.state
    offers = state.offers
    waits = state.waiting in {Waiting.INPUT, Waiting.CONFIRMATION, Waiting.TEXT}
    if not offers.at or (waits and state.frames == offers.at):
        return
    walk.commands.insert(-1, CloseOffer(offers.intent, offers.declined))
    walk.state = replace(state, offers=replace(offers, at=(), asking=Asking.NOTHING))


def moving_state(flows: FlowSet, state: FlowState) -> FlowState:
    """The state with which a contact whose link is being sent begins in text: at the step
    ``in_text``, else where the caller would have gone on after a no. Only what is served from there
    on counts as served in text, and nobody who comes back to voice from there is offered text."""
    top = state.frames[-1]
    step = flows[top.flow].steps[top.step]
    assert isinstance(step, OfferStep), "a link is sent by the step that offered it"
    target = step.in_text or step.declined
    variables: Mapping[str, Json] = {**state.variables, "text": None, "in_line": None}
    return replace(
        state,
        frames=(*state.frames[:-1], Frame(top.flow, target.name)),
        waiting=Waiting.TEXT,
        variables=variables,
        said=(),
        queued=(),
        served=False,
        served_when_heard=False,
        offers=replace(state.offers, at=(), asking=Asking.NOTHING, made=MOST_OFFERS),
    )
