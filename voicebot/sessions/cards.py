"""Cards as a conversation in text keeps and shows them: words of one language, and JSON both ways.

The flow's card (`voicebot.flows.cards`) holds values; here they are written out as of a day. Long
values are cut, so that a field of a database cannot fill a page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from urllib.parse import unquote

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

    def hiding(self, hide: Callable[[str], str]) -> ShownCard:
        """The card as ``hide`` leaves its texts. A picture, a link or an answer that would not be
        whole is left out."""

        def is_whole(words: str) -> bool:
            return hide(words) == words

        return ShownCard(
            hide(self.title),
            tuple((hide(label), hide(value)) for label, value in self.lines),
            self.image if is_whole(self.image) else "",
            hide(self.alt),
            tuple((hide(label), url) for label, url in self.links if is_whole(unquote(url))),
            tuple(reply for reply in self.replies if is_whole(reply)),
        )

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
        return text(prompt, language, today)

    whole = ShownCard(
        words(card.title),
        tuple((label, words(value)) for label, value in card.lines),
        card.image,
        words(card.alt),
        card.links,
        tuple(words(reply) for reply in card.replies),
    )
    plain = whole.hiding(masked)
    return replace(
        plain,
        title=_short(plain.title),
        lines=tuple((_short(label), _short(value)) for label, value in plain.lines),
        alt=_short(plain.alt),
        links=tuple((_short(label), address) for label, address in plain.links),
        replies=tuple(_short(reply) for reply in plain.replies),
    )


def _short(words: str) -> str:
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"
