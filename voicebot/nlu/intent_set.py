"""What a designer wrote about intents: names, examples, hints. Plain data, from `intent_reader`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from voicebot.document import Place
from voicebot.types import Language

OUT_OF_SCOPE = "oos"
"""The label of texts that no intent is meant by, in files of examples and in results of tests."""

ENOUGH_EXAMPLES = 10
"""With fewer than this an intent is recognised markedly worse (docs/decisions/0022-intents.md)."""


@dataclass(frozen=True, slots=True)
class Example:
    """A way to say it; ``place`` is None where it does not come from an intents file."""

    text: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """One thing callers want. ``response`` hints at the answer in words that a flow can say: 'your
    refund'. ``slots`` are what it needs to know, each with the name of the grammar that finds its
    value in a sentence (empty where none does)."""

    name: str
    examples: tuple[Example, ...]
    response: str = ""
    slots: Mapping[str, str] = field(default_factory=dict)
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class IntentSet:
    """All intents of one language; examples have their synonyms filled in."""

    language: Language
    intents: tuple[Intent, ...]
    out_of_scope: tuple[Example, ...] = ()

    def __getitem__(self, name: str) -> Intent:
        for intent in self.intents:
            if intent.name == name:
                return intent
        raise KeyError(name)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(intent.name for intent in self.intents)

    def labelled(self) -> Iterator[tuple[str, str]]:
        """Each example's text with the name of its intent, those out of scope last."""
        for intent in self.intents:
            for example in intent.examples:
                yield example.text, intent.name
        for example in self.out_of_scope:
            yield example.text, OUT_OF_SCOPE


def plain(text: str) -> str:
    """The text as far as two examples are told apart: letters and digits, words once spaced."""
    kept = (letter if letter.isalnum() or letter == "'" else " " for letter in text.casefold())
    return " ".join("".join(kept).split())
