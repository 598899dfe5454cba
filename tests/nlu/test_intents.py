from __future__ import annotations

import pytest

from tests.nlu.conftest import LABELLED, WordEncoder
from voicebot.errors import UsageError
from voicebot.nlu.intents import MOST_CHARACTERS, IntentModel, clean
from voicebot.nlu.training import train_model
from voicebot.types import Language


def names(model: IntentModel, text: str) -> list[str]:
    return [intent.name for intent in model.understand(text).intents]


def test_words_in_another_order_mean_the_same(model: IntentModel) -> None:
    assert names(model, "my order, please cancel it") == ["cancel"]


def test_understanding_names_the_example_it_is_like(model: IntentModel) -> None:
    found = model.understand("i would really like to cancel my order").intents[0]
    assert found.because == "i would like to cancel my order"
    assert 0.5 < found.likeness <= 1
    assert 0 <= found.confidence <= 1


def test_what_no_intent_means_is_out_of_scope_with_a_guess(model: IntentModel) -> None:
    found = model.understand("the moon shines over purple mountains tonight")
    assert found.out_of_scope
    assert found.guess is not None
    assert found.guess.name in model.names


def test_two_wishes_in_one_sentence_are_two_intents(model: IntentModel) -> None:
    text = "cancel my order and i want to know when you open"
    found = model.understand(text)
    assert [intent.name for intent in found.intents] == ["cancel", "hours"]
    said = [found.text[intent.start : intent.end] for intent in found.intents]
    assert said == ["cancel my order", "i want to know when you open"]


def test_the_same_wish_twice_is_one_intent(model: IntentModel) -> None:
    assert names(model, "cancel my order and please cancel it all") == ["cancel"]


@pytest.mark.parametrize("text", ["", "   ", "...!?", "\x00\x1b[;", "😀👍🏽", "\u200b\u202e"])
def test_text_without_words_is_out_of_scope(model: IntentModel, text: str) -> None:
    found = model.understand(text)
    assert found.out_of_scope
    assert found.guess is None


def test_emoji_and_control_characters_do_not_hide_what_is_said(model: IntentModel) -> None:
    assert names(model, "please\x00 cancel\x1b my \u202eorder 😡😡") == ["cancel"]


def test_five_hundred_words_are_read_within_bounds(model: IntentModel) -> None:
    found = model.understand("cancel my order and then " + "well you know " * 500)
    assert len(found.text) <= MOST_CHARACTERS + 1
    assert len(found.intents) <= 4


def test_mixed_languages_do_no_harm(model: IntentModel) -> None:
    found = model.understand("please cancel my order 谢谢 спасибо")
    assert [intent.name for intent in found.intents] in (["cancel"], [])


def test_lone_surrogates_do_no_harm(model: IntentModel) -> None:
    model.understand("please cancel \ud800 my order")


def test_training_is_the_same_every_time(model: IntentModel) -> None:
    again = train_model(LABELLED, Language("en-US"), WordEncoder())
    text = "i want my money"
    assert again.understand(text) == model.understand(text)


def test_one_intent_alone_can_be_trained() -> None:
    labelled = [(text, name) for text, name in LABELLED if name == "cancel"]
    model = train_model(labelled, Language("en-US"), WordEncoder())
    assert model.classify(["cancel my order"])[0].name == "cancel"


def test_one_example_for_each_intent_can_be_trained() -> None:
    labelled = [("cancel my order", "cancel"), ("when do you open", "hours")]
    model = train_model(labelled, Language("en-US"), WordEncoder())
    assert model.classify(["cancel the order"])[0].name == "cancel"


def test_training_on_nothing_says_so() -> None:
    with pytest.raises(UsageError, match="no example"):
        train_model([("play music", "oos")], Language("en-US"), WordEncoder())


def test_cleaning_keeps_the_beginning_and_the_end() -> None:
    text = clean("begin " + "x" * 5_000 + " end")
    assert text.startswith("begin")
    assert text.endswith("end")
