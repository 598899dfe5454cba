"""Reads ``intents/<language>.yaml``: what callers want and how they say it.

    synonyms:
      parcel: [parcel, package, delivery]
    intents:
      order_status:
        response: your order
        slots: {number: order_number}
        examples:
          - where is my {parcel}
          - has my {parcel} been sent yet
    out_of_scope:
      - what is the capital of france

``{parcel}`` stands for each word of its list in turn. What makes a file useless is an error; what
makes it work badly (few examples, the same example twice) is advice.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from voicebot.document import Map, Node, Place, Scalar, Sequence, read_document, suggest
from voicebot.errors import FlowError
from voicebot.nlu.intent_set import (
    ENOUGH_EXAMPLES,
    OUT_OF_SCOPE,
    Example,
    Intent,
    IntentSet,
    plain,
)
from voicebot.types import Language

FOLDER = "intents"
"""The folder of intents files within an application's folder."""

MAX_EXAMPLES = 50_000
MAX_EXPANSIONS = 24
"""Sentences that one example with synonyms stands for at most; a longer list is thinned evenly."""
MAX_LENGTH = 500
"""Characters of an example."""

_NAME = re.compile(r"[^\W\d]\w*")
_SYNONYM = re.compile(r"\{([^{}]*)\}")
_KEYS = ("synonyms", "intents", "out_of_scope")
_INTENT_KEYS = ("examples", "response", "slots")


@dataclass(frozen=True, slots=True)
class IntentFile:
    """What was read. ``intents`` is None where ``problems`` left nothing to train."""

    intents: IntentSet | None
    problems: tuple[FlowError, ...]
    advice: tuple[FlowError, ...]


def intent_files(folder: Path) -> dict[Language, Path]:
    """The intents files of an application's folder, by language."""
    files = sorted((folder / FOLDER).glob("*.yaml"))
    return {Language(file.stem): file for file in files}


def load_intents(path: Path) -> IntentSet:
    """Read a file. Raises FlowError for the first problem in it."""
    read = read_intents(path)
    if read.problems or read.intents is None:
        raise read.problems[0]
    return read.intents


def read_intents(path: Path, name: str = "") -> IntentFile:
    """Read a file, named after its language, and find everything that is wrong with it."""
    try:
        root = read_document(path, name)
    except FlowError as error:
        return IntentFile(None, (error,), ())
    return _Reader(Language(path.stem)).read(root)


