"""Cuts a prompt into segments: pieces of sound that are rendered one by one and played in order.

The first can play while the next is still being synthesised, and what is the same in every call
is rendered once. A sentence without values is one static segment. A sentence with values is cut
further where a voice pauses anyway: at commas, after a number read digit by digit, before 'and' or
'but' when both sides are long; its pieces without values are static again. Pure.

How a prompt is cut never depends on what its values are, so that the static segments of a flow
can be found, and rendered, before any call.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TypeAlias

from voicebot.speech.spoken import is_english, spoken, spoken_text, tidy
from voicebot.types import Language, Prompt, SayAs, Value

SENTENCE_PAUSE_MS = 250
CLAUSE_PAUSE_MS = 80
"""Added to the up to 80 ms of silence around each piece: together what the default voice itself
leaves between sentences and at short commas."""
LONGEST_CHARACTERS = 300

_Part: TypeAlias = str | Value
FindRecording: TypeAlias = Callable[[str, Language], Path | None]


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a prompt.

    ``text`` is in words, as the synthesiser gets it. ``static``: holds no value of a call and may
    be kept on disk. ``pause_ms`` of silence follow it. ``recording`` is played in place of
    synthesis; ``source`` is the text as it stands in the flow, which recordings go by.
    """

    text: str
    source: str
    static: bool
    pause_ms: int
    recording: Path | None = None


def plan(
    prompt: Prompt,
    language: Language,
    today: date | None = None,
    find_recording: FindRecording = lambda _text, _language: None,
) -> tuple[Segment, ...]:
    """Cut ``prompt`` into segments, in order; the last has no pause after it.

    ``find_recording`` gives the file for a literal text: asked for the whole prompt first, then
    for each static piece.
    """
    if prompt.is_static:
        whole = "".join(part for part in prompt.parts if isinstance(part, str))
        if (path := find_recording(whole, language)) is not None:
            said = spoken_text(whole, language)
            return (Segment(said, whole.strip(), True, 0, path),)
    segments: list[Segment] = []
    for sentence in _sentences(prompt.parts):
        for piece, ends_sentence in _pieces(sentence, language):
            segments += _segments(piece, language, today, find_recording, ends_sentence)
    return (*segments[:-1], replace(segments[-1], pause_ms=0)) if segments else ()


def _segments(
    piece: Sequence[_Part],
    language: Language,
    today: date | None,
    find_recording: FindRecording,
    ends_sentence: bool,
) -> Iterator[Segment]:
    said = tidy(
        " ".join(
            spoken_text(part, language) if isinstance(part, str) else spoken(part, language, today)
            for part in piece
        )
    ).lstrip(" ,;:.")
    if not any(sign.isalnum() for sign in said):
        return
    said = _closed(said, "." if ends_sentence else ",")
    pause_ms = SENTENCE_PAUSE_MS if ends_sentence else CLAUSE_PAUSE_MS
    static = all(isinstance(part, str) for part in piece)
    source = "".join(part for part in piece if isinstance(part, str)).strip() if static else ""
    if static and (recording := find_recording(source, language)) is not None:
        yield Segment(said, source, True, pause_ms, recording)
        return
    *early, last = _bounded(said)
    for text in early:
        yield Segment(text, source, static, CLAUSE_PAUSE_MS)
    yield Segment(last, source, static, pause_ms)


def _closed(text: str, sign: str) -> str:
    """End ``text`` in punctuation: without it a voice breaks off instead of coming to rest."""
    bare = text.rstrip(" ,;:—–-")
    return text if text[-1] in ".!?。！？…" else bare + sign


def _bounded(text: str) -> list[str]:
    """Cut a text that is too long for one rendering at a comma, else at a space."""
    pieces: list[str] = []
    while len(text) > LONGEST_CHARACTERS:
        head = text[:LONGEST_CHARACTERS]
        cut = max(head.rfind(", "), head.rfind("; ")) + 1 or head.rfind(" ") or 0
        cut = cut if cut > 0 else LONGEST_CHARACTERS
        pieces.append(text[:cut].strip())
        text = text[cut:].strip()
    return [*pieces, text]


