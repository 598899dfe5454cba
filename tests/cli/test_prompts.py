"""``voicebot prompts``, with a voice that only hums."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from voicebot.cli import prompts
from voicebot.errors import ModelError
from voicebot.speech.cache import FOLDER
from voicebot.types import Language, Samples

FLOW = """\
language: en-US
start: hello
steps:
  hello:
    say: "Welcome. You called from {caller|digits}. Goodbye."
    next: end
  end:
    hangup: self_served
"""


class Hum:
    voice = "hum/1"
    language = Language("en-US")

    def __init__(self) -> None:
        self.texts: list[str] = []

    def synthesize(self, text: str, rate: int) -> Samples:
        self.texts.append(text)
        return np.ones(rate // 10, dtype=np.int16)


@pytest.fixture
def hum(monkeypatch: pytest.MonkeyPatch) -> Hum:
    voice = Hum()
    monkeypatch.setattr(prompts, "load_synthesizer", lambda *_settings: voice)
    return voice


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "main.yaml").write_text(FLOW)
    monkeypatch.setenv("VOICEBOT_SERVER__DATA", str(tmp_path / "var"))
    monkeypatch.setenv("VOICEBOT_WEBRTC__ENABLED", "false")
    monkeypatch.chdir(tmp_path)
    return tmp_path


SENTENCES = 6
"""Two of the flow, four of voicebot's own last words."""


def build(*options: str) -> tuple[int, dict[str, object]]:
    result = CliRunner().invoke(prompts.app, ["build", "--json", *options], catch_exceptions=False)
    return result.exit_code, json.loads(result.stdout)


def test_build_renders_what_is_the_same_in_every_call(shop: Path, hum: Hum) -> None:
    status, report = build()
    assert status == 0
    assert hum.texts[:2] == ["Welcome.", "Goodbye."]
    assert "Please call again shortly." in hum.texts
    assert (report["rendered"], report["already_there"]) == (SENTENCES, 0)
    assert len(list((shop / "var" / FOLDER).iterdir())) == SENTENCES


def test_a_second_build_has_nothing_to_do(shop: Path, hum: Hum) -> None:
    build()
    hum.texts.clear()
    assert build()[1]["already_there"] == SENTENCES
    assert hum.texts == []


def test_only_the_rates_asked_for_are_rendered(shop: Path, hum: Hum) -> None:
    _, report = build("--rate", "16000")
    assert report["rendered"] == SENTENCES


def test_the_rates_of_all_doors_are_rendered_and_only_the_widest_is_spoken(
    shop: Path, hum: Hum, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICEBOT_WEBRTC__ENABLED", "true")
    build()
    assert len(hum.texts) == len(set(hum.texts)) == SENTENCES


def test_a_recording_needs_no_rendering(shop: Path, hum: Hum) -> None:
    folder = shop / "audio" / "en-US"
    folder.mkdir(parents=True)
    soundfile.write(folder / "welcome.wav", np.sin(np.arange(8000) / 9) / 4, 8000)
    _, report = build()
    assert hum.texts[0] == "Goodbye."
    assert "Welcome." not in hum.texts
    assert report["unusable_recordings"] == []


def test_an_unusable_recording_is_reported_and_spoken(shop: Path, hum: Hum) -> None:
    folder = shop / "audio" / "en-US"
    folder.mkdir(parents=True)
    (folder / "welcome.wav").write_bytes(b"no sound")
    result = CliRunner().invoke(prompts.app, ["build"])
    assert result.exit_code == 1
    assert "welcome.wav: cannot be read as audio" in result.stderr
    assert hum.texts[:2] == ["Welcome.", "Goodbye."]


def test_every_language_is_rendered_by_the_voice_that_speaks_it(
    shop: Path, hum: Hum, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, Language]] = []

    def load(engine: str, voice: str, language: Language) -> Hum:
        asked.append((engine, language))
        return hum

    monkeypatch.setattr(prompts, "load_synthesizer", load)
    german = FLOW.replace("en-US", "de-DE").replace("Welcome", "Willkommen")
    (shop / "flows" / "german.yaml").write_text(german)

    _, report = build()

    assert "Willkommen." in hum.texts
    assert asked == [("piper", "en-US"), ("pyttsx3", "de-DE")]
    assert report["rendered"] == 2 * SENTENCES


def test_a_language_that_nothing_speaks_is_told_and_costs_the_others_nothing(
    shop: Path, hum: Hum, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(engine: str, voice: str, language: Language) -> Hum:
        if language == "de-DE":
            raise ModelError("espeak-ng", "has no such voice")
        return hum

    monkeypatch.setattr(prompts, "load_synthesizer", load)
    (shop / "flows" / "german.yaml").write_text(FLOW.replace("en-US", "de-DE"))

    result = CliRunner().invoke(prompts.app, ["build"])

    assert result.exit_code == 0
    assert f"{SENTENCES} rendered" in result.stdout
    assert "nothing rendered in de-DE: espeak-ng" in result.stderr


def test_answers_and_the_announcement_are_rendered_too(
    shop: Path, hum: Hum, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICEBOT_CALLS__ANNOUNCEMENT", "All calls are free.")
    (shop / "knowledge" / "en-US").mkdir(parents=True)
    (shop / "knowledge" / "en-US" / "shop.md").write_text("# When do you open?\n\nAt nine sharp.\n")
    (shop / "flows" / "main.yaml").write_text(
        FLOW.replace("next: end", "next: ask", 1)
        + "  ask:\n    answer: '{caller|digits}'\n    next: end\n"
    )

    build()

    assert {"All calls are free.", "At nine sharp."} <= set(hum.texts)


def test_list_says_how_a_recording_of_each_sentence_is_called(shop: Path) -> None:
    result = CliRunner().invoke(prompts.app, ["list", "--json"], catch_exceptions=False)
    entries = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(entry["text"], entry["file"], entry["recorded"]) for entry in entries][:2] == [
        ("Welcome.", "audio/en-US/welcome.wav", False),
        ("Goodbye.", "audio/en-US/goodbye.wav", False),
    ]
