"""Cards: what is better seen than heard, shown beside the conversation by channels that can.

A card has a title, lines with a label and a value, a picture of the application's folder, links and
short answers. Its texts are templates (`CardTemplate`); filled in, they are a `Card` in the same
parts as prompts have, so that a channel writes dates and numbers in the contact's language.

What a caller or a database puts into an address is escaped, and only ``https`` addresses are kept.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from voicebot.document import Place, suggest
from voicebot.errors import FlowError
from voicebot.flows.template import Template
from voicebot.types import Json, Prompt

IMAGES: Final = "images"
"""The folder of an application that holds its pictures."""
IMAGE_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}\.(?:png|jpe?g|webp|gif)")
MOST_LINES: Final = 12
MOST_LINKS: Final = 4
MOST_REPLIES: Final = 6
_HTTPS: Final = "https://"
_LONGEST_URL: Final = 2000
_NOTHING: Final = Prompt(())


@dataclass(frozen=True, slots=True)
class CardTemplate:
    """A card as it is written; ``lines`` and ``links`` by their labels. ``alt`` says what the
    picture shows to who cannot see it."""

    title: Template
    place: Place
    lines: Mapping[str, Template] = field(default_factory=dict)
    image: Template | None = None
    alt: Template | None = None
    links: Mapping[str, Template] = field(default_factory=dict)
    replies: tuple[Template, ...] = ()

    def templates(self) -> Iterator[Template]:
        """Every text that may hold variables."""
        yield from (self.title, *self.lines.values(), *self.links.values(), *self.replies)
        yield from (each for each in (self.image, self.alt) if each is not None)

    def filled(self, variables: Mapping[str, Json]) -> Card | None:
        """The card with its values; None where its title is empty. Lines, links, replies and
        pictures that come to nothing are left out."""
        title = _prompt(self.title, variables)
        if not title.parts:
            return None
        lines = ((label, _prompt(each, variables)) for label, each in self.lines.items())
        links = ((label, _address(each, variables)) for label, each in self.links.items())
        replies = (each.prompt(variables) for each in self.replies)
        image = "" if self.image is None else self.image.text(variables)
        return Card(
            title,
            tuple((label, value) for label, value in lines if value.parts),
            image if IMAGE_NAME.fullmatch(image) else "",
            _NOTHING if self.alt is None else self.alt.prompt(variables),
            tuple((label, address) for label, address in links if address),
            tuple(reply for reply in replies if reply.parts),
        )


@dataclass(frozen=True, slots=True)
class Card:
    """A card to be shown. ``image`` is the name of a file in `IMAGES`, empty for none; ``links``
    are labels and ``https`` addresses; ``replies`` are answers to be written by a touch."""

    title: Prompt
    lines: tuple[tuple[str, Prompt], ...] = ()
    image: str = ""
    alt: Prompt = _NOTHING
    links: tuple[tuple[str, str], ...] = ()
    replies: tuple[Prompt, ...] = ()


def check_card(card: CardTemplate) -> CardTemplate:
    """Give the card where it can be shown. Raises FlowError for what cannot."""
    for count, most, what in (
        (len(card.lines), MOST_LINES, "lines"),
        (len(card.links), MOST_LINKS, "links"),
        (len(card.replies), MOST_REPLIES, "replies"),
    ):
        if count > most:
            raise card.place.error(f"a card of more than {most} {what}", "Make it shorter.")
    for link in card.links.values():
        first = link.parts[0] if link.parts else ""
        if isinstance(first, str) and not first.startswith(_HTTPS):
            raise link.place.error("a link of a card begins with https://", "Write it in full.")
    image = card.image
    if image is not None and image.is_static and not IMAGE_NAME.fullmatch(image.text({})):
        raise image.place.error(
            f"'{image.text({})}' is no name of a picture",
            f"Name a png, jpg, webp or gif of the folder {IMAGES}, without a path.",
        )
    return card


def image_names(folder: Path) -> set[str]:
    """The pictures right in ``folder``, which may be missing."""
    return {path.name for path in folder.glob("*") if IMAGE_NAME.fullmatch(path.name)}


def missing_images(
    cards: Iterable[CardTemplate], images: Collection[str] | None
) -> Iterator[FlowError]:
    """Pictures that cards name and that are not among ``images``, where these are known."""
    if images is None:
        return
    for card in cards:
        if card.image is not None and card.image.is_static:
            name = card.image.text({})
            if name not in images:
                near = suggest(name, images) or f"Put it into the folder {IMAGES}."
                yield card.image.place.error(f"there is no picture '{name}'", near)


def _prompt(template: Template, variables: Mapping[str, Json]) -> Prompt:
    """Empty where there are placeholders and none of them has a value."""
    prompt = template.prompt(variables)
    if template.is_static or any(not isinstance(part, str) for part in prompt.parts):
        return prompt
    return _NOTHING


def _address(template: Template, variables: Mapping[str, Json]) -> str:
    """The address, empty where it is none that may be shown. A value that is not the address's
    beginning is escaped, and one that is missing makes the address useless."""
    whole = ""
    for part in template.parts:
        if isinstance(part, str):
            whole += part
            continue
        value = Template((part,), template.place).text(variables)
        if not value:
            return ""
        whole += quote(value, safe="") if whole else value
    return whole if _is_https(whole) else ""


def _is_https(address: str) -> bool:
    if not address.startswith(_HTTPS) or len(address) > _LONGEST_URL:
        return False
    if not address.isprintable() or any(letter in address for letter in ' "<>\\^`{|}'):
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return bool(parts.hostname) and "@" not in parts.netloc
