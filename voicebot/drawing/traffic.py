"""What real calls did in a flow, told from their records.

A record names the steps at which the caller was heard, not those between. Between two of them the
way is found in the flow: it begins with what the answer meant, and of several ways that fit, the
one is taken whose words were said. A call that fits no way (the flow has changed since) is followed
as far as it fits. Pure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from voicebot.drawing.boxes import Counts
from voicebot.events import TurnResult
from voicebot.flows.graph import Why, edges, shared_edges
from voicebot.flows.model import (
    AskStep,
    CallStep,
    FlowSet,
    GotoStep,
    HangUpStep,
    ReturnStep,
    Step,
)
from voicebot.flows.state import Frame, Frames
from voicebot.sessions.records import CallRecord, TurnRecord

MOST_LOOKED_AT: Final = 2000
"""Places that a search of a way may come to."""

Taken: TypeAlias = tuple[str, str, int]
"""A flow, a step, and the number of the edge by which it was left; -1 for coming to the step."""

_Way: TypeAlias = tuple[Frames, tuple[Taken, ...]]
_WORDS = re.compile(r"[^\W\d_]+")


class Traffic:
    """Counts calls on the ways of ``flows``."""

    def __init__(self, flows: FlowSet) -> None:
        self._flows = flows
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
        """Follow one call."""
        self.calls += 1
        turns = [turn for turn in call.turns if turn.step in self._labels]
        if call.flow not in self._flows.flows:
            self.lost += 1
            return
        flow = self._flows[call.flow]
        frames: Frames = (Frame(flow.name, flow.start.name),)
        heard: TurnRecord | None = None
        for turn in turns:
            way = self._way(frames, heard, turn)
            if way is None:
                self.lost += 1
                return
            frames, taken = way
            self._counts.update(taken)
            heard = turn

    def _way(self, frames: Frames, heard: TurnRecord | None, turn: TurnRecord) -> _Way | None:
        """The likeliest way from where the call stood to where ``turn`` was heard."""
        if heard is None:
            first = (frames, (_arrival(frames),))
            return self._best([first], turn)
        understood = heard.result is TurnResult.MATCH
        likely = list(self._answered(frames, heard)) if understood else list(self._trouble(frames))
        way = self._best(likely, turn)
        if _label(frames) != turn.step:
            return way or self._best(list(self._any_way(frames)), turn)
        # Asked again, or come back to? What was said between tells.
        again: _Way = (frames, ())
        here = max(0, self._fit((frames, (_arrival(frames),)), turn))
        away = here - 1 if way is None else self._fit(way, turn)
        return way if away > here or (away == here and understood) else again

    # Ways out of a question

    def _answered(self, frames: Frames, heard: TurnRecord) -> Iterator[_Way]:
        """By the edges that lead where the answer's meaning leads."""
        step = self._step(frames)
        if not isinstance(step, AskStep) or heard.heard is None:
            return
        meaning = heard.heard.semantics
        command = meaning.get("command") if isinstance(meaning, dict) else meaning
        targets = {
            edge.target.name for edge in edges(step) if edge.label and edge.label == str(command)
        }
        if (answer := step.next.target(meaning)) is not None and not _is_command(meaning):
            targets |= {answer.name}
        for number, edge in enumerate(edges(step)):
            if edge.target.name in targets:
                yield self._leaving(frames, number, edge.target.name)
                targets.discard(edge.target.name)
        yield from self._shared(frames, str(command))

    def _trouble(self, frames: Frames) -> Iterator[_Way]:
        step = self._step(frames)
        for number, edge in enumerate(edges(step) if step is not None else ()):
            if edge.why is Why.TROUBLE:
                yield self._leaving(frames, number, edge.target.name)
        yield from self._shared(frames, "", Why.TROUBLE)

    def _any_way(self, frames: Frames) -> Iterator[_Way]:
        step = self._step(frames)
        if step is not None:
            for number, edge in enumerate(edges(step)):
                yield self._leaving(frames, number, edge.target.name)
        yield from self._shared(frames)

    def _shared(
        self, frames: Frames, label: str | None = None, why: Why | None = None
    ) -> Iterator[_Way]:
        for depth in range(len(frames), 0, -1):
            flow = self._flows[frames[depth - 1].flow]
            for edge in shared_edges(flow):
                if label in {None, edge.label} and why in {None, edge.why}:
                    left = (*frames[: depth - 1], Frame(flow.name, edge.target.name))
                    yield left, (_arrival(left),)

    def _leaving(self, frames: Frames, number: int, target: str) -> _Way:
        top = frames[-1]
        left = (*frames[:-1], Frame(top.flow, target))
        return left, ((top.flow, top.step, number), _arrival(left))

    # Ways between two questions

    def _best(self, beginnings: list[_Way], turn: TurnRecord) -> _Way | None:
        found = [way for beginning in beginnings for way in self._ways_to(turn.step, beginning)]
        return max(found, key=lambda way: (self._fit(way, turn), -len(way[1])), default=None)

    def _ways_to(self, label: str, beginning: _Way) -> Iterator[_Way]:
        todo = [beginning]
        for _ in range(MOST_LOOKED_AT):
            if not todo:
                return
            way = todo.pop()
            if _label(way[0]) == label:
                yield way
            else:
                todo += [onward for onward in self._onward(way) if _is_simple(onward)]

    def _onward(self, way: _Way) -> Iterator[_Way]:
        frames, taken = way
        step = self._step(frames)
        flow = frames[-1].flow
        if isinstance(step, CallStep) and step.call.name in self._flows.flows:
            start = self._flows[step.call.name].start.name
            inner = (*frames, Frame(step.call.name, start))
            yield inner, (*taken, _arrival(inner))
        elif isinstance(step, GotoStep) and step.goto.name in self._flows.flows:
            start = self._flows[step.goto.name].start.name
            other = (*frames[:-1], Frame(step.goto.name, start))
            yield other, (*taken, _arrival(other))
        elif isinstance(step, ReturnStep) and len(frames) > 1:
            caller = self._step(frames[:-1])
            if isinstance(caller, CallStep):
                back, more = self._leaving(frames[:-1], 0, caller.next.name)
                yield back, taken + more
        elif step is not None and not isinstance(step, AskStep | HangUpStep | ReturnStep):
            for number, edge in enumerate(edges(step)):
                left = (*frames[:-1], Frame(flow, edge.target.name))
                yield left, (*taken, (flow, step.name, number), _arrival(left))

    def _fit(self, way: _Way, turn: TurnRecord) -> int:
        """How well the words of the steps on the way match what was said."""
        said = f" {' '.join(_WORDS.findall(turn.prompt.casefold()))} "
        fit = 0
        for flow, name, number in way[1]:
            step = self._flows[flow].steps.get(name) if number == -1 else None
            for words in _words_of(step) if step is not None else ():
                fit += len(words) if f" {words} " in said else -len(words)
        return fit

    def _step(self, frames: Frames) -> Step | None:
        top = frames[-1]
        return self._flows[top.flow].steps.get(top.step) if top.flow in self._flows.flows else None


def _label(frames: Frames) -> str:
    top = frames[-1]
    return top.step if len(frames) == 1 else f"{top.flow}.{top.step}"


def _arrival(frames: Frames) -> Taken:
    return frames[-1].flow, frames[-1].step, -1


def _is_simple(way: _Way) -> bool:
    """Whether the way has come to no step twice."""
    arrivals = [taken for taken in way[1] if taken[2] == -1]
    return len(arrivals) == len(set(arrivals))


def _is_command(meaning: object) -> bool:
    return isinstance(meaning, Mapping) and set(meaning) == {"command"}


def _words_of(step: Step) -> Iterator[str]:
    """The words that the step always says, in pieces without numbers and values."""
    templates = step.say + (step.ask if isinstance(step, AskStep) else ())
    for template in templates:
        for part in template.parts:
            if isinstance(part, str):
                for piece in re.split(r"\d+", part.casefold()):
                    if words := _WORDS.findall(piece):
                        yield " ".join(words)
