"""Conversation test files to tests: every problem with its place and remedy, none raised.

The YAML is that of flow files (`flows.document`). Names of steps, actions and targets are looked up
in the application that is tested, so that a misspelt name is no failing test but a faulty file.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from voicebot.document import Map, Node, Place, Scalar, Sequence, read_document, suggest
from voicebot.errors import FlowError
from voicebot.flows import atoms
from voicebot.flows.commands import queue_of
from voicebot.flows.facts import BUILTIN_ACTIONS
from voicebot.flows.model import FlowSet
from voicebot.flows.offer_rules import intent_of
from voicebot.flows.steps import FormStep, OfferStep
from voicebot.rehearsal import vocabulary
from voicebot.rehearsal.checks import known, read_checks, read_outcome
from voicebot.rehearsal.earlier import read_history
from voicebot.rehearsal.model import (
    DEFAULT_TALK_SECONDS,
    Answer,
    ConversationTest,
    Move,
    MoveKind,
    QueueAnswer,
    Setting,
    Stub,
    Turn,
)
from voicebot.rehearsal.table import Row, filled, label, rows_of
from voicebot.types import KEYS, Json

FOLDER = "conversations"
"""Where an application keeps its conversation tests."""

SAMPLE = "database"
"""Stands for the answers of the sample database, where the file's setup says otherwise."""

MAX_SILENCES = 20


@dataclass(frozen=True, slots=True)
class Names:
    """What the application has, for looking names up."""

    flows: FlowSet
    actions: Collection[str]

    def steps(self) -> set[str]:
        """Names of steps, alone and with their flow's."""
        names = {name for flow in self.flows for name in flow.steps}
        return names | {f"{flow.name}.{name}" for flow in self.flows for name in flow.steps}

    def slots(self) -> set[str]:
        """Names of the slots of all forms."""
        steps = (step for flow in self.flows for step in flow.steps.values())
        return {name for step in steps if isinstance(step, FormStep) for name in step.form}

    def intents(self) -> set[str]:
        """What text is offered for."""
        steps = (step for flow in self.flows for step in flow.steps.values())
        return {intent_of(step) for step in steps if isinstance(step, OfferStep)}

    def targets(self) -> set[str]:
        return {reference.name for reference in self.flows.transfers()}


@dataclass(slots=True)
class TestFiles:
    """Everything that was read."""

    tests: list[ConversationTest] = field(default_factory=list)
    problems: list[FlowError] = field(default_factory=list)


def read_tests(paths: Collection[Path], names: Names) -> TestFiles:
    """Read the tests of these files. Of a test with a problem nothing is kept."""
    found = TestFiles()
    for path in paths:
        try:
            root = read_document(path)
        except FlowError as problem:
            found.problems.append(problem)
        else:
            _File(names, found).read(root, Place(str(path), 1, 1))
    return found


