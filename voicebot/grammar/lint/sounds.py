"""How far apart two pronunciations are: edit distance over phonetic features.

Pronunciations are phonemes of the International Phonetic Alphabet, parted by '_', words by spaces.
A consonant has a place, a manner and a voice, a vowel a height, a backness and a rounding; the more
of these two sounds share, the cheaper it is to take one for the other. On a telephone line, which
ends at 3.4 kHz, fricatives lose what tells them apart, and so do final consonants: both are cheap
here. Costs were set by hand from the confusions that Miller and Nicely (1955) found in low-passed
speech, not fitted to any data.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple, TypeAlias

Phonemes: TypeAlias = tuple[str, ...]


class _Consonant(NamedTuple):
    place: int
    manner: str
    voiced: bool


class _Vowel(NamedTuple):
    height: float
    back: float
    rounded: bool


_CONSONANTS: Final = {
    symbol: _Consonant(place, manner, voiced)
    for manner, voiced, symbols in (
        ("stop", False, {"p": 0, "t": 2, "ʈ": 3, "c": 4, "k": 5, "q": 6, "ʔ": 7}),
        ("stop", True, {"b": 0, "d": 2, "ɾ": 2, "ɖ": 3, "ɟ": 4, "ɡ": 5, "g": 5}),
        ("fricative", False, {"f": 0, "θ": 1, "s": 2, "ʃ": 3, "ç": 4, "x": 5, "χ": 6, "h": 7}),
        ("fricative", True, {"v": 0, "ð": 1, "z": 2, "ʒ": 3, "ʝ": 4, "ɣ": 5, "ʁ": 6, "ɦ": 7}),
        ("affricate", False, {"ts": 2, "tʃ": 3, "tɕ": 3}),
        ("affricate", True, {"dz": 2, "dʒ": 3, "dʑ": 3}),
        ("nasal", True, {"m": 0, "n": 2, "ɲ": 4, "ŋ": 5}),
        ("liquid", True, {"l": 2, "ɫ": 2, "ɹ": 2, "r": 2, "ɻ": 3, "ʎ": 4}),
        ("glide", True, {"w": 0, "j": 4, "ɥ": 4}),
    )
    for symbol, place in symbols.items()
}
_VOWELS: Final = {
    "i": _Vowel(3, 0, False), "y": _Vowel(3, 0, True), "ɨ": _Vowel(3, 1, False),
    "u": _Vowel(3, 2, True), "ɯ": _Vowel(3, 2, False), "ɪ": _Vowel(2.5, 0.3, False),
    "ᵻ": _Vowel(2.3, 0.7, False), "ʊ": _Vowel(2.5, 1.7, True), "e": _Vowel(2, 0, False),
    "ø": _Vowel(2, 0, True), "o": _Vowel(2, 2, True), "ə": _Vowel(1.5, 1, False),
    "ɚ": _Vowel(1.5, 1, False), "ɐ": _Vowel(0.7, 1, False), "ɛ": _Vowel(1, 0, False),
    "œ": _Vowel(1, 0, True), "ɜ": _Vowel(1.2, 1, False), "ʌ": _Vowel(0.9, 1.4, False),
    "ɔ": _Vowel(1, 2, True), "æ": _Vowel(0.5, 0.3, False), "a": _Vowel(0, 0.7, False),
    "ɑ": _Vowel(0, 1.8, False), "ɒ": _Vowel(0, 2, True),
}  # fmt: skip
_OBSTRUENTS: Final = frozenset({"stop", "fricative", "affricate"})
_WEAK: Final = frozenset({"ə", "ᵻ", "h", "ʔ", "ɐ"})
_MARKS: Final = str.maketrans("", "", "ˈˌːˑ̃ʲ̩ʰ")


def phonemes(pronunciation: str) -> Phonemes:
    """Give the single sounds of a pronunciation; a diphthong counts as one, a vowel with r as two.

    Signs that are none of the alphabet's are kept as they are: each equals only itself.
    """
    found: list[str] = []
    for word in pronunciation.translate(_MARKS).split():
        for part in word.split("_"):
            found.extend(_parts(part))
    return tuple(found)


def _parts(part: str) -> list[str]:
    if not part or part in _CONSONANTS or part in _VOWELS:
        return [part] if part else []
    if part == "ɚ" or part[-1] in "ɹɻ":
        return [*_parts(part[:-1]), part[-1]]
    return [part]


def distance(first: Phonemes, second: Phonemes, most: float) -> float:
    """Give the cost of taking one for the other, 0 for the same; inf once it is above ``most``."""
    row = [0.0]
    for sound in second:
        row.append(row[-1] + _drop(sound))
    for sound in first:
        above, row = row, [row[0] + _drop(sound)]
        for place, other in enumerate(second, start=1):
            row.append(
                min(
                    above[place] + _drop(sound),
                    row[place - 1] + _drop(other),
                    above[place - 1] + _swap(sound, other),
                )
            )
        if min(row) > most:
            return float("inf")
    return row[-1] if row[-1] <= most else float("inf")


def skeleton(sounds: Sequence[str]) -> str:
    """Give one letter for each sound: what is left when place and voice cannot be told."""
    return "".join(_coarse(sound) for sound in sounds)


@cache
def _coarse(sound: str) -> str:
    consonant = _CONSONANTS.get(sound)
    if consonant is None:
        return "V" if sound[0] in _VOWELS else sound
    return "O" if consonant.manner in _OBSTRUENTS else consonant.manner[0]


@cache
def _drop(sound: str) -> float:
    if sound in _WEAK:
        return 0.35
    consonant = _CONSONANTS.get(sound)
    if consonant is None:
        return 0.9
    return 0.6 if consonant.manner in _OBSTRUENTS else 0.5


@cache
def _swap(first: str, second: str) -> float:
    if first == second:
        return 0.0
    one, other = _CONSONANTS.get(first), _CONSONANTS.get(second)
    if one is not None and other is not None:
        return min(1.0, _consonants_apart(one, other))
    if one is None and other is None and first[0] in _VOWELS and second[0] in _VOWELS:
        # Two ends of a diphthong; a plain vowel stays where it is.
        ends = ((first[0], second[0]), (first[-1], second[-1]))
        apart = sum(_vowels_apart(*end) for end in ends if end[0] in _VOWELS and end[1] in _VOWELS)
        return min(1.0, apart / 2)
    return 1.2


def _consonants_apart(one: _Consonant, other: _Consonant) -> float:
    cost = 0.0 if one.voiced is other.voiced else 0.2
    if one.place != other.place:
        both = one.manner == other.manner
        cost += 0.25 if both and one.manner in {"fricative", "nasal"} else 0.3
    if one.manner != other.manner:
        pair = {one.manner, other.manner}
        if pair <= {"liquid", "glide"} or pair == {"fricative", "affricate"}:
            cost += 0.3
        elif pair <= _OBSTRUENTS:
            cost += 0.35
        else:
            cost += 0.6
    return cost


def _vowels_apart(first: str, second: str) -> float:
    one, other = _VOWELS[first], _VOWELS[second]
    rounding = 0.0 if one.rounded is other.rounded else 0.05
    apart = abs(one.height - other.height) + abs(one.back - other.back)
    return min(1.0, 0.2 * apart + rounding)
