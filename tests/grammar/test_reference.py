"""The examples of docs/grammars.md say what the page says they do."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from voicebot.grammar.matcher import best_match
from voicebot.grammar.readers import SUFFIXES
from voicebot.grammar.semantics import evaluate
from voicebot.grammar.store import load_file
from voicebot.grammar.words import key_lattice, normalise_words, word_lattice
from voicebot.types import Json

PAGE = Path(__file__).parents[2] / "docs" / "grammars.md"
_EXAMPLE = re.compile(r"```(abnf|xml|jsgf)\n(.*?)```\n\n```said\n(.*?)```", re.DOTALL)
EXAMPLES = [match.groups() for match in _EXAMPLE.finditer(PAGE.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(
    ("notation", "text", "said"), EXAMPLES, ids=[example[0] for example in EXAMPLES]
)
def test_example_means_what_the_page_says(
    tmp_path: Path, notation: str, text: str, said: str
) -> None:
    path = tmp_path / f"example.{notation}"
    path.write_text(text, encoding="utf-8")
    grammar = load_file(path)
    for line in said.splitlines():
        words, _, wanted = line.partition(" -> ")
        if grammar.main.mode == "dtmf":
            lattice = key_lattice("".join(words.split()), None)
        else:
            lattice = word_lattice(normalise_words(words), grammar.main.language)
        found = best_match(grammar, lattice)
        meant: Json = "no match" if found is None else evaluate(grammar, found[0])
        assert meant == ("no match" if wanted == "no match" else json.loads(wanted)), words


def test_every_notation_has_an_example() -> None:
    assert {example[0] for example in EXAMPLES} == {"abnf", "xml", "jsgf"}
    assert len(EXAMPLES) == PAGE.read_text(encoding="utf-8").count("```said")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_ending_is_named(suffix: str) -> None:
    assert f"`{suffix}`" in PAGE.read_text(encoding="utf-8")
