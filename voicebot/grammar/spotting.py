"""Finds what a grammar holds within a longer sentence: 'return *4271* because *it is broken*'."""

from __future__ import annotations

from datetime import date
from typing import Final

from voicebot.grammar.active import ActiveGrammar, Match, Progress
from voicebot.grammar.words import normalise_words

MOST_WORDS: Final = 120
"""Words of a sentence that are looked through."""

_LONGEST: Final = 16
"""Words that one value may have."""


def spot(grammar: ActiveGrammar, text: str, today: date | None = None) -> Match | None:
    """The longest stretch of words that ``grammar`` holds, the first of those; None without any.

    ``today`` as in `ActiveGrammar.match_words`. Raises GrammarError when a tag's script fails.
    """
    words = normalise_words(text)[:MOST_WORDS]
    spans = [(start, _end(grammar, words, start)) for start in range(len(words))]
    for start, end in sorted(spans, key=lambda span: span[0] - span[1]):
        if end > start and (found := grammar.match_words(words[start:end], today)) is not None:
            return found
    return None


def _end(grammar: ActiveGrammar, words: tuple[str, ...], start: int) -> int:
    """Where the longest sentence of the grammar ends that begins at ``start``; there, if none."""
    longest = start
    for end in range(start + 1, min(len(words), start + _LONGEST) + 1):
        progress = grammar.words_status(words[start:end])
        if progress in {Progress.COMPLETE, Progress.COMPLETE_OPEN}:
            longest = end
        if progress in {Progress.DEAD, Progress.COMPLETE}:
            break
    return longest
