"""The ways through all flows together: calls into other flows, and back.

`flows.graph` knows the edges within one flow; here a flow that is called lends its caller's
commands and trouble where it has none of its own, as it does in a call. A form is a question too;
what it leads to for a while comes back to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from voicebot.flows.graph import RETURNING, edges, led_to
from voicebot.flows.model import Flow, FlowSet
from voicebot.flows.steps import (
    AskStep,
    CallStep,
    FormStep,
    GotoStep,
    OfferStep,
    ReturnStep,
    Step,
    TransferStep,
)

Spot: TypeAlias = tuple[str, str]
"""A flow and one of its steps."""


def ways(flows: FlowSet) -> Mapping[Spot, set[Spot]]:
    """Where each step may lead, over all flows; what is shared leads from every question."""
    callers = _callers(flows)
    found: dict[Spot, set[Spot]] = {}
    for flow in flows:
        commands = set(_lent(flow, callers, _commands, set()))
        trouble = set(_lent(flow, callers, _trouble, set()))
        waiting_steps = _waiting_steps(flow)
        for step in flow.steps.values():
            targets = {(flow.name, edge.target.name) for edge in edges(step)}
            targets |= set(_elsewhere(flow, step, flows, callers))
            if isinstance(step, ReturnStep):
                waiting = (name for name, tasks in waiting_steps.items() if step.name in tasks)
                targets |= {(flow.name, name) for name in waiting}
            if isinstance(step, AskStep | FormStep | OfferStep):
                targets |= trouble | (commands if step.commands is not False else set())
            found[flow.name, step.name] = {spot for spot in targets if _exists(spot, flows)}
    return found


def _exists(spot: Spot, flows: FlowSet) -> bool:
    return spot[0] in flows.flows and spot[1] in flows[spot[0]].steps


def _waiting_steps(flow: Flow) -> Mapping[str, set[str]]:
    """The forms and transfers of the flow, each with the steps that may run while it waits."""
    return {
        step.name: led_to(flow, [edge.target.name for edge in edges(step) if edge.why in RETURNING])
        for step in flow.steps.values()
        if isinstance(step, FormStep | TransferStep)
    }


def without_person(flows: FlowSet) -> list[tuple[Flow, AskStep | FormStep | OfferStep]]:
    """The questions and forms from which no way, whatever the caller says, leads to a transfer."""
    before: defaultdict[Spot, set[Spot]] = defaultdict(set)
    for spot, targets in ways(flows).items():
        for target in targets:
            before[target].add(spot)
    able = {
        (flow.name, step.name)
        for flow in flows
        for step in flow.steps.values()
        if isinstance(step, TransferStep)
    }
    todo = list(able)
    while todo:
        for spot in before[todo.pop()] - able:
            able.add(spot)
            todo.append(spot)
    return [
        (flow, step)
        for flow in flows
        for step in flow.steps.values()
        if isinstance(step, AskStep | FormStep | OfferStep) and (flow.name, step.name) not in able
    ]


def _callers(flows: FlowSet) -> Mapping[str, list[tuple[Flow, CallStep]]]:
    found: defaultdict[str, list[tuple[Flow, CallStep]]] = defaultdict(list)
    for flow in flows:
        for step in flow.steps.values():
            if isinstance(step, CallStep):
                found[step.call.name].append((flow, step))
    return found


def _commands(flow: Flow) -> list[str] | None:
    if flow.commands is None:
        return None
    return [target.name for target in flow.commands.steps.values()]


def _trouble(flow: Flow) -> list[str] | None:
    return None if flow.trouble is None else [flow.trouble.next.name]


def _lent(
    flow: Flow,
    callers: Mapping[str, list[tuple[Flow, CallStep]]],
    has: Callable[[Flow], list[str] | None],
    seen: set[str],
) -> Iterator[Spot]:
    """Where the flow's own commands or trouble lead, else those of the flows that call it."""
    seen.add(flow.name)
    if (own := has(flow)) is not None:
        yield from ((flow.name, step) for step in own)
        return
    for caller, _ in callers.get(flow.name, ()):
        if caller.name not in seen:
            yield from _lent(caller, callers, has, seen)


def _elsewhere(
    flow: Flow, step: Step, flows: FlowSet, callers: Mapping[str, list[tuple[Flow, CallStep]]]
) -> Iterator[Spot]:
    if isinstance(step, CallStep | GotoStep):
        other = step.call.name if isinstance(step, CallStep) else step.goto.name
        if other in flows.flows:
            yield other, flows[other].start.name
    if isinstance(step, ReturnStep):
        yield from ((caller.name, call.next.name) for caller, call in callers.get(flow.name, ()))
