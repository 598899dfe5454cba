"""Figures as they are now, as readings: from the queues, and from sums of the ledger."""

from __future__ import annotations

from collections.abc import Mapping

from voicebot.acd.views import QueueState
from voicebot.alerts.model import Reading
from voicebot.analytics.deflection import Funnel
from voicebot.analytics.measures import Costs, measured
from voicebot.analytics.totals import Totals
from voicebot.events import DeflectionStage

_NOTHING = Reading(None)
_FREE = Costs("USD", 0.0, 0.0)
"""Nothing here is about money."""


def of_queue(state: QueueState, is_open: bool) -> Mapping[str, Reading]:
    """A queue's figures by name. That nobody works in a closed queue is no reason for an alert."""
    return {
        "waiting": Reading(float(state.waiting)),
        "longest_wait_s": Reading(state.longest_wait_s),
        "agents": Reading(float(state.agents)) if is_open else _NOTHING,
        "free_agents": Reading(float(state.free)) if is_open else _NOTHING,
    }


def of_queue_hour(totals: Totals) -> Mapping[str, Reading]:
    """An hour of one queue, from the ledger."""
    rates, of = measured(totals, _FREE), totals.queued
    return {
        "queue_service_level": Reading(rates["service_level"], of),
        "queue_abandoned": Reading(rates["abandonment_in_queue"], of),
    }


def of_hour(totals: Totals, funnel: Funnel) -> Mapping[str, Reading]:
    """An hour of the whole line, from the ledger."""
    rates, taken = measured(totals, _FREE), totals.taken
    given_up = totals.abandoned_in_flow + totals.abandoned_in_queue
    short = totals.short_in_flow + totals.short_in_queue
    return {
        "contacts": Reading(float(totals.contacts), totals.contacts),
        "containment": Reading(rates["containment"], taken),
        "deflection": Reading(
            funnel.deflection_rate, funnel.reached.get(DeflectionStage.OFFERED, 0)
        ),
        "service_level": Reading(rates["service_level"], totals.queued),
        "abandoned": _share(given_up - short, taken - short),
        "failed": _share(totals.failed, taken),
        "refused": _share(totals.refused, totals.contacts),
    }


def _share(part: int, whole: int) -> Reading:
    return Reading(part / whole, whole) if whole else _NOTHING
