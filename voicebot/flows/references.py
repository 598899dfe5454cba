"""What one place of a flow says of another: names of steps, grammars and languages, and how one of
several steps is chosen.

Each keeps the place where it is written, for messages. Nothing is looked up here: what is not there
is found by `flows.validation`, or `flows.outside` where it does not stand in a flow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from voicebot.document import Place
from voicebot.flows.expression import Expression
from voicebot.flows.template import Template
from voicebot.types import Json, Language


@dataclass(frozen=True, slots=True)
class Reference:
    """A name that points to something defined elsewhere, and where it is written."""

    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class LanguageName:
    """A language that the contact is to change to, and where it is written."""

    language: Language
    place: Place


@dataclass(frozen=True, slots=True)
class ListSource:
    """Where the items of a grammar come from while the call runs (`flows.lists`).

    ``item`` are the fields of an item that may be said for it, none where items are texts;
    ``value`` the field that it means, None for the whole item. Fields are dotted paths. ``near``:
    what is said a little wrong is taken too.
    """

    list: Template | Json
    place: Place
    item: tuple[str, ...] = ()
    value: str | None = None
    near: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """Where to go by the meaning of an answer; a single step is ``otherwise`` alone.

    A meaning is looked up as text; an object by its ``intent``. What is neither in ``cases`` nor
    caught by ``otherwise`` counts as a nomatch.
    """

    cases: Mapping[str, Reference]
    otherwise: Reference | None

    def target(self, meaning: Json) -> Reference | None:
        if isinstance(meaning, dict):
            meaning = meaning.get("intent")
        if isinstance(meaning, bool):
            meaning = "true" if meaning else "false"
        return self.cases.get(str(meaning), self.otherwise)


@dataclass(frozen=True, slots=True)
class Case:
    """One arm of a branch."""

    condition: Expression
    next: Reference


@dataclass(frozen=True, slots=True)
class Branch:
    """The first case that holds is taken, else ``otherwise``."""

    cases: tuple[Case, ...]
    otherwise: Reference
