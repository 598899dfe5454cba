"""What an action is, as read from ``flows/actions.yaml``: frozen data, no connections.

``changes`` of every kind of work says that a run changes data. Such a run has an idempotency key,
given by the flow (`flows.once`) or made for the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal, Protocol, TypeAlias

from voicebot.actions.arguments import Argument
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
    changes: bool


HttpMethod: TypeAlias = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class HttpWork:
    """One HTTP request.

    ``result`` is the path into the JSON answer, empty for the whole of it; an ``absent`` status
    gives null; ``expect`` empty stands for 200 to 299. A request that changes data carries its key
    in the header ``Idempotency-Key``.
    """

    method: HttpMethod
    url: Template
    headers: Mapping[str, Template] = field(default_factory=dict)
    json: Json = None
    result: tuple[str, ...] = ()
    expect: frozenset[int] = frozenset()
    absent: frozenset[int] = frozenset()
    changes: bool = False


@dataclass(frozen=True, slots=True)
class PythonWork:
    """One function of a module below ``actions/``.

    ``casts`` are the types of arguments that JSON does not have, ``defaults`` the arguments that
    are left out where the flow passes null, ``takes_key`` whether it is given the key.
    """

    module: str
    function: str
    casts: Mapping[str, str] = field(default_factory=dict)
    defaults: frozenset[str] = frozenset()
    takes_key: bool = False
    changes: bool = False


Work: TypeAlias = SqlWork | HttpWork | PythonWork

KINDS: Final[Mapping[type[Work], str]] = {SqlWork: "sql", HttpWork: "http", PythonWork: "python"}
"""What they are called where people read of them, as in ``actions.yaml``."""


@dataclass(frozen=True, slots=True)
class ActionDefinition:
    """One action. ``timeout_ms`` bounds a whole run, ``retries`` and pauses between them included;
    those are above zero only where trying again is safe. ``once``: a contact that comes back to the
    step with the same arguments is given what the first run gave."""

    name: str
    description: str
    arguments: tuple[Argument, ...]
    timeout_ms: int
    work: Work
    retries: int = 0
    once: bool = False


class Worker(Protocol):
    """Does the work of one action; the registry checks arguments and keeps the time."""

    async def run(self, arguments: Mapping[str, Json], timeout_s: float) -> Json:
        """Do it once; whoever calls keeps the time. Raises ActionError: `Refused` when the service
        itself is well, `Transient` when trying again may help."""
        ...
