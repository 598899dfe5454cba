"""Names that were said or typed a little wrong: the nearest phrases of a list.

Two distances, each 0 (the same) to 1: of the letters, with swapped neighbours as one slip
(Damerau's optimal string alignment), and of the sounds, where a `Pronounce` is at hand ('Smyth' is
'Smith', 'Stephen' is 'Steven'). The smaller one counts. Words may come in any order ('Miller, Anna'
for 'Anna Miller'). Pure, and bounded in the length of what is compared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from voicebot.grammar.words import normalise_words

THRESHOLD = 0.75
"""Least likeness of a phrase that is taken for what was said."""
MARGIN = 0.1
"""Phrases this close to the best are as likely meant: better ask which."""
MAX_CHARACTERS = 60
MAX_PHRASES = 2_000
"""Longer lists are not searched: the grammar is for those."""

Pronounce: TypeAlias = Callable[[str], str]
"""Gives the phonemes of words, parted by '_' and spaces; empty for what cannot be said."""


@dataclass(frozen=True, slots=True)
class Near:
    """A phrase of the list by its place, and how like the text it is, 0 to 1."""

    place: int
    likeness: float


def nearest(
    text: str,
    phrases: Sequence[str],
    pronounce: Pronounce | None = None,
    threshold: float = THRESHOLD,
    margin: float = MARGIN,
) -> tuple[Near, ...]:
    """Give the phrase that was probably meant, or the several that may have been, best first.

    Nothing where none is like enough.
    """
    said = _letters(text)
    if not said or len(phrases) > MAX_PHRASES:
        return ()
    sounds = _sounds(text, pronounce)
    found = [
        Near(place, likeness)
        for place, phrase in enumerate(phrases)
        if (likeness := _likeness(said, sounds, phrase, pronounce)) >= threshold
    ]
    found.sort(key=lambda near: -near.likeness)
    return tuple(near for near in found if near.likeness >= found[0].likeness - margin)


def _likeness(said: str, sounds: Sequence[str], phrase: str, pronounce: Pronounce | None) -> float:
    letters = _letters(phrase)
    if not letters:
        return 0.0
    best = _alike(said, letters)
    if best < 1 and " " in said:
        best = max(best, _alike(_sorted(said), _sorted(letters)))
    if best < 1 and sounds:
        best = max(best, _alike(sounds, _sounds(phrase, pronounce)))
    return best


def _letters(text: str) -> str:
    return " ".join(normalise_words(text))[:MAX_CHARACTERS]


def _sorted(words: str) -> str:
    return " ".join(sorted(words.split()))


def _sounds(text: str, pronounce: Pronounce | None) -> list[str]:
    """Phonemes without stress and length, which differ between spellings of one name."""
    if pronounce is None:
        return []
    plain = pronounce(_letters(text)).translate(_STRESS)
    return [sound for sound in plain.replace(" ", "_").split("_") if sound][:MAX_CHARACTERS]


_STRESS = str.maketrans("", "", "ˈˌː")


def _alike(first: Sequence[str], second: Sequence[str]) -> float:
    longest = max(len(first), len(second))
    return 1 - distance(first, second) / longest if longest and second else 0.0


def distance(first: Sequence[str], second: Sequence[str]) -> int:
    """Give the least number of changes: one put in, taken out, replaced, or swapped with the next
    (optimal string alignment)."""
    before: list[int] = []
    above = list(range(len(second) + 1))
    for row, left in enumerate(first, 1):
        here = [row]
        for column, up in enumerate(second, 1):
            cost = min(above[column] + 1, here[column - 1] + 1, above[column - 1] + (left != up))
            swapped = row > 1 and column > 1 and left == second[column - 2] and up == first[row - 2]
            here.append(min(cost, before[column - 2] + 1) if swapped else cost)
        before, above = above, here
    return above[-1]