class _File:
    def __init__(self, names: Names, found: TestFiles) -> None:
        self._names = names
        self._steps = names.steps()
        self._actions = {*names.actions, *BUILTIN_ACTIONS}
        self._found = found

    def read(self, root: Node, top: Place) -> None:
        try:
            mapping = _mapping(root, "a test file", "Begin with 'tests:'.")
            self._found.problems += mapping.unknown_keys(vocabulary.FILE_KEYS, "key in the file:")
            setup = mapping.get("setup")
            around = self._setting(setup) if setup is not None else Setting()
            if "tests" not in mapping.entries:
                raise top.error("the file has no 'tests'", "Add it, with a test below.")
            tests = _mapping(mapping.entries["tests"], "'tests'", "Write 'name of the test:'.")
        except FlowError as problem:
            self._found.problems.append(problem)
            return
        for name, body in tests.entries.items():
            self._test(name, body, tests.key_places[name], around)

    def _test(self, name: str, body: Node, place: Place, around: Setting) -> None:
        """Add the test, or one for each row of its table."""
        try:
            mapping = _mapping(body, f"test '{name}'", "Write 'talk:' below it.")
            for problem in mapping.unknown_keys(vocabulary.TEST_KEYS, "key in a test:"):
                raise problem
            if (table := mapping.get("table")) is None:
                self._found.tests.append(self._one(name, mapping, place, around))
                return
            without = [key for key in mapping.entries if key != "table"]
            template = Map(
                {key: mapping.entries[key] for key in without},
                {key: mapping.key_places[key] for key in without},
                mapping.place,
            )
            self._found.tests += self._each(name, template, rows_of(table), table.place, around)
        except FlowError as problem:
            self._found.problems.append(problem)

    def _each(
        self, name: str, template: Map, rows: tuple[Row, ...], table: Place, around: Setting
    ) -> list[ConversationTest]:
        tests = []
        for row in rows:
            used: set[str] = set()
            body = filled(template, row, used)
            assert isinstance(body, Map)
            tests.append(self._one(f"{name} [{label(row)}]", body, body.place, around))
            for unused in row.keys() - used:
                raise table.error(f"'<{unused}>' is used nowhere", "Use it, or leave it out.")
        return tests

    def _one(self, name: str, body: Map, place: Place, around: Setting) -> ConversationTest:
        if "talk" not in body.entries:
            raise place.error(f"test '{name}' has no 'talk'", "Add it: a list of turns.")
        talk = body.entries["talk"]
        if not isinstance(talk, Sequence) or not talk.items:
            raise talk.place.error(f"a talk is a list of turns, not {talk.kind}", "- says: hello")
        setup = body.get("setup")
        setting = self._setting(setup).over(around) if setup is not None else around
        node = body.get("outcome")
        outcome = read_outcome(node) if node is not None else None
        turns = tuple(self._turn(item) for item in talk)
        for turn in turns[1:]:
            if turn.move is None and not turn.checks:
                raise turn.place.error("an empty turn", "Delete it.")
        return ConversationTest(name, place, setting, turns, outcome)

    # Setup

    def _setting(self, node: Node) -> Setting:
        mapping = _mapping(node, "'setup'", "Write 'facts:', 'actions:' and the like below it.")
        for problem in mapping.unknown_keys(vocabulary.SETUP_KEYS, "key in setup:"):
            raise problem
        read = mapping.entries.get
        return Setting(
            flow=self._flow(flow) if (flow := read("flow")) is not None else None,
            today=_day(today) if (today := read("today")) is not None else None,
            facts={
                **(_facts(facts) if (facts := read("facts")) is not None else {}),
                **(self._language(tongue) if (tongue := read("language")) is not None else {}),
            },
            history=read_history(history) if (history := read("history")) is not None else None,
            actions=self._stubs(read("actions"), "action", self._actions, _action),
            transfers=self._transfers(read("transfers")),
            texts=self._stubs(read("texts"), "text", self._names.intents(), _sent),
        )

    def _flow(self, node: Node) -> str:
        return known(node, self._names.flows.flows, "flow")

    def _language(self, node: Node) -> dict[str, Json]:
        return {"language": known(node, self._names.flows.languages, "language")}

    def _transfers(self, node: Node | None) -> dict[str, Stub]:
        stubs = self._stubs(node, "target", self._names.targets(), _transfer)
        for target, stub in stubs.items():
            if not queue_of(target) and any(isinstance(each, QueueAnswer) for each in stub):
                assert isinstance(node, Map), "there are stubs"
                raise node.key_places[target].error(
                    f"'{target}' is no queue: nobody waits there", "Write 'fails' or 'seconds'."
                )
        return stubs

    def _stubs(
        self, node: Node | None, what: str, names: Collection[str], read: Callable[[Node], Answer]
    ) -> dict[str, Stub]:
        if node is None:
            return {}
        mapping = _mapping(node, f"'{what}s'", f"Write the name of the {what}.")
        stubs: dict[str, Stub] = {}
        for name, each in mapping.entries.items():
            if name not in names:
                place = mapping.key_places[name]
                raise place.error(f"there is no {what} '{name}'", suggest(name, names))
            if isinstance(each, Scalar) and each.value == SAMPLE and what == "action":
                stubs[name] = ()
            else:
                items = each.items if isinstance(each, Sequence) else (each,)
                stubs[name] = tuple(read(item) for item in items)
        return stubs

    # Talk

    def _turn(self, node: Node) -> Turn:
        mapping = _mapping(node, "a turn", "Write '- says: hello'.")
        for problem in mapping.unknown_keys(vocabulary.TURN_KEYS, "key in a turn:"):
            raise problem
        moves = [key for key in mapping.entries if key in vocabulary.MOVES]
        if len(moves) > 1:
            place = mapping.key_places[moves[1]]
            both = f"'{moves[0]}' and '{moves[1]}' in one turn"
            raise place.error(both, "Make two turns of it.")
        move = _move(moves[0], mapping) if moves else None
        if move is None and "confidence" in mapping.entries:
            place = mapping.key_places["confidence"]
            raise place.error("'confidence' without words", "Write 'says' too.")
        names = self._names
        checks = read_checks(
            mapping,
            self._steps,
            names.slots(),
            self._actions,
            names.targets(),
            names.intents(),
        )
        return Turn(move, checks, mapping.place)


