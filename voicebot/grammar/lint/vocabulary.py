"""Words that the active engine cannot hear, or is unlikely to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from voicebot.grammar.ast import InLanguage, Token, walk
from voicebot.grammar.builtin import BUILTIN
from voicebot.grammar.linker import Linked
from voicebot.grammar.lint.findings import Finding, Severity
from voicebot.grammar.lint.structure import reached_rules
from voicebot.grammar.words import normalise_words

MOST_FINDINGS = 50


class Vocabulary(Protocol):
    """What an engine can write. ``severity`` says how bad it is when a word is not in it."""

    @property
    def severity(self) -> Severity: ...

    def problem(self, word: str) -> str | None:
        """Say what is wrong with a word (as of `normalise_words`); None when nothing is.

        A few words that follow the word in quotes: "is not in the model's dictionary".
        """
        ...


def unknown_words(linked: Linked, vocabulary: Vocabulary) -> Iterator[Finding]:
    """Give each word that ``vocabulary`` objects to, once, where it first stands."""
    seen: set[str] = set()
    found = 0
    reached = reached_rules(linked, public=True)
    for (index, name), rule in linked.rules.items():
        document = linked.documents[index]
        if (index, name) not in reached or document.mode != "voice":
            continue
        if document.file.startswith(BUILTIN):
            continue
        for node in walk(rule.expansion):
            # A part in another language is for an engine of that language.
            if isinstance(node, InLanguage) or not isinstance(node, Token):
                continue
            for word in normalise_words(node.text):
                if word in seen:
                    continue
                seen.add(word)
                problem = vocabulary.problem(word)
                if problem is None:
                    continue
                found += 1
                if found > MOST_FINDINGS:
                    return
                yield Finding(
                    vocabulary.severity,
                    document.error(
                        node.at,
                        f"the word '{word}' {problem}",
                        "Write it as it is spoken, in words that are in a dictionary.",
                    ),
                )
