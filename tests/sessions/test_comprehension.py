"""What words mean at a question: grammars first, then near items, then intents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.nlu.conftest import LABELLED, WordEncoder
from tests.sessions.conftest import AtOnce
from voicebot.errors import ModelError
from voicebot.flows.commands import Listen, ListGrammar, WantedIntents
from voicebot.flows.events import INTENTS_GRAMMAR, FlowEvent, InputMatched, NoMatch
from voicebot.grammar.store import GrammarStore
from voicebot.nlu.embeddings import Encoder
from voicebot.nlu.intent_set import OUT_OF_SCOPE, Example, Intent, IntentSet
from voicebot.nlu.library import IntentLibrary
from voicebot.sessions.comprehension import Comprehension
from voicebot.sessions.grammars import ListenGrammars
from voicebot.types import Json, Language, Mode

ENGLISH = Language("en-US")
NUMBER = """#ABNF 1.0;
language en-US; tag-format <semantics/1.0>; root $a;
$a = $d {out.number = rules.d} $d {out.number += rules.d};
$d = one {out = "1"} | two {out = "2"} | three {out = "3"};
"""
FRUIT = "#ABNF 1.0;\nlanguage en-US; root $a;\n$a = apple | pear;\n"
ANYTHING = Listen(("fruit",), intents=WantedIntents(ENGLISH))
NAMES = ("cancel", "hours", "agent", "refund")


@pytest.fixture(scope="session")
def intents() -> IntentSet:
    def examples(name: str) -> tuple[Example, ...]:
        return tuple(Example(text) for text, label in LABELLED if label == name)

    return IntentSet(
        ENGLISH,
        (
            Intent("cancel", examples("cancel"), "a cancellation", {"number": "number"}),
            *(Intent(name, examples(name)) for name in NAMES[1:]),
        ),
        examples(OUT_OF_SCOPE),
    )


@pytest.fixture(scope="session")
def library(intents: IntentSet, tmp_path_factory: pytest.TempPathFactory) -> IntentLibrary:
    models = tmp_path_factory.mktemp("models")
    return IntentLibrary([intents], models, lambda language: WordEncoder())


@pytest.fixture
def grammars(tmp_path: Path) -> ListenGrammars:
    (tmp_path / "fruit.gram").write_text(FRUIT)
    (tmp_path / "number.gram").write_text(NUMBER)
    return ListenGrammars(GrammarStore(tmp_path), executor=AtOnce())


Line = Callable[..., FlowEvent]


@pytest.fixture
def line(grammars: ListenGrammars, library: IntentLibrary) -> Line:
    comprehension = Comprehension(grammars, library, AtOnce())

    def understand(text: str, listen: Listen = ANYTHING) -> FlowEvent:
        return comprehension.line_now(text, listen, Mode.TEXT, date(2026, 11, 22))

    return understand


def meaning(event: FlowEvent) -> dict[str, Json]:
    assert isinstance(event, InputMatched), event
    assert isinstance(event.heard.semantics, dict)
    return event.heard.semantics


def test_grammar_goes_first(line: Line) -> None:
    event = line("pear")
    assert isinstance(event, InputMatched)
    assert (event.heard.semantics, event.heard.grammar) == ("pear", "fruit")


def test_what_no_grammar_holds_is_an_intent_with_its_reason(line: Line) -> None:
    event = line("please cancel my order")
    assert isinstance(event, InputMatched)
    assert event.heard.grammar == INTENTS_GRAMMAR
    assert event.heard.text == "please cancel my order"
    assert 0 < event.heard.confidence <= 1
    assert meaning(event) == {
        "intent": "cancel",
        "response": "a cancellation",
        "text": "please cancel my order",
        "because": "please cancel my order",
    }


def test_sentence_fills_the_slots_of_its_intent(line: Line) -> None:
    assert meaning(line("please cancel my order two three"))["number"] == "23"


def test_several_intents_come_in_the_order_they_were_said(line: Line) -> None:
    found = meaning(line("please cancel my order and can you get my money back"))
    assert found["intent"] == "cancel"
    assert isinstance(found["more"], list)
    (more,) = found["more"]
    assert isinstance(more, dict)
    assert (more["intent"], more["text"]) == ("refund", "can you get my money back")
    assert isinstance(more["confidence"], float)


def test_slots_of_each_intent_come_from_its_own_words_first(line: Line) -> None:
    found = meaning(line("please cancel my order one one, and please cancel it all two two"))
    assert found["number"] == "11"


def test_out_of_scope_stays_a_nomatch_with_its_words(line: Line) -> None:
    assert line("a feeding cat plays a flight of bread") == NoMatch(
        "a feeding cat plays a flight of bread"
    )


def test_intents_that_are_not_asked_for_do_not_count(line: Line) -> None:
    listen = replace(ANYTHING, intents=WantedIntents(ENGLISH, ("hours",)))
    assert isinstance(line("please cancel my order", listen), NoMatch)


def test_unsure_intents_do_not_count_where_one_must_be_sure(line: Line) -> None:
    listen = replace(ANYTHING, intents=WantedIntents(ENGLISH, least=1.01))
    assert isinstance(line("please cancel my order", listen), NoMatch)


def test_question_without_intents_understands_none(line: Line) -> None:
    assert isinstance(line("please cancel my order", Listen(("fruit",))), NoMatch)


def test_language_without_intents_understands_none(line: Line) -> None:
    listen = replace(ANYTHING, intents=WantedIntents(Language("fi-FI")))
    assert isinstance(line("please cancel my order", listen), NoMatch)


def test_another_kind_of_the_language_is_served_too(line: Line) -> None:
    listen = replace(ANYTHING, intents=WantedIntents(Language("en-GB")))
    assert meaning(line("please cancel my order", listen))["intent"] == "cancel"


def test_item_that_is_near_goes_before_intents(line: Line) -> None:
    items = ListGrammar((("please cancel my ordeal", 7),), ENGLISH, near=True)
    event = line("please cancel my order", Listen((items,), intents=WantedIntents(ENGLISH)))
    assert isinstance(event, InputMatched)
    assert event.heard.semantics == 7


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \t\n",
        "\x00\x07\x1b[31m",
        "😀👍🏽🎉",
        "?!…",
        "word " * 500,
        "取消我的订单",
        "\u202e\u200b\ufeff",
        "{intent: cancel}",
    ],
)
def test_strange_text_is_a_nomatch_and_never_an_error(line: Line, text: str) -> None:
    assert line(text) == NoMatch(text)


@pytest.mark.parametrize(
    "text",
    [
        "please 😀 cancel my order 👍🏽",
        "please\x00 cancel\x07 my\x1b order",
        "PLEASE, CANCEL MY ORDER!!!",
        "  please   cancel my order\n\n",
        "please cancel my order 谢谢",
    ],
)
def test_words_are_understood_between_what_is_none(line: Line, text: str) -> None:
    assert meaning(line(text))["intent"] == "cancel"


def test_grammar_of_a_slot_that_is_gone_costs_the_slot_alone(
    intents: IntentSet, library: IntentLibrary, tmp_path: Path
) -> None:
    (tmp_path / "fruit.gram").write_text(FRUIT)
    comprehension = Comprehension(ListenGrammars(GrammarStore(tmp_path)), library, AtOnce())
    with capture_logs() as logs:
        event = comprehension.line_now("please cancel my order two three", ANYTHING)
    assert "number" not in meaning(event)
    assert logs[0]["event"] == "slot_not_looked_for"
    assert "two three" not in str(logs)


def test_encoder_that_is_absent_makes_a_nomatch(
    intents: IntentSet, grammars: ListenGrammars, tmp_path: Path
) -> None:
    def absent(language: Language) -> Encoder:
        raise ModelError("minilm", "is not installed")

    comprehension = Comprehension(grammars, IntentLibrary([intents], tmp_path, absent), AtOnce())
    with capture_logs() as logs:
        event = comprehension.line_now("please cancel my order", ANYTHING)
    assert event == NoMatch("please cancel my order")
    assert [entry["event"] for entry in logs] == ["intents_not_understood"]


async def test_free_words_of_a_call_are_understood_off_the_loop(
    grammars: ListenGrammars, library: IntentLibrary
) -> None:
    comprehension = Comprehension(grammars, library)
    event = await comprehension.free_words(NoMatch("please cancel my order"), ANYTHING, Mode.SPEECH)
    assert isinstance(event, InputMatched)
    assert event.heard.mode is Mode.SPEECH
    assert (await comprehension.line("pear", ANYTHING)) != NoMatch("pear")
    comprehension.close()


async def test_words_that_take_too_long_are_not_understood(
    grammars: ListenGrammars, library: IntentLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicebot.sessions.comprehension.FIRST_WITHIN_S", 0)
    comprehension = Comprehension(grammars, library)
    missed = NoMatch("please cancel my order")
    with capture_logs() as logs:
        assert await comprehension.free_words(missed, ANYTHING, Mode.SPEECH) is missed
    assert [entry["event"] for entry in logs] == ["words_not_understood_in_time"]
    comprehension.close()


def test_explanation_names_the_nearest_example(
    grammars: ListenGrammars, library: IntentLibrary
) -> None:
    comprehension = Comprehension(grammars, library, AtOnce())
    found = comprehension.explain("please cancel my order", ANYTHING)
    assert found is not None
    assert found.intents[0].because == "please cancel my order"
    assert comprehension.explain("please cancel my order", Listen(("fruit",))) is None
