"""Which engines the settings give each language, and how calls share them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from voicebot.config import Settings, load_settings
from voicebot.engines import SpeechEngines
from voicebot.errors import ModelError, SpeechError
from voicebot.grammar.active import ActiveGrammar
from voicebot.grammar.phrases import compile_phrases
from voicebot.speech.wire import MOONSHINE, PIPER, PYTTSX3, VOSK
from voicebot.speech.workers import WorkerPool
from voicebot.types import Language

ENGLISH, BRITISH, KOREAN = Language("en-US"), Language("en-GB"), Language("ko-KR")


def settings(tmp_path: Path, toml: str) -> Settings:
    file = tmp_path / "voicebot.toml"
    file.write_text(toml)
    return load_settings(file, {"VOICEBOT_SERVER__DATA": str(tmp_path)})


def installed(tmp_path: Path, name: str) -> Path:
    place = tmp_path / "models" / name
    place.mkdir(parents=True)
    return place


def test_by_default_moonshine_and_piper_are_all_there_is(tmp_path: Path) -> None:
    engines = SpeechEngines(settings(tmp_path, ""), [ENGLISH])
    assert {name: pool.spec.engine for name, pool in engines.pools.items()} == {
        "recognition": MOONSHINE,
        "synthesis": PIPER,
    }


def test_language_has_its_own_engines_and_workers(tmp_path: Path) -> None:
    place = installed(tmp_path, "vosk-model-small-de-0.15")
    toml = "[speech.engines.de]\nrecognizer = 'vosk'\nsynthesizer = 'pyttsx3'\n"
    engines = SpeechEngines(settings(tmp_path, toml), [ENGLISH, Language("de-DE")])
    assert {name: pool.spec.engine for name, pool in engines.pools.items()} == {
        "recognition": MOONSHINE,
        "synthesis": PIPER,
        "recognition de-DE": VOSK,
        "synthesis de-DE": PYTTSX3,
    }
    assert ("model", str(place)) in engines.pools["recognition de-DE"].spec.options
    assert engines.voice(ENGLISH).startswith("piper/")
    assert engines.voice(Language("de-DE")).startswith("espeak-ng/de-DE")


def test_languages_that_share_an_engine_share_its_workers(tmp_path: Path) -> None:
    engines = SpeechEngines(settings(tmp_path, ""), [ENGLISH, BRITISH])
    assert set(engines.pools) == {"recognition", "synthesis"}


def test_model_that_is_not_installed_is_told_before_anything_starts(tmp_path: Path) -> None:
    toml = "[speech.engines.ru]\nrecognizer = 'vosk'\n"
    with pytest.raises(ModelError, match="voicebot models pull vosk-model-small-ru"):
        SpeechEngines(settings(tmp_path, toml), [Language("ru-RU")])


def test_region_wins_over_language_and_both_over_the_rest(tmp_path: Path) -> None:
    speech = settings(
        tmp_path,
        "[speech]\nmodel = 'general'\nvoice = 'somebody'\n"
        "[speech.engines.ko]\nrecognizer = 'vosk'\n"
        "[speech.engines.ko-KR]\nvoice = 'ko+f2'\nsynthesizer = 'pyttsx3'\n",
    ).speech
    exact = speech.engines_for("ko-KR")
    assert (exact.recognizer, exact.model, exact.voice) == ("moonshine", "general", "ko+f2")
    primary = speech.engines_for("ko-KP")
    assert (primary.recognizer, primary.model) == ("vosk", ""), "another engine, another model"
    assert (primary.synthesizer, primary.voice) == ("piper", "somebody")


def test_no_room_while_no_worker_is_there(tmp_path: Path) -> None:
    assert not SpeechEngines(settings(tmp_path, ""), [ENGLISH]).has_room()


CHINESE = Language("zh-CN")


def test_other_languages_than_english_get_engines_that_know_them(tmp_path: Path) -> None:
    installed(tmp_path, "vosk-model-small-cn-0.22")
    engines = SpeechEngines(settings(tmp_path, ""), [ENGLISH, CHINESE])
    assert {name: pool.spec.engine for name, pool in engines.pools.items()} == {
        "recognition": MOONSHINE,
        "synthesis": PIPER,
        "recognition zh-CN": VOSK,
        "synthesis zh-CN": PYTTSX3,
    }
    assert engines.unheard == {}


async def test_language_without_a_model_is_spoken_and_not_heard(tmp_path: Path) -> None:
    engines = SpeechEngines(settings(tmp_path, ""), [ENGLISH, CHINESE])

    assert set(engines.pools) == {"recognition", "synthesis", "synthesis zh-CN"}
    served, told = engines.condition()["recognition zh-CN"]
    assert served
    assert "keys" in told
    assert "voicebot models pull vosk-model-small-cn-0.22" in told
    assert engines.languages == {ENGLISH, CHINESE}
    audio = np.zeros(8000, np.int16)
    heard = await engines.recognize(audio, 8000, nothing(), language=CHINESE, call="a")
    assert (heard.match, heard.nbest) == (False, ())


async def test_engines_of_other_languages_start_when_they_are_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[WorkerPool] = []

    async def start(pool: WorkerPool) -> None:
        started.append(pool)

    async def submit(pool: WorkerPool, method: str, *args: object) -> str:
        return f"{method} by {pool.spec.engine}"

    monkeypatch.setattr(WorkerPool, "start", start)
    monkeypatch.setattr(WorkerPool, "submit", submit)
    engines = SpeechEngines(settings(tmp_path, ""), [ENGLISH, CHINESE])
    await engines.start()
    assert len(started) == 2
    assert engines.condition()["synthesis zh-CN"] == (True, "starts when it is wanted")

    spoken: object = await engines.synthesize("好", 8000, language=CHINESE)
    engines.wake(CHINESE)
    again: object = await engines.synthesize("的", 8000, language=CHINESE)

    assert [spoken, again] == [f"synthesize by {PYTTSX3}"] * 2
    assert started[2:] == [engines.pools["synthesis zh-CN"]]
    await engines.stop()


async def test_engine_that_does_not_start_costs_its_language_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def start(pool: WorkerPool) -> None:
        if pool.spec.engine == PYTTSX3:
            raise ModelError("pyttsx3", "no voice")

    monkeypatch.setattr(WorkerPool, "start", start)
    engines = SpeechEngines(settings(tmp_path, ""), [ENGLISH, CHINESE])
    await engines.start()

    with pytest.raises(SpeechError, match="no voice"):
        await engines.synthesize("好", 8000, language=CHINESE)

    served, told = engines.condition()["synthesis zh-CN"]
    assert served
    assert "no voice" in told
    await engines.stop()


def nothing() -> ActiveGrammar:
    grammar = compile_phrases([], ENGLISH).grammar
    return ActiveGrammar(grammar.key, ENGLISH, [("nothing", grammar)])
