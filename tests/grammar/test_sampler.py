"""Random sentences."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import pytest

from voicebot.errors import GrammarError
from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.sampler import BUDGET, sample

Compile = Callable[..., CompiledGrammar]


def test_same_seed_gives_the_same_sentences(compile_rules: Compile) -> None:
    grammar = compile_rules("$main = (a | b | c)<1-5>;")
    first, again, other = (list(islice(sample(grammar, seed), 20)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_everything_is_said_sooner_or_later(compile_rules: Compile) -> None:
    grammar = compile_rules('$main = (/0.1/ a | $b) [c];\n$b = b | "New York";')
    said = {" ".join(words) for words in islice(sample(grammar, 5), 200)}
    assert said == {"a", "b", "new york", "a c", "b c", "new york c"}


def test_endless_loops_are_brought_to_an_end(compile_rules: Compile) -> None:
    grammar = compile_rules("$main = a | b $main c | (d e)<0- /1/> f;")
    assert all(len(words) <= 3 * BUDGET for words in islice(sample(grammar, 1), 100))


@pytest.mark.parametrize("rules", ["$main = a $VOID;", "$main = a $main;", "$main = $NULL;"])
def test_grammar_that_says_nothing_is_an_error(compile_rules: Compile, rules: str) -> None:
    with pytest.raises(GrammarError, match=r"nothing can be said|holds no words"):
        next(sample(compile_rules(rules), 1))
