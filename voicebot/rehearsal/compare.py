"""Comparing what came with what was wanted: by meaning, not by letter."""

from __future__ import annotations

import re
import unicodedata

from voicebot.flows.expression import Binary, Literal, evaluate
from voicebot.types import Json

_NOISE = re.compile(r"[^\w]+")


def contains(wanted: Json, value: Json) -> bool:
    """Whether ``value`` is what is wanted. An object may hold more; digits as text equal a number,
    as in conditions."""
    if isinstance(wanted, dict):
        return isinstance(value, dict) and all(
            name in value and contains(each, value[name]) for name, each in wanted.items()
        )
    if isinstance(wanted, list):
        return (
            isinstance(value, list)
            and len(value) == len(wanted)
            and all(contains(*pair) for pair in zip(wanted, value, strict=True))
        )
    if isinstance(value, dict | list):
        return False
    return bool(evaluate(Binary("==", Literal(wanted), Literal(value)), {}))


def holds_words(part: str, words: str) -> bool:
    """Whether ``part`` stands in ``words``, whatever the case, punctuation and white space.

    Whole words are looked for, except in writing without spaces between them.
    """
    part, words = plain(part), plain(words)
    if part.isascii():
        return f" {part} " in f" {words} "
    return part in words


def plain(text: str) -> str:
    """Only the words of a text, in small letters."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("'", "").replace("’", "")
    return _NOISE.sub(" ", folded).strip()
