"""Who goes to which queue, by what is known: the ``rules`` of ``queues.yaml``.

Conditions are those of flows, over facts that the session gives (the order, the number of contacts,
the intent, the mood, whatever the flow has found out). They are evaluated here, so that the
distribution itself knows nothing of conditions: it gets a queue, a priority and skills.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from voicebot.document import suggest
from voicebot.errors import FlowError
from voicebot.flows.expression import Expression, holds, names
from voicebot.types import Json

RULE_FACTS: Final = frozenset({"contacts", "intent", "mood"})
"""What rules may ask for beside the variables and facts of flows."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Where ``when`` holds (None: always), ``priority`` is added and ``skills`` are wanted; with a
    ``queue`` the contact goes there, and no later rule is looked at."""

    when: Expression | None
    queue: str = ""
    priority: int = 0
    skills: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Destination:
    """What an `acd.model.Contact` is made with."""

    queue: str
    priority: int
    skills: Mapping[str, int]


def preroute(
    rules: tuple[Rule, ...], facts: Mapping[str, Json], queue: str, priority: int = 0
) -> Destination:
    """Where a contact goes that the flow sends to ``queue``. Of a skill that several rules want,
    the highest proficiency counts. Never raises: a fact that is not known is null."""
    skills: dict[str, int] = {}
    for rule in rules:
        if rule.when is not None and not holds(rule.when, facts):
            continue
        priority += rule.priority
        for skill, level in rule.skills.items():
            skills[skill] = max(level, skills.get(skill, 0))
        if rule.queue:
            queue = rule.queue
            break
    return Destination(queue, priority, skills)


def unknown_facts(rules: Iterable[Rule], variables: Collection[str]) -> Iterator[FlowError]:
    """What rules ask for and nobody tells: it is null, and the rule hardly what was meant.

    ``variables`` are those of the flows, their facts included.
    """
    known = {*variables, *RULE_FACTS}
    for rule in rules:
        for name in names(rule.when) if rule.when is not None else ():
            if name.path[0] not in known:
                yield name.place.error(
                    f"a rule asks for '{name.path[0]}', which is set nowhere",
                    suggest(name.path[0], known),
                )
