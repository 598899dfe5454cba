"""A flow in another language: the same steps with other words.

``flows/zh-CN/main.yaml`` holds the texts of ``flows/main.yaml`` in Chinese and nothing else: what
is said, asked and called, under the same names of steps and slots. Laid over the flow (`Overlay`)
it makes a whole flow, so that the two cannot differ in what they do. What it lacks is said as the
flow itself says it; `voicebot check` names each such text.

A grammar of a translated flow is looked for in the folder of the language first:
``grammars/zh-CN/request.gram`` before ``grammars/request.gram`` (`grammar.store`). Left out on
purpose: lists that are written out in a flow, whose words are data; a translated flow takes a
grammar of its own there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, TypeAlias

from voicebot.document import Map, Node, Place, Scalar, Sequence, suggest
from voicebot.errors import FlowError
from voicebot.types import Language

Texts: TypeAlias = "Mapping[str, Texts | None]"
"""Keys that hold texts (None) or mappings with texts in them; `_ANY` stands for every name."""

_ANY: Final = "*"
_PLAIN: Final = ""
"""Stands among keys whose mapping may be left out: what is there instead is words."""
_QUESTION: Final[Texts] = dict.fromkeys(("ask", "help", "noinput", "nomatch", "keys"))
_CONFIRM: Final[Texts] = dict.fromkeys(("ask", "say"))
_SLOT: Final[Texts] = {**_QUESTION, "again": None, "called": None, "confirm": _CONFIRM}
_STEP: Final[Texts] = {
    **_QUESTION,
    **dict.fromkeys(("say", "title", "corrected", "resume", "filler", "whisper")),
    "while_waiting": {
        _PLAIN: None,
        "say": None,
        "offer": dict.fromkeys(("ask", "keys", "ready", "still")),
    },
    "more": None,
    "card": None,
    "offer_text": None,
    "number": dict.fromkeys(("ask", "other", "confirm")),
    "intents": {"confirm": _CONFIRM, "further": None},
    "confirm": _CONFIRM,
    "review": dict.fromkeys(("ask", "change")),
    "form": {_ANY: _SLOT},
}
FLOW_TEXTS: Final[Texts] = {
    **dict.fromkeys(("help", "noinput", "nomatch", "apology", "which")),
    "steps": {_ANY: _STEP},
}
"""What a translation may hold."""

_BUILTIN: Final = "builtin:"
_PLACEHOLDER: Final = re.compile(r"\{[^}]*\}")


def grammar_name(name: str, language: Language, *, translated: bool) -> str:
    """How a flow in ``language`` calls the grammar ``name`` when it listens.

    A built-in grammar is told the language, where that is not English, its own.
    """
    if name.startswith(_BUILTIN):
        if language.partition("-")[0] == "en" or "language=" in name:
            return name
        return f"{name}{';' if '?' in name else '?'}language={language}"
    return f"{language}/{name}" if translated else name


class Overlay:
    """Lays a translation over a flow's document.

    ``problems`` cannot be read at all; ``out_of_step`` are texts that the translation lacks or that
    the flow does not have.
    """

    def __init__(self, language: Language, file: str) -> None:
        """``file`` is that of the translation."""
        self.problems: list[FlowError] = []
        self.out_of_step: list[FlowError] = []
        self._language = language
        self._file = file

    def translated(self, flow: Map, texts: Node) -> Map:
        """The document of the flow in the language."""
        if not isinstance(texts, Map):
            place = Place(self._file, 1, 1)
            self.problems.append(
                place.error("a translation is a mapping", "Begin with 'steps:', as the flow has.")
            )
            return flow
        whole = self._laid_over(flow, texts, FLOW_TEXTS, ("",), Place(self._file, 1, 1))
        tongue = Scalar(self._language, self._language, whole.place)
        return Map({**whole.entries, "language": tongue}, whole.key_places, whole.place)

    def _laid_over(
        self, base: Map, texts: Map, known: Texts, names: tuple[str, ...], place: Place
    ) -> Map:
        """``names`` lead to this mapping, ``place`` is where a text that it lacks belongs."""
        self._find_superfluous(base, texts, known, names)
        entries, places = dict(base.entries), dict(base.key_places)
        for key, node in base.entries.items():
            if _ANY not in known and key not in known:
                continue
            inner = _within(known, key, node)
            own = texts.get(key)
            if own is None:
                self._find_missing(base, key, inner, names, place)
            elif inner is None:
                entries[key], places[key] = own, texts.key_places[key]
            elif isinstance(node, Map) and isinstance(own, Map):
                below = (*names, key)
                entries[key] = self._laid_over(node, own, inner, below, texts.key_places[key])
            elif isinstance(node, Map):
                problem = f"{_called((*names, key))} is {own.kind}, not a mapping of texts"
                self.problems.append(own.place.error(problem, "Write it as the flow does."))
        return Map(entries, places, base.place)

    def _find_superfluous(
        self, base: Map, texts: Map, known: Texts, names: tuple[str, ...]
    ) -> None:
        for key, place in texts.key_places.items():
            if _ANY not in known and key not in known:
                near = suggest(key, known)
                remedy = near if near.startswith("Did") else "Write it in the flow itself."
                self.problems.append(
                    place.error(f"'{key}' is no text: a translation holds texts only", remedy)
                )
            elif key not in base.entries:
                self.out_of_step.append(
                    place.error(
                        f"{_called((*names, key))} is here in {self._language}, "
                        "but not in the flow itself",
                        suggest(key, base.entries) or "Delete it, or add it to the flow.",
                    )
                )

    def _find_missing(
        self, base: Map, key: str, inner: Texts | None, names: tuple[str, ...], place: Place
    ) -> None:
        """A step or slot that is missing altogether is told where the flow has it."""
        if not _has_words(base.entries[key], inner) or key == "keys":
            return
        there = place if inner is None or len(names) < 2 else base.key_places[key]
        self.out_of_step.append(
            there.error(
                f"{_called((*names, key))} is not there in {self._language}",
                f"Add it to {self._file}.",
            )
        )


def _within(known: Texts, key: str, node: Node) -> Texts | None:
    """What texts the value of ``key`` may hold; None where it is one itself."""
    inner = known.get(key, known.get(_ANY))
    is_plain = inner is not None and _PLAIN in inner and not isinstance(node, Map)
    return None if is_plain else inner


def _called(names: tuple[str, ...]) -> str:
    """'ask' of slot 'day' of step 'return_form'."""
    parts = [name for name in names if name]
    named: list[str] = []
    for before, name in zip(["", *parts], parts, strict=False):
        if before in {"steps", "form"}:
            named.append(f"{'step' if before == 'steps' else 'slot'} '{name}'")
        elif name not in {"steps", "form"} or name == parts[-1]:
            named.append(f"'{name}'")
    return " of ".join(reversed(named))


def _has_words(node: Node, known: Texts | None) -> bool:
    """Whether there is anything to translate in what the flow has there."""
    if known is not None:
        return isinstance(node, Map) and any(
            _has_words(each, _within(known, key, each))
            for key, each in node.entries.items()
            if key != "keys" and (_ANY in known or key in known)
        )
    if isinstance(node, Map):  # a card, which is translated as a whole
        return any(_has_words(each, None) for each in node.entries.values())
    if isinstance(node, Sequence):
        return any(_has_words(item, None) for item in node)
    return isinstance(node, Scalar) and any(
        letter.isalpha() for letter in _PLACEHOLDER.sub("", node.raw)
    )
