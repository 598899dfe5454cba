"""The intents of an application: found by language, trained once, away from the process."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.nlu.conftest import LABELLED, WordEncoder
from voicebot.document import Place
from voicebot.errors import ModelError
from voicebot.nlu.embeddings import Encoder
from voicebot.nlu.intent_set import Example, Intent, IntentSet
from voicebot.nlu.library import (
    NO_INTENTS,
    IntentLibrary,
    closest,
    missing_slot_grammars,
    names_of,
    read_library,
)
from voicebot.nlu.store import ModelStore
from voicebot.types import Language

ENGLISH, CHINESE = Language("en-US"), Language("zh-CN")


def examples(name: str) -> tuple[Example, ...]:
    return tuple(Example(text) for text, label in LABELLED if label == name)


SET = IntentSet(ENGLISH, tuple(Intent(name, examples(name)) for name in ("cancel", "hours")))


@pytest.mark.parametrize(
    ("wanted", "known", "found"),
    [
        ("en-US", ["en-GB", "en-US"], "en-US"),
        ("en-AU", ["zh-CN", "en-GB", "en-US"], "en-GB"),
        ("EN", ["en-GB"], "en-GB"),
        ("fr-FR", ["en-GB"], None),
        ("en", [], None),
    ],
)
def test_closest_language(wanted: str, known: list[str], found: str | None) -> None:
    assert closest(Language(wanted), [Language(each) for each in known]) == found


def test_model_is_trained_once_and_kept(tmp_path: Path) -> None:
    encoder = WordEncoder()
    library = IntentLibrary([SET], tmp_path, lambda language: encoder)

    first = library.understand("please cancel my order", ENGLISH)
    encoded = encoder.encoded
    again = library.understand("please cancel my order", ENGLISH)
    other = IntentLibrary([SET], tmp_path, lambda language: encoder)

    assert first == again == other.understand("please cancel my order", ENGLISH)
    assert encoder.encoded == encoded + 2  # the two texts, and no example


def test_language_that_nobody_listens_in_is_not_trained(tmp_path: Path) -> None:
    def refuse(language: Language) -> Encoder:
        raise AssertionError(language)

    IntentLibrary([SET], tmp_path, refuse).make_ready([CHINESE])


def test_encoder_that_is_absent_is_told(tmp_path: Path) -> None:
    def absent(language: Language) -> Encoder:
        raise ModelError("minilm", "is not installed")

    with pytest.raises(ModelError, match="is not installed"):
        IntentLibrary([SET], tmp_path, absent).make_ready([ENGLISH])


def test_training_ahead_is_done_in_another_process(tmp_path: Path) -> None:
    encoder_of_demo = IntentLibrary([SET], tmp_path)
    encoder_of_demo.make_ready([ENGLISH])

    assert len(list(tmp_path.glob("*.model"))) == 1
    found = encoder_of_demo.understand("please cancel my order", ENGLISH)
    assert found is not None
    assert [intent.name for intent in found.intents] == ["cancel"]


def test_where_no_other_process_can_train_this_one_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object) -> None:
        raise OSError("no more processes")

    monkeypatch.setattr("voicebot.nlu.library.ProcessPoolExecutor", broken)
    library = IntentLibrary([SET], tmp_path, lambda language: WordEncoder())
    library.make_ready([ENGLISH])

    assert ModelStore(tmp_path).holds(list(SET.labelled()), ENGLISH, WordEncoder())


def test_application_without_intents_understands_nothing() -> None:
    assert NO_INTENTS.understand("please cancel my order", ENGLISH) is None
    assert NO_INTENTS.languages == ()


def test_files_of_an_application_are_read_and_their_faults_told(tmp_path: Path) -> None:
    (tmp_path / "intents").mkdir()
    (tmp_path / "intents" / "en-US.yaml").write_text(
        "intents: {a: {examples: [x, y], slots: {n: number}}, b: [z]}"
    )
    (tmp_path / "intents" / "fr-FR.yaml").write_text("intents: {a: [x], b: [x]}")

    library, problems = read_library(tmp_path, tmp_path / "data")

    assert library.languages == (ENGLISH,)
    assert [str(each).rpartition("/")[2] for each in problems] == [
        "fr-FR.yaml:1:23: 'x' is an example of 'b' and of 'a' (line 1). "
        "Keep it in the one that is meant."
    ]
    assert names_of(library, [ENGLISH, Language("fr-FR")]) == {ENGLISH: ["a", "b"]}
    (english,) = library.used_in([Language("en-GB"), ENGLISH])
    (missing,) = missing_slot_grammars(english, ["numbers"])
    assert "grammar 'number' does not exist. Did you mean 'numbers'?" in str(missing)


def test_grammar_of_a_language_is_there_where_the_common_one_is() -> None:
    slots = {"a": "zh-CN/number", "b": "zh-CN/other", "c": "builtin:date", "d": ""}
    intent = Intent("order", (), slots=slots, place=Place("intents/zh-CN.yaml", 1, 1))
    chinese = IntentSet(CHINESE, (intent,))

    (missing,) = missing_slot_grammars(chinese, ["number"])

    assert "grammar 'zh-CN/other' does not exist" in str(missing)
