"""Words that an engine does not know."""

from __future__ import annotations

from pathlib import Path

from tests.grammar.lint.conftest import Link, brief
from voicebot.grammar.lint.findings import Severity
from voicebot.grammar.lint.vocabulary import MOST_FINDINGS, unknown_words


class Dictionary:
    severity = Severity.PROBLEM

    def problem(self, word: str) -> str | None:
        return None if len(word) < 6 else "is too long a word for this engine"


def test_unknown_word_is_named_once_where_it_first_stands(link_rules: Link) -> None:
    linked = link_rules('$main = short | [a] "Rhubarb pie" {rhubarb} | rhubarb;\n$dead = rhubarbs;')

    assert brief(unknown_words(linked, Dictionary())) == [
        "3:21 problem: the word 'rhubarb' is too long a word for this engine"
    ]


def test_words_in_another_file_are_placed_there(link_rules: Link, tmp_path: Path) -> None:
    other = tmp_path / "other.gram"
    other.write_text("#ABNF 1.0;\nlanguage en; root $a;\n$a = elephant; $b = crocodile;\n")
    linked = link_rules("$main = $<other.gram> | $<builtin:number>;")

    (finding,) = unknown_words(linked, Dictionary())
    assert (finding.error.file, finding.error.line) == (str(other), 3)
    assert "'elephant'" in finding.error.problem


def test_findings_are_bounded(link_rules: Link) -> None:
    words = " | ".join(f"elephant{letter}{other}" for letter in "abcdefgh" for other in "abcdefgh")

    assert len(list(unknown_words(link_rules(f"$main = {words};"), Dictionary()))) == MOST_FINDINGS


def test_keys_are_no_words(link_rules: Link) -> None:
    assert not list(unknown_words(link_rules("$main = 1 2;", mode="dtmf"), Dictionary()))
