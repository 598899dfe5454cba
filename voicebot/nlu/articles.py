"""What a designer wrote for callers to know: questions and their answers. From `article_reader`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from voicebot.document import Place
from voicebot.speaking_time import LONGEST_S, speaking_s
from voicebot.types import Language

_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])\s*")
_WITHOUT_SPACES: Final = frozenset({"zh", "ja", "th"})


@dataclass(frozen=True, slots=True)
class Wording:
    """A question as a caller might ask it."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Article:
    """One thing that callers ask about: ``name`` is that of its file without the ending.

    ``questions`` has at least one. ``paragraphs`` are the answer as it is spoken, without markup,
    each with its place; the first is the short answer.
    """

    name: str
    language: Language
    questions: tuple[Wording, ...]
    paragraphs: tuple[Wording, ...]

    @property
    def answer(self) -> str:
        return " ".join(paragraph.text for paragraph in self.paragraphs)

    @property
    def parts(self) -> tuple[str, ...]:
        """The answer in parts of about `LONGEST_S`: the first is said, each other one offered.

        The first paragraph stands alone, as its writer wanted; those after it are put together as
        far as they fit. A longer paragraph is divided between its sentences; a sentence never is.
        """
        first, *others = self.paragraphs
        rest = [each for other in others for each in sentences(other.text)]
        return (*_pack(sentences(first.text), self.language), *_pack(rest, self.language))


def sentences(text: str) -> list[str]:
    """The sentences of a text, by their punctuation."""
    return [part for part in _SENTENCE_END.split(text.strip()) if part]


def _pack(found: Sequence[str], language: Language) -> list[str]:
    space = "" if language.partition("-")[0].lower() in _WITHOUT_SPACES else " "
    parts: list[str] = []
    for sentence in found:
        longer = f"{parts[-1]}{space}{sentence}" if parts else sentence
        if parts and speaking_s(longer, language) <= LONGEST_S:
            parts[-1] = longer
        else:
            parts.append(sentence)
    return parts
