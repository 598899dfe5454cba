"""Words to find turns by: how text is cut into them, what a query asks for, and what it hit. Pure.

Databases cut text at spaces, or into trigrams, and disagree about both. Here text is cut before it
gets to them, the same way for storing and for asking: lower case, NFKC, no signs. Scripts that put
no spaces between words (Chinese, Japanese, Thai; Korean, whose words are joined to particles) are
cut into pairs of characters that overlap, so that any piece of a sentence can be found, one
character too. What a query means:

- All its words must be in the same turn, in any order; a word also finds longer ones that begin
  with it.
- ``"in quotes"``: just these words, one after the other.
- Nothing else is an operator. What holds no word at all finds nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from voicebot.analytics.history import Split
from voicebot.events import TurnResult
from voicebot.types import CallId, Outcome, Transport

MOST_TERMS: Final = 20
LONGEST_QUERY: Final = 500
"""Characters of a query that are looked at."""
LONGEST_WORD: Final = 60
LONGEST_TEXT: Final = 20_000
"""Characters of a text that can be found."""
AROUND: Final = 90
"""Characters shown on either side of the first hit."""

_DENSE: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3100-\u312f\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUNS: Final = re.compile(rf"([{_DENSE}]+)|((?:(?![{_DENSE}])[^\W_])+)")
_PARTS: Final = re.compile(r'"([^"]*)"?|([^"\s]+)')


class Speaker(StrEnum):
    """Whose words are looked for."""

    CALLER = "caller"
    BOT = "bot"


@dataclass(frozen=True, slots=True)
class Term:
    """Words one after the other, as `indexed` writes them; the last one may go on if ``open``."""

    words: tuple[str, ...]
    open: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text; ``hit`` where the query hit it."""

    text: str
    hit: bool


@dataclass(frozen=True, slots=True)
class TurnFound:
    """A turn that a query hit; ``place`` says where the page after it begins."""

    place: int
    call_id: CallId
    number: int
    at: float
    step: str
    heard: str
    said: str
    result: TurnResult
    caller: str
    flow: str
    transport: Transport
    started_at: float
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """Turns that have all of ``terms`` in what ``speaker`` said (None: both together), of calls
    that began from ``since`` on and before ``until`` (UTC epoch seconds). ``where`` are values of
    the call, an empty one for calls without; ``outcome`` and ``caller`` must be equal."""

    terms: tuple[Term, ...]
    speaker: Speaker | None = None
    since: float | None = None
    until: float | None = None
    where: Mapping[Split, str] = field(default_factory=dict)
    outcome: Outcome | None = None
    caller: str | None = None


class Transcripts(Protocol):
    """Where turns are looked for."""

    async def find(
        self, query: SearchQuery, *, before: int | None, limit: int
    ) -> Sequence[TurnFound]:
        """Give at most ``limit`` turns, the newest first, ``before`` a place. Raises
        StorageError."""
        ...


def indexed(text: str) -> str:
    """``text`` as words with spaces between them, to be stored."""
    found: list[str] = []
    for dense, plain in _RUNS.findall(_folded(text[:LONGEST_TEXT])):
        # The last character also stands alone: every character begins a word, so that one is found.
        found += [*_pairs(dense), dense[-1]] if dense else [plain[:LONGEST_WORD]]
    return " ".join(found)


def terms_of(query: str) -> tuple[Term, ...]:
    """What ``query`` looks for; never raises. Empty where it holds no word."""
    found: list[Term] = []
    for quoted, bare in _PARTS.findall(query[:LONGEST_QUERY]):
        runs = _RUNS.findall(_folded(quoted or bare))
        if quoted:
            found += _phrase(runs)
        else:
            found += [_run(*run, last=True) for run in runs]
    return tuple(dict.fromkeys(found))[:MOST_TERMS]


def pieces(text: str, terms: Sequence[Term]) -> list[Piece]:
    """``text`` cut at what ``terms`` hit, and shortened around the first hit."""
    marks = sorted(_marks(text, terms))
    begin = max(0, marks[0][0] - AROUND) if marks else 0
    end = min(len(text), (marks[0][1] if marks else 0) + 2 * AROUND)
    found: list[Piece] = []
    place = begin
    for first, last in marks:
        if first < place or last > end:
            continue
        found += [Piece(text[place:first], False), Piece(text[first:last], True)]
        place = last
    found.append(Piece(text[place:end] + ("…" if end < len(text) else ""), False))
    if begin:
        found.insert(0, Piece("…", False))
    return [each for each in found if each.text]


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _pairs(dense: str) -> list[str]:
    return [dense[place : place + 2] for place in range(len(dense) - 1)]


def _run(dense: str, plain: str, *, last: bool) -> Term:
    if plain:
        return Term((plain[:LONGEST_WORD],), last)
    return Term(tuple(_pairs(dense)) or (dense,), len(dense) == 1)


def _phrase(runs: Sequence[tuple[str, str]]) -> Iterator[Term]:
    """A phrase breaks after a run of pairs: the single character stored there is in its way."""
    words: list[str] = []
    for dense, plain in runs:
        if plain:
            words.append(plain[:LONGEST_WORD])
            continue
        if words:
            yield Term(tuple(words), False)
            words = []
        yield _run(dense, "", last=False)
    if words:
        yield Term(tuple(words), False)


def _marks(text: str, terms: Sequence[Term]) -> Iterator[tuple[int, int]]:
    """Where words of ``terms`` are in ``text``. A phrase marks each of its words."""
    exact = {word for term in terms for word in term.words}
    begun = tuple(term.words[-1] for term in terms if term.open)
    dense = {"".join([word[0] for word in term.words[:-1]] + [term.words[-1]]) for term in terms}
    for found in _RUNS.finditer(text):
        if found[2]:
            word = _folded(found[2])
            if word in exact or word.startswith(begun):
                yield found.span()
            continue
        for wanted in dense:
            place = found[1].find(wanted)
            while wanted and place >= 0:
                yield found.start() + place, found.start() + place + len(wanted)
                place = found[1].find(wanted, place + len(wanted))
