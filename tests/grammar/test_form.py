"""Sentences about several slots, and corrections."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from voicebot.grammar.active import ActiveGrammar
from voicebot.grammar.form import SlotPart, compile_form
from voicebot.grammar.phrases import Phrase, compile_phrases
from voicebot.grammar.store import GrammarStore
from voicebot.types import Json, Language

ENGLISH = Language("en-US")
WEDNESDAY = date(2026, 3, 4)


@pytest.fixture(scope="module")
def form(tmp_path_factory: pytest.TempPathFactory) -> ActiveGrammar:
    store = GrammarStore(Path(tmp_path_factory.mktemp("none")))
    kinds = compile_phrases([Phrase("refund", "R"), Phrase("exchange", "X")], ENGLISH).grammar
    slots = [
        SlotPart("number", (store.load("builtin:digits?length=4"),), ("order number",)),
        SlotPart("day", (store.load("builtin:date"),), ("day", "date")),
        SlotPart("kind", (kinds,)),
    ]
    grammar = compile_form(slots, ENGLISH, naming=True)
    assert grammar is not None
    return ActiveGrammar(grammar.key, ENGLISH, [("form", grammar)])


def meaning(form: ActiveGrammar, text: str) -> Json:
    match = form.match_words([text], WEDNESDAY)
    return match.semantics if match else None


FRIDAY, THURSDAY = "20260306", "20260305"


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("1508", {"number": "1508"}),
        ("exchange please", {"kind": "X"}),
        ("one five oh eight on Friday", {"number": "1508", "day": FRIDAY}),
        ("on Friday, 1508", {"number": "1508", "day": FRIDAY}),
        ("refund please and the order number is 1508", {"number": "1508", "kind": "R"}),
        ("Friday, refund, 1508", {"number": "1508", "kind": "R", "day": FRIDAY}),
    ],
)
def test_values_come_in_any_order(form: ActiveGrammar, text: str, filled: Json) -> None:
    assert meaning(form, text) == {"filled": filled, "denied": {}, "corrected": False}


@pytest.mark.parametrize(
    ("text", "filled", "denied"),
    [
        ("no, the fifteenth", {"day": "??????15"}, {}),
        ("no sorry I meant Friday", {"day": FRIDAY}, {}),
        ("I said exchange", {"kind": "X"}, {}),
        ("make it Friday", {"day": FRIDAY}, {}),
        ("not Thursday, Friday", {"day": FRIDAY}, {"day": THURSDAY}),
        ("not on Thursday but on Friday", {"day": FRIDAY}, {"day": THURSDAY}),
        ("Friday, not Thursday", {"day": FRIDAY}, {"day": THURSDAY}),
        ("not Thursday", {}, {"day": THURSDAY}),
        ("change the day to Friday", {"day": FRIDAY}, {"day": None}),
        ("the date is wrong", {}, {"day": None}),
        ("the order number", {}, {"number": None}),
        ("no", {}, {}),
        ("no that's not right", {}, {}),
    ],
)
def test_corrections(form: ActiveGrammar, text: str, filled: Json, denied: Json) -> None:
    assert meaning(form, text) == {"filled": filled, "denied": denied, "corrected": True}


@pytest.mark.parametrize("text", ["banana", "1508 banana", "change it", "and", "15 on Friday"])
def test_what_holds_no_value_is_no_match(form: ActiveGrammar, text: str) -> None:
    assert meaning(form, text) is None


def test_form_has_a_network_for_the_decoder(form: ActiveGrammar) -> None:
    network = form.network()
    state = network.start
    for word in ("no", "the", "fifteenth"):
        state = network.arcs(state)[word][0]
    assert network.is_final(state)


def test_nothing_to_say_is_no_grammar() -> None:
    assert compile_form([SlotPart("a", ())], ENGLISH) is None


def test_language_without_words_takes_values_in_a_row() -> None:
    german = Language("de-DE")
    parts = [compile_phrases([Phrase(word, word)], german).grammar for word in ("Rom", "Montag")]
    grammar = compile_form([SlotPart("a", (parts[0],)), SlotPart("b", (parts[1],))], german)
    assert grammar is not None
    active = ActiveGrammar(grammar.key, german, [("form", grammar)])

    match = active.match_words(["Montag", "Rom"])

    assert match is not None
    assert match.semantics == {
        "filled": {"a": "Rom", "b": "Montag"},
        "denied": {},
        "corrected": False,
    }
