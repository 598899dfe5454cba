"""``voicebot intents``, with the encoder of the tests in place of the neural one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.nlu.conftest import LABELLED, WordEncoder
from voicebot.cli import intents
from voicebot.errors import SourceError, UsageError


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VOICEBOT_SERVER__DATA", str(tmp_path / "var"))
    monkeypatch.setattr(intents, "encoder_for", lambda language: WordEncoder())
    return tmp_path


@pytest.fixture
def application(data: Path) -> Path:
    (data / "intents").mkdir()
    examples: dict[str, list[str]] = {}
    for text, name in LABELLED:
        examples.setdefault(name, []).append(text)
    outside = examples.pop("oos")
    content = {"intents": examples, "out_of_scope": outside}
    (data / "intents" / "en-US.yaml").write_text(json.dumps(content))
    return data


def run(*arguments: str) -> str:
    result = CliRunner().invoke(intents.app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_train_tells_what_it_trained(application: Path) -> None:
    told = json.loads(run("train", str(application), "--json"))
    assert (told["language"], told["intents"]) == ("en-US", 4)
    assert told["examples"] == len(LABELLED)
    assert 0 < told["threshold"] < 1


def test_train_advises_on_thin_intents(application: Path) -> None:
    file = application / "intents" / "en-US.yaml"
    content = json.loads(file.read_text())
    content["intents"]["bye"] = ["good bye then"]
    file.write_text(json.dumps(content))
    out = run("train", str(application))
    assert "intent 'bye' has only 1 example" in out
    assert "5 intents" in out


def test_train_of_a_broken_file_tells_its_place(application: Path) -> None:
    (application / "intents" / "en-US.yaml").write_text("intents:\n  one:\n")
    result = CliRunner().invoke(intents.app, ["train", str(application)])
    assert result.exit_code == 1
    assert "en-US.yaml:2:3: intent 'one' is empty" in result.stderr


def test_train_without_a_file_is_used_wrongly(data: Path) -> None:
    with pytest.raises(UsageError, match="there is no intents file"):
        run("train", str(data))


def test_explain_names_the_example(application: Path) -> None:
    out = run("explain", "please cancel my order", "--folder", str(application))
    assert 'matched because it is like "please cancel my order" (1.00)' in out
    told = json.loads(
        run("explain", "violet mountains sing", "--folder", str(application), "--json")
    )
    assert told["out_of_scope"]
    assert told["intents"] == []


def labelled_file(path: Path, entries: object) -> Path:
    path.write_text(json.dumps(entries))
    return path


def test_eval_prints_the_agreed_figures(data: Path) -> None:
    train = labelled_file(data / "train.json", LABELLED)
    test = labelled_file(data / "test.json", [*LABELLED[:10], ["violet mountains sing", "oos"]])
    figures = json.loads(run("eval", "--train", str(train), "--test", str(test), "--json"))
    assert figures["accuracy"] == 1.0
    assert figures["in_scope_accuracy"] == 1.0
    assert figures["oos_recall"] == 1.0
    assert figures["oos_precision"] == 1.0
    assert figures["ms_per_utterance"] > 0


def test_eval_for_people_shows_what_is_confused(data: Path) -> None:
    train = labelled_file(data / "train.json", LABELLED)
    test = labelled_file(data / "test.json", [["please cancel my order", "hours"]] * 2)
    out = run("eval", "--train", str(train), "--test", str(test))
    assert "hours -> cancel  2  'please cancel my order'" in out
    assert "advice: hours is taken for cancel 2 times" in out


@pytest.mark.parametrize(
    "text, said",
    [
        ("[", "train.json:1:2: is not JSON"),
        ("{}", "is not a list of [text, intent]"),
        ("[]", "is not a list of [text, intent]"),
        ('[["a", "b"], ["c"]]', "entry 2 is not [text, intent]"),
        ('[["a", " "]]', "entry 1 is not [text, intent]"),
    ],
)
def test_files_of_another_shape_are_told(data: Path, text: str, said: str) -> None:
    path = data / "train.json"
    path.write_text(text)
    with pytest.raises(SourceError) as raised:
        intents.read_labelled(path)
    assert said in str(raised.value)
