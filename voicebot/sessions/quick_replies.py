"""Short answers to a question that a page shows as buttons: what may be typed, said for the caller.

From what the question listens for and nothing else, so that a button is always understood: one
sentence of the grammar for each meaning that has a key, or for each meaning where there are few.
The meanings of keys are what the designer thinks of as the choices. A grammar with many meanings
(a number, a name) has no buttons.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import islice

from voicebot.errors import GrammarError
from voicebot.flows.commands import FormGrammar, Listen, ListGrammar
from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.sampler import sample
from voicebot.sessions.grammars import ListenGrammars
from voicebot.types import Json

MOST = 6
LONGEST = 40
"""Characters of a button."""
_SAMPLES = 200
_KEPT = 256


class QuickReplies:
    """Finds the buttons of questions, and keeps what it found for the grammars with names."""

    def __init__(self, grammars: ListenGrammars) -> None:
        self._grammars = grammars
        self._known: OrderedDict[str, asyncio.Future[dict[str, str]]] = OrderedDict()

    async def of(self, listen: Listen) -> tuple[str, ...]:
        """The buttons of a question, none where it has too many answers."""
        if listen.private or not listen.grammars:
            return ()
        first = listen.grammars[0]
        if isinstance(first, FormGrammar):
            if not first.slots or not first.slots[0].grammars:
                return ()
            first = first.slots[0].grammars[0]
        if isinstance(first, ListGrammar):
            return _few([text for text, _ in first.items if 0 < len(text) <= LONGEST])
        finding = self._known.get(first)
        if finding is None:  # once, however many wait for it
            finding = asyncio.ensure_future(asyncio.to_thread(self._sentences, first))
            self._known[first] = finding
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return _few(_chosen(await asyncio.shield(finding), listen.keys))

    def _sentences(self, name: str) -> dict[str, str]:
        """The shortest sentence of each meaning, of those that chance finds; of several that short
        the one that the grammar writes first."""
        found: dict[str, str] = {}
        active = self._grammars.named((name,))
        for grammar in active.spoken():
            places = _places(grammar)
            by_meaning: dict[str, tuple[str, ...]] = {}
            rank = partial(_rank, places)
            try:
                for words in islice(sample(grammar, seed=1), _SAMPLES):
                    if len(" ".join(words)) > LONGEST:
                        continue
                    match = active.match_words(words)
                    if match is None:
                        continue
                    meaning = _key(match.semantics)
                    by_meaning[meaning] = min(words, by_meaning.get(meaning, words), key=rank)
            except GrammarError:
                continue
            in_order = sorted(by_meaning, key=lambda each: [places[w] for w in by_meaning[each]])
            for meaning in in_order:
                found.setdefault(meaning, " ".join(by_meaning[meaning]))
        return found


def _places(grammar: CompiledGrammar) -> dict[str, tuple[int, int]]:
    """Where each word comes first in the grammar, as it is written."""
    places: dict[str, tuple[int, int]] = {}
    for number, state in enumerate(grammar.states):
        for word, arcs in state.words.items():
            places.setdefault(word, (number, arcs[0].order))
    return places


def _rank(
    places: Mapping[str, tuple[int, int]], words: Sequence[str]
) -> tuple[int, list[tuple[int, int]]]:
    return len(" ".join(words)), [places[word] for word in words]


def _chosen(sentences: Mapping[str, str], keys: Mapping[str, Json]) -> list[str]:
    meanings = [_key(meaning) for meaning in keys.values()]
    by_key = [sentences[meaning] for meaning in meanings if meaning in sentences]
    return by_key or list(sentences.values())


def _few(sentences: list[str]) -> tuple[str, ...]:
    shown = tuple(dict.fromkeys(text[:1].upper() + text[1:] for text in sentences))
    return shown if len(shown) <= MOST else ()


def _key(meaning: Json) -> str:
    return json.dumps(meaning, sort_keys=True, ensure_ascii=False)
