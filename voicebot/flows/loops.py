"""Steps that can go round without listening, where nothing on the way could end it.

A walk through such steps takes a moment and ends the call (`walk.MAX_STEPS`). Loops that change a
variable which a branch of theirs looks at may end by themselves, and are left to that bound; those
from which no way leads at all are dead ends (`flows.ends`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from voicebot.errors import FlowError
from voicebot.flows.expression import names
from voicebot.flows.graph import edges
from voicebot.flows.model import Flow
from voicebot.flows.steps import BranchStep, LanguageStep, SayStep, SetStep, Step

_Silent: TypeAlias = SayStep | SetStep | BranchStep | LanguageStep


def silent_loops(flow: Flow) -> Iterator[FlowError]:
    """One error for each group of steps that go round so."""
    silent = {name: step for name, step in flow.steps.items() if isinstance(step, _Silent)}
    after = {name: _led_to(step, flow, silent) for name, step in silent.items()}
    told: set[str] = set()
    for name, step in silent.items():
        loop = [other for other in after[name] if name in after[other]]
        if name not in after[name] or name in told or not _leaves(loop, flow):
            continue
        told |= set(loop)
        if not _changes([silent[other] for other in loop]):
            yield step.place.error(
                f"from step '{name}' the flow may go round without listening, and nothing on the "
                "way changes what its branches look at",
                "Ask something on the way, or set a variable that a branch looks at.",
            )


def _led_to(step: Step, flow: Flow, silent: Mapping[str, _Silent]) -> list[str]:
    """The silent steps that follow ``step`` on silent ways, in the file's order."""
    found: set[str] = set()
    todo = [step]
    while todo:
        for edge in edges(todo.pop()):
            name = edge.target.name
            if name in silent and name not in found:
                found.add(name)
                todo.append(silent[name])
    return [name for name in flow.steps if name in found]


def _leaves(loop: list[str], flow: Flow) -> bool:
    return any(edge.target.name not in loop for name in loop for edge in edges(flow.steps[name]))


def _changes(loop: list[_Silent]) -> bool:
    changed: set[str] = set()
    looked_at: set[str] = set()
    for step in loop:
        if isinstance(step, SetStep):
            changed |= set(step.set)
        elif isinstance(step, LanguageStep):
            changed.add("language")
        elif isinstance(step, BranchStep):
            for case in step.branch.cases:
                looked_at |= {name.path[0] for name in names(case.condition)}
    return bool(changed & looked_at)
