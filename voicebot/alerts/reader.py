"""Reads ``alerts.yaml``: what the designer and the supervisor want to be told of.

    alerts:
      long line: {when: waiting, queue: support, above: 10, clear: 5, for_s: 120}
      nobody there: {when: agents, below: 1, for_s: 60}
      few contained: {when: containment, below: target, for_s: 900}
      odd volume: {when: contacts, unusual: 4}

docs/wall.md explains every key. Every rule with a fault gives one problem, the first.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from voicebot.alerts.model import FIGURES, Direction, Figure, Kind, Rule
from voicebot.document import Node, Scalar, read_document, suggest
from voicebot.errors import FlowError
from voicebot.queues.fields import Fields, choice, mapping, seconds, text, whole

ALERTS_FILE: Final = "alerts.yaml"
"""In the application's folder, beside ``flows``."""

_KEYS = (
    "when", "queue", "above", "below", "unusual", "direction", "clear", "for_s", "least", "group",
)  # fmt: skip
_LIMITS = ("above", "below", "unusual")
_LEAST: Final = 20
"""Contacts that a share is judged over, where the rule does not say."""
_LONGEST_NAME: Final = 64


@dataclass(frozen=True, slots=True)
class AlertFile:
    """What was read; rules with problems are left out."""

    rules: tuple[Rule, ...] = ()
    problems: tuple[FlowError, ...] = ()


def load_alerts(
    folder: Path, queues: Collection[str], targets: Mapping[str, float | None]
) -> AlertFile:
    """What the application in ``folder`` wants to be told of: nothing where it has no file.
    ``targets`` are those of the settings by figure, None where there is none."""
    file = folder / ALERTS_FILE
    return read_alerts(file, queues, targets) if file.exists() else AlertFile()


def read_alerts(
    path: Path, queues: Collection[str], targets: Mapping[str, float | None], name: str = ""
) -> AlertFile:
    """Read the file; ``name`` is what messages call it. Never raises: what is wrong is in
    ``problems``, in the order of the file."""
    rules: list[Rule] = []
    problems: list[FlowError] = []
    try:
        top = Fields(read_document(path, name), ("alerts",), ALERTS_FILE)
        node = top.map.get("alerts")
        entries = {} if node is None else mapping(node, "'alerts'").entries
    except FlowError as problem:
        return AlertFile(problems=(problem,))
    for title, node in entries.items():
        try:
            rules.append(_Reader(title, node, queues, targets).read())
        except FlowError as problem:
            problems.append(problem)
    return AlertFile(tuple(rules), tuple(problems))


class _Reader:
    """Reads one rule."""

    def __init__(
        self,
        name: str,
        node: Node,
        queues: Collection[str],
        targets: Mapping[str, float | None],
    ) -> None:
        if len(name) > _LONGEST_NAME:
            raise node.place.error(f"a name has at most {_LONGEST_NAME} characters")
        self._name = name
        self._queues = queues
        self._targets = targets
        self._fields = Fields(node, _KEYS, "an alert")

    def read(self) -> Rule:
        fields = self._fields
        figure = fields.need("when", choice(tuple(FIGURES)))
        what = FIGURES[figure]
        key = self._limit_key(what)
        limit = self._limit(key, figure, what)
        direction = fields.read("direction", choice(("more", "less", "either")), "either")
        if "direction" in fields.map.entries and key != "unusual":
            raise fields.place_of("direction").error("'direction' belongs to 'unusual'")
        return Rule(
            self._name,
            figure,
            **{key: limit},
            direction=cast("Direction", direction),
            clear=self._clear(key, limit, what),
            for_s=fields.read("for_s", seconds, 60.0),
            queue=self._queue(what),
            least=self._least(what),
            group=fields.read("group", text, ""),
        )

    def _limit_key(self, what: Figure) -> str:
        given = [key for key in _LIMITS if key in self._fields.map.entries]
        if len(given) != 1:
            raise self._fields.map.place.error(
                "an alert has one limit", "Give 'above:', 'below:' or 'unusual:', one of them."
            )
        if given[0] == "unusual" and not what.of_hour:
            raise self._fields.place_of("unusual").error(
                f"nobody knows what is usual for '{self._fields.map.entries['when'].plain()}'",
                "Give 'above:' or 'below:'.",
            )
        return given[0]

    def _limit(self, key: str, figure: str, what: Figure) -> float:
        node = self._fields.map.entries[key]
        if isinstance(node, Scalar) and node.value == "target":
            if figure not in self._targets:
                raise node.place.error(f"'{figure}' has no target", "Give a number.")
            target = self._targets[figure]
            if target is None:
                raise node.place.error(
                    "the settings have no such target", f"Set wall.{figure}_target, or a number."
                )
            return target
        if key == "unusual":
            return _number(node, 1.0, 100.0)
        return _number(node, 0.0, 1.0 if what.kind is Kind.SHARE else 1e7)

    def _clear(self, key: str, limit: float, what: Figure) -> float:
        node = self._fields.map.get("clear")
        if node is None:
            return default_clear(key, limit, what.kind)
        clear = _number(node, 0.0, 1.0 if what.kind is Kind.SHARE and key != "unusual" else 1e7)
        if clear < limit if key == "below" else clear > limit:
            better = "above" if key == "below" else "below"
            raise node.place.error(
                "an alert would clear while it is raised", f"Give a number {better} the limit."
            )
        return clear

    def _least(self, what: Figure) -> int:
        is_rate = what.of_hour and what.kind is Kind.SHARE
        node = self._fields.map.get("least")
        if node is None:
            return _LEAST if is_rate else 0
        if not is_rate:
            raise self._fields.place_of("least").error("'least' belongs to shares of an hour")
        return whole(0, 100_000)(node)

    def _queue(self, what: Figure) -> str:
        node = self._fields.map.get("queue")
        if node is None:
            return ""
        name = text(node)
        if not what.per_queue:
            raise node.place.error("this figure is of the whole line", "Leave 'queue:' out.")
        if name not in self._queues:
            raise node.place.error(f"there is no queue '{name}'", suggest(name, self._queues))
        return name


def default_clear(key: str, limit: float, kind: Kind) -> float:
    """Where an alert clears that does not say so: a little on the good side of its limit."""
    if key == "unusual":
        return 0.6 * limit
    if kind is Kind.COUNT:
        return math.floor(0.8 * limit) if key == "above" else limit
    if key == "above":
        return 0.9 * limit
    return min(1.0, 1.05 * limit) if kind is Kind.SHARE else 1.1 * limit


def _number(node: Node, least: float, most: float) -> float:
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise node.place.error(f"expected a number from {least:,.12g} to {most:,.12g}")
    return float(value)
