"""Reads ``flows/actions.yaml`` into action definitions; every problem has its place and remedy.

The file maps names to actions. An action is one of ``sql``, ``http`` and ``python``; `KEYS` are the
keys of each, and docs/actions.md says what they mean.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from voicebot.actions.arguments import Argument, Kind
from voicebot.actions.definition import (
    DEFAULT_TIMEOUT_MS,
    MAX_TIMEOUT_MS,
    ActionDefinition,
    HttpWork,
    PythonWork,
    RowResult,
    SqlWork,
    Work,
)
from voicebot.actions.fields import Fields
from voicebot.actions.functions.reader import read_python
from voicebot.actions.functions.source import Sources, read_sources
from voicebot.actions.http_reader import changes_by_default, read_http, variables_of
from voicebot.actions.sql import parameters_of
from voicebot.actions.written_secrets import secret_text
from voicebot.document import Map, Place, Scalar, read_document, suggest
from voicebot.errors import FlowError
from voicebot.flows.facts import BUILTIN_ACTIONS
from voicebot.flows.once import KEY_ARGUMENT

MAX_RETRIES = 5

_COMMON = frozenset({"description", "timeout_ms", "retries", "changes", "once"})
KEYS: Mapping[str, frozenset[str]] = {
    "sql": _COMMON | {"sql", "database", "arguments", "result"},
    "http": _COMMON
    | {"http", "headers", "json", "expect", "absent", "idempotent", "arguments", "result"},
    "python": _COMMON | {"python"},
}
"""The keys of each kind of action."""

_KINDS = ", ".join(f"'{kind}:'" for kind in KEYS)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CHANGING = re.compile(r"(?:\s|--[^\n]*\n)*(?:INSERT|UPDATE|DELETE|REPLACE|MERGE)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ActionFile:
    """What stands in an action file. ``definitions`` lacks the actions that have problems, whose
    names are ``broken`` (None: nobody can tell); ``variables`` are the environment variables that
    the others name, ``sources`` the Python files that they may use, ``statements`` where SQL
    stands."""

    definitions: Mapping[str, ActionDefinition]
    problems: tuple[FlowError, ...]
    variables: frozenset[str] = frozenset()
    sources: Sources = field(default_factory=Sources)
    broken: frozenset[str] | None = frozenset()
    statements: Mapping[str, Place] = field(default_factory=dict)

    @property
    def signatures(self) -> dict[str, dict[str, bool]]:
        """For each action its arguments, and whether a flow must pass them."""
        return {
            name: {argument.name: not argument.optional for argument in definition.arguments}
            for name, definition in self.definitions.items()
        }

    @property
    def once(self) -> frozenset[str]:
        """The actions that one contact does not do twice."""
        return once_of(self.definitions)


def once_of(definitions: Mapping[str, ActionDefinition]) -> frozenset[str]:
    """The names of those that one contact does not do twice."""
    return frozenset(name for name, definition in definitions.items() if definition.once)


def read_actions(
    file: Path, databases: frozenset[str] | None, functions: Path | None = None
) -> ActionFile:
    """Read ``file``, which may be absent. ``databases`` are the known names, None for any;
    ``functions`` is the folder of Python files, which may be absent too.

    Problems are collected, not raised. No Python is run.
    """
    sources = Sources() if functions is None else read_sources(functions)
    problems = list(sources.problems)
    try:
        root = read_document(file) if file.exists() else None
    except FlowError as error:
        return ActionFile({}, (*problems, error), sources=sources, broken=None)
    if root is None or (isinstance(root, Scalar) and root.value is None):
        return ActionFile({}, tuple(problems), sources=sources)
    if not isinstance(root, Map):
        problem = f"expected names with their actions, not {root.kind}"
        problems.append(root.place.error(problem, "Begin with 'my_action:'."))
        return ActionFile({}, tuple(problems), sources=sources, broken=None)
    definitions: dict[str, ActionDefinition] = {}
    statements: dict[str, Place] = {}
    for name, node in root.entries.items():
        place = root.key_places[name]
        try:
            if not _NAME.fullmatch(name):
                problem = f"'{name}' is no name of an action"
                raise place.error(problem, "Use letters, digits and '_'.")
            if name in BUILTIN_ACTIONS:
                raise place.error(f"voicebot has an action '{name}' itself", "Use another name.")
            if not isinstance(node, Map):
                raise place.error(f"action '{name}' has no keys", f"Give it one of {_KINDS}.")
            reader = _Reader(Fields(node, place), databases, sources)
            if unknown := reader.unknown_keys():
                problems.extend(unknown)
                continue  # what it lacks may be what is misspelt
            definitions[name] = reader.read(name)
            statements[name] = reader.fields.place_of("sql")
        except FlowError as error:
            problems.append(error)
    http = [definition.work for definition in definitions.values()]
    variables = [variables_of(work) for work in http if isinstance(work, HttpWork)]
    names = frozenset[str]().union(*variables)
    broken = frozenset(root.entries) - definitions.keys()
    return ActionFile(definitions, tuple(problems), names, sources, broken, statements)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one action; the first fault is raised."""

    fields: Fields
    databases: frozenset[str] | None
    sources: Sources

    @property
    def kinds(self) -> list[str]:
        return [kind for kind in KEYS if self.fields.has(kind)]

    def unknown_keys(self) -> list[FlowError]:
        kinds = self.kinds
        return list(self.fields.map.unknown_keys(KEYS[kinds[0]])) if len(kinds) == 1 else []

    def read(self, name: str) -> ActionDefinition:
        fields = self.fields
        if len(self.kinds) != 1:
            found = " and ".join(self.kinds) or f"none of {', '.join(KEYS)}"
            raise fields.place.error(f"action '{name}' has {found}", f"Give it one of {_KINDS}.")
        work, arguments, safe = self._work(self.kinds[0])
        once = fields.flag("once", default=work.changes)
        if once and not work.changes:
            raise fields.place_of("once").error(
                "an action that only reads is done each time",
                "Delete 'once', or say 'changes: true'.",
            )
        return ActionDefinition(
            name=name,
            description=fields.text("description", "").strip(),
            arguments=arguments,
            timeout_ms=fields.whole("timeout_ms", DEFAULT_TIMEOUT_MS, 1, MAX_TIMEOUT_MS),
            work=work,
            retries=self._retries(work, safe),
            once=once,
        )

    def _work(self, kind: str) -> tuple[Work, tuple[Argument, ...], bool]:
        """The work, its arguments, and whether doing it twice under one key is doing it once."""
        fields = self.fields
        if kind == "python":
            function, arguments = read_python(fields, self.sources)
            return function, arguments, function.takes_key
        arguments = _read_arguments(fields)
        names = frozenset(argument.name for argument in arguments)
        if kind == "sql":
            changes = fields.flag("changes", default=False)
            given = names | {KEY_ARGUMENT} if changes else names
            statement = _read_sql(fields, given, self.databases)
            used = parameters_of(statement.statement)
            _check_used(fields, names, used)
            return statement, arguments, KEY_ARGUMENT in used
        given = names | {KEY_ARGUMENT} if changes_by_default(fields) else names
        request, used = read_http(fields, given)
        _check_used(fields, names, used)
        return request, arguments, fields.flag("idempotent", default=False)

    def _retries(self, work: Work, safe: bool) -> int:
        retries = self.fields.whole("retries", int(work.changes and safe), 0, MAX_RETRIES)
        if retries and work.changes and not safe:
            raise self.fields.place_of("retries").error(
                "what is tried again may be done twice", _SAFE[type(work)]
            )
        return retries


