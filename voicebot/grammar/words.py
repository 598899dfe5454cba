"""Text to comparable words, and the other ways in which a word may be written.

Grammar tokens, recognised text and typed text all pass through `normalise_words`, so that they meet
in one form. `spellings` gives what a written number or a key stands for in speech ('16' is
'sixteen' or 'one six'); `word_lattice` and `key_lattice` lay these choices out for the matcher.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from voicebot.grammar import chinese

Way: TypeAlias = tuple[str, ...]
"""Words that may be said for what is written."""


@dataclass(frozen=True, slots=True)
class Lattice:
    """All readings of one input: for each position the (word, next position) that may be read
    there; the input is read from position 0 to ``end``. It has no cycles."""

    edges: tuple[tuple[tuple[str, int], ...], ...]
    end: int


MAX_WORDS = 256
"""Longer input is no answer to a prompt; it matches nothing."""

DTMF_NAMES = {"star": "*", "pound": "#", "hash": "#"}
"""How SRGS 1.0 (appendix E) lets a DTMF grammar name keys that are no ordinary characters."""

_ENGLISH_DIGITS: dict[str, tuple[str, ...]] = {
    "0": ("zero", "oh", "o"),
    **{
        str(digit): (name,)
        for digit, name in enumerate(
            ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine"), start=1
        )
    },
}
_CHINESE_DIGITS: dict[str, tuple[str, ...]] = {
    "0": ("零",),
    "1": ("一", "幺"),
    "2": ("二", "两"),
    **{str(digit): (name,) for digit, name in enumerate("三四五六七八九", start=3)},
}
_ALIKE = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "＇": "'", "`": "'", "〇": "零"})
"""Characters that stand for the same."""
_INITIALS = re.compile(r"(?<![\w.])(?:[^\W\d_]\.)+(?:[^\W\d_](?!\w)|(?<=\.[^\W\d_]\.)(?!\w))")
_UNPARTED = "\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Han characters and kana: scripts that write no spaces between words."""
_WORD = re.compile(rf"[{_UNPARTED}]|[^\W_{_UNPARTED}]+(?:'[^\W_{_UNPARTED}]+)*")
_PART = re.compile(rf"[{_UNPARTED}]|[^{_UNPARTED}]+")
_ALL_UNPARTED = re.compile(rf"[{_UNPARTED}]+")
_SPACE_BESIDE = re.compile(rf"(?<=[{_UNPARTED}]) | (?=[{_UNPARTED}])")
_ORDINAL = re.compile(r"(\d{1,4})(?:st|nd|rd|th)")
_LONGEST_CARDINAL = 9
_LONGEST_DIGITS = 40


def normalise_words(text: str) -> tuple[str, ...]:
    """Turn text into words that can be compared.

    Lower case (NFKC, then folded to lower), split at spaces and punctuation; an apostrophe inside a
    word stays (``o'clock``), initials lose their dots (``a.m.`` is ``am``), digits stay digits.
    Combining marks stay with their letters, so every script works that parts words by spaces. In
    Chinese and Japanese, which do not, every character is a word: where words end is a matter of
    taste there, and two tastes must meet.
    """
    if text.isascii() and text.isalpha():
        return (text.lower(),)
    plain = unicodedata.normalize("NFKC", text.translate(_ALIKE)).lower()
    # Lower-casing can take a text out of NFKC (the Turkish dotted I does).
    plain = unicodedata.normalize("NFKC", plain)
    plain = _INITIALS.sub(lambda match: match[0].replace(".", ""), plain)
    return tuple(word for word in _split(plain) if word)


def _split(text: str) -> list[str]:
    if not any(unicodedata.category(letter)[0] == "M" for letter in text):
        return _WORD.findall(text)
    kept = "".join(
        letter
        if letter.isalnum() or letter == "'" or unicodedata.category(letter)[0] == "M"
        else " "
        for letter in text
    )
    return [part.strip("'") for word in kept.split() for part in parts_of(word)]


def parts_of(word: str) -> tuple[str, ...]:
    """Take apart what is written without spaces: each Chinese or Japanese character by itself, and
    what stands between such."""
    return tuple(_PART.findall(word))


def is_unparted(word: str) -> bool:
    """Whether all of ``word`` is of a script that writes no spaces between words."""
    return _ALL_UNPARTED.fullmatch(word) is not None


def as_written(words: Sequence[str]) -> str:
    """Join words the way that they are written: with spaces, but where the script has none."""
    return _SPACE_BESIDE.sub("", " ".join(words))


