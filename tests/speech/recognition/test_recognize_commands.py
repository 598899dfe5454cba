"""``voicebot recognize`` and ``voicebot transcribe``, as a user calls them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import typer
from typer.testing import CliRunner

from tests.speech.recognition.conftest import Speaker
from voicebot.cli.recognize import recognize
from voicebot.cli.transcribe import transcribe
from voicebot.errors import GrammarError, UsageError

pytestmark = pytest.mark.model

DIGIT = Path(__file__).parents[3] / "benchmarks/grammars/digit.gram"

app = typer.Typer()
app.command("recognize")(recognize)
app.command("transcribe")(transcribe)


@pytest.fixture
def recording(tmp_path: Path, say: Speaker) -> Path:
    file = tmp_path / "seven.wav"
    soundfile.write(file, say(["digits/7"]), 8000)
    return file


def test_recognize_prints_a_json_object_for_each_file(recording: Path, tmp_path: Path) -> None:
    silence = tmp_path / "silence.flac"
    soundfile.write(silence, np.zeros(8000, np.int16), 8000)
    names = tmp_path / "names.txt"
    names.write_text(f"{silence}\n\n")
    command = ["recognize", str(recording), "--grammar", str(DIGIT), "--list", str(names), "--json"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0
    first, second = (json.loads(line) for line in result.stdout.splitlines())
    assert (first["file"], first["match"], first["text"]) == (str(recording), True, "seven")
    assert first["semantics"] == "7"
    assert 0.5 < first["confidence"] <= 1
    assert first["audio_seconds"] == pytest.approx(1.22, abs=0.05)
    assert (second["match"], second["text"], second["nbest"]) == (False, "", [])


def test_unusable_file_is_reported_and_the_others_go_on(recording: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF nonsense")
    command = ["recognize", str(broken), str(recording), "--grammar", str(DIGIT), "--telephone"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1
    assert f"{broken}: cannot be read as audio" in result.stderr
    assert result.stdout.startswith(f"{recording}: seven")


def test_transcribe_writes_what_was_said(recording: Path) -> None:
    result = CliRunner().invoke(app, ["transcribe", str(recording), "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["words"] == ["seven"]


def test_built_in_grammar_by_name(recording: Path) -> None:
    command = ["recognize", str(recording), "--grammar", "builtin:digits?length=1", "--json"]
    result = CliRunner().invoke(app, command)
    assert json.loads(result.stdout)["match"]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--grammar", str(DIGIT)], "no file to hear"),
        (["a.wav", "--grammar", str(DIGIT), "--engine", "parrot"], "unknown engine"),
        (["--grammar", str(DIGIT), "--list", "absent.txt"], "absent.txt: cannot be read"),
    ],
)
def test_wrong_use_says_what_is_wrong(options: list[str], problem: str) -> None:
    result = CliRunner().invoke(app, ["recognize", *options])
    assert isinstance(result.exception, UsageError)
    assert problem in str(result.exception)


def test_missing_grammar_is_named(recording: Path) -> None:
    result = CliRunner().invoke(app, ["recognize", str(recording), "--grammar", "absent.gram"])
    assert isinstance(result.exception, GrammarError)
    assert "absent.gram" in str(result.exception)
