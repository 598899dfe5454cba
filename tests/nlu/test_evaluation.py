from __future__ import annotations

import pytest

from tests.nlu.conftest import LABELLED, WordEncoder
from voicebot.errors import UsageError
from voicebot.nlu.evaluation import advice, doubtful_examples, evaluate
from voicebot.nlu.intents import IntentModel
from voicebot.nlu.training import train_model
from voicebot.types import Language


def test_shares_count_refusals_as_they_should(model: IntentModel) -> None:
    test = [
        ("please cancel my order", "cancel"),
        ("please cancel my order", "hours"),
        ("violet mountains sing over there", "oos"),
        ("i want to cancel my order", "oos"),
    ]
    found = evaluate(model, test)
    assert found.texts == 4
    assert found.accuracy == 0.5
    assert found.in_scope_accuracy == 0.5
    assert found.oos_recall == 0.5
    assert found.oos_precision == 1.0
    assert found.ms_per_utterance > 0
    assert [(each.meant, each.taken, each.count) for each in found.confusions] == [
        ("hours", "cancel", 1),
        ("oos", "cancel", 1),
    ]


def test_without_out_of_scope_texts_there_is_no_recall(model: IntentModel) -> None:
    found = evaluate(model, [("please cancel my order", "cancel")])
    assert (found.oos_recall, found.oos_precision) == (None, None)


def test_an_empty_test_is_refused(model: IntentModel) -> None:
    with pytest.raises(UsageError):
        evaluate(model, [])


def test_a_misplaced_example_is_pointed_out() -> None:
    labelled = [*LABELLED, ("now i want to cancel my order", "agent")]
    model = train_model(labelled, Language("en-US"), WordEncoder())
    doubts = doubtful_examples(model)
    assert ("now i want to cancel my order", "agent", "cancel") in [
        (doubt.text, doubt.intent, doubt.other) for doubt in doubts
    ]


def test_advice_names_contradictions_and_lonely_intents(model: IntentModel) -> None:
    labelled = [*LABELLED, ("Please cancel my order!", "agent"), ("good bye", "bye")]
    told = advice(labelled, model, None)
    assert "'Please cancel my order!' is an example of cancel and of agent: keep it in one" in told
    assert "bye: only 1 example; give 10 or more" in told
    assert not any("out-of-scope" in each for each in told)


def test_advice_names_intents_that_are_confused(model: IntentModel) -> None:
    found = evaluate(model, [("please cancel my order", "hours")] * 2)
    told = advice(LABELLED, model, found)
    assert any(each.startswith("hours is taken for cancel 2 times") for each in told)
