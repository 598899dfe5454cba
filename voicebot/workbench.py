"""What calls teach designers: what was not understood, and where callers leave, told by the files.

Joins the records with the flows of the application as it is now. Both take a while and are to be
called in a thread of their own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from voicebot.analytics.action_runs import within
from voicebot.analytics.funnel import Answers, FunnelEdge, FunnelStep
from voicebot.analytics.misunderstood import Cluster, Clusters, Misheard, Spot, Trouble
from voicebot.drawing.boxes import Chart, Counts, chart
from voicebot.drawing.known_ways import KnownWays
from voicebot.drawing.svg import svg
from voicebot.drawing.traffic import Traffic
from voicebot.events import TurnResult
from voicebot.flows.graph import edges
from voicebot.flows.model import FlowSet
from voicebot.flows.references import Reference
from voicebot.flows.step_parts import listens_for_intents, step_grammars
from voicebot.flows.steps import Step
from voicebot.nlu.gaps import ALIKE_ENGLISH, ALIKE_OTHERS, group, wording, wordings_of
from voicebot.nlu.meanings import Meanings
from voicebot.places_to_edit import grammar_place, intents_place
from voicebot.sessions.records import CallRecord, TurnRecord
from voicebot.types import Language, Outcome


class Workbench:
    """Looks at records as the application in ``folder`` with ``flows`` explains them."""

    def __init__(self, folder: Path, flows: FlowSet, meanings: Meanings) -> None:
        self._folder = folder
        self.flows = flows
        self._meanings = meanings
        self._ways = KnownWays(flows)

    def clusters(self, turns: Iterable[Misheard]) -> Clusters:
        """Put ``turns`` together by meaning; of words that are new, a few at a time. Raises
        ModelError."""
        by_language: defaultdict[Language, list[Misheard]] = defaultdict(list)
        for turn in turns:
            by_language[turn.language].append(turn)
        found: list[Cluster] = []
        pending = 0
        for language, several in by_language.items():
            known = set(
                self._meanings.learn(language, wordings_of([turn.text for turn in several]))
            )
            ready = [turn for turn in several if wording(turn.text) in known]
            pending += len(several) - len(ready)
            found += self._clusters_in(language, ready)
        self._meanings.tidy()
        return Clusters(tuple(sorted(found, key=lambda each: -len(each.turns))), pending)

    def _clusters_in(self, language: Language, turns: Sequence[Misheard]) -> list[Cluster]:
        groups = group(
            [turn.text for turn in turns],
            partial(self._meanings.vectors, language),
            ALIKE_ENGLISH if language.partition("-")[0].lower() == "en" else ALIKE_OTHERS,
        )
        return [
            self._cluster(language, [turns[place] for place in each.places], each.text)
            for each in groups
        ]

    def funnel(self, calls: Iterable[CallRecord]) -> list[FunnelStep]:
        """Follow ``calls`` through the flows: how many came to each step, which ways they took, and
        who hung up there unserved. In the order of the files; steps nobody came to are left out."""
        followed = self._follow(calls)
        return [
            FunnelStep(
                flow=flow.name,
                step=step.name,
                file=step.place.file,
                line=step.place.line,
                column=step.place.column,
                arrived=arrived,
                left=followed.left[flow.name, step.name],
                ways=tuple(
                    FunnelEdge(edge.target.name, edge.why.value, edge.label, taken)
                    for number, edge in enumerate(edges(step))
                    if (taken := followed.counts.get((flow.name, step.name, number), 0))
                ),
                answers=_answers(followed.turns[flow.name, step.name]),
            )
            for flow in self.flows
            for step in flow.steps.values()
            if (arrived := followed.counts.get((flow.name, step.name, -1), 0))
        ]

    def picture(self, calls: Iterable[CallRecord]) -> str:
        """The same as an SVG picture of the flows that ``calls`` came to."""
        followed = self._follow(calls)
        used = {flow for flow, _, _ in followed.counts}
        charts = [chart(flow, followed.counts) for flow in self.flows if flow.name in used]
        return svg([_with_losses(each, followed.left) for each in charts])

    def _follow(self, calls: Iterable[CallRecord]) -> _Followed:
        traffic = Traffic(self.flows, self._ways)
        left: Counter[tuple[str, str]] = Counter()
        turns: defaultdict[tuple[str, str], list[TurnRecord]] = defaultdict(list)
        for call in calls:
            traffic.add(call)
            for turn in call.turns:
                turns[self._place(call.flow, turn.step)].append(turn)
            if call.outcome is Outcome.ABANDONED_IN_FLOW and call.turns:
                left[self._place(call.flow, call.turns[-1].step)] += 1
        return _Followed(traffic.counts, left, turns)

    def _cluster(self, language: Language, turns: Sequence[Misheard], text: str) -> Cluster:
        kinds = Counter(self._kind(turn) for turn in turns)
        places = Counter(self._place(turn.flow, turn.step) for turn in turns)
        spots = [self._spot(*place, count, language) for place, count in places.most_common()]
        return Cluster(language, text, tuple(turns), tuple(kinds.most_common()), tuple(spots))

    def _kind(self, turn: Misheard) -> Trouble:
        if turn.matched:
            return Trouble.LOW_CONFIDENCE
        step = self._step(*self._place(turn.flow, turn.step))
        listens = step is not None and listens_for_intents(step) is not None
        return Trouble.OUT_OF_SCOPE if listens else Trouble.NOMATCH

    def _spot(self, flow: str, name: str, count: int, language: Language) -> Spot:
        step = self._step(flow, name)
        if step is None:
            return Spot(flow, name, count, None, (), None)
        names = [each.name for each in step_grammars(step) if isinstance(each, Reference)]
        places = dict.fromkeys(grammar_place(self._folder, name) for name in names)
        grammars = tuple(place for place in places if place is not None)
        listens = listens_for_intents(step) is not None
        intents = intents_place(self._folder, language) if listens else None
        return Spot(flow, name, count, step.place, grammars, intents)

    def _place(self, flow: str, label: str) -> tuple[str, str]:
        """The flow and step that a record names; those of a called flow come with its name."""
        called, dot, step = label.partition(".")
        return (called, step) if dot and called in self.flows.flows else (flow, label)

    def _step(self, flow: str, name: str) -> Step | None:
        return self.flows[flow].steps.get(name) if flow in self.flows.flows else None


@dataclass(frozen=True, slots=True)
class _Followed:
    """What calls did, by flow and step."""

    counts: Counts
    left: Counter[tuple[str, str]]
    turns: defaultdict[tuple[str, str], list[TurnRecord]]


def _answers(turns: Sequence[TurnRecord]) -> Answers:
    results = Counter(turn.result for turn in turns)
    waits = [turn.latency_ms for turn in turns if turn.latency_ms is not None]
    return Answers(
        turns=len(turns),
        barged_in=sum(turn.barged_in for turn in turns),
        nomatch=results[TurnResult.NOMATCH],
        noinput=results[TurnResult.NOINPUT],
        slow_ms=within(waits, 0.95),
    )


def _with_losses(drawn: Chart, left: Counter[tuple[str, str]]) -> Chart:
    """The chart with a line in each box at which callers left."""
    boxes = [
        replace(box, facts=(*box.facts, f"{lost} left here, {lost / box.count:.0%}"))
        if (lost := left[drawn.flow, box.name]) and box.count
        else box
        for box in drawn.boxes
    ]
    return replace(drawn, boxes=tuple(boxes))
