"""Grammars in use together: words, keys, progress, and travel to another process."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest

from voicebot.errors import UsageError
from voicebot.grammar.active import ActiveGrammar, Progress
from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.outlook import may_mean_more
from voicebot.types import Language

Compile = Callable[..., CompiledGrammar]
Activate = Callable[..., ActiveGrammar]

DIGITS = (
    "$main = [it is] $digit<4>;\n"
    "$digit = zero | oh | one | two | three | four | five | six | seven | eight | nine;"
)


def _text(grammar: ActiveGrammar, words: str) -> object:
    match = grammar.match_words([words])
    return match.semantics if match else None


def test_typed_digits_match_spoken_ones(activate: Activate) -> None:
    grammar = activate(DIGITS)
    assert _text(grammar, "It is 1 0 4 7!") == "it is one zero four seven"
    assert _text(grammar, "1047") == "one zero four seven"
    assert _text(grammar, "104") is None


def test_numbers_match_their_names(activate: Activate) -> None:
    grammar = activate("$main = (sixteen | twenty one) ounces;")
    assert _text(grammar, "16 ounces") == "sixteen ounces"
    assert _text(grammar, "21 ounces") == "twenty one ounces"


def test_keys_stand_for_words_in_a_voice_grammar(activate: Activate) -> None:
    match = activate(DIGITS).match_keys("1047")
    assert match is not None
    assert (match.text, match.semantics, match.grammar) == ("1047", "one zero four seven", "test")


def test_keys_match_a_dtmf_grammar_and_words_do_not(activate: Activate) -> None:
    grammar = activate('$main = 1 star "#" | 2 a;', mode="dtmf")
    match = grammar.match_keys("1*#")
    assert match is not None
    assert match.semantics == "1 * #"
    assert grammar.match_keys("2A") is not None
    assert grammar.match_keys("2") is None
    assert grammar.match_words(["1"]) is None
    assert dict(grammar.network().arcs(0)) == {}


def test_first_grammar_wins(compile_rules: Compile) -> None:
    first, second = compile_rules("$main = /1/ help | /9/ x;"), compile_rules("$main = help | y;")
    grammar = ActiveGrammar("k", Language("en-US"), [("step", first), ("global", second)])
    matches = [grammar.match_words([word]) for word in ("help", "y", "z")]
    assert [match.grammar if match else None for match in matches] == ["step", "global", None]
    assert grammar.names == ("step", "global")


@pytest.mark.parametrize(
    ("keys", "progress"),
    [
        ("", Progress.PARTIAL),
        ("1", Progress.PARTIAL),
        ("12", Progress.COMPLETE_OPEN),
        ("123", Progress.COMPLETE),
        ("1234", Progress.DEAD),
        ("#", Progress.DEAD),
    ],
)
def test_progress_of_keys(activate: Activate, keys: str, progress: Progress) -> None:
    grammar = activate("$main = $d<2-3> [please];\n$d = one | two | three | four;")
    assert grammar.keys_status(keys) is progress


def test_progress_of_words(activate: Activate) -> None:
    grammar = activate("$main = my order [please] | my $GARBAGE thing;")
    statuses = [grammar.words_status(text.split()) for text in ("my", "my order", "you")]
    assert statuses == [Progress.PARTIAL, Progress.COMPLETE_OPEN, Progress.DEAD]
    assert grammar.words_status(["my", "silly", "thing"]) is Progress.COMPLETE_OPEN


@pytest.mark.parametrize(
    ("keys", "held"), [("*#", True), ("*12#", True), ("12#", False), ("*12", False)]
)
def test_garbage_takes_keys_too(activate: Activate, keys: str, held: bool) -> None:
    grammar = activate('$main = "*" $GARBAGE "#";', mode="dtmf")
    assert (grammar.match_keys(keys) is not None) is held


@pytest.mark.parametrize(
    ("rules", "waits"),
    [
        ("$main = $GARBAGE help {out = 1} $GARBAGE;", False),
        ("$main = $GARBAGE help {out = 1} $GARBAGE [now {out = 2}];", True),
    ],
)
def test_garbage_is_not_worth_waiting_for(activate: Activate, rules: str, waits: bool) -> None:
    assert may_mean_more(activate(rules), ["please", "help"]) is waits


def test_progress_of_the_last_word_is_complete(activate: Activate) -> None:
    assert activate("$main = yes | no;").words_status(["Yes."]) is Progress.COMPLETE


def test_travels_to_another_process_once(activate: Activate) -> None:
    grammar = activate(DIGITS)
    sent = pickle.dumps(grammar)
    arrived = pickle.loads(sent)
    assert arrived == grammar
    assert hash(arrived) == hash(grammar)
    assert _text(arrived, "1047") == "one zero four seven"
    assert pickle.loads(sent) is arrived


def test_no_grammar_is_a_mistake() -> None:
    with pytest.raises(UsageError):
        ActiveGrammar("k", Language("en-US"), [])
