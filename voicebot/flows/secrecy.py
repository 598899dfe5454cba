"""Which variables of a contact are secret, and what is left of it when it is written down. Pure.

What is heard at a question marked ``sensitive`` is secret, and so is what is made of it: a variable
that a step sets from a secret one, and any value that holds a secret text as it is (an action that
gives a card number back). Secrets stay in memory, for actions; a contact that is written down or
handed on has null in their place.

Left out on purpose: what a flow *does* because of a secret. A branch on one shows in the steps that
the contact took.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Set
from typing import Final, TypeAlias

from voicebot.flows.expression import names
from voicebot.flows.template import Template
from voicebot.types import Json

Path: TypeAlias = tuple[str, ...]
Paths: TypeAlias = frozenset[Path]

NONE: Final[Paths] = frozenset()

TELLING: Final = 4
"""Characters from which on a text gives a secret away wherever it stands: '12' is in too much."""

SALT: Final = secrets.token_hex(16)
"""Goes into the key of what is done with a secret, so that nobody finds the secret by trying: a
key is kept, a secret of four digits has ten thousand values. Good for one process, as secrets
are."""


def is_secret(path: Path, secret: Set[Path]) -> bool:
    """Whether what stands at ``path`` is a secret, holds one or is part of one."""
    return any(path[: len(one)] == one[: len(path)] for one in secret)


def reads_secret(value: Template | Json, secret: Set[Path]) -> bool:
    """Whether a text of the flow is filled in with a secret."""
    if not secret or not isinstance(value, Template):
        return False
    return any(
        is_secret(name.path, secret) for slot in value.slots for name in names(slot.expression)
    )


def telling(variables: Mapping[str, Json], secret: Set[Path]) -> frozenset[str]:
    """The secret values, as texts, that give themselves away wherever they stand."""
    found = (leaf for path in secret for leaf in _leaves(_at(path, dict(variables))))
    return frozenset(leaf for leaf in found if len(leaf) >= TELLING)


def copies(value: Json, known: Set[str], at: Path) -> Iterator[Path]:
    """The places in ``value``, itself at ``at``, where one of the ``known`` texts stands."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from copies(inner, known, (*at, name))
    elif any(text in leaf for leaf in _leaves(value) for text in known):
        yield at


def without(variables: Mapping[str, Json], secret: Set[Path], known: Set[str]) -> dict[str, Json]:
    """The variables with null for each secret and for each copy of a ``known`` text."""
    hidden = set(secret)
    for name, value in variables.items():
        hidden |= set(copies(value, known, (name,)))
    kept = dict(variables)
    for path in hidden:
        _blank(kept, path)
    return kept


def scrubbed(value: Json, known: Set[str]) -> Json:
    """``value`` with null for all that holds one of the ``known`` texts."""
    return without({"": value}, NONE, known)[""]


def _leaves(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _at(path: Path, value: Json) -> Json:
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _blank(kept: dict[str, Json], path: Path) -> None:
    """Put null at ``path``, in copies of the objects that lead there."""
    for part in path[:-1]:
        inner = kept.get(part)
        if not isinstance(inner, dict):
            return
        kept[part] = inner = dict(inner)
        kept = inner
    if path[-1] in kept:
        kept[path[-1]] = None
