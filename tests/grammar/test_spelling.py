"""Typed sentences with slips in them."""

from __future__ import annotations

import pytest

from voicebot.grammar.network import GrammarNetwork
from voicebot.grammar.phrases import Phrase, compile_phrases
from voicebot.grammar.spelling import respell
from voicebot.types import Language

SENTENCES = ("order status", "opening hours", "start a return", "no", "yes", "gate 12", "gate 14")


@pytest.fixture(scope="module")
def network() -> GrammarNetwork:
    phrases = [Phrase(sentence, sentence) for sentence in SENTENCES]
    return GrammarNetwork([compile_phrases(phrases, Language("en-US"), "menu").grammar])


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ordr status", "order status"),
        ("OPENNING HOURS!", "opening hours"),
        ("opening huors", "opening hours"),
        ("strat a retrun", "start a return"),
        ("yse", "yes"),
    ],
)
def test_a_slip_of_the_pen_is_forgiven(network: GrammarNetwork, typed: str, meant: str) -> None:
    found = respell(network, typed, "en-US")
    assert [" ".join(each.words) for each in found] == [meant]
    assert 0.6 < found[0].likeness < 1


@pytest.mark.parametrize(
    "typed", ["", "on", "ni", "gate 13", "weather forecast", "status order", "order", "a " * 50]
)
def test_what_is_not_near_is_nothing(network: GrammarNetwork, typed: str) -> None:
    assert respell(network, typed, "en-US") == ()


def test_what_may_be_two_things_is_both(network: GrammarNetwork) -> None:
    phrases = [Phrase("bred", 1), Phrase("brad", 2)]
    two = GrammarNetwork([compile_phrases(phrases, Language("en-US"), "two").grammar])
    assert {each.words for each in respell(two, "brod", "en-US")} == {("bred",), ("brad",)}


def test_a_line_without_end_is_not_searched(network: GrammarNetwork) -> None:
    assert respell(network, "ordr " * 10_000, "en-US") == ()
