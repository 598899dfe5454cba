"""Which tokens may come next, so that what is written stays inside the grammar.

The spelling graph of a grammar is not deterministic ('2' is 'two', or begins 'twenty three'); its
nodes are gathered into sets, subset construction with weights pushed forward, and each set is
walked jointly with the vocabulary once. Everything is built on demand and kept: the second
utterance along the same grammar finds nearly all of it done.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from voicebot.grammar.active import WordNetwork
from voicebot.speech.moonshine.lexical import SpellingGraph, Step, is_loose_letter
from voicebot.speech.moonshine.model import Floats, Ints
from voicebot.speech.moonshine.normalise import SEPARATOR, spelling
from voicebot.speech.moonshine.tokenizer import Tokenizer

_AFTER_ALL: Final = "\U0010ffff"
_Set: TypeAlias = tuple[tuple[int, float], ...]


class Vocabulary:
    """The tokens by what they spell, sorted, so that those with a given beginning lie together."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        spelled = [(spelling(tokenizer.piece(token)), token) for token in range(len(tokenizer))]
        usable = sorted(entry for entry in spelled if entry[0])
        self.texts: Final = [text for text, _ in usable]
        self.tokens: Final = [token for _, token in usable]
        self.spelled: Final = [text for text, _ in spelled]
        self.inside: Final = self._loose("")
        """Tokens of letters alone: they begin a word after a separator, or go on with one."""
        self.apart: Final = self._loose(SEPARATOR)
        """Tokens of a separator and letters: they begin a word."""

    def _loose(self, before: str) -> Ints:
        return np.array(
            [
                token
                for text, token in zip(self.texts, self.tokens, strict=True)
                if text.startswith(before)
                and (letters := text.removeprefix(before))
                and all(map(is_loose_letter, letters))
            ],
            np.int64,
        )

    def beginning(self, prefix: str, low: int, high: int) -> tuple[int, int]:
        """The part of [low, high) whose texts begin with ``prefix``."""
        first = bisect_left(self.texts, prefix, low, high)
        return first, bisect_left(self.texts, prefix + _AFTER_ALL, first, high)


@dataclass(frozen=True, slots=True)
class Choices:
    """What may follow a state: three arrays of one length.

    ``weights`` are the grammar's own log weights, <= 0; ``targets`` the states that follow.
    """

    tokens: Ints
    weights: Floats
    targets: Ints


class Constraint:
    """A grammar as an automaton over tokens. States are small integers, 0 is the start."""

    START: Final = 0

    def __init__(self, network: WordNetwork, vocabulary: Vocabulary) -> None:
        self._graph = SpellingGraph(network)
        self._vocabulary = vocabulary
        self._sets: list[_Set] = []
        self._ids: dict[_Set, int] = {}
        self._moves: dict[tuple[int, str], tuple[int, float]] = {}
        self._choices: dict[int, Choices] = {}
        self._intern(((self._graph.start, 0.0),))

    def __len__(self) -> int:
        """The number of states known so far."""
        return len(self._sets)

    def choices(self, state: int) -> Choices:
        """The tokens that may follow ``state``."""
        if state not in self._choices:
            self._choices[state] = _joined([self._walk(state), *self._loose(state)])
        return self._choices[state]

    def end_weight(self, state: int) -> float | None:
        """The weight of ending here with a sentence of the grammar, None where none ends."""
        weights = [
            weight + end
            for node, weight in self._sets[state]
            if (end := self._graph.end_weight(node)) is not None
        ]
        return max(weights, default=None)

    def between_words(self, state: int) -> bool:
        """Whether ``state`` follows a whole word: where a caller may break off."""
        return any(self._graph.between_words(node) for node, _ in self._sets[state])

    def is_loose(self, state: int) -> bool:
        """Whether ``state`` is within a word that ``$GARBAGE`` takes."""
        return any(self._graph.is_loose(node) for node, _ in self._sets[state])

    def is_bare(self, token: int) -> bool:
        """Whether ``token`` writes nothing but punctuation and space."""
        return not self._vocabulary.spelled[token].strip()

    def spell(self, text: str, token: int) -> str:
        """``text`` with ``token`` after it, in the common form; separators at its end count for
        nothing, and are left out."""
        spelled = self._vocabulary.spelled[token]
        return text if not spelled.strip() else f"{text}{spelled}".rstrip()

    def words(self, tokens: Sequence[int], *, partial: bool = False) -> tuple[str, ...] | None:
        """The words that ``tokens`` spell, see `SpellingGraph.read`."""
        text = "".join(self._vocabulary.spelled[token] for token in tokens)
        return self._graph.read(text, partial=partial)

    def _loose(self, state: int) -> Iterator[Choices]:
        """The words that ``$GARBAGE`` takes. They are kept apart from what the grammar spells: a
        token that may be either comes twice."""
        for node, residue in self._sets[state]:
            for loose in self._graph.loose(node):
                tokens = self._vocabulary.apart if loose.apart else self._vocabulary.inside
                yield Choices(
                    tokens,
                    np.full(len(tokens), residue + loose.weight, np.float32),
                    np.full(len(tokens), self._intern(((loose.node, 0.0),)), np.int64),
                )

    def _intern(self, members: _Set) -> int:
        if members not in self._ids:
            self._ids[members] = len(self._sets)
            self._sets.append(members)
        return self._ids[members]

    def _move(self, state: int, character: str) -> tuple[int, float]:
        key = (state, character)
        if key not in self._moves:
            self._moves[key] = self._determinise(state, character)
        return self._moves[key]

    def _determinise(self, state: int, character: str) -> tuple[int, float]:
        reached: dict[int, float] = {}
        for node, residue in self._sets[state]:
            steps: list[Step] = self._graph.steps(node).get(character, [])
            for step in steps:
                weight = residue + step.weight
                reached[step.node] = max(weight, reached.get(step.node, weight))
        best = max(reached.values())
        members = sorted((node, round(weight - best, 4)) for node, weight in reached.items())
        return self._intern(tuple(members)), best

    def _characters(self, state: int) -> set[str]:
        return {character for node, _ in self._sets[state] for character in self._graph.steps(node)}

    def _walk(self, state: int) -> Choices:
        """Go down every text that the state allows, as far as any token's text goes."""
        texts = self._vocabulary.texts
        found: list[tuple[int, float, int]] = []
        pending = [("", 0, len(texts), state, 0.0)]
        while pending:
            prefix, low, high, here, weight = pending.pop()
            for character in sorted(self._characters(here)):
                text = prefix + character
                first, last = self._vocabulary.beginning(text, low, high)
                if first == last:
                    continue
                target, more = self._move(here, character)
                longer = first
                while longer < last and texts[longer] == text:
                    found.append((self._vocabulary.tokens[longer], weight + more, target))
                    longer += 1
                if longer < last:
                    pending.append((text, longer, last, target, weight + more))
        tokens, weights, targets = zip(*found, strict=True) if found else ((), (), ())
        return Choices(
            np.array(tokens, np.int64), np.array(weights, np.float32), np.array(targets, np.int64)
        )


def _joined(parts: list[Choices]) -> Choices:
    if len(parts) == 1:
        return parts[0]
    return Choices(
        np.concatenate([part.tokens for part in parts]),
        np.concatenate([part.weights for part in parts]),
        np.concatenate([part.targets for part in parts]),
    )
