"""The sections that are not about doors."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import Field

from voicebot.config.section import Port, PositiveMs, Section


class ServerSettings(Section):
    """Where the HTTP side listens, where data lives, how the server stops."""

    host: str = Field("127.0.0.1", description="address that HTTP listens on")
    port: Port = Field(8080, description="port that HTTP listens on")
    application: Path = Field(
        Path(), description="folder with flows/, grammars/, audio/ of the application"
    )
    data: Path = Field(Path("var"), description="folder for the database and the prompt cache")
    drain_s: float = Field(
        30.0, ge=0, le=3600, description="how long running calls may finish after SIGTERM"
    )


class CallSettings(Section):
    """Admission and flow."""

    max_calls: int = Field(30, ge=1, le=10_000, description="calls admitted at once")
    retry_after_s: int = Field(
        10, ge=0, le=3600, description="what a refused caller's phone is told to wait"
    )
    flow: str = Field("main", description="flow that answers a call")
    languages: dict[str, str] = Field(
        default_factory=dict,
        description='language that calls to a number begin in: {"8001" = "zh-CN"}',
    )
    announcement: str = Field(
        "", description="said to a SIP caller before the call is answered, and charged to nobody"
    )


RecognizerName: TypeAlias = Literal["moonshine", "vosk"]
SynthesizerName: TypeAlias = Literal["piper", "pyttsx3"]


class LanguageEngines(Section):
    """What hears and speaks one language; for what is left out, that of `SpeechSettings` holds
    for the engines, and their own defaults for model and voice."""

    recognizer: RecognizerName | None = Field(None, description="recognition engine")
    model: str = Field("", description="model of the recogniser: a name or a folder")
    synthesizer: SynthesizerName | None = Field(None, description="synthesis engine")
    voice: str = Field("", description="voice of the synthesiser")


class SpeechSettings(Section):
    """Engines and their worker processes."""

    recognizer: RecognizerName = Field("moonshine", description="recognition engine")
    model: str = Field("", description="model of the recogniser: a name or a folder")
    synthesizer: SynthesizerName = Field("piper", description="synthesis engine")
    voice: str = Field("", description="voice of the engine; empty for the engine's default")
    language: str = Field("en-US", description="language where a flow names none")
    engines: dict[str, LanguageEngines] = Field(
        default_factory=dict, description="engines of single languages"
    )
    models_url: str = Field(
        "https://alphacephei.com/vosk/models", description="where `models pull` fetches archives"
    )
    recognition_workers: int = Field(2, ge=1, le=64, description="recognition processes")
    synthesis_workers: int = Field(1, ge=1, le=16, description="synthesis processes")
    queue: int = Field(16, ge=1, le=1000, description="jobs that may wait for a worker")
    longest_wait_s: float = Field(
        3.0, gt=0, le=60, description="no call is admitted while jobs wait longer for a worker"
    )
    job_timeout_s: float = Field(
        15.0, gt=0, le=300, description="a job that takes longer loses its worker"
    )
    beam: int = Field(8, ge=1, le=64, description="width of the decoder's beam")
    confidence: float = Field(
        0.5, ge=0, le=1, description="below this confidence an utterance is a nomatch"
    )

    def engines_for(self, language: str) -> LanguageEngines:
        """What hears and speaks ``language``: its own section, that of the language without its
        region, then the settings for all; nothing but model and voice is left open.

        Moonshine hears English alone, and so does Piper's voice speak that is packaged: where the
        settings for all name these, other languages get Vosk and pyttsx3.
        """
        primary = language.split("-")[0]
        own = self.engines.get(language) or self.engines.get(primary) or LanguageEngines()
        hears, speaks = self.recognizer, self.synthesizer
        if primary != "en" and hears == "moonshine" and not self.model:
            hears = "vosk"
        if primary != "en" and speaks == "piper" and not self.voice:
            speaks = "pyttsx3"
        recognizer, synthesizer = own.recognizer or hears, own.synthesizer or speaks
        return LanguageEngines(
            recognizer=recognizer,
            model=own.model or (self.model if recognizer == self.recognizer else ""),
            synthesizer=synthesizer,
            voice=own.voice or (self.voice if synthesizer == self.synthesizer else ""),
        )


class TurnSettings(Section):
    """Turn-taking; names and meanings are VoiceXML 2.1's."""

    timeout_ms: PositiveMs = Field(5000, description="silence before a noinput")
    completetimeout_ms: PositiveMs = Field(
        400, description="silence that ends an utterance which the grammar holds"
    )
    incompletetimeout_ms: PositiveMs = Field(
        1200, description="silence that ends an utterance which is not complete"
    )
    maxspeechtimeout_ms: PositiveMs = Field(20_000, description="longest utterance")
    interdigittimeout_ms: PositiveMs = Field(3000, description="longest pause between two keys")
    termchar: str = Field(
        "#", pattern=r"^[0-9*#A-D]?$", description="key that ends an entry, empty for none"
    )


class StorageSettings(Section):
    url: str = Field("", description="database URL; empty for SQLite in the data folder")


class LogSettings(Section):
    level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level")
    format: Literal["auto", "console", "json"] = Field(
        "auto", description="auto: console on a terminal, JSON elsewhere"
    )
    redact: bool = Field(
        True, description="whether what callers say, key and are called by is masked in the log"
    )
