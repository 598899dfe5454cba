"""What a sentence means, to be compared with what another means and shown to people."""

from __future__ import annotations

import json

from voicebot.errors import GrammarError
from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.matcher import best_match
from voicebot.grammar.semantics import evaluate
from voicebot.grammar.words import key_lattice, word_lattice
from voicebot.types import Json

_LONGEST_SHOWN = 60
NO_MEANING = object()
"""Of a sentence that does not match, or whose tags fail."""


def meaning(grammar: CompiledGrammar, words: tuple[str, ...]) -> Json | object:
    """Give the semantics of a sentence, or `NO_MEANING`."""
    if grammar.main.mode == "voice":
        lattice = word_lattice(words, "")
    else:
        lattice = key_lattice("".join(words), None)
    found = best_match(grammar, lattice)
    if found is None:
        return NO_MEANING
    try:
        return evaluate(grammar, found[0])
    except GrammarError:
        return NO_MEANING


def same(first: Json | object, second: Json | object) -> bool:
    """Whether two meanings are one; in JSON, unlike in Python, true is not 1."""
    if first is NO_MEANING or second is NO_MEANING:
        return True
    return json.dumps(first, sort_keys=True) == json.dumps(second, sort_keys=True)


def brief(value: Json) -> str:
    """Give a meaning as JSON, shortened where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."
