"""Reads the expectations of a turn. A list becomes a check for each item, each at its place."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from voicebot.document import Map, Node, Place, Scalar, Sequence, suggest
from voicebot.events import TurnResult
from voicebot.flows import atoms
from voicebot.rehearsal.form_answers import REVIEW
from voicebot.rehearsal.model import Check, Named
from voicebot.rehearsal.vocabulary import CHECKS
from voicebot.types import Outcome

ENDINGS = tuple(outcome.value for outcome in Outcome)
RESULTS = (TurnResult.MATCH, TurnResult.NOMATCH, TurnResult.NOINPUT)


def read_checks(
    turn: Map,
    steps: Collection[str],
    slots: Collection[str],
    actions: Collection[str],
    targets: Collection[str],
    intents: Collection[str],
) -> tuple[Check, ...]:
    """The checks of a turn, in the file's order. Raises FlowError for the first fault."""

    def step(node: Node) -> str:
        return known(node, steps, "step")

    def each_step(key: str, node: Node, place: Place) -> list[Check]:
        return [Check(key, step(item), item.place) for item in _items(node)]

    readers: Mapping[str, Callable[[str, Node, Place], list[Check]]] = {
        "step": lambda key, node, place: [Check(key, step(node), node.place)],
        "slot": lambda key, node, place: [
            Check(key, known(node, {*slots, REVIEW}, "slot"), node.place)
        ],
        "filled": lambda key, node, place: _done(key, node, place, slots, "slot"),
        "passes": lambda key, node, place: [
            Check(key, tuple(step(item) for item in _items(node)), node.place)
        ],
        "avoids": each_step,
        "bot": _texts,
        "bot_not": _texts,
        "cards": _cards,
        "result": _result,
        "heard": lambda key, node, place: [Check(key, node.plain(), node.place)],
        "acts": lambda key, node, place: _done(key, node, place, actions, "action"),
        "answers": _articles,
        "transfers": lambda key, node, place: _done(key, node, place, targets, "target"),
        "texts": lambda key, node, place: _done(key, node, place, intents, "offer"),
        "variables": _variables,
        "holds": _conditions,
        "outcome": lambda key, node, place: [read_outcome(node)],
    }
    return tuple(
        check
        for key, node in turn.entries.items()
        if key in CHECKS
        for check in readers[key](key, node, turn.key_places[key])
    )


def known(node: Node, names: Collection[str], what: str) -> str:
    """A name that must be among ``names``."""
    name = atoms.scalar_text(node, f"the name of a {what}").raw.strip()
    if name not in names:
        raise node.place.error(f"there is no {what} '{name}'", suggest(name, names))
    return name


def _items(node: Node) -> tuple[Node, ...]:
    return node.items if isinstance(node, Sequence) else (node,)


def _texts(key: str, node: Node, place: Place) -> list[Check]:
    checks = []
    for item in _items(node):
        if not isinstance(item, Scalar) or not item.raw.strip():
            raise item.place.error(f"'{key}' is text, not {item.kind}", "Put it in quotes.")
        checks.append(Check(key, item.raw, item.place))
    return checks


def _cards(key: str, node: Node, place: Place) -> list[Check]:
    if isinstance(node, Sequence) and not node.items:
        return [Check(key, None, place)]
    return _texts(key, node, place)


def _result(key: str, node: Node, place: Place) -> list[Check]:
    raw = node.raw if isinstance(node, Scalar) else ""
    if raw not in RESULTS:
        raise node.place.error(f"'{raw}' is no result", suggest(raw, RESULTS))
    return [Check(key, raw, node.place)]


def _done(key: str, node: Node, place: Place, names: Collection[str], what: str) -> list[Check]:
    """What was done: names, or a mapping of names to some of their details; nothing at all."""
    if isinstance(node, Map):
        checks = []
        for name, details in node.entries.items():
            at = node.key_places[name]
            if name not in names:
                raise at.error(f"there is no {what} '{name}'", suggest(name, names))
            checks.append(Check(key, Named(name, details.plain()), at))
        return checks
    if isinstance(node, Sequence) and not node.items:
        return [Check(key, None, place)]
    return [Check(key, Named(known(item, names, what)), item.place) for item in _items(node)]


def _articles(key: str, node: Node, place: Place) -> list[Check]:
    if isinstance(node, Sequence) and not node.items:
        return [Check(key, None, place)]
    return [
        Check(key, Named(atoms.scalar_text(item, "the name of an article").raw), item.place)
        for item in _items(node)
    ]


def _variables(key: str, node: Node, place: Place) -> list[Check]:
    mapping = atoms.mapping(node)
    return [
        Check(key, Named(name, each.plain()), mapping.key_places[name])
        for name, each in mapping.entries.items()
    ]


def _conditions(key: str, node: Node, place: Place) -> list[Check]:
    return [Check(key, atoms.condition(item), item.place) for item in _items(node)]


def read_outcome(node: Node) -> Check:
    """How a call ends."""
    raw = node.raw if isinstance(node, Scalar) else ""
    if raw not in ENDINGS:
        raise node.place.error(f"'{raw}' is no outcome", suggest(raw, ENDINGS))
    return Check("outcome", Outcome(raw), node.place)
