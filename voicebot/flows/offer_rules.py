"""Whom text is offered to: rules that hold whatever a designer writes. Pure.

Nobody is asked again who said no, nobody twice who did not answer, nobody who has moved to text.
Nobody is asked who wants a person and can have one soon: who asked for one, or whose way leads to
one when they decline. How soon is 'soon' comes with the fact ``text`` (``soon_s``), how long the
wait is from the queue (`flows.person_soon`); a wait that nobody knows counts as short, so that text
never stands between a caller and a person on a guess. The fact ``text`` is null where the channel
has no way to hand over a link, and its ``never`` names intents that the operator keeps on the
telephone.
"""

from __future__ import annotations

from collections.abc import Mapping

from voicebot.flows.expression import holds
from voicebot.flows.model import Flow, OfferPolicy
from voicebot.flows.person_soon import transfer_ahead, wait_s
from voicebot.flows.state import Counts, FlowState
from voicebot.flows.steps import OfferStep
from voicebot.types import Json

MOST_OFFERS = 2
"""Offers in one contact, those among them that were not answered."""

SOON_S = 60.0
"""A wait for a person that counts as short, where the fact ``text`` does not say."""


def intent_of(step: OfferStep) -> str:
    """What the offer is about, as the figures name it."""
    return step.intent or step.name


def may_offer(flow: Flow, step: OfferStep, state: FlowState) -> bool:
    """Whether ``step`` of ``flow`` may ask this contact."""
    offers, text = state.offers, text_fact(state)
    if not text.get("to") or offers.at or offers.declined or offers.moved:
        return False
    if offers.made >= MOST_OFFERS or not _can_name_a_number(step, text):
        return False
    never = text.get("never")
    if isinstance(never, list) and intent_of(step) in never:
        return False
    if step.if_ is not None and not holds(step.if_, state.variables):
        return False
    if state.queued:  # they wait for a person already, and have chosen something else meanwhile
        return True
    return not (_wants_person(flow, step, state) and _person_soon(flow, step, state))


def is_struggling(policy: OfferPolicy, counts: Counts, variables: Mapping[str, Json]) -> bool:
    """Whether recognition has failed this caller often enough."""
    at_once = policy.if_ is not None and holds(policy.if_, variables)
    return at_once or counts.in_a_row >= policy.in_a_row or counts.in_all >= policy.in_all


def text_fact(state: FlowState) -> Mapping[str, Json]:
    """How text could be offered, empty where it cannot."""
    fact = state.variables.get("text")
    return fact if isinstance(fact, dict) else {}


def _can_name_a_number(step: OfferStep, text: Mapping[str, Json]) -> bool:
    other = step.number is not None and bool(step.number.other)
    return text.get("to") == "page" or bool(text.get("number")) or other


def _wants_person(flow: Flow, step: OfferStep, state: FlowState) -> bool:
    ahead = transfer_ahead(flow, (step.skipped or step.declined).name)
    return state.mood.persons > 0 or ahead is not None


def _person_soon(flow: Flow, step: OfferStep, state: FlowState) -> bool:
    if state.offers.nobody_free:
        return False
    wait, soon_s = wait_s(flow, step, state.variables), text_fact(state).get("soon_s")
    return wait is None or wait <= (soon_s if isinstance(soon_s, int | float) else SOON_S)
