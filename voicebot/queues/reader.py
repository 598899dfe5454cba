"""Reads ``queues.yaml``: the queues, their hours, and the rules for who goes to which.

    hours:
      office: {zone: Europe/Berlin, mon-fri: 09:00-17:00}
    queues:
      billing:
        skills: {billing: 3}
        hours: office
        wrap_up_s: 30
        rings:
          - {after_s: 40, relax: {billing: 1}}
        overflow:
          - {when: closed, to: voicemail}
    rules:
      - {when: contacts >= 3, priority: 1}
      - {when: order.status == 'lost', queue: billing}

docs/queues.md explains every key. Every queue and rule with a fault gives one problem, the first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from voicebot.acd.hours import Hours
from voicebot.acd.model import (
    Announcing,
    Callbacks,
    Overflow,
    QueueRules,
    Ring,
    Routing,
    Spill,
)
from voicebot.document import Node, Scalar, read_document, suggest
from voicebot.errors import FlowError
from voicebot.flows.conditions import parse_condition
from voicebot.flows.expression import Expression
from voicebot.queues.fields import (
    Fields,
    choice,
    levels,
    mapping,
    seconds,
    text,
    whole,
)
from voicebot.queues.opening import read_hours
from voicebot.queues.prerouting import Rule
from voicebot.queues.words import WaitingWords, read_words
from voicebot.types import Language

QUEUES_FILE: Final = "queues.yaml"
"""In the application's folder, beside ``flows``."""

_T = TypeVar("_T")
_DEFAULT = QueueRules("")
_QUEUE_KEYS = (
    "skills", "routing", "hours", "overflow", "rings", "priority", "priority_step_s",
    "answer_within_s", "wrap_up_s", "handling_s", "last_agent", "declined_for_s", "announce",
    "callback", "words", "codes", "returns",
)  # fmt: skip
_MAX_PRIORITY = 100


