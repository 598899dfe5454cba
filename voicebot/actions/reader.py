"""Reads ``flows/actions.yaml`` into action definitions; every problem has its place and remedy.

The file maps names to actions. An action has ``sql`` (with ``database``, ``writes``, ``result``) or
``http`` (``http: GET https://host/path/{argument}``, with ``headers``, ``json``, ``result``,
``expect``, ``absent``, ``retries``, ``idempotent``), and may have ``description``, ``arguments``
(name to kind; a kind that ends in ``?`` is optional) and ``timeout_ms``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from voicebot.actions.arguments import Argument, Kind
from voicebot.actions.definition import (
    DEFAULT_TIMEOUT_MS,
    MAX_TIMEOUT_MS,
    ActionDefinition,
    HttpWork,
    RowResult,
    SqlWork,
)
from voicebot.actions.fields import Fields
from voicebot.actions.http_reader import read_http, variables_of
from voicebot.actions.sql import parameters_of
from voicebot.document import Map, Scalar, read_document, suggest
from voicebot.errors import FlowError
from voicebot.flows.vocabulary import BUILTIN_ACTIONS

_COMMON = frozenset({"description", "arguments", "timeout_ms", "result"})
_SQL = _COMMON | {"sql", "database", "writes"}
_HTTP = _COMMON | {"http", "headers", "json", "expect", "absent", "retries", "idempotent"}
KEYS = _SQL | _HTTP
"""Every key that an action may have."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WRITING = re.compile(r"(?:\s|--[^\n]*\n)*(?:INSERT|UPDATE|DELETE|REPLACE|MERGE)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ActionFile:
    """What stands in an action file. ``definitions`` lacks the actions that have problems;
    ``variables`` are the environment variables that the others name."""

    definitions: Mapping[str, ActionDefinition]
    problems: tuple[FlowError, ...]
    variables: frozenset[str] = frozenset()

    @property
    def signatures(self) -> dict[str, dict[str, bool]]:
        """For each action its arguments, and whether a flow must pass them."""
        return {
            name: {argument.name: not argument.optional for argument in definition.arguments}
            for name, definition in self.definitions.items()
        }


def read_actions(file: Path, databases: frozenset[str] | None) -> ActionFile:
    """Read ``file``, which may be absent. ``databases`` are the known names, None for any.

    Problems are collected, not raised.
    """
    if not file.exists():
        return ActionFile({}, ())
    try:
        root = read_document(file)
    except FlowError as error:
        return ActionFile({}, (error,))
    if isinstance(root, Scalar) and root.value is None:
        return ActionFile({}, ())
    if not isinstance(root, Map):
        problem = f"expected names with their actions, not {root.kind}"
        return ActionFile({}, (root.place.error(problem, "Begin with 'my_action:'."),))
    definitions: dict[str, ActionDefinition] = {}
    problems: list[FlowError] = []
    for name, node in root.entries.items():
        place = root.key_places[name]
        try:
            if not _NAME.fullmatch(name):
                problem = f"'{name}' is no name of an action"
                raise place.error(problem, "Use letters, digits and '_'.")
            if name in BUILTIN_ACTIONS:
                raise place.error(f"voicebot has an action '{name}' itself", "Use another name.")
            if not isinstance(node, Map):
                raise place.error(f"action '{name}' has no keys", "Give it 'sql:' or 'http:'.")
            definitions[name] = _read_action(name, Fields(node, place), databases, problems)
        except FlowError as error:
            problems.append(error)
    http = [definition.work for definition in definitions.values()]
    variables = [variables_of(work) for work in http if isinstance(work, HttpWork)]
    return ActionFile(definitions, tuple(problems), frozenset[str]().union(*variables))


def _read_action(
    name: str, fields: Fields, databases: frozenset[str] | None, problems: list[FlowError]
) -> ActionDefinition:
    """Read one action; unknown keys go to ``problems``, the first other fault is raised."""
    kinds = [kind for kind in ("sql", "http") if fields.has(kind)]
    if len(kinds) != 1:
        problem = f"action '{name}' has {' and '.join(kinds) or 'neither sql nor http'}"
        raise fields.place.error(problem, "Give it one of 'sql:' and 'http:'.")
    problems.extend(fields.map.unknown_keys(_SQL if kinds == ["sql"] else _HTTP))
    arguments = _read_arguments(fields)
    names = frozenset(argument.name for argument in arguments)
    work: SqlWork | HttpWork
    if kinds == ["sql"]:
        work = _read_sql(fields, names, databases)
        used = parameters_of(work.statement)
    else:
        work, used = read_http(fields, names)
    for unused in sorted(names - used):
        raise fields.place_in("arguments", unused).error(
            f"argument '{unused}' is not used", "Use it or delete it."
        )
    return ActionDefinition(
        name=name,
        description=fields.text("description", "").strip(),
        arguments=arguments,
        timeout_ms=fields.whole("timeout_ms", DEFAULT_TIMEOUT_MS, 1, MAX_TIMEOUT_MS),
        work=work,
    )


def _read_arguments(fields: Fields) -> tuple[Argument, ...]:
    arguments = []
    for name, node in fields.mapping("arguments").items():
        place = fields.place_in("arguments", name)
        if not _NAME.fullmatch(name):
            raise place.error(f"'{name}' is no name of an argument", "Use letters, digits and '_'.")
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
    for unknown in sorted(parameters_of(statement) - arguments):
        remedy = suggest(unknown, arguments) or f"Declare it: 'arguments: {{{unknown}: text}}'."
        raise place.error(f"':{unknown}' is not among the arguments", remedy)
    writes = fields.flag("writes", default=False)
    if _WRITING.match(statement) and not writes:
        raise place.error("the statement writes, but the action does not", "Add 'writes: true'.")
    result = fields.choice("result", [str(known) for known in RowResult], "one")
    return SqlWork(database, statement, RowResult(result), writes)
