"""``voicebot say``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import soundfile
import typer
from typer.testing import CliRunner

from voicebot.cli.say import say
from voicebot.errors import AudioError, UsageError

pytestmark = pytest.mark.model

app = typer.Typer()
app.command()(say)
ESPEAK = ("--engine", "pyttsx3")


def test_a_text_becomes_a_telephone_sound_file(tmp_path: Path) -> None:
    file = tmp_path / "out.wav"
    result = CliRunner().invoke(app, ["Press 1. Thanks.", "-o", str(file), *ESPEAK, "--json"])
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    samples, rate = soundfile.read(file)
    assert (report["file"], report["rate"], rate) == (str(file), 8000, 8000)
    assert report["audio_seconds"] == pytest.approx(len(samples) / rate, abs=0.01)
    assert 0.5 < report["audio_seconds"] < 5


def test_rate_and_language_can_be_chosen(tmp_path: Path) -> None:
    file = tmp_path / "out.flac"
    options = [*ESPEAK, "--rate", "16000", "--language", "de-DE"]
    result = CliRunner().invoke(app, ["Guten Tag", "-o", str(file), *options])
    assert result.exit_code == 0
    assert "espeak-ng/de-DE" in result.stdout
    assert soundfile.info(file).samplerate == 16_000


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["", "-o", "a.wav"], "nothing to say"),
        (["...", "-o", "a.wav", *ESPEAK], "nothing in the text"),
        (["Hi", "-o", "a.wav", "--engine", "festival"], "no synthesis engine 'festival'"),
        (["Hi", "-o", "a.words", *ESPEAK], "unknown kind of sound file"),
    ],
)
def test_wrong_use_is_explained(
    arguments: list[str], problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=problem):
        CliRunner().invoke(app, arguments, catch_exceptions=False)


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    file = tmp_path / "no" / "such" / "folder.wav"
    with pytest.raises(AudioError, match=r"folder\.wav: cannot be written"):
        CliRunner().invoke(app, ["Hi", "-o", str(file), *ESPEAK], catch_exceptions=False)