def _move(key: str, turn: Map) -> Move:
    node = turn.entries[key]
    place = turn.key_places[key]
    kind = MoveKind(key)
    confidence = turn.get("confidence")
    if confidence is not None and kind is not MoveKind.SAYS:
        raise confidence.place.error(f"'confidence' of '{key}'", "It belongs to 'says'.")
    if kind is MoveKind.SAYS:
        words = node.raw.strip() if isinstance(node, Scalar) else ""
        if not words:
            raise node.place.error("the caller says nothing", "Write words, or 'silence: true'.")
        sure = atoms.confidence(confidence) if confidence is not None else 1.0
        return Move(kind, place, words, confidence=sure)
    if kind is MoveKind.KEYS:
        keys = node.raw if isinstance(node, Scalar) else ""
        if not keys or set(keys) - set(KEYS):
            raise node.place.error("these are no keys", f"A telephone has {KEYS}.")
        return Move(kind, place, keys)
    if kind is MoveKind.SILENCE and isinstance(node, Scalar) and node.value is not True:
        return Move(kind, place, times=atoms.whole_number(node, MAX_SILENCES))
    atoms.true(node)
    return Move(kind, place)


def _action(node: Node) -> Answer:
    mapping = _mapping(node, "what an action gives", "Write 'result: …' or 'fails: why'.")
    for problem in mapping.unknown_keys(vocabulary.ACTION_KEYS, "key in an action's answer:"):
        raise problem
    if ("result" in mapping.entries) is ("fails" in mapping.entries):
        raise mapping.place.error("an answer is one of 'result' and 'fails'", "Write one of them.")
    when = mapping.get("when")
    result = mapping.get("result")
    return Answer(
        value=result.plain() if result is not None else None,
        fails=_text(fails) if (fails := mapping.get("fails")) is not None else None,
        when=_values(_mapping(when, "'when'", "Write arguments.")) if when is not None else {},
        times=_times(mapping),
    )


def _transfer(node: Node) -> Answer:
    """What comes of a transfer."""
    mapping = _mapping(node, "what comes of a transfer", "Write 'fails: busy' or 'seconds: 40'.")
    for problem in mapping.unknown_keys(vocabulary.TRANSFER_KEYS, "key in a transfer:"):
        raise problem
    fails = mapping.get("fails")
    seconds = mapping.get("seconds")
    left = mapping.get("left")
    if isinstance(left, Scalar) and left.raw not in {"agent", "line"}:
        raise left.place.error(f"'{left.raw}' did not end a transfer", "Write agent or line.")
    talked = atoms.whole_number(seconds, 86_400) if seconds is not None else DEFAULT_TALK_SECONDS
    to = mapping.get("to")
    value: Json = {
        "seconds": talked,
        "left": left.raw if isinstance(left, Scalar) else "agent",
        "to": "" if to is None else _text(to),
    }
    waits = [key for key in vocabulary.WAITING_KEYS if key in mapping.entries]
    if not waits:
        failure = _text(fails) if fails is not None else None
        return Answer(value=value, fails=failure, times=_times(mapping))
    if len(waits) > 1 or fails is not None:
        both = f"'{waits[0]}' and '{waits[1] if len(waits) > 1 else 'fails'}' in one answer"
        raise mapping.key_places[waits[0]].error(both, "Write one of them.")
    after = mapping.get("answers_after_s")
    for key in ("nobody_answers", "waits"):
        if (sure := mapping.get(key)) is not None:
            atoms.true(sure)
    return QueueAnswer(
        value=value,
        times=_times(mapping),
        after_s=None if after is None else float(atoms.whole_number(after, 86_400)),
        waits="waits" in mapping.entries,
    )


def _sent(node: Node) -> Answer:
    mapping = _mapping(node, "what comes of a text", "Write 'fails: why'.")
    for problem in mapping.unknown_keys(vocabulary.TEXT_KEYS, "key in a text:"):
        raise problem
    fails = mapping.get("fails")
    return Answer(fails=_text(fails) if fails is not None else None, times=_times(mapping))


def _times(mapping: Map) -> int | None:
    node = mapping.get("times")
    return atoms.whole_number(node, 1000) if node is not None else None


def _facts(node: Node) -> dict[str, Json]:
    mapping = _mapping(node, "'facts'", "Write names and values.")
    for name, place in mapping.key_places.items():
        atoms.check_name(name, place)
    return _values(mapping)


def _values(mapping: Map) -> dict[str, Json]:
    return {name: each.plain() for name, each in mapping.entries.items()}


def _day(node: Node) -> date:
    try:
        return date.fromisoformat(node.raw if isinstance(node, Scalar) else "")
    except ValueError:
        raise node.place.error("this is no day", "Write it like 2026-11-21.") from None


def _text(node: Node) -> str:
    return atoms.scalar_text(node, "text").raw.strip()


def _mapping(node: Node, what: str, remedy: str) -> Map:
    if not isinstance(node, Map):
        raise node.place.error(f"{what} is a mapping, not {node.kind}", remedy)
    return node