# Sentences

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"')\]”’]*\s+|(?<=[。！？])\s*|\s*\n\s*\n\s*")
_NO_END = re.compile(
    r"(?:^|[\s(])(?:Mr|Mrs|Ms|Dr|No|no|e\.g|i\.e|vs|approx|ext|Jan|Feb|Mar|Apr|Aug|Sept?|Oct|Nov"
    r"|Dec|Mon|Tues?|Wed|Thu(?:rs)?|Fri|Sat|Sun)\.$"
)


def _sentences(parts: Sequence[_Part]) -> Iterator[list[_Part]]:
    sentence: list[_Part] = []
    for part in parts:
        if isinstance(part, Value):
            sentence.append(part)
            continue
        start = 0
        for end in _sentence_ends(part):
            sentence.append(part[start:end])
            yield sentence
            sentence, start = [], end
        if part[start:]:
            sentence.append(part[start:])
    if sentence:
        yield sentence


def _sentence_ends(text: str) -> Iterator[int]:
    for found in _SENTENCE_END.finditer(text):
        goes_on = text[found.end() : found.end() + 1].islower() and text[found.start() - 1] == "."
        if not goes_on and not _NO_END.search(text[: found.start()]):
            yield found.end()


# Pieces of a sentence

_JOINT = re.compile(r"(?<=[,;:，、；：])\s+|(?<=[，、；：])|\s+[—–-]\s+")
_BEFORE_WORD = re.compile(r"\s+(?=(?:and|but|so|because|which|until|while)\s)")
_LEAST_WEIGHT = 3
_LEAST_WEIGHT_AT_WORD = 5
_WEIGHTS = {SayAs.DIGITS: 3, SayAs.SPELL: 3}
"""How many words a value stands for when pieces are weighed; 2 for all others."""


@dataclass(frozen=True, slots=True)
class _Joint:
    """A place where a sentence may be cut, if both sides weigh ``least`` words or more."""

    least: int


def _pieces(
    sentence: Sequence[_Part], language: Language
) -> Iterator[tuple[Sequence[_Part], bool]]:
    """The pieces of a sentence, each with whether the sentence ends with it."""
    if all(isinstance(part, str) for part in sentence):
        yield sentence, True
        return
    jointed = list(_with_joints(sentence, is_english(language)))
    piece: list[_Part] = []
    for index, item in enumerate(jointed):
        if not isinstance(item, _Joint):
            piece.append(item)
        elif _weight(piece) >= item.least and _weight(jointed[index + 1 :]) >= item.least:
            yield piece, False
            piece = []
        elif piece:
            piece.append(" ")
    yield piece, True


def _with_joints(sentence: Sequence[_Part], english: bool) -> Iterator[_Part | _Joint]:
    for index, part in enumerate(sentence):
        if isinstance(part, str):
            yield from _cut_text(part, english)
            continue
        yield part
        following = sentence[index + 1] if index + 1 < len(sentence) else ""
        digit_by_digit = part.say_as in (SayAs.DIGITS, SayAs.SPELL)
        if digit_by_digit and isinstance(following, str) and re.match(r"\s+\w", following):
            yield _Joint(_LEAST_WEIGHT)


def _cut_text(text: str, english: bool) -> Iterator[_Part | _Joint]:
    for index, clause in enumerate(_JOINT.split(text)):
        if index:
            yield _Joint(_LEAST_WEIGHT)
        at_words = _BEFORE_WORD.split(clause) if english else [clause]
        for position, run in enumerate(at_words):
            if position:
                yield _Joint(_LEAST_WEIGHT_AT_WORD)
            if run:
                yield run


def _weight(items: Sequence[_Part | _Joint]) -> int:
    return sum(
        len(item.split()) if isinstance(item, str) else _WEIGHTS.get(item.say_as, 2)
        for item in items
        if not isinstance(item, _Joint)
    )
