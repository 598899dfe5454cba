"""Several intents in one sentence: where it might be divided, and whether it should be.

'cancel my order and tell me when you open' is two wishes; 'rock and roll' is one. A sentence may be
divided at a conjunction or a punctuation mark, and is where every part is understood on its own,
parts that follow each other mean different things, and the whole does not read as a third.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MOST_CLAUSES = 4
SURE = 0.6
"""A part must be understood with this confidence at least."""
_COST = 0.5
"""What a division costs, in log confidence: a doubtful gain is no gain."""

_BREAK = re.compile(
    r"""
    \s*[,;.:!?]+\s+(?:and\s+then\s+|and\s+also\s+|and\s+|but\s+|then\s+|also\s+|plus\s+)?
    | \s+(?:and\s+then|and\s+also|and|but|then|also|plus|as\s+well\s+as)\s+
    | \s*[，。；！？、]+\s*(?:然后|还有|另外|而且|并且|顺便|再)?
    | \s*(?:然后|还有|另外|而且|并且|顺便)\s*
    """,
    re.VERBOSE | re.IGNORECASE,
)
_WIDE = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the text, and what it means when read alone."""

    start: int
    end: int
    name: str
    confidence: float


def divisions(text: str) -> list[tuple[int, int]]:
    """Every stretch of one or more clauses, the whole text first: starts and ends."""
    clauses = list(_clauses(text))
    spans = [
        (clauses[first][0], clauses[last][1])
        for first, last in itertools.combinations_with_replacement(range(len(clauses)), 2)
        if last - first + 1 < len(clauses)
    ]
    return [(0, len(text)), *spans]


def best_division(parts: Sequence[Part], threshold: float) -> tuple[int, ...]:
    """The numbers of the parts to go by, in the order of the text; ``parts`` are those of
    `divisions`. (0,) is the whole."""
    whole = parts[0]
    least = max(SURE, threshold)
    usable = [number for number, part in enumerate(parts) if number and part.confidence >= least]
    chosen: tuple[int, ...] = (0,)
    best = math.log(max(whole.confidence, 1e-6)) if whole.confidence >= threshold else -math.inf
    for way in _ways(parts, usable, parts[0].start, ()):
        names = {parts[number].name for number in way}
        if whole.confidence >= SURE and whole.name not in names:
            continue
        worth = min(math.log(parts[number].confidence) for number in way) + _COST
        if worth > best:
            chosen, best = way, worth
    return chosen


def _ways(
    parts: Sequence[Part], usable: Sequence[int], start: int, taken: tuple[int, ...]
) -> Iterator[tuple[int, ...]]:
    """The ways to cover the text, from ``start``, by usable parts of which neighbours differ."""
    end = max(part.end for part in parts[1:]) if len(parts) > 1 else 0
    for number in usable:
        part = parts[number]
        if (taken and part.name == parts[taken[-1]].name) or not _follows(parts, start, part.start):
            continue
        way = (*taken, number)
        if part.end >= end and len(way) > 1:
            yield way
        elif part.end < end:
            yield from _ways(parts, usable, part.end, way)


def _follows(parts: Sequence[Part], end: int, start: int) -> bool:
    """Whether no clause begins between ``end`` and ``start``."""
    return start >= end and not any(end <= part.start < start for part in parts[1:])


def _clauses(text: str) -> Iterator[tuple[int, int]]:
    """The clauses, at most `MOST_CLAUSES`; the last takes what is left. A clause of one word stays
    with the next: 'yes, please' is no two wishes."""
    start = 0
    found = 0
    for gap in _BREAK.finditer(text):
        if found == MOST_CLAUSES - 1:
            break
        if _is_enough(text[start : gap.start()]) and _is_enough(text[gap.end() :]):
            yield start, gap.start()
            start = gap.end()
            found += 1
    yield start, len(text)


def _is_enough(clause: str) -> bool:
    return len(clause.split()) >= 2 or len(_WIDE.findall(clause)) >= 2
