"""BERT's uncased WordPiece tokenizer (Devlin and others 2018, section 3).

Text is cleaned of control characters, lower-cased and stripped of accents; words are cut greedily
into the longest pieces that the vocabulary holds. ``vocabulary.txt.gz`` is the vocabulary of
bert-base-uncased (Google, Apache-2.0): one piece a line, its number the line's, from 0.
"""

from __future__ import annotations

import gzip
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

CLS, SEP, UNKNOWN = 101, 102, 100
LONGEST_WORD = 100
"""Characters; a longer word is one unknown piece."""


@cache
def vocabulary() -> Mapping[str, int]:
    """The pieces and their numbers; pieces that go on with a word begin with ``##``."""
    packed = (files(__package__) / "vocabulary.txt.gz").read_bytes()
    pieces = gzip.decompress(packed).decode("utf-8").split("\n")
    return {piece: number for number, piece in enumerate(pieces) if piece}


def tokenize(text: str, most: int) -> list[int]:
    """Number the pieces of ``text`` between CLS and SEP, at most ``most`` numbers in all."""
    pieces = [CLS]
    for word in _words(text):
        pieces += _pieces(word)
        if len(pieces) >= most:
            break
    return [*pieces[: most - 1], SEP]


def _words(text: str) -> Iterator[str]:
    word: list[str] = []
    for character in unicodedata.normalize("NFD", _cleaned(text).lower()):
        kind = unicodedata.category(character)
        if kind == "Mn":
            continue
        alone = _stands_alone(character, kind)
        if (alone or character.isspace()) and word:
            yield "".join(word)
            word = []
        if alone:
            yield character
        elif not character.isspace():
            word.append(character)
    if word:
        yield "".join(word)


def _cleaned(text: str) -> str:
    return "".join(
        " " if character.isspace() else character
        for character in text
        if character != "\ufffd"
        and (character.isspace() or not unicodedata.category(character).startswith("C"))
    )


def _stands_alone(character: str, kind: str) -> bool:
    """Whether it is punctuation (all of ASCII's signs) or a Chinese character."""
    if kind.startswith("P") or (character.isascii() and kind[0] == "S"):
        return True
    return "\u4e00" <= character <= "\u9fff" or "\u3400" <= character <= "\u4dbf"


def _pieces(word: str) -> list[int]:
    if len(word) > LONGEST_WORD:
        return [UNKNOWN]
    known = vocabulary()
    pieces = []
    start = 0
    while start < len(word):
        prefix = "##" if start else ""
        for end in range(len(word), start, -1):
            number = known.get(prefix + word[start:end])
            if number is not None:
                break
        else:
            return [UNKNOWN]
        pieces.append(number)
        start = end
    return pieces