@dataclass(frozen=True, slots=True)
class QueueFile:
    """What was read; queues and rules with problems are left out."""

    queues: tuple[QueueRules, ...] = ()
    rules: tuple[Rule, ...] = ()
    problems: tuple[FlowError, ...] = ()
    names: frozenset[str] = frozenset()
    """Every queue that the file names, those with problems too."""
    words: Mapping[str, Mapping[Language, WaitingWords]] = field(default_factory=dict)
    """What queues say to those who wait, by queue and language, where the file says it."""
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What agents may mark a contact with, by queue."""
    returns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """On which ways agents may send a caller back into the flow, by queue."""


def load_queues(folder: Path) -> QueueFile:
    """What the application in ``folder`` has to say of queues: nothing where it has no file."""
    file = folder / QUEUES_FILE
    return read_queues(file) if file.exists() else QueueFile()


def read_queues(path: Path, name: str = "") -> QueueFile:
    """Read the file; ``name`` is what messages call it. Never raises: what is wrong is in
    ``problems``, in the order of the file."""
    try:
        root = read_document(path, name)
        top = Fields(root, ("queues", "hours", "rules"), QUEUES_FILE)
        return _Reader(top).read()
    except FlowError as problem:
        return QueueFile(problems=(problem,))


class _Reader:
    def __init__(self, top: Fields) -> None:
        self._top = top
        self._problems: list[FlowError] = []
        self._hours: dict[str, Hours] = {}
        self._words: dict[str, Mapping[Language, WaitingWords]] = {}
        self._codes: dict[str, tuple[str, ...]] = {}
        self._returns: dict[str, tuple[str, ...]] = {}
        self._names = set(self._part("queues"))
        self._hour_names = set(self._part("hours"))

    def read(self) -> QueueFile:
        for name, node in self._part("hours").items():
            hours = self._try(partial(read_hours, node))
            if hours is not None:
                self._hours[name] = hours
        queues = [
            self._try(partial(self._queue, name, node))
            for name, node in self._part("queues").items()
        ]
        rules = [self._try(partial(self._rule, each)) for each in self._top.each("rules")]
        self._problems.sort(key=lambda problem: (problem.line, problem.column))
        return QueueFile(
            tuple(each for each in queues if each is not None),
            tuple(each for each in rules if each is not None),
            tuple(self._problems),
            frozenset(self._names),
            self._words,
            self._codes,
            self._returns,
        )

    def _part(self, key: str) -> Mapping[str, Node]:
        node = self._top.map.get(key)
        return {} if node is None else mapping(node, f"'{key}'").entries

    def _try(self, read: Callable[[], _T]) -> _T | None:
        try:
            return read()
        except FlowError as problem:
            self._problems.append(problem)
            return None

    def _queue(self, name: str, node: Node) -> QueueRules:
        fields = Fields(node, _QUEUE_KEYS, "a queue")
        self._words[name] = fields.read("words", read_words, {})
        self._codes[name] = tuple(text(each) for each in fields.each("codes"))
        self._returns[name] = tuple(text(each) for each in fields.each("returns"))
        last_agent_s, last_agent_within_s = fields.read("last_agent", _last_agent, (0.0, 86_400.0))
        routing = fields.read("routing", choice(tuple(Routing)), _DEFAULT.routing.value)
        return QueueRules(
            name,
            fields.read("skills", levels(1), {}),
            Routing(routing),
            fields.read("hours", self._hours_named, None),
            tuple(self._overflow(each) for each in fields.each("overflow")),
            tuple(self._rings(fields)),
            fields.read("priority", whole(-_MAX_PRIORITY, _MAX_PRIORITY), 0),
            fields.read("priority_step_s", seconds, _DEFAULT.priority_step_s),
            fields.read("answer_within_s", seconds, _DEFAULT.answer_within_s),
            fields.read("wrap_up_s", _wrap_up, _DEFAULT.wrap_up_s),
            fields.read("handling_s", _above_zero, _DEFAULT.handling_s),
            last_agent_s,
            last_agent_within_s,
            fields.read("declined_for_s", seconds, _DEFAULT.declined_for_s),
            fields.read("announce", _announce, _DEFAULT.announcing),
            fields.read("callback", _callback, _DEFAULT.callbacks),
        )

    def _hours_named(self, node: Node) -> Hours | None:
        return self._hours.get(choice(self._hour_names)(node))

    def _queue_named(self, node: Node) -> str:
        name = text(node)
        if name not in self._names:
            raise node.place.error(f"there is no queue '{name}'", suggest(name, self._names))
        return name

    def _overflow(self, node: Node) -> Overflow:
        fields = Fields(node, ("when", "queue", "to", "after_s", "length"), "an overflow")
        why = Spill(fields.need("when", choice(tuple(Spill))))
        queue, to = fields.read("queue", self._queue_named, ""), fields.read("to", text, "")
        if bool(queue) == bool(to):
            raise fields.map.place.error(
                "an overflow leads to one place", "Give 'queue:' or 'to:', one of them."
            )
        for key, belongs in (("after_s", Spill.WAIT), ("length", Spill.LENGTH)):
            if fields.map.get(key) is not None and why is not belongs:
                raise fields.place_of(key).error(f"'{key}' belongs to 'when: {belongs}'")
        after_s = fields.need("after_s", seconds) if why is Spill.WAIT else 0.0
        length = fields.need("length", whole(1, 100_000)) if why is Spill.LENGTH else 0
        return Overflow(why, queue, to, after_s, length)

    def _rings(self, fields: Fields) -> list[Ring]:
        rings: list[Ring] = []
        for node in fields.each("rings"):
            ring = Fields(node, ("after_s", "relax", "agents_of"), "a ring")
            after_s = ring.need("after_s", seconds)
            if rings and after_s < rings[-1].after_s:
                raise ring.place_of("after_s").error("this ring comes before the one above it")
            others = tuple(self._queue_named(each) for each in ring.each("agents_of"))
            rings.append(Ring(after_s, ring.read("relax", levels(0), {}), others))
        return rings

    def _rule(self, node: Node) -> Rule:
        fields = Fields(node, ("when", "queue", "priority", "skills"), "a rule")
        rule = Rule(
            fields.read("when", _condition, None),
            fields.read("queue", self._queue_named, ""),
            fields.read("priority", whole(-_MAX_PRIORITY, _MAX_PRIORITY), 0),
            fields.read("skills", levels(1), {}),
        )
        if not (rule.queue or rule.priority or rule.skills):
            raise fields.map.place.error(
                "this rule changes nothing", "Give 'queue:', 'priority:' or 'skills:'."
            )
        return rule


def _condition(node: Node) -> Expression:
    text(node)
    assert isinstance(node, Scalar)
    return parse_condition(node.raw, node.place_at)


def _above_zero(node: Node) -> float:
    value = seconds(node)
    if not value:
        raise node.place.error("expected seconds", "Give a number above 0.")
    return value


def _wrap_up(node: Node) -> float | None:
    """Seconds, or 'manual': until the agent is done."""
    if isinstance(node, Scalar) and isinstance(node.value, str):
        choice(("manual",))(node)
        return None
    return seconds(node)


def _last_agent(node: Node) -> tuple[float, float]:
    fields = Fields(node, ("wait_s", "within_h"), "'last_agent'")
    return fields.need("wait_s", seconds), 3600 * fields.read("within_h", seconds, 24.0)


def _announce(node: Node) -> Announcing | None:
    if isinstance(node, Scalar) and node.value is False:
        return None
    fields = Fields(node, ("first_s", "every_s"), "'announce'")
    usual = Announcing()
    return Announcing(
        fields.read("first_s", seconds, usual.first_s),
        fields.read("every_s", _above_zero, usual.every_s),
    )


def _callback(node: Node) -> Callbacks:
    fields = Fields(node, ("attempts", "retry_s"), "'callback'")
    usual = Callbacks()
    return Callbacks(
        fields.read("attempts", whole(1, 20), usual.attempts),
        fields.read("retry_s", _above_zero, usual.retry_s),
    )
