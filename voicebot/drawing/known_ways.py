"""The ways of one set of flows, remembered: thousands of calls ask for the same few hundred.

Which ways there are depends on what is known of the variables, but only of those that conditions
look at, or that steps make others of: an order number that no condition reads is no other question.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from voicebot.drawing.ways import Taken, Way, ways_to
from voicebot.flows.expression import names
from voicebot.flows.model import FlowSet
from voicebot.flows.state import Frames
from voicebot.flows.steps import AskStep, BranchStep, FormStep, SetStep, Step
from voicebot.flows.template import Template

MOST: Final = 20_000
"""Questions that are remembered; a record that asks more begins anew."""
_WORDS: Final = re.compile(r"[^\W\d_]+")

_Question = tuple[str, Frames, tuple[Taken, ...], str]


class KnownWays:
    """The ways of ``flows``. Any thread may use it, one at a time."""

    def __init__(self, flows: FlowSet) -> None:
        self._flows = flows
        self._read = {
            name for flow in flows for step in flow.steps.values() for name in _read(step)
        }
        self._found: dict[_Question, tuple[Way, ...]] = {}
        self._words: dict[tuple[str, str], tuple[str, ...]] = {}

    def to(self, label: str, beginning: Way) -> tuple[Way, ...]:
        """As `ways_to`."""
        known = {name: beginning.known[name] for name in beginning.known if name in self._read}
        asked = label, beginning.frames, beginning.taken, json.dumps(known, sort_keys=True)
        found = self._found.get(asked)
        if found is None:
            if len(self._found) >= MOST:
                self._found.clear()
            begun = Way(beginning.frames, known, beginning.taken)
            found = self._found[asked] = tuple(ways_to(self._flows, label, begun))
        return found

    def words(self, flow: str, name: str) -> tuple[str, ...]:
        """The words that a step always says, in pieces without numbers and values."""
        found = self._words.get((flow, name))
        if found is None:
            step = self._flows[flow].steps.get(name)
            found = self._words[flow, name] = () if step is None else tuple(_words_of(step))
        return found


def _read(step: Step) -> Iterator[str]:
    """The variables by which a step decides, or of which it makes others."""
    match step:
        case BranchStep():
            conditions = [case.condition for case in step.branch.cases]
        case FormStep():
            conditions = [case.condition for case in step.stop]
        case SetStep():
            templates = [value for value in step.set.values() if isinstance(value, Template)]
            conditions = [slot.expression for value in templates for slot in value.slots]
        case _:
            return
    for condition in conditions:
        yield from (name.path[0] for name in names(condition))


def _words_of(step: Step) -> Iterator[str]:
    templates = step.say + (step.ask if isinstance(step, AskStep) else ())
    for template in templates:
        for part in template.parts:
            if isinstance(part, str):
                for piece in re.split(r"\d+", part.casefold()):
                    if words := _WORDS.findall(piece):
                        yield " ".join(words)


def said(prompt: str) -> str:
    """What was said, to look for the words of a step in it."""
    return f" {' '.join(_WORDS.findall(prompt.casefold()))} "
