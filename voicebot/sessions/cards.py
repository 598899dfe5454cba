"""Cards as a conversation in text keeps and shows them: words of one language, and JSON both ways.

The flow's card (`voicebot.flows.cards`) holds values; here they are written out as of a day. Long
values are cut, so that a field of a database cannot fill a page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from voicebot.flows.cards import Card
from voicebot.personal_numbers import masked
from voicebot.speech.spoken import text
from voicebot.types import Json, Language, Prompt

LONGEST: Final = 300
"""Characters of one text of a card."""


@dataclass(frozen=True, slots=True)
class ShownCard:
    """``lines`` are labels and values, ``links`` labels and ``https`` addresses; ``image`` names a
    file among the application's pictures."""

    title: str
    lines: tuple[tuple[str, str], ...] = ()
    image: str = ""
    alt: str = ""
    links: tuple[tuple[str, str], ...] = ()
    replies: tuple[str, ...] = ()

    def as_text(self) -> str:
        """The same for where only words are shown: a line each."""
        lines = [self.title, *(f"{label}: {value}" for label, value in (*self.lines, *self.links))]
        return "\n".join(lines)

    def to_json(self) -> dict[str, Json]:
        """Plain data, for the records and for channels."""
        return {
            "title": self.title,
            "lines": [{"label": label, "value": value} for label, value in self.lines],
            "image": self.image,
            "alt": self.alt,
            "links": [{"label": label, "url": url} for label, url in self.links],
            "replies": list(self.replies),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ShownCard:
        """The inverse of `to_json`."""
        return cls(
            data["title"],
            tuple((line["label"], line["value"]) for line in data["lines"]),
            data["image"],
            data["alt"],
            tuple((link["label"], link["url"]) for link in data["links"]),
            tuple(data["replies"]),
        )


def shown(card: Card, language: Language, today: date) -> ShownCard:
    """The card in the words of ``language``, card numbers and the like masked as in any line."""

    def words(prompt: Prompt) -> str:
        return _short(masked(text(prompt, language, today)))

    return ShownCard(
        words(card.title),
        tuple((_short(label), words(value)) for label, value in card.lines),
        card.image,
        words(card.alt),
        tuple((_short(label), address) for label, address in card.links),
        tuple(words(reply) for reply in card.replies),
    )


def _short(words: str) -> str:
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"
