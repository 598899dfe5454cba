"""What a contact is about, as the flow has said it so far. Pure.

A contact has one matter: the last that a step named. It is open until the caller has heard a step
that serves them, and open again when they ask for a person; a step may also say so itself, for what
goes on after the call. A service that a caller gets aside, while a form waits for them, leaves the
matter as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from voicebot.types import Json, Matter

MAX_DETAILS = 20
"""Values of a matter, its 'about' among them."""
MAX_TEXT = 200
"""Characters of a text in a matter, and of the word for a customer."""

TAKEN: Mapping[str, str] = {
    "when": "the day of the contact",
    "days_ago": "how long ago the contact was",
    "outcome": "how the contact ended",
}
"""Names that a matter of the history has besides its own, and what they hold."""


@dataclass(frozen=True, slots=True)
class Noted:
    """A matter under way. ``open`` is what a step said of it, None where service decides."""

    about: str
    details: Mapping[str, Json]
    open: bool | None = None
    served: bool = False
    served_when_heard: bool = False

    def matter(self, *, heard_all: bool) -> Matter:
        """The matter if the contact ends now; ``heard_all``: what was said last was heard."""
        served = self.served or (heard_all and self.served_when_heard)
        return Matter(self.about, self.details, not served if self.open is None else self.open)

    def settled(self) -> Noted:
        """The caller has answered: they have heard what was said."""
        return replace(self, served=self.served or self.served_when_heard, served_when_heard=False)

    def served_now(self, *, spoken: bool) -> Noted:
        """Service was given: with the words that are said now, where it is ``spoken``."""
        return replace(self, served=self.served or not spoken, served_when_heard=spoken)

    def unserved(self) -> Noted:
        """The caller wants a person."""
        return replace(self, served=False, served_when_heard=False)

    def as_variable(self) -> dict[str, Json]:
        """What flows see of it."""
        return {**self.details, "about": self.about}

    def to_json(self) -> dict[str, Json]:
        """Plain data: the arguments that make it."""
        return {
            "about": self.about,
            "details": dict(self.details),
            "open": self.open,
            "served": self.served,
            "served_when_heard": self.served_when_heard,
        }


def note(before: Noted | None, values: Mapping[str, Json]) -> Noted | None:
    """The matter after a step that names ``values``.

    The same matter with more details keeps those it had. One without a name changes nothing.
    """
    about = _plain(values.get("about"))
    if not isinstance(about, str) or not about.strip():
        return before
    about = about.strip()
    details: Mapping[str, Json] = {
        name: plain
        for name, value in values.items()
        if name not in {"about", "open"} and (plain := _plain(value)) is not None
    }
    if before is not None and before.about == about and _agree(before.details, details):
        details = {**before.details, **details}
    opened = values.get("open")
    return Noted(about, details, None if opened is None else bool(opened))


def customer_of(value: Json) -> str:
    """The word for a customer: the ``id`` of an object, or a plain value; empty without either."""
    if isinstance(value, dict):
        value = value.get("id")
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).strip()[:MAX_TEXT]


def _agree(one: Mapping[str, Json], other: Mapping[str, Json]) -> bool:
    return all(one[name] == other[name] for name in one.keys() & other.keys())


def _plain(value: Json) -> Json:
    """Texts are cut; lists and objects are no details."""
    if isinstance(value, str):
        return value.replace("\0", "")[:MAX_TEXT]
    return None if isinstance(value, list | dict) else value
