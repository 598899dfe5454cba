"""Whether every step can be reached, and whether every caller gets out again.

Steps that go round without listening are in `flows.loops`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from voicebot.errors import FlowError
from voicebot.flows.graph import able_to_end, edges, reachable
from voicebot.flows.model import Flow
from voicebot.flows.steps import Step


def unreachable(flow: Flow) -> Iterator[FlowError]:
    """Steps to which nothing leads."""
    found = reachable(flow)
    for step in flow.steps.values():
        if step.name not in found:
            yield step.place.error(
                f"step '{step.name}' cannot be reached", "Lead a step to it, or delete it."
            )


def dead_ends(flow: Flow) -> Iterator[FlowError]:
    """Steps from which no answer leads out; of a group that loops, the first alone is named."""
    able = able_to_end(flow)
    found = reachable(flow)
    named: set[str] = set()
    for step in flow.steps.values():
        if step.name in able or step.name not in found or step.name in named:
            continue
        named |= _trapped_from(step, flow, able)
        yield step.place.error(
            f"from step '{step.name}' no answer leads to a hang-up, a transfer or a return",
            "Give the caller a way out, such as 'goodbye'.",
        )


def _trapped_from(step: Step, flow: Flow, able: Collection[str]) -> set[str]:
    trapped = {step.name}
    todo = [step]
    while todo:
        for edge in edges(todo.pop()):
            name = edge.target.name
            if name in flow.steps and name not in able and name not in trapped:
                trapped.add(name)
                todo.append(flow.steps[name])
    return trapped
