"""From a grammar to what Vosk takes for one: a list of phrases over the words its model knows.

Vosk estimates a bigram model from the phrases, so it keeps to them without being bound by them;
what it hears is matched with the grammar afterwards (`readings`). A grammar of few sentences is
listed sentence by sentence. One of many is given as its words: any order, sorted out by the match.

In languages that write words together ('영업시간') a word that the model lacks is spelled with
shorter ones that it has ('영업', '시간'), and what is heard is joined again. Chinese and Japanese
grammars know single characters only (`grammar.words`): these are put together to the longest words
that the model has, and what is heard is taken apart.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from voicebot.grammar.active import ActiveGrammar, WordNetwork
from voicebot.grammar.words import is_unparted, parts_of

MOST_SENTENCES: Final = 2_000
"""A grammar of more is given by its words."""
MOST_STATES: Final = 20_000
"""States of a network that are looked at for its words; recursion has no end of them."""
MOST_WAYS: Final = 100_000
"""Ways through a network that are looked at for words of several characters."""
_LONGEST_SENTENCE: Final = 40
_LONGEST_WORD: Final = 5
_MOST_PIECES: Final = 6
_WRITTEN_TOGETHER: Final = 0x0E00
"""Thai and everything after it in Unicode: scripts whose words are often not parted by spaces."""

Knows: TypeAlias = Callable[[str], bool]
"""Whether the model's vocabulary has a word."""


@dataclass(frozen=True, slots=True)
class Phrases:
    """What Vosk is given for a grammar.

    ``phrases`` in the model's words; ``joined`` what pieces stand for, longest first; ``unknown``
    the grammar's words that the model cannot hear, in alphabetical order.
    """

    phrases: tuple[str, ...]
    joined: tuple[tuple[tuple[str, ...], str], ...]
    unknown: tuple[str, ...]

    def read(self, heard: str) -> tuple[str, ...]:
        """The grammar's words of ``heard``: pieces are joined to the words that they spell."""
        words = [part for word in heard.split() for part in parts_of(word)]
        read: list[str] = []
        at = 0
        while at < len(words):
            for pieces, word in self.joined:
                if tuple(words[at : at + len(pieces)]) == pieces:
                    read.append(word)
                    at += len(pieces)
                    break
            else:
                read.append(words[at])
                at += 1
        return tuple(read)


def phrases_of(grammar: ActiveGrammar, knows: Knows) -> Phrases:
    """Lay ``grammar`` out for a model whose vocabulary ``knows`` tells of.

    A sentence with a word that the model cannot hear is left out: it can never be recognised.
    """
    network = grammar.network()
    sentences = _sentences(network)
    vocabulary = _words(network) if sentences is None else {w for s in sentences for w in s}
    spelled = {word: _pieces(word, knows) for word in vocabulary}
    lines = sorted({(word,) for word in vocabulary}) if sentences is None else sentences
    phrases = dict.fromkeys(
        " ".join(_joined((piece for word in line for piece in spelled[word]), knows))
        for line in lines
        if all(spelled[word] for word in line)
    )
    if sentences is None:
        phrases |= dict.fromkeys(sorted(_longer_words(network, knows)))
    joined = sorted(
        ((pieces, word) for word, pieces in spelled.items() if len(pieces) > 1),
        key=lambda entry: (-len(entry[0]), entry),
    )
    unknown = sorted(word for word, pieces in spelled.items() if not pieces)
    return Phrases(tuple(phrases), tuple(joined), tuple(unknown))


def _joined(pieces: Iterable[str], knows: Knows) -> list[str]:
    """Put characters of scripts without spaces together to the longest words that are known."""
    left = list(pieces)
    words: list[str] = []
    while left:
        longest = 1
        for end in range(2, min(len(left), _LONGEST_WORD) + 1):
            if not is_unparted("".join(left[:end])):
                break
            if knows("".join(left[:end])):
                longest = end
        words.append("".join(left[:longest]))
        del left[:longest]
    return words


def _longer_words(network: WordNetwork, knows: Knows) -> set[str]:
    """The words of several such characters that the network's ways spell."""
    found: set[str] = set()
    seen: set[tuple[int, str]] = set()
    starts = _states(network)
    todo = deque((state, "") for state in starts)
    while todo and len(seen) < MOST_WAYS:
        state, so_far = todo.popleft()
        for letter, (following, _) in network.arcs(state).items():
            word = so_far + letter
            if not is_unparted(word) or (following, word) in seen:
                continue
            seen.add((following, word))
            if len(word) > 1 and knows(word):
                found.add(word)
            if len(word) < _LONGEST_WORD:
                todo.append((following, word))
    return found


def unheard(words: Sequence[str], knows: Knows) -> tuple[str, ...]:
    """Which of ``words`` (normalised) a model cannot hear, also not spelled with others."""
    return tuple(word for word in dict.fromkeys(words) if not _pieces(word, knows))


def _sentences(network: WordNetwork) -> list[tuple[str, ...]] | None:
    """Every sentence, the likeliest ways first; None where there are too many."""
    found: list[tuple[str, ...]] = []
    pending: deque[tuple[int, tuple[str, ...]]] = deque([(network.start, ())])
    steps = 0
    while pending:
        state, so_far = pending.popleft()
        if so_far and network.is_final(state):
            found.append(so_far)
        for word, (following, _) in network.arcs(state).items():
            pending.append((following, (*so_far, word)))
            steps += 1
        too_long = len(so_far) >= _LONGEST_SENTENCE
        if too_long or len(found) > MOST_SENTENCES or steps > MOST_STATES:
            return None
    return found


def _words(network: WordNetwork) -> set[str]:
    return {word for state in _states(network) for word in network.arcs(state)}


def _states(network: WordNetwork) -> list[int]:
    """The states of the network, the nearest to its start first."""
    seen = {network.start: None}
    pending = deque(seen)
    while pending and len(seen) < MOST_STATES:
        for following, _ in network.arcs(pending.popleft()).values():
            if following not in seen:
                seen[following] = None
                pending.append(following)
    return list(seen)


def _pieces(word: str, knows: Knows) -> tuple[str, ...]:
    """The vocabulary's words that ``word`` is spoken as: itself, or few shorter ones; () if none.

    Numerals and Latin, Greek or Cyrillic words are not taken apart: their parts sound otherwise.
    """
    if knows(word):
        return (word,)
    if not all(letter.isalpha() and ord(letter) >= _WRITTEN_TOGETHER for letter in word):
        return ()
    return next(_splits(word, knows), ())


def _splits(word: str, knows: Knows) -> Iterator[tuple[str, ...]]:
    """The ways to spell ``word`` with known ones, those of fewest pieces first."""
    ways: deque[tuple[tuple[str, ...], int]] = deque([((), 0)])
    seen: set[int] = set()
    while ways:
        pieces, at = ways.popleft()
        if at == len(word):
            yield pieces
            continue
        if at in seen or len(pieces) >= _MOST_PIECES:
            continue
        seen.add(at)
        for end in range(len(word), at, -1):
            if knows(word[at:end]):
                ways.append(((*pieces, word[at:end]), end))
