"""What was understood of a contact so far, for the caller to see and to correct. Pure.

Facts are the slots of the flow's forms and the answers that its questions keep, where they are
plain values, no secrets, and their step is not private. Those of the form that is being filled in
can be changed: the change is an answer like any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from voicebot.flows.commands import FormGrammar, Listen, SlotGrammar
from voicebot.flows.model import FlowSet
from voicebot.flows.secrecy import is_secret
from voicebot.flows.state import FlowState
from voicebot.flows.steps import AskStep, FormStep

MOST = 20


@dataclass(frozen=True, slots=True)
class Fact:
    """``name`` is the variable, ``label`` what people call it; ``editable`` where the present
    question takes another value for it."""

    name: str
    label: str
    value: str
    editable: bool


def facts_known(flows: FlowSet, state: FlowState, listen: Listen | None) -> tuple[Fact, ...]:
    """The facts, in the order of the flows' files."""
    open_slots = {slot.name for slot in editable_slots(listen)}
    facts: dict[str, Fact] = {}
    for name, label in _names(flows, state):
        value = None if is_secret((name,), state.secret) else state.variables.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
            continue
        facts.setdefault(name, Fact(name, label, str(value), name in open_slots))
    return tuple(facts.values())[:MOST]


def editable_slots(listen: Listen | None) -> tuple[SlotGrammar, ...]:
    """The slots that an answer to ``listen`` may fill."""
    for grammar in listen.grammars if listen is not None else ():
        if isinstance(grammar, FormGrammar):
            return grammar.slots
    return ()


def _names(flows: FlowSet, state: FlowState) -> Iterator[tuple[str, str]]:
    for flow in dict.fromkeys(frame.flow for frame in state.frames):
        if flow not in flows.flows:
            continue
        for step in flows[flow].steps.values():
            if isinstance(step, FormStep) and not step.private:
                for slot in step.form.values():
                    if step.hides(slot.name):
                        continue
                    yield slot.name, slot.called[0] if slot.called else _plain(slot.name)
            elif isinstance(step, AskStep) and step.store is not None:
                if step.private or step.sensitive:
                    continue
                yield step.store, _plain(step.store)


def _plain(name: str) -> str:
    return name.replace("_", " ")
