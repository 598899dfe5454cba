"""What callers said and the bot did not understand: which turns these are.

- **nomatch**: words were heard that the question does not take.
- **out of scope**: the same at a question that listens for intents: none of them was meant.
- **low confidence**: taken for an answer, but with a confidence below `UNSURE`.

Turns in which nothing was heard are no part of it: there are no words to learn from. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from voicebot.analytics.history import Span, Split
from voicebot.document import Place
from voicebot.types import CallId, Language

UNSURE: Final = 0.6
MOST: Final = 2000
"""Turns that are looked at, the newest: putting them together takes time."""
MOST_CONTACTS: Final = 5000
"""Contacts that they are looked for in, the newest."""


class Trouble(StrEnum):
    """Why a turn counts."""

    NOMATCH = "nomatch"
    OUT_OF_SCOPE = "out_of_scope"
    LOW_CONFIDENCE = "low_confidence"


@dataclass(frozen=True, slots=True)
class Misheard:
    """One such turn. ``step`` as records name it, in a call that ``flow`` answered; ``matched``
    tells whether the words were taken for an answer."""

    call_id: CallId
    at: float
    flow: str
    step: str
    language: Language
    text: str
    confidence: float
    matched: bool


@dataclass(frozen=True, slots=True)
class Misses:
    """Such turns, those of the newest contacts first; ``complete`` tells whether these are all."""

    turns: tuple[Misheard, ...]
    complete: bool


class MisheardTurns(Protocol):
    """Where such turns are read."""

    async def misheard(
        self, span: Span, where: Mapping[Split, str], *, unsure: float, limit: int
    ) -> Misses:
        """Give at most ``limit`` such turns of contacts that have ended, began in ``span`` and
        have the values of ``where``; at most `MOST_CONTACTS` are looked at. Raises StorageError."""
        ...


@dataclass(frozen=True, slots=True)
class Spot:
    """Where turns were misheard: ``place`` of the step, None where the flows have changed since;
    ``grammars`` and ``intents`` are the places of what it listens for."""

    flow: str
    step: str
    count: int
    place: Place | None
    grammars: tuple[Place, ...]
    intents: Place | None


@dataclass(frozen=True, slots=True)
class Cluster:
    """Turns that mean about the same. ``turns`` are all of them; ``text`` stands for them."""

    language: Language
    text: str
    turns: tuple[Misheard, ...]
    kinds: tuple[tuple[Trouble, int], ...]
    spots: tuple[Spot, ...]


@dataclass(frozen=True, slots=True)
class Clusters:
    """Turns put together, the largest cluster first. ``pending`` turns are in none yet: their words
    are new, and take another look."""

    clusters: tuple[Cluster, ...]
    pending: int