def spellings(word: str, language: str) -> tuple[tuple[str, ...], ...]:
    """Give the ways in which a written word may be said, the word itself first.

    A digit has its names, a number its name, an English one of four digits its name as a year too,
    an English ordinal (``2nd``) its name. Other words stand only for themselves.
    """
    ways: list[tuple[str, ...]] = [(word,)]
    if word.isascii() and word.isdecimal():
        if len(word) == 1:
            ways.extend((name,) for name in digit_names(word, language))
        elif len(word) <= _LONGEST_CARDINAL and not word.startswith("0"):
            ways.extend(named(int(word), "cardinal", language))
            if len(word) == 4 and language.lower().startswith("en"):
                ways.extend(named(int(word), "year", language))
    elif language.lower().startswith("en") and (ordinal := _ORDINAL.fullmatch(word)):
        ways.extend(named(int(ordinal[1]), "ordinal", language))
    return tuple(dict.fromkeys(way for way in ways if way))


@lru_cache(maxsize=512)
def digit_names(digit: str, language: str) -> tuple[str, ...]:
    """Give the words for one digit in ``language``, the commonest first; () where unknown."""
    if language.lower().startswith("en"):
        return _ENGLISH_DIGITS[digit]
    if language.lower().startswith("zh"):
        return _CHINESE_DIGITS[digit]
    names = named(int(digit), "cardinal", language)
    return tuple(dict.fromkeys(way[0] for way in names if len(way) == 1))


@lru_cache(maxsize=2048)
def named(number: int, form: str, language: str) -> tuple[Way, ...]:
    """Give the names of a number, with and without 'and'; () where the language has none.

    ``form`` is ``cardinal``, ``ordinal`` or ``year``.
    """
    if language.lower().startswith("zh"):
        known = form == "cardinal" and number < chinese.LARGEST
        return (tuple(chinese.number_name(number)),) if known else ()

    from num2words import num2words  # needed by few, slow to load

    try:
        name = normalise_words(str(num2words(number, to=form, lang=language.replace("-", "_"))))
    except (NotImplementedError, OverflowError, ValueError, KeyError, TypeError):
        return ()
    return name, tuple(word for word in name if word != "and")


def word_lattice(words: Sequence[str | Way], language: str) -> Lattice:
    """Lay out the readings of typed or recognised words: each number as a whole and in digits.

    A tuple among the words stands as it is, for what is said in the place of one.
    """
    builder = _LatticeBuilder(len(words))
    for position, word in enumerate(words):
        if isinstance(word, tuple):
            builder.add(position, word, position + 1)
            continue
        for way in spellings(word, language):
            builder.add(position, way, position + 1)
        if 1 < len(word) <= _LONGEST_DIGITS and word.isascii() and word.isdecimal():
            builder.add_choices(position, [_key_words(digit, language) for digit in word])
    return builder.lattice()


def key_lattice(keys: str, language: str | None) -> Lattice:
    """Lay out keys: as themselves, and as the names of digits in ``language`` unless None."""
    builder = _LatticeBuilder(len(keys))
    for position, key in enumerate(keys):
        for word in key_words(key, language):
            builder.add(position, (word,), position + 1)
    return builder.lattice()


def key_words(key: str, language: str | None) -> tuple[str, ...]:
    """Give the words that one key stands for, the key itself first."""
    return (key,) if language is None or not key.isdecimal() else _key_words(key, language)


def _key_words(digit: str, language: str) -> tuple[str, ...]:
    return (digit, *digit_names(digit, language))


class _LatticeBuilder:
    """Positions 0..size are those between the inputs; readings of several words add more after."""

    def __init__(self, size: int) -> None:
        self._edges: list[list[tuple[str, int]]] = [[] for _ in range(size + 1)]
        self._end = size

    def add(self, start: int, way: Sequence[str], end: int) -> None:
        self._add(start, [(word,) for word in way], end)

    def add_choices(self, start: int, choices: Sequence[tuple[str, ...]]) -> None:
        self._add(start, choices, start + 1)

    def _add(self, start: int, choices: Sequence[tuple[str, ...]], end: int) -> None:
        at = start
        for index, words in enumerate(choices):
            last = index == len(choices) - 1
            if not last:
                self._edges.append([])
            target = end if last else len(self._edges) - 1
            self._edges[at].extend((word, target) for word in words)
            at = target

    def lattice(self) -> Lattice:
        return Lattice(tuple(tuple(out) for out in self._edges), self._end)