@dataclass(slots=True)
class _Reader:
    language: Language
    problems: list[FlowError] = field(default_factory=list)
    advice: list[FlowError] = field(default_factory=list)
    synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    seen: dict[str, tuple[str, Place]] = field(default_factory=dict)

    def read(self, root: Node) -> IntentFile:
        if not isinstance(root, Map):
            self.problems.append(root.place.error("an intents file is a mapping", "Add 'intents:'"))
            return self._result(None)
        self.problems += root.unknown_keys(_KEYS)
        self.synonyms = dict(self._synonyms(root.get("synonyms")))
        found = tuple(self._intents(root))
        others = tuple(self._examples(root.get("out_of_scope"), OUT_OF_SCOPE))
        if len(self.seen) > MAX_EXAMPLES:
            self.problems.append(root.place.error(f"holds more than {MAX_EXAMPLES} examples"))
        return self._result(IntentSet(self.language, found, others))

    def _result(self, intents: IntentSet | None) -> IntentFile:
        usable = None if self.problems else intents
        return IntentFile(usable, tuple(self.problems), tuple(self.advice))

    def _synonyms(self, node: Node | None) -> Iterator[tuple[str, tuple[str, ...]]]:
        if node is None:
            return
        if not isinstance(node, Map):
            self.problems.append(node.place.error("'synonyms' must be a mapping of word lists"))
            return
        for name, entry in node.entries.items():
            words = tuple(text for text, _ in self._texts(entry, f"the words of '{name}'"))
            if not words:
                self.problems.append(node.key_places[name].error(f"'{name}' has no words"))
            yield name, words

    def _intents(self, root: Map) -> Iterator[Intent]:
        node = root.get("intents")
        if node is None and root.misspells("intents", _KEYS):
            return
        if not isinstance(node, Map) or not node.entries:
            place = node.place if node else root.place
            self.problems.append(place.error("there are no intents", "List them under 'intents:'"))
            return
        for name, entry in node.entries.items():
            place = node.key_places[name]
            if not _NAME.fullmatch(name) or name == OUT_OF_SCOPE:
                remedy = "Use letters, digits and '_', and not 'oos'."
                self.problems.append(place.error(f"'{name}' cannot be an intent's name", remedy))
            yield self._intent(name, entry, place)
        if len(node.entries) == 1:
            remedy = "Add another, or examples under 'out_of_scope:'"
            self.advice.append(node.place.error("one intent has nothing to be told from", remedy))

    def _intent(self, name: str, node: Node, place: Place) -> Intent:
        if isinstance(node, Sequence):
            node = Map({"examples": node}, {"examples": node.place}, node.place)
        if not isinstance(node, Map):
            self.problems.append(place.error(f"intent '{name}' is empty", "Add 'examples:'"))
            return Intent(name, (), place=place)
        before = len(self.problems)
        self.problems += node.unknown_keys(_INTENT_KEYS)
        examples = tuple(self._examples(node.get("examples"), name))
        if not examples and len(self.problems) == before:
            self.problems.append(place.error(f"intent '{name}' has no examples", "Add some."))
        elif examples and len(examples) < ENOUGH_EXAMPLES:
            remedy = f"Give {ENOUGH_EXAMPLES} or more, as different from each other as callers are."
            count = "1 example" if len(examples) == 1 else f"{len(examples)} examples"
            self.advice.append(place.error(f"intent '{name}' has only {count}", remedy))
        slots = self._slots(node.get("slots"))
        return Intent(name, examples, self._response(node.get("response")), slots, place)

    def _slots(self, node: Node | None) -> dict[str, str]:
        """Slots with the grammars of their values, or a list of names alone."""
        if not isinstance(node, Map):
            return dict.fromkeys((text for text, _ in self._texts(node, "'slots'")), "")
        found = {}
        for name, entry in node.entries.items():
            if isinstance(entry, Scalar) and isinstance(entry.value, str) and entry.value.strip():
                found[name] = entry.value.strip()
            else:
                remedy = f"Write '{name}: GRAMMAR'."
                self.problems.append(entry.place.error(f"'{name}' needs a grammar's name", remedy))
        return found

    def _response(self, node: Node | None) -> str:
        if node is None:
            return ""
        if isinstance(node, Scalar) and isinstance(node.value, str):
            return node.value
        self.problems.append(node.place.error(f"'response' must be text, not {node.kind}"))
        return ""

    def _examples(self, node: Node | None, intent: str) -> Iterator[Example]:
        for text, place in self._texts(node, f"examples of '{intent}'"):
            if len(text) > MAX_LENGTH:
                remedy = "Callers say it in fewer words."
                self.problems.append(place.error(f"is longer than {MAX_LENGTH} characters", remedy))
                continue
            for sentence in self._expansions(text, place):
                if self._is_new(sentence, intent, place):
                    yield Example(sentence, place)

    def _is_new(self, text: str, intent: str, place: Place) -> bool:
        key = plain(text)
        if not key:
            self.problems.append(place.error("an example without words", "Delete it."))
            return False
        if key not in self.seen:
            self.seen[key] = (intent, place)
            return True
        other, first = self.seen[key]
        if other != intent:
            problem = f"'{text}' is an example of '{intent}' and of '{other}' (line {first.line})"
            self.problems.append(place.error(problem, "Keep it in the one that is meant."))
        elif first != place:
            self.advice.append(place.error(f"'{text}' stands in line {first.line} already"))
        return False

    def _expansions(self, text: str, place: Place) -> Iterator[str]:
        """The sentences that ``text`` stands for, evenly thinned to `MAX_EXPANSIONS`."""
        parts = _SYNONYM.split(text)
        names = parts[1::2]
        for name in names:
            if name not in self.synonyms:
                remedy = suggest(name, self.synonyms)
                self.problems.append(place.error(f"no list of synonyms is named '{name}'", remedy))
                return
        lists = [self.synonyms[name] for name in names]
        count = 1
        for words in lists:
            count *= len(words)
        step = max(1.0, count / MAX_EXPANSIONS)
        wanted = {int(number * step) for number in range(min(count, MAX_EXPANSIONS))}
        for number, words in enumerate(
            itertools.islice(itertools.product(*lists), max(wanted) + 1)
        ):
            if number in wanted:
                filled = itertools.zip_longest(parts[::2], words, fillvalue="")
                yield "".join(itertools.chain.from_iterable(filled))

    def _texts(self, node: Node | None, what: str) -> Iterator[tuple[str, Place]]:
        """The texts of a list; a number or a yes that YAML made of one counts as written."""
        if node is None or (isinstance(node, Scalar) and node.value is None):
            return
        if not isinstance(node, Sequence):
            remedy = "Begin each with '- '."
            self.problems.append(node.place.error(f"{what} must be a list", remedy))
            return
        for item in node:
            if isinstance(item, Scalar) and item.value is not None and item.raw.strip():
                yield " ".join(item.raw.split()), item.place
            else:
                self.problems.append(item.place.error(f"{what}: each must be text", "Delete it."))
