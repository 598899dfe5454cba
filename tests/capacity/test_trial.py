"""What is measured; not how fast this machine is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from voicebot.application import Application, load_application
from voicebot.capacity import trial
from voicebot.config import Settings
from voicebot.errors import UsageError
from voicebot.turns.vad import VoiceActivityDetector
from voicebot.types import Language, Samples

ROOT = Path(__file__).parents[2]


class Hum:
    """A `Synthesizer` of one tone."""

    voice = "hum"
    language = Language("en-US")

    def __init__(self) -> None:
        self.said: list[str] = []

    def synthesize(self, text: str, rate: int) -> Samples:
        self.said.append(text)
        return np.full(rate // 10, 1000, np.int16)


@pytest.fixture
def application(tmp_path: Path) -> Application:
    return load_application(Settings(server={"application": ROOT, "data": tmp_path}))


def test_answers_are_sentences_of_the_questions_grammars(application: Application) -> None:
    voice = Hum()
    said = trial.answers(application, voice)
    assert len(said) == len(voice.said) >= 6
    held = [
        answer.grammar.match_words(text.split())
        for answer, text in zip(said, voice.said, strict=True)
    ]
    assert all(held)
    assert len({answer.grammar.key for answer in said}) > 1


def test_application_without_questions_cannot_be_measured(tmp_path: Path) -> None:
    flows = tmp_path / "flows"
    flows.mkdir()
    (flows / "main.yaml").write_text(
        "language: en-US\nstart: end\nsteps:\n  end:\n    say: Goodbye.\n    hangup: auto\n"
    )
    silent = load_application(Settings(server={"application": tmp_path, "data": tmp_path / "var"}))
    with pytest.raises(UsageError, match="no question"):
        trial.answers(silent, Hum())


def test_only_the_applications_own_prompts_are_spoken(application: Application) -> None:
    voice = Hum()
    assert trial.speech_cost(voice, application, 0.0) >= 0.0
    assert voice.said


async def test_every_line_of_the_audio_trial_hears_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard: list[bool] = []
    monkeypatch.setattr(
        VoiceActivityDetector, "feed", lambda self, samples: heard.append(samples.any())
    )
    cost = await trial.frame_cost(np.full(800, 5000, np.int16), 0.4)
    assert cost > 0
    assert any(heard)


def test_memory_is_told_in_megabytes() -> None:
    assert 5 < trial.resident_mb() < 20_000
    assert trial.free_mb() > trial.resident_mb() / 1000
