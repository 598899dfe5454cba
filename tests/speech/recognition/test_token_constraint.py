"""Tokens along a grammar: nothing outside it, everything inside it, with its weights."""

from __future__ import annotations

import math
import random

import pytest

from tests.speech.recognition.conftest import GrammarMaker
from voicebot.speech.moonshine.constraint import Constraint, Vocabulary
from voicebot.speech.moonshine.tokenizer import Tokenizer

ORDER = (
    "[(can i | could i) (have | get) | i'd like] [a | an | one] [large | (twelve | twenty) ounce]"
    " (mocha | latte | iced latte) [with [a little] (milk | cream)] (one | two | oh)<0-3>"
)


def _tokens_to(constraint: Constraint, vocabulary: Vocabulary, text: str) -> tuple[int, ...]:
    """Tokens that spell ``text`` exactly along the constraint, the longest first."""
    pending: list[tuple[str, int, tuple[int, ...]]] = [(text, Constraint.START, ())]
    while pending:
        rest, state, tokens = pending.pop()
        if not rest:
            return tokens
        choices = constraint.choices(state)
        following = [
            (rest[len(spelled) :], int(target), (*tokens, int(token)))
            for token, target in zip(choices.tokens, choices.targets, strict=True)
            if rest.startswith(spelled := vocabulary.spelled[token])
        ]
        pending += sorted(following, key=lambda item: -len(item[0]))
    pytest.fail(f"no tokens spell {text!r}")


@pytest.mark.parametrize("text", [ORDER, "$GARBAGE (help | [please] one oh two) $GARBAGE"])
def test_random_walks_stay_inside_the_grammar(
    grammar: GrammarMaker, vocabulary: Vocabulary, text: str
) -> None:
    active = grammar(text)
    constraint = Constraint(active.network(), vocabulary)
    chance = random.Random(5)
    ended = 0
    for _ in range(150):
        state, tokens = Constraint.START, list[int]()
        for _ in range(40):
            if constraint.end_weight(state) is not None:
                words = constraint.words(tokens)
                assert words is not None
                assert active.match_words(words) is not None
                ended += 1
            choices = constraint.choices(state)
            if not len(choices.tokens):
                break
            pick = chance.randrange(len(choices.tokens))
            tokens.append(int(choices.tokens[pick]))
            state = int(choices.targets[pick])
    assert ended > 10


@pytest.mark.parametrize(
    "sentence",
    [
        "can i have a twelve ounce iced latte",
        "mocha",
        "i'd like a mocha with a little cream",
        "mocha 12",
    ],
)
def test_every_sentence_has_a_path(
    grammar: GrammarMaker, vocabulary: Vocabulary, sentence: str
) -> None:
    constraint = Constraint(grammar(ORDER).network(), vocabulary)
    tokens = _tokens_to(constraint, vocabulary, f" {sentence}")
    assert constraint.words(tokens) is not None


def test_only_tokens_of_the_grammar_are_offered(
    grammar: GrammarMaker, vocabulary: Vocabulary, tokenizer: Tokenizer
) -> None:
    constraint = Constraint(grammar("yes | no").network(), vocabulary)
    offered = {tokenizer.piece(token).strip().lower() for token in constraint.choices(0).tokens}
    assert "yes" in offered
    assert "no" in offered
    assert not {piece for piece in offered if piece.isalpha()} - {"y", "ye", "yes", "n", "no"}


def test_end_only_where_a_sentence_ends(grammar: GrammarMaker, vocabulary: Vocabulary) -> None:
    constraint = Constraint(grammar("go [back]").network(), vocabulary)
    assert constraint.end_weight(Constraint.START) is None
    state = Constraint.START
    for token in _tokens_to(constraint, vocabulary, " go"):
        choices = constraint.choices(state)
        state = int(choices.targets[list(choices.tokens).index(token)])
    assert constraint.end_weight(state) == 0.0
    assert constraint.between_words(state)


def test_weights_of_the_grammar_reach_the_tokens(
    grammar: GrammarMaker, vocabulary: Vocabulary
) -> None:
    constraint = Constraint(grammar("/4/ yes | /1/ no").network(), vocabulary)
    totals = {}
    for word in ("yes", "no"):
        state, total = Constraint.START, 0.0
        for token in _tokens_to(constraint, vocabulary, f" {word}"):
            choices = constraint.choices(state)
            place = list(choices.tokens).index(token)
            total += float(choices.weights[place])
            state = int(choices.targets[place])
        totals[word] = total + (constraint.end_weight(state) or 0.0)
    assert totals["yes"] - totals["no"] == pytest.approx(math.log(4), abs=0.02)


def test_second_walk_finds_everything_done(grammar: GrammarMaker, vocabulary: Vocabulary) -> None:
    constraint = Constraint(grammar("yes | no").network(), vocabulary)
    first = constraint.choices(Constraint.START)
    states = len(constraint)
    assert constraint.choices(Constraint.START) is first
    assert len(constraint) == states


def test_garbage_takes_any_word_and_gives_it_back(
    grammar: GrammarMaker, vocabulary: Vocabulary
) -> None:
    constraint = Constraint(grammar("$GARBAGE help $GARBAGE").network(), vocabulary)
    tokens = _tokens_to(constraint, vocabulary, " um can you help me")
    assert constraint.words(tokens) == ("um", "can", "you", "help", "me")
    assert constraint.words(_tokens_to(constraint, vocabulary, " um can you")) is None


def test_word_of_the_grammar_is_no_garbage_where_it_may_be_either(
    grammar: GrammarMaker, vocabulary: Vocabulary
) -> None:
    constraint = Constraint(grammar("$GARBAGE help").network(), vocabulary)
    token = vocabulary.tokens[vocabulary.texts.index(" help")]
    choices = constraint.choices(Constraint.START)
    ways = {
        constraint.is_loose(int(target)): float(weight)
        for choice, weight, target in zip(
            choices.tokens, choices.weights, choices.targets, strict=True
        )
        if choice == token
    }
    assert ways[False] == 0.0 > ways[True]
