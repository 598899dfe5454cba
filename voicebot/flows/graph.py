"""The edges of a flow: which step may follow which, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from voicebot.flows.model import Flow
from voicebot.flows.references import Reference
from voicebot.flows.steps import (
    ActStep,
    AnswerStep,
    AskStep,
    BranchStep,
    CallStep,
    FormStep,
    LanguageStep,
    OfferStep,
    SayStep,
    SetStep,
    Step,
    TransferStep,
)


class Why(StrEnum):
    """Kinds of edge."""

    NEXT = "next"
    ANSWER = "answer"
    CONDITION = "condition"
    FAILURE = "failure"
    UNKNOWN = "unknown"
    COMMAND = "command"
    TROUBLE = "trouble"
    ASIDE = "aside"
    VALUE = "value"
    OFFER = "offer"
    TEXT = "text"
    """Where a contact goes on that has moved to text."""


ACCEPTED, DECLINED = "accepted", "declined"
"""Labels of the answers to an offer of text."""


@dataclass(frozen=True, slots=True)
class Edge:
    """``label`` is the meaning of the answer, the command, the slot whose value is looked at, or
    how a queue sends callers away; empty where there is none."""

    target: Reference
    why: Why
    label: str = ""


def edges(step: Step) -> Iterator[Edge]:
    """The edges that leave a step, but those that the whole flow shares (`shared_edges`)."""
    if isinstance(step, AskStep):
        yield from (Edge(target, Why.ANSWER, label) for label, target in step.next.cases.items())
        if step.next.otherwise is not None:
            yield Edge(step.next.otherwise, Why.ANSWER)
        if step.on_trouble is not None:
            yield Edge(step.on_trouble, Why.TROUBLE)
        if isinstance(step.commands, Mapping):
            yield from (Edge(to, Why.COMMAND, label) for label, to in step.commands.items())
    elif isinstance(step, FormStep):
        yield Edge(step.next, Why.NEXT)
        if step.on_trouble is not None:
            yield Edge(step.on_trouble, Why.TROUBLE)
        if isinstance(step.commands, Mapping):
            yield from (Edge(to, Why.COMMAND, label) for label, to in step.commands.items())
        yield from (Edge(case.next, Why.CONDITION) for case in step.stop)
        for slot in step.form.values():
            if slot.filled is not None:
                yield Edge(slot.filled, Why.VALUE, slot.name)
        if step.aside is not None:
            yield from (Edge(to, Why.ASIDE, label) for label, to in step.aside.steps.items())
    elif isinstance(step, BranchStep):
        yield from (Edge(case.next, Why.CONDITION) for case in step.branch.cases)
        yield Edge(step.branch.otherwise, Why.CONDITION)
    elif isinstance(step, ActStep):
        yield Edge(step.next, Why.NEXT)
        yield Edge(step.on_error, Why.FAILURE)
    elif isinstance(step, AnswerStep):
        yield Edge(step.next, Why.NEXT)
        if step.unknown is not None:
            yield Edge(step.unknown, Why.UNKNOWN)
    elif isinstance(step, TransferStep):
        if step.next is not None:
            yield Edge(step.next, Why.NEXT)
        yield Edge(step.on_failure, Why.FAILURE)
        if step.closed is not None:
            yield Edge(step.closed, Why.FAILURE, "closed")
        if step.overflow is not None:
            yield Edge(step.overflow, Why.FAILURE, "overflow")
        if step.while_waiting.offer is not None:
            chosen = step.while_waiting.offer.steps.items()
            yield from (Edge(to, Why.ASIDE, label) for label, to in chosen)
    elif isinstance(step, OfferStep):
        yield Edge(step.accepted, Why.ANSWER, ACCEPTED)
        yield Edge(step.declined, Why.ANSWER, DECLINED)
        yield Edge(step.unavailable, Why.FAILURE)
        if step.skipped is not None:
            yield Edge(step.skipped, Why.CONDITION)
        if step.in_text is not None:
            yield Edge(step.in_text, Why.TEXT)
        if step.on_trouble is not None:
            yield Edge(step.on_trouble, Why.TROUBLE)
        if isinstance(step.commands, Mapping):
            yield from (Edge(to, Why.COMMAND, label) for label, to in step.commands.items())
    elif isinstance(step, SayStep | SetStep | LanguageStep | CallStep):
        yield Edge(step.next, Why.NEXT)


def shared_edges(flow: Flow) -> Iterator[Edge]:
    """Where commands and trouble lead from every question."""
    if flow.commands is not None:
        yield from (Edge(to, Why.COMMAND, label) for label, to in flow.commands.steps.items())
    if flow.trouble is not None:
        yield Edge(flow.trouble.next, Why.TROUBLE)
    if flow.offers is not None:
        yield Edge(flow.offers.struggling, Why.OFFER)


def reachable(flow: Flow) -> set[str]:
    """The steps that a call can come to from the flow's start."""
    shared = [edge.target.name for edge in shared_edges(flow)]
    return led_to(flow, [flow.start.name, *shared])


def reachable_in_call(flow: Flow) -> set[str]:
    """The same without what only a contact comes to that has moved to text."""
    shared = [edge.target.name for edge in shared_edges(flow)]
    return led_to(flow, [flow.start.name, *shared], but=frozenset({Why.TEXT}))


def led_to(flow: Flow, first: Iterable[str], but: frozenset[Why] = frozenset()) -> set[str]:
    """The steps that a call can come to from ``first`` within the flow, ``first`` included, along
    all edges ``but`` these."""

    def following(name: str) -> list[str]:
        if name not in flow.steps:
            return []
        return [edge.target.name for edge in edges(flow.steps[name]) if edge.why not in but]

    return _closure(first, following)


RETURNING = frozenset({Why.ASIDE, Why.VALUE})
"""Edges that put another task on top of a form or a queue, which waits."""

_INCIDENTAL = frozenset({Why.COMMAND, Why.TROUBLE, Why.OFFER, *RETURNING})


def able_to_end(flow: Flow) -> set[str]:
    """The steps from which answers alone (no trouble, no global command) can end the flow."""
    before: dict[str, list[str]] = {}
    ends: list[str] = []
    for step in flow.steps.values():
        onward = [edge for edge in edges(step) if edge.why not in _INCIDENTAL]
        for edge in onward:
            before.setdefault(edge.target.name, []).append(step.name)
        if not onward or isinstance(step, TransferStep):
            ends.append(step.name)
    return _closure(ends, lambda name: before.get(name, []))


def _closure(first: Iterable[str], following: Callable[[str], Iterable[str]]) -> set[str]:
    found = set(first)
    todo = list(found)
    while todo:
        for name in following(todo.pop()):
            if name not in found:
                found.add(name)
                todo.append(name)
    return found