_SAFE: Mapping[type[Work], str] = {
    HttpWork: "Add 'idempotent: true' where the service honours the Idempotency-Key header, "
    "'changes: false' where nothing is changed, or leave 'retries' out.",
    SqlWork: f"Keep ':{KEY_ARGUMENT}' in a unique column and let the statement find it there, or "
    "leave 'retries' out.",
    PythonWork: f"Let the function take '{KEY_ARGUMENT}: str' and do nothing twice under one key, "
    "or leave 'retries' out.",
}


def _check_used(fields: Fields, arguments: frozenset[str], used: frozenset[str]) -> None:
    for unused in sorted(arguments - used):
        raise fields.place_in("arguments", unused).error(
            f"argument '{unused}' is not used", "Use it or delete it."
        )


def _read_arguments(fields: Fields) -> tuple[Argument, ...]:
    arguments = []
    for name, node in fields.mapping("arguments").items():
        place = fields.place_in("arguments", name)
        if not _NAME.fullmatch(name):
            raise place.error(f"'{name}' is no name of an argument", "Use letters, digits and '_'.")
        if name == KEY_ARGUMENT:
            problem = f"'{KEY_ARGUMENT}' is what every action that changes data has"
            raise place.error(problem, "Delete it here, and use it where you need it.")
        written = node.value if isinstance(node, Scalar) else None
        kind = written.removesuffix("?") if isinstance(written, str) else ""
        if kind not in set(Kind):
            shown = f"'{kind}'" if kind else node.kind
            problem = f"an argument's kind cannot be {shown}"
            raise node.place.error(problem, suggest(kind, [str(known) for known in Kind]))
        arguments.append(Argument(name, Kind(kind), optional=str(written).endswith("?")))
    return tuple(arguments)


def _read_sql(
    fields: Fields, arguments: frozenset[str], databases: frozenset[str] | None
) -> SqlWork:
    database = fields.text("database")
    if databases is not None and database not in databases:
        remedy = suggest(database, databases) or f"Add [databases] {database} to voicebot.toml."
        raise fields.place_of("database").error(f"database '{database}' does not exist", remedy)
    statement = fields.text("sql")
    place = fields.place_of("sql")
    if not statement.strip():
        raise place.error("the statement is empty", "Write an SQL statement.")
    if secret_text(statement):
        raise place.error("the statement holds what looks like a secret", "Pass it as an argument.")
    changes = fields.flag("changes", default=False)
    if _CHANGING.match(statement) and not changes:
        raise place.error(
            "the statement changes data, but the action does not", "Add 'changes: true'."
        )
    for unknown in sorted(parameters_of(statement) - arguments):
        remedy = suggest(unknown, arguments) or f"Declare it: 'arguments: {{{unknown}: text}}'."
        if unknown == KEY_ARGUMENT:
            remedy = "Only an action with 'changes: true' has it."
        raise place.error(f"':{unknown}' is not among the arguments", remedy)
    result = fields.choice("result", [str(known) for known in RowResult], "one")
    return SqlWork(database, statement, RowResult(result), changes)
