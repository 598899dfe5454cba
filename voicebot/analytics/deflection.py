"""Deflection: how many contacts were served in text, and where the others were lost. Pure.

The definitions, which `docs/text.md` repeats for those who read the figures:

- A **contact** counts at the hour (UTC) and intent of its first offer. One that was offered text
  for two intents counts for each.
- **offered**: was asked. **declined**: said no. **accepted**: said yes, and the link went out.
  **failed**: said yes, and no link could be sent.
- **opened**: the link was opened, by whoever holds it.
- **served**: the flow served the contact in text (`self_served`). **handed on**: the text ended
  with a person. **came back**: went back to voice. **gave up**: the link was never opened, or the
  conversation left unfinished. A contact that was served and came back later was not deflected: it
  counts as both, and not in the rate.
- **deflection rate**: deflected / offered, where deflected is served and neither handed on nor come
  back. Accepting is not being served, and who was sent away unserved is not deflected.
- **acceptance rate**: accepted / offered. **completion rate**: deflected / accepted.

A rate over nothing is None. Stages of the text carry no intent: they belong to the intent that the
contact accepted last before them. Late stages change the figures of the hour of the offer, so the
latest hours are not final.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from voicebot.analytics.history import Span, Split
from voicebot.events import DeflectionReached, DeflectionStage
from voicebot.types import CallId

HOUR_S = 3600.0
MOST_CONTACTS: Final = 5000
"""Contacts of a selection that are looked at, the newest."""


class DeflectionRecords(Protocol):
    """The stages that were written down."""

    async def stages(self, since: float, until: float) -> Sequence[DeflectionReached]:
        """All stages of the contacts first offered text from ``since`` on and before ``until`` (UTC
        epoch seconds), in the order of their times. Raises StorageError."""
        ...


@dataclass(frozen=True, slots=True)
class Stages:
    """The stages of so many ``contacts``, most of whom have none; ``complete``: of all that were
    chosen, not only of the newest."""

    facts: Sequence[DeflectionReached]
    contacts: int
    complete: bool


class StagesOfChosen(Protocol):
    """Where the stages of chosen contacts are read."""

    async def chosen(self, span: Span, where: Mapping[Split, str]) -> Stages:
        """Give the stages of contacts that have ended, began in ``span`` and have the values of
        ``where``, of the newest `MOST_CONTACTS`. Raises StorageError."""
        ...


class StagesLookup(Protocol):
    """The stages of one contact."""

    async def stages_of(self, call_id: CallId) -> Sequence[DeflectionReached]:
        """All stages of one contact, in the order of their times. Raises StorageError."""
        ...


@dataclass(frozen=True, slots=True)
class Funnel:
    """Contacts by stage, each at most once per stage, and those deflected."""

    reached: Mapping[DeflectionStage, int] = field(default_factory=dict)
    deflected: int = 0

    @property
    def acceptance_rate(self) -> float | None:
        """Of those offered, 0 to 1; None where nobody was."""
        return _share(self.reached.get(DeflectionStage.ACCEPTED, 0), self._offered)

    @property
    def deflection_rate(self) -> float | None:
        """Of those offered, 0 to 1; None where nobody was."""
        return _share(self.deflected, self._offered)

    @property
    def completion_rate(self) -> float | None:
        """Of those who accepted, 0 to 1; None where nobody did."""
        return _share(self.deflected, self.reached.get(DeflectionStage.ACCEPTED, 0))

    @property
    def _offered(self) -> int:
        return self.reached.get(DeflectionStage.OFFERED, 0)


@dataclass(frozen=True, slots=True)
class Deflection:
    """``by_intent`` and ``by_hour`` (beginning of the hour, UTC epoch seconds) are in order."""

    whole: Funnel
    by_intent: Mapping[str, Funnel]
    by_hour: Mapping[float, Funnel]


@dataclass(frozen=True, slots=True)
class _Case:
    """One contact and one intent: when text was first offered, and how far it came."""

    intent: str
    offered_at: float
    stages: frozenset[DeflectionStage]

    @property
    def deflected(self) -> bool:
        lost = {DeflectionStage.HANDED_ON, DeflectionStage.CAME_BACK}
        return DeflectionStage.SERVED in self.stages and not lost & self.stages


def deflection(facts: Iterable[DeflectionReached]) -> Deflection:
    """Count ``facts``, in any order. A stage of a contact that was never offered text is passed
    over."""
    by_contact: defaultdict[CallId, list[DeflectionReached]] = defaultdict(list)
    for fact in facts:
        by_contact[fact.call_id].append(fact)
    cases = [case for each in by_contact.values() for case in _cases(each)]
    by_intent: defaultdict[str, list[_Case]] = defaultdict(list)
    by_hour: defaultdict[float, list[_Case]] = defaultdict(list)
    for case in cases:
        by_intent[case.intent].append(case)
        by_hour[case.offered_at // HOUR_S * HOUR_S].append(case)
    return Deflection(
        _funnel(cases),
        {intent: _funnel(each) for intent, each in sorted(by_intent.items())},
        {hour: _funnel(each) for hour, each in sorted(by_hour.items())},
    )


def _cases(facts: Sequence[DeflectionReached]) -> Iterable[_Case]:
    found: dict[str, tuple[float, set[DeflectionStage]]] = {}
    accepted = ""
    # At equal times an offer comes before what came of it.
    order = list(DeflectionStage)
    for fact in sorted(facts, key=lambda each: (each.at, order.index(each.stage))):
        if fact.stage is DeflectionStage.OFFERED:
            found.setdefault(fact.intent, (fact.at, set()))
        if fact.stage is DeflectionStage.ACCEPTED:
            accepted = fact.intent
        case = found.get(fact.intent or accepted)
        if case is not None:
            case[1].add(fact.stage)
    return (_Case(intent, at, frozenset(stages)) for intent, (at, stages) in found.items())


def _funnel(cases: Sequence[_Case]) -> Funnel:
    reached = {stage: sum(stage in case.stages for case in cases) for stage in DeflectionStage}
    return Funnel(reached, sum(case.deflected for case in cases))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
