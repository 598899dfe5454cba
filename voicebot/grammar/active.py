"""The grammars that are active together while the bot listens.

One `ActiveGrammar` serves all uses of a grammar: the decoder walks its `network`, typed text and
recognised words go through `match_words`, keys through `match_keys`, and the collector of digits
asks `keys_status` after each key whether more can follow.

Grammars are tried in order and the first that holds the input wins: a step's own grammar comes
before the commands that work everywhere. Weights only decide within a grammar.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Protocol

from voicebot.errors import UsageError
from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.matcher import best_match
from voicebot.grammar.network import GrammarNetwork
from voicebot.grammar.semantics import evaluate
from voicebot.grammar.tree import Tree
from voicebot.grammar.words import (
    Lattice,
    as_written,
    key_lattice,
    key_words,
    normalise_words,
    word_lattice,
)
from voicebot.grammar.written import text_lattices
from voicebot.types import KEYS, Json, Language

MAX_NETWORK_STATES = 200_000
"""A network that has grown past this is dropped for a fresh one when next asked for."""

_KEPT = 64


class WordNetwork(Protocol):
    """A deterministic acceptor over lower-case words, worked out as it is walked."""

    @property
    def start(self) -> int: ...

    def arcs(self, state: int) -> Mapping[str, tuple[int, float]]:
        """Give word -> (next state, log weight <= 0); the same dict each time."""
        ...

    def any_word(self, state: int) -> tuple[int, float] | None:
        """Give (next state, log weight < 0) where any word at all may come; None where not."""
        ...

    def advance(self, state: int, word: str) -> int | None:
        """Give the state after ``word``, by its arc or as any word; None where neither leads on."""
        ...

    def is_final(self, state: int) -> bool:
        """Tell whether a sentence may end here."""
        ...

    def end_weight(self, state: int) -> float | None:
        """Give the log weight of ending here, <= 0; None where no sentence ends."""
        ...


class Progress(Enum):
    """How far an input has come along the active grammars."""

    DEAD = "dead"
    """No grammar holds this, whatever follows."""
    PARTIAL = "partial"
    """Not complete; more must follow."""
    COMPLETE_OPEN = "complete_open"
    """Could end here or go on."""
    COMPLETE = "complete"
    """Complete, and nothing can follow."""


@dataclass(frozen=True, slots=True)
class Match:
    """``text`` is the input in words (or keys); ``grammar`` the name of the grammar that held it;
    ``semantics`` what its tags make of it, or the text where it has none."""

    text: str
    semantics: Json
    grammar: str
    tree: Tree


class ActiveGrammar:
    """Several grammars as one. Picklable; equal and hashed by ``key``."""

    __slots__ = ("_grammars", "_keypad_network", "_network", "_pickled", "key", "language", "names")

    def __init__(
        self, key: str, language: Language, grammars: Iterable[tuple[str, CompiledGrammar]]
    ) -> None:
        """Take (name, grammar) pairs, the first to win. ``key`` stands for all their content."""
        self.key = key
        self.language = language
        self._grammars = tuple(grammars)
        if not self._grammars:
            raise UsageError("at least one grammar must be active")
        self.names = tuple(dict.fromkeys(name for name, _ in self._grammars))
        self._network: GrammarNetwork | None = None
        self._keypad_network: GrammarNetwork | None = None
        self._pickled: bytes | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ActiveGrammar) and other.key == self.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"ActiveGrammar({', '.join(self.names)})"

    def __reduce__(self) -> tuple[Callable[[str, bytes], ActiveGrammar], tuple[str, bytes]]:
        if self._pickled is None:
            parts = (self.language, self._grammars)
            self._pickled = pickle.dumps(parts, pickle.HIGHEST_PROTOCOL)
        return _restore, (self.key, self._pickled)

    def make_ready(self) -> None:
        """Do now what the first utterance would wait for otherwise."""
        network = self.network()
        network.arcs(network.start)
        self.__reduce__()

    def network(self) -> WordNetwork:
        """Give the network of what may be spoken; grammars of mode dtmf are not in it."""
        return self._spoken_network()

    def spoken(self) -> tuple[CompiledGrammar, ...]:
        """The grammars of what may be said, in order."""
        return tuple(grammar for _, grammar in self._grammars if grammar.main.mode == "voice")

    def match_words(self, words: Sequence[str], today: date | None = None) -> Match | None:
        """Match a whole utterance or typed line; None where no voice grammar holds it.

        ``words`` may be written as people and engines do: '16', '2nd', '$5', '3:30 pm' and capitals
        are understood. ``today`` is the day for words such as 'tomorrow' (None: the local date
        now). Raises GrammarError when a tag's script fails.
        """
        text = " ".join(words)
        lattices: dict[str, tuple[Lattice, ...]] = {}
        for name, grammar in self._grammars:
            if grammar.main.mode == "voice":
                language = grammar.main.language
                if language not in lattices:
                    lattices[language] = text_lattices(text, language)
                for lattice in lattices[language]:
                    if found := best_match(grammar, lattice):
                        plain = as_written(normalise_words(text))
                        return _match(name, grammar, found[0], plain, today)
        return None

    def match_keys(self, keys: str, today: date | None = None) -> Match | None:
        """Match keys: as they are in a DTMF grammar, and as the words they stand for in speech.

        A name with a part for keys is not matched by its part for speech. ``today`` as in
        `match_words`. Raises GrammarError when a tag's script fails.
        """
        for name, grammar in self._keyed():
            found = best_match(grammar, key_lattice(keys, _spoken_language(grammar)))
            if found:
                return _match(name, grammar, found[0], keys, today)
        return None

    def words_status(self, words: Sequence[str]) -> Progress:
        """Tell how far ``words`` have come along the voice grammars."""
        network = self._spoken_network()
        plain = [word for written in words for word in normalise_words(written)]
        states = _advance(network, word_lattice(plain, self.language))
        return _progress(network, states, None)

    def keys_status(self, keys: str) -> Progress:
        """Tell how far ``keys`` have come, counting only what further keys could bring."""
        if self._keypad_network is None or len(self._keypad_network) > MAX_NETWORK_STATES:
            self._keypad_network = GrammarNetwork([grammar for _, grammar in self._keyed()])
        network = self._keypad_network
        language = next(filter(None, (_spoken_language(item) for _, item in self._keyed())), None)
        states = _advance(network, key_lattice(keys, language))
        further = [word for key in KEYS for word in key_words(key, language)]
        return _progress(network, states, further)

    def _keyed(self) -> list[tuple[str, CompiledGrammar]]:
        own = {name for name, grammar in self._grammars if grammar.main.mode == "dtmf"}
        return [
            (name, grammar)
            for name, grammar in self._grammars
            if grammar.main.mode == "dtmf" or name not in own
        ]

    def _spoken_network(self) -> GrammarNetwork:
        if self._network is None or len(self._network) > MAX_NETWORK_STATES:
            self._network = GrammarNetwork(self.spoken())
        return self._network


def _spoken_language(grammar: CompiledGrammar) -> str | None:
    return grammar.main.language if grammar.main.mode == "voice" else None


def _match(name: str, grammar: CompiledGrammar, tree: Tree, text: str, today: date | None) -> Match:
    return Match(text, evaluate(grammar, tree, today), name, tree)


def _advance(network: GrammarNetwork, lattice: Lattice) -> set[int]:
    """Give all states after the whole lattice.

    A lattice's edges lead to a higher position, or from an inner position back to a plain one;
    following them from position to position reaches each reading once.
    """
    reached: list[set[int]] = [set() for _ in lattice.edges]
    reached[0].add(network.start)
    pending = [(0, network.start)]
    while pending:
        position, state = pending.pop()
        for word, following in lattice.edges[position]:
            after = network.advance(state, word)
            if after is not None and after not in reached[following]:
                reached[following].add(after)
                pending.append((following, after))
    return reached[lattice.end]


def _progress(network: GrammarNetwork, states: set[int], further: Sequence[str] | None) -> Progress:
    """``further`` are the words that may follow at all; None for any."""
    final = any(network.is_final(state) for state in states)
    goes_on = any(
        network.any_word(state) is not None
        or (
            bool(network.arcs(state))
            if further is None
            else any(word in network.arcs(state) for word in further)
        )
        for state in states
    )
    if final:
        return Progress.COMPLETE_OPEN if goes_on else Progress.COMPLETE
    return Progress.PARTIAL if goes_on else Progress.DEAD


_restored: OrderedDict[str, ActiveGrammar] = OrderedDict()


def _restore(key: str, pickled: bytes) -> ActiveGrammar:
    """Unpickle, once for each content: a worker gets the same grammar with every utterance."""
    known = _restored.get(key)
    if known is None:
        language, grammars = pickle.loads(pickled)
        known = _restored[key] = ActiveGrammar(key, language, grammars)
        if len(_restored) > _KEPT:
            _restored.popitem(last=False)
    else:
        _restored.move_to_end(key)
    return known
