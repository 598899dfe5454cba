"""What an action is, as read from ``flows/actions.yaml``: frozen data, no connections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol, TypeAlias

from voicebot.actions.arguments import Argument, Scalar
from voicebot.actions.template import Template
from voicebot.types import Json

DEFAULT_TIMEOUT_MS = 3000
MAX_TIMEOUT_MS = 60_000


class RowResult(StrEnum):
    """What an SQL action gives.

    ``one``    the first row as an object, null where there is none
    ``all``    every row, a list of objects
    ``value``  the first column of the first row, null where there is none
    ``none``   always null
    """

    ONE = "one"
    ALL = "all"
    VALUE = "value"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class SqlWork:
    """One statement with named parameters (``:name``) on a named database."""

    database: str
    statement: str
    result: RowResult
    writes: bool


HttpMethod: TypeAlias = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class HttpWork:
    """One HTTP request.

    ``result`` is the path into the JSON answer, empty for the whole of it; an ``absent`` status
    gives null; ``expect`` empty stands for 200 to 299. ``retries`` is how many more times a run
    may ask, only ever above zero where that is safe.
    """

    method: HttpMethod
    url: Template
    headers: Mapping[str, Template] = field(default_factory=dict)
    json: Json = None
    result: tuple[str, ...] = ()
    expect: frozenset[int] = frozenset()
    absent: frozenset[int] = frozenset()
    retries: int = 0
    idempotent: bool = False


@dataclass(frozen=True, slots=True)
class ActionDefinition:
    """One action. ``timeout_ms`` bounds a whole run, retries and pauses between them included."""

    name: str
    description: str
    arguments: tuple[Argument, ...]
    timeout_ms: int
    work: SqlWork | HttpWork


class Worker(Protocol):
    """Does the work of one action; the registry checks arguments and keeps the time."""

    async def run(self, arguments: Mapping[str, Scalar], timeout_s: float) -> Json:
        """Do it once. Raises ActionError; `Refused` when the service itself is well."""
        ...
