"""A list of phrases as a grammar: what an action found, to be said by a caller.

The states are laid out directly, with no grammar text and no tree in between: no name can break
out of its place in a notation, and a list of thousands is ready in a fraction of a second while
other threads run. A phrase's meaning is any JSON value; it travels in a script tag that holds
nothing but that value.

A written number may be said as a whole or digit by digit, as everywhere (`words.spellings`); in
English ``&`` and its like are read as words. Of two phrases that are the same, the first wins.
"""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from voicebot.grammar.ast import Grammar, Position, RootRule
from voicebot.grammar.compiled import CompiledGrammar, CompiledRule
from voicebot.grammar.packed import PackedOutputs, PackedStates
from voicebot.grammar.semantics import SCRIPT
from voicebot.grammar.shortest import NEVER
from voicebot.grammar.states import NOTHING
from voicebot.grammar.words import digit_names, normalise_words, spellings
from voicebot.types import Json, Language

MAX_PHRASES: Final = 20_000
MAX_PHRASE_CHARACTERS: Final = 200
MAX_MEANINGS_CHARACTERS: Final = 8_000_000
"""All meanings of a list together, as JSON."""

_RULE = "item"
_START, _END = 0, 1
_Way: TypeAlias = tuple[str, ...]
_ENGLISH_SIGNS: Final = str.maketrans({"&": " and ", "+": " plus ", "%": " percent ", "@": " at "})


@dataclass(frozen=True, slots=True)
class Phrase:
    """What is said, as it is written, and what it means."""

    text: str
    meaning: Json


@dataclass(frozen=True, slots=True)
class CompiledPhrases:
    """``unspeakable`` are the places (from 0) of phrases that hold no word, are too long, or mean
    what is no JSON;    ``dropped`` counts those past the bounds."""

    grammar: CompiledGrammar
    unspeakable: tuple[int, ...]
    dropped: int


def compile_phrases(
    phrases: Sequence[Phrase], language: Language, name: str = "list"
) -> CompiledPhrases:
    """Compile a list. An empty one, or one of which nothing can be spoken, holds no sentence.

    ``name`` stands for the grammar in error messages; lines there are places in the list from 1.
    """
    layout = _Layout()
    unspeakable: list[int] = []
    left = MAX_MEANINGS_CHARACTERS
    digest = hashlib.sha256(language.encode())
    taken = 0
    for number, phrase in enumerate(phrases[:MAX_PHRASES]):
        meaning = _as_json(phrase.meaning)
        left -= len(meaning)
        if left < 0:
            break
        taken += 1
        spoken = _spoken(phrase.text, language)
        if not spoken or not meaning:
            unspeakable.append(number)
            continue
        # The value is text to the script until it runs: as JSON in quotes it cannot be more.
        layout.add(spoken, f"out = JSON.parse({json.dumps(meaning)})", number + 1)
        digest.update(repr((phrase.text, meaning)).encode())
    grammar = layout.grammar(language, name, digest.hexdigest())
    return CompiledPhrases(grammar, tuple(unspeakable), len(phrases) - taken)


@dataclass(slots=True)
class _Layout:
    """States and arcs as they come; an arc is four numbers: from, word, order, target.

    A word's number is that of its output too; the outputs of tags come after all of them.
    """

    words: dict[str, int] = field(default_factory=dict)
    arcs: array[int] = field(default_factory=lambda: array("i"))
    shortest: array[int] = field(default_factory=lambda: array("i", [NEVER, 0]))
    tags: list[str] = field(default_factory=list)
    tagged: array[int] = field(default_factory=lambda: array("i"))
    """The state from which each tag leads to the end, ascending."""
    lines: array[int] = field(default_factory=lambda: array("i"))

    def add(self, spoken: Sequence[Sequence[_Way]], tag: str, line: int) -> None:
        """Add a phrase: for each of its words the ways to say it."""
        left = sum(min(map(len, ways)) for ways in spoken)
        self.shortest[_START] = min(self.shortest[_START], left)
        at = _START
        for ways in spoken:
            left -= min(map(len, ways))
            target = self._state(left)
            for way in ways:
                self._chain(at, way, target)
            at = target
        self.tags.append(tag)
        self.tagged.append(at)
        self.lines.append(line)

    def _chain(self, start: int, way: _Way, end: int) -> None:
        at = start
        for said, word in enumerate(way, start=1):
            target = end
            if said < len(way):
                target = self._state(self.shortest[end] + len(way) - said)
            number = self.words.setdefault(word, len(self.words))
            self.arcs.extend((at, number, len(self.arcs), target))
            at = target

    def _state(self, shortest: int) -> int:
        self.shortest.append(shortest)
        return len(self.shortest) - 1

    def grammar(self, language: str, name: str, digest: str) -> CompiledGrammar:
        nowhere = Position(1, 1)
        header = Grammar(
            name, "voice", language, RootRule(_RULE, nowhere), (), tag_format=SCRIPT, digest=digest
        )
        return CompiledGrammar(
            key=f"phrases:{digest}",
            documents=(header,),
            roots=(0,),
            rules=(CompiledRule(_RULE, 0, _START, _END),),
            states=self._states(),
            outputs=self._outputs(),
            shortest=self.shortest,
        )

    def _states(self) -> PackedStates:
        size = len(self.shortest)
        arcs, arcs_from = array("i"), array("i", [0])
        places = iter(sorted(range(0, len(self.arcs), 4), key=self.arcs.__getitem__))
        place = next(places, None)
        for state in range(size):
            while place is not None and self.arcs[place] == state:
                _, word, order, target = self.arcs[place : place + 4]
                arcs.extend((word, order, target, word, 0))
                place = next(places, None)
            arcs_from.append(len(arcs))
        moves, moves_from = array("i"), array("i", [0])
        tagged = dict(zip(self.tagged, range(len(self.tagged)), strict=True))
        for state in range(size):
            if state in tagged:
                moves.extend((0, _END, len(self.words) + tagged[state], NOTHING, 0, 0))
            moves_from.append(len(moves))
        finals = bytes([0, 1]) + bytes(size - 2)
        any_word = array("i", [NOTHING]) * size
        weights = array("d", [0.0])
        return PackedStates(
            list(self.words), [""], weights, arcs, arcs_from, moves, moves_from, any_word, finals
        )

    def _outputs(self) -> PackedOutputs:
        places = array("i", [1]) * (2 * len(self.words))
        for line in self.lines:
            places.extend((line, 1))
        are_tags = bytes(len(self.words)) + b"\1" * len(self.tags)
        return PackedOutputs([*self.words, *self.tags], are_tags, places)


def _as_json(meaning: Json) -> str:
    """Give JSON; nothing for what it cannot hold (infinity, nesting without end)."""
    try:
        return json.dumps(meaning, allow_nan=False)
    except (ValueError, RecursionError):
        return ""


def _spoken(text: str, language: str) -> list[list[_Way]]:
    """Give for each word the ways to say it; nothing for what is too long or has no word."""
    if len(text) > MAX_PHRASE_CHARACTERS:
        return []
    if language.lower().startswith("en"):
        text = text.translate(_ENGLISH_SIGNS)
    return [_ways(word, language) for word in normalise_words(text)]


def _ways(word: str, language: str) -> list[_Way]:
    if word.isalpha():
        return [(word,)]
    ways = list(spellings(word, language))
    if len(word) > 1 and word.isascii() and word.isdecimal():
        names = [digit_names(digit, language) for digit in word]
        ways.extend([tuple(name[0] for name in names)] if all(names) else [])
    return list(dict.fromkeys(ways))
