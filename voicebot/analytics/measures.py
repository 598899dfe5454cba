"""The rates by which the line is judged, each with its definition in words.

`docs/measures.md` repeats the definitions for those who read the figures; a test holds the two
together. A rate over nothing is None, never 0 or 1. Deflection to text is counted from other facts
and is no part of this file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from voicebot.analytics.totals import Totals


class Unit(StrEnum):
    """What the number of a measure is."""

    SHARE = "share"
    SECONDS = "seconds"
    MONEY = "money"


@dataclass(frozen=True, slots=True)
class Costs:
    """What a contact costs, in ``currency``, with a person and with the bot."""

    currency: str
    person: float
    bot: float


@dataclass(frozen=True, slots=True)
class AgentSeconds:
    """How long agents were ready, and how much of that they were busy (`sessions.ready_times`)."""

    ready_s: float = 0.0
    busy_s: float = 0.0

    def __add__(self, other: AgentSeconds) -> AgentSeconds:
        return AgentSeconds(self.ready_s + other.ready_s, self.busy_s + other.busy_s)


@dataclass(frozen=True, slots=True)
class Measure:
    """``of`` takes the sums, the costs, and the time of agents (None where nobody knows it for
    these sums); it gives None over nothing."""

    name: str
    unit: Unit
    definition: str
    of: Callable[[Totals, Costs, AgentSeconds | None], float | None]


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _service_level(each: Totals) -> float | None:
    return _share(each.within, each.answered + each.abandoned_in_queue - each.short_in_queue)


def _occupancy(agents: AgentSeconds | None) -> float | None:
    return None if agents is None else _share(agents.busy_s, agents.ready_s)


def _cost(each: Totals, costs: Costs) -> float | None:
    persons = each.transferred + each.callback_booked
    return _share(persons * costs.person + each.taken * costs.bot, each.taken)


def _saved(each: Totals, costs: Costs) -> float | None:
    if not each.taken:
        return None
    kept = each.self_served - each.undone
    persons = each.transferred + each.callback_booked
    return kept * costs.person - (each.taken - persons) * costs.bot


MEASURES: Final = (
    Measure(
        "containment",
        Unit.SHARE,
        "Contacts that ended self_served, of those that reached the flow (all but refused and "
        "not_reached). A caller who hung up unserved is not contained.",
        lambda each, _costs, _agents: _share(each.self_served, each.taken),
    ),
    Measure(
        "move_to_text",
        Unit.SHARE,
        "Contacts that ended moved_to_text, of those that reached the flow. Who went on in text is "
        "not yet served there.",
        lambda each, _costs, _agents: _share(each.moved_to_text, each.taken),
    ),
    Measure(
        "transfer",
        Unit.SHARE,
        "Contacts that ended transferred or callback_booked, of those that reached the flow.",
        lambda each, _costs, _agents: _share(each.transferred + each.callback_booked, each.taken),
    ),
    Measure(
        "abandonment_in_flow",
        Unit.SHARE,
        "Contacts that ended abandoned_in_flow, of those that reached the flow; short ones are "
        "left out of both.",
        lambda each, _costs, _agents: _share(
            each.abandoned_in_flow - each.short_in_flow, each.taken - each.short_in_flow
        ),
    ),
    Measure(
        "abandonment_in_queue",
        Unit.SHARE,
        "Contacts that ended abandoned_in_queue, of those that waited in a queue; short ones are "
        "left out of both.",
        lambda each, _costs, _agents: _share(
            each.abandoned_in_queue - each.short_in_queue, each.queued - each.short_in_queue
        ),
    ),
    Measure(
        "short_abandonment",
        Unit.SHARE,
        "Contacts abandoned within ledger.short_s seconds (in the flow: of the answer; in a queue: "
        "of its beginning), of those that reached the flow.",
        lambda each, _costs, _agents: _share(each.short_in_flow + each.short_in_queue, each.taken),
    ),
    Measure(
        "first_contact_resolution",
        Unit.SHARE,
        "Of first contacts on a matter, those without a repeat. Counted are contacts of a known "
        "person (customer or number) on a matter named by the flow, that are no repeat themselves "
        "and began so long ago that ledger.repeat_days are over for their whole hour.",
        lambda each, _costs, _agents: _share(each.resolved, each.settled),
    ),
    Measure(
        "repeat_rate",
        Unit.SHARE,
        "Contacts of the same person on the same matter within ledger.repeat_days after another of "
        "theirs began, of the contacts whose person and matter are known.",
        lambda each, _costs, _agents: _share(each.repeats, each.known),
    ),
    Measure(
        "service_level",
        Unit.SHARE,
        "Contacts that a person answered within ledger.target_s of waiting, of those answered and "
        "those abandoned in a queue; short ones are left out.",
        lambda each, _costs, _agents: _service_level(each),
    ),
    Measure(
        "asa_s",
        Unit.SECONDS,
        "Average speed of answer: the wait of contacts that a person answered.",
        lambda each, _costs, _agents: _share(each.waited_s, each.answered),
    ),
    Measure(
        "aht_s",
        Unit.SECONDS,
        "Average handling time: talk and hold with the person, and the work after it, of contacts "
        "that a person answered or called back.",
        lambda each, _costs, _agents: _share(each.handled_s + each.wrapped_s, each.helped),
    ),
    Measure(
        "occupancy",
        Unit.SHARE,
        "Time in which an agent had at least one contact (talk, hold or work after it), of the "
        "time in which agents were signed in and not paused or away, or still had one. Known for "
        "the whole and by agent; null elsewhere.",
        lambda _each, _costs, agents: _occupancy(agents),
    ),
    Measure(
        "cost_per_contact",
        Unit.MONEY,
        "costs.bot for each contact that reached the flow, and costs.person for each that was "
        "transferred or is called back, over the contacts that reached the flow.",
        lambda each, costs, _agents: _cost(each, costs),
    ),
    Measure(
        "money_saved",
        Unit.MONEY,
        "costs.person for each self_served contact that was not repeated, less costs.bot for each "
        "contact that reached the flow and no person took: what these would have cost with a "
        "person at once.",
        lambda each, costs, _agents: _saved(each, costs),
    ),
)
"""All of them, in the order in which they are shown."""


def measured(
    totals: Totals, costs: Costs, agents: AgentSeconds | None = None
) -> Mapping[str, float | None]:
    """Every measure of ``totals`` by its name."""
    return {each.name: each.of(totals, costs, agents) for each in MEASURES}
