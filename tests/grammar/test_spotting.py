"""Values within longer sentences."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.grammar.active import ActiveGrammar
from voicebot.grammar.spotting import MOST_WORDS, spot
from voicebot.grammar.store import GrammarStore

GRAMMAR = """#ABNF 1.0;
language en-US; tag-format <semantics/1.0>; root $a;
$a = [because] (broken {out = "broken"} | too small {out = "size"} | too small for me {out = "me"})
    | four two {out = "42"};
"""


@pytest.fixture
def grammar(tmp_path: Path) -> ActiveGrammar:
    (tmp_path / "why.gram").write_text(GRAMMAR)
    return GrammarStore(tmp_path).active(["why"])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("broken", "broken"),
        ("I want to return it because it, I mean, because broken it is", "broken"),
        ("it is too small for me", "me"),
        ("it is too small for her", "size"),
        ("order 42, please", "42"),
        ("Order four two.", "42"),
        ("nothing of it", None),
        ("too", None),
        ("", None),
        ("😀 \x00", None),
    ],
)
def test_longest_stretch_is_found(grammar: ActiveGrammar, text: str, found: str | None) -> None:
    match = spot(grammar, text)
    assert (match.semantics if match else None) == found


def test_first_of_two_as_long_wins(grammar: ActiveGrammar) -> None:
    match = spot(grammar, "four two and then too small")
    assert match is not None
    assert match.semantics == "42"


def test_only_the_beginning_of_a_long_text_is_looked_through(grammar: ActiveGrammar) -> None:
    assert spot(grammar, "word " * MOST_WORDS + "broken") is None
    assert spot(grammar, "word " * (MOST_WORDS - 1) + "broken") is not None
