"""How sure single words and slots are: the share of all readings that agree on them.

The search gives many readings of one utterance, each with its probability. A word is as sure as
the readings are likely that have it in the same place, a slot as sure as the meanings are likely
that fill it alike. Slots are judged by their value, not by their words: a script may make a value
of many words or of none, and 'double seven' and 'seven seven' support each other. (Word posteriors
from n-best lists: Wessel et al., 2001, IEEE Trans. Speech and Audio Processing 9-3.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Final, TypeAlias

from voicebot.types import Json

Words: TypeAlias = tuple[str, ...]

_LEAST_SHARE: Final = 1e-4
"""Readings less likely than this change nothing that anyone would see."""


def word_shares(words: Words, readings: Sequence[tuple[Words, float]]) -> tuple[float, ...]:
    """For each of ``words`` the share, 0..1, of ``readings`` (words, probability) that have it."""
    shares = [0.0] * len(words)
    for other, probability in readings:
        if probability < _LEAST_SHARE:
            continue
        for block in SequenceMatcher(None, words, other, autojunk=False).get_matching_blocks():
            for place in range(block.a, block.a + block.size):
                shares[place] += probability
    return tuple(min(share, 1.0) for share in shares)


def slot_shares(meaning: Json, meanings: Sequence[tuple[Json, float]]) -> Mapping[str, float]:
    """For each slot of ``meaning`` the share of ``meanings`` (meaning, probability) that fill it
    with the same value. Empty where ``meaning`` has no slots."""
    if not isinstance(meaning, dict):
        return {}
    return {
        slot: min(
            sum(
                probability
                for other, probability in meanings
                if isinstance(other, dict) and slot in other and other[slot] == value
            ),
            1.0,
        )
        for slot, value in meaning.items()
    }
