"""What real calls did in a flow, told from their records.

A record names the steps at which the caller was heard, not those between. Between two of them the
way is found in the flow (`drawing.ways`): it begins with what the answer meant, and of several ways
that fit, the one is taken whose words were said. A call that fits no way (the flow has changed
since) is followed as far as it fits. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from voicebot.drawing.boxes import Counts
from voicebot.drawing.known_ways import KnownWays, said
from voicebot.drawing.ways import Taken, Way, step_of, through_form
from voicebot.events import TurnResult
from voicebot.flows.events import INTENTS_GRAMMAR
from voicebot.flows.form_answers import names_of
from voicebot.flows.form_questions import FORM_GRAMMAR
from voicebot.flows.graph import Why, edges, shared_edges
from voicebot.flows.model import FlowSet
from voicebot.flows.references import Route
from voicebot.flows.state import Frame
from voicebot.flows.steps import AnswerStep, AskStep, FormStep, OfferStep
from voicebot.sessions.records import CallRecord, TurnRecord
from voicebot.types import TEXT_DOORS, Heard, Json


class Traffic:
    """Counts calls on the ways of ``flows``; ``ways`` are those, where they are known already."""

    def __init__(self, flows: FlowSet, ways: KnownWays | None = None) -> None:
        self._flows = flows
        self._ways = KnownWays(flows) if ways is None else ways
        self._counts: Counter[Taken] = Counter()
        self._labels = {
            label
            for flow in flows
            for step in flow.steps
            for label in (step, f"{flow.name}.{step}")
        }
        self.calls = 0
        self.lost = 0

    @property
    def counts(self) -> Counts:
        """How often each step was come to and each edge taken."""
        return dict(self._counts)

    @property
    def summary(self) -> str:
        followed = self.calls - self.lost
        return f"{self.calls} calls, {followed} of them followed from beginning to end"

    def add(self, call: CallRecord) -> None:
        """Follow one contact; conversations in text from before they had turns are left out."""
        if call.transport in TEXT_DOORS and not call.turns:
            return
        self.calls += 1
        if call.flow not in self._flows.flows:
            self.lost += 1
            return
        flow = self._flows[call.flow]
        beginning = Way((Frame(flow.name, flow.start.name),))
        start = beginning.arriving(beginning.frames)
        here: Way | None = None
        asked: Way | None = None
        heard: TurnRecord | None = None
        for turn in call.turns:
            if turn.step not in self._labels:
                continue  # what the server itself asks, such as leave to record
            if here is None or heard is None:
                here = self._best([start], turn)
            else:
                here = self._after(self._answering(here, heard, asked), heard, turn)
            if here is None:
                self.lost += 1
                return
            self._counts.update(here.taken)
            here, heard = replace(here, taken=()), turn
            if isinstance(step_of(self._flows, here.frames), AskStep):
                asked = here

    def _answering(self, here: Way, heard: TurnRecord, asked: Way | None) -> Way:
        """Where what was heard counts as an answer: to an offer, callers may say what the question
        before it understands (`flows.more`)."""
        step = step_of(self._flows, here.frames)
        before = step_of(self._flows, asked.frames) if asked is not None else None
        if asked is None or not isinstance(before, AskStep) or heard.heard is None:
            return here
        grammar = heard.heard.grammar
        taken = {*names_of(before.grammar), INTENTS_GRAMMAR}
        if not isinstance(step, AnswerStep | OfferStep) or grammar not in taken:
            return here
        return here if grammar == step.grammar.name else replace(here, frames=asked.frames)

    def _after(self, here: Way, heard: TurnRecord, turn: TurnRecord) -> Way | None:
        """The likeliest way from where ``heard`` was heard to where ``turn`` was."""
        understood = heard.result is TurnResult.MATCH
        if understood:
            here = self._told(here, heard)
        likely = self._answered(here, heard) if understood else self._trouble(here)
        way = self._best(likely, turn)
        if here.label != turn.step:
            return way or self._best(self._any_way(here), turn)
        # Asked again, or come back to? What was said between tells.
        heard_then = said(turn.prompt)
        stayed = max(0, self._fit(here.arriving(here.frames), heard_then))
        went = stayed - 1 if way is None else self._fit(way, heard_then)
        return way if went > stayed or (went == stayed and understood) else here

    # Ways out of a question

    def _told(self, here: Way, heard: TurnRecord) -> Way:
        """What the answer makes known. Yes to a confirmation leaves the answer as it was."""
        step = step_of(self._flows, here.frames)
        if heard.heard is None or not isinstance(step, AskStep):
            return here
        meaning = heard.heard.semantics
        if _is_command(meaning) or (isinstance(meaning, bool) and step.confirm is not None):
            return here
        stored = {"answer": meaning} | ({step.store: meaning} if step.store else {})
        return replace(here, known={**here.known, **stored})

    def _answered(self, here: Way, heard: TurnRecord) -> Iterator[Way]:
        """By the edges that lead where the answer's meaning leads."""
        step = step_of(self._flows, here.frames)
        if heard.heard is None or not isinstance(step, AskStep | FormStep):
            return
        if isinstance(step, FormStep):
            yield from self._said_in_form(here, step, heard.heard)
            return
        meaning = heard.heard.semantics
        command = _command(meaning)
        targets = {edge.target.name for edge in edges(step) if edge.label == command}
        if (answer := step.next.target(meaning)) is not None and not _is_command(meaning):
            targets |= {answer.name}
        for number, edge in enumerate(edges(step)):
            if edge.target.name in targets:
                yield here.leaving(number, edge)
                targets.discard(edge.target.name)
        yield from self._shared(here, command)

    def _said_in_form(self, here: Way, step: FormStep, heard: Heard) -> Iterator[Way]:
        """To another task, by a command, or on in the form with what was filled."""
        meaning = heard.semantics
        if heard.grammar != FORM_GRAMMAR:
            command = _command(meaning)
            aside = Route(step.aside.steps if step.aside is not None else {}, None)
            task = aside.target(command if _is_command(meaning) else meaning)
            for number, edge in enumerate(edges(step)):
                left = edge.why is Why.COMMAND and edge.label == command
                if left or (edge.why is Why.ASIDE and edge.target == task):
                    yield here.leaving(number, edge)
            if task is None:
                yield from self._shared(here, command)
        if not _is_command(meaning):
            yield from through_form(here, step, _given(step, heard))

    def _trouble(self, here: Way) -> Iterator[Way]:
        step = step_of(self._flows, here.frames)
        for number, edge in enumerate(edges(step) if step is not None else ()):
            if edge.why is Why.TROUBLE:
                yield here.leaving(number, edge)
        yield from self._shared(here, "", Why.TROUBLE)

    def _any_way(self, here: Way) -> Iterator[Way]:
        step = step_of(self._flows, here.frames)
        for number, edge in enumerate(edges(step) if step is not None else ()):
            yield here.leaving(number, edge)
        yield from self._shared(here)

    def _shared(self, here: Way, label: str | None = None, why: Why | None = None) -> Iterator[Way]:
        """Commands and trouble of the present flow and of those that called it."""
        for depth in range(len(here.frames), 0, -1):
            flow = self._flows[here.frames[depth - 1].flow]
            for edge in shared_edges(flow):
                if label in {None, edge.label} and why in {None, edge.why}:
                    frame = Frame(flow.name, edge.target.name)
                    yield here.arriving((*here.frames[: depth - 1], frame))

    # Which way it was

    def _best(self, beginnings: Iterable[Way], turn: TurnRecord) -> Way | None:
        found = [way for beginning in beginnings for way in self._ways.to(turn.step, beginning)]
        if len(found) < 2:
            return found[0] if found else None
        heard = said(turn.prompt)
        return max(found, key=lambda way: (self._fit(way, heard), -len(way.taken)))

    def _fit(self, way: Way, heard: str) -> int:
        """How well the words of the steps on the way match what was ``said``."""
        fit = 0
        for flow, name, number in way.taken:
            for words in self._ways.words(flow, name) if number == -1 else ():
                fit += len(words) if f" {words} " in heard else -len(words)
        return fit


def _is_command(meaning: object) -> bool:
    return isinstance(meaning, Mapping) and set(meaning) == {"command"}


def _command(meaning: Json) -> str:
    return str(meaning.get("command") if isinstance(meaning, dict) else meaning)


def _given(step: FormStep, heard: Heard) -> set[str]:
    """The slots that an answer may have filled. A yes may have confirmed any that is asked back; a
    plain meaning is that of the slot asked for, which its keys may tell."""
    meaning = filled = heard.semantics
    if isinstance(meaning, dict) and heard.grammar == FORM_GRAMMAR:
        filled = meaning.get("filled", {})
    if isinstance(filled, dict):
        inner = [value for value in filled.values() if isinstance(value, dict)]
        return {name for name in step.form if any(name in each for each in (filled, *inner))}
    if meaning is True:
        return {slot.name for slot in step.form.values() if slot.confirm and slot.confirm.ask}
    told = {slot.name for slot in step.form.values() if meaning in slot.keys.values()}
    return told or set(step.form)
