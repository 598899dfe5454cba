"""Typed settings: ``voicebot.toml`` and ``VOICEBOT_*`` environment variables.

The environment wins over the file, the file over the defaults. A key is written in the environment
with two underscores between section and name: ``VOICEBOT_SIP__PORT=5070``. An unknown key or a bad
value raises ConfigError with the place, the problem and the nearest known name.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from voicebot.errors import ConfigError

ENVIRONMENT_PREFIX = "VOICEBOT_"
DEFAULT_FILE = "voicebot.toml"

Port = Annotated[int, Field(ge=0, le=65535)]
PositiveMs = Annotated[int, Field(gt=0, le=600_000)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ServerSettings(_Section):
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


class SipSettings(_Section):
    """The SIP door."""

    enabled: bool = Field(True, description="whether SIP is served at all")
    host: str = Field("127.0.0.1", description="address that SIP and RTP are bound to")
    port: Port = Field(5060, description="port of SIP over UDP and TCP")
    advertised_host: str = Field("", description="address told to others, where NAT hides ours")
    rtp_ports: tuple[Port, Port] = Field(
        (20000, 20999), description="first and last RTP port; 20000-20999 is understood too"
    )
    media_timeout_s: float = Field(
        20.0, gt=0, le=3600, description="a call without any RTP for this long is ended"
    )
    transfer_timeout_s: float = Field(
        25.0, gt=0, le=300, description="how long a transfer's target may ring"
    )

    @field_validator("rtp_ports", mode="before")
    @classmethod
    def _split_range(cls, value: object) -> object:
        parts = value.split("-") if isinstance(value, str) else value
        if not isinstance(parts, list | tuple) or len(parts) != 2:
            raise ValueError("should be two ports")
        return parts

    @field_validator("rtp_ports")
    @classmethod
    def _keep_order(cls, value: tuple[int, int]) -> tuple[int, int]:
        if value[0] >= value[1]:
            raise ValueError("the first port should be below the last")
        return value


class CallSettings(_Section):
    """Admission and flow."""

    max_calls: int = Field(30, ge=1, le=10_000, description="calls admitted at once")
    retry_after_s: int = Field(
        10, ge=0, le=3600, description="what a refused caller's phone is told to wait"
    )
    flow: str = Field("main", description="flow that answers a call")


RecognizerName: TypeAlias = Literal["moonshine", "vosk"]
SynthesizerName: TypeAlias = Literal["piper", "pyttsx3"]


class LanguageEngines(_Section):
    """What hears and speaks one language; for what is left out, that of `SpeechSettings` holds
    for the engines, and their own defaults for model and voice."""

    recognizer: RecognizerName | None = Field(None, description="recognition engine")
    model: str = Field("", description="model of the recogniser: a name or a folder")
    synthesizer: SynthesizerName | None = Field(None, description="synthesis engine")
    voice: str = Field("", description="voice of the synthesiser")


class SpeechSettings(_Section):
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
        region, then the settings for all; nothing but model and voice is left open."""
        primary = language.split("-")[0]
        own = self.engines.get(language) or self.engines.get(primary) or LanguageEngines()
        return LanguageEngines(
            recognizer=own.recognizer or self.recognizer,
            model=own.model or ("" if own.recognizer else self.model),
            synthesizer=own.synthesizer or self.synthesizer,
            voice=own.voice or ("" if own.synthesizer else self.voice),
        )


class TurnSettings(_Section):
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


class StorageSettings(_Section):
    url: str = Field("", description="database URL; empty for SQLite in the data folder")


class LogSettings(_Section):
    level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level")
    format: Literal["auto", "console", "json"] = Field(
        "auto", description="auto: console on a terminal, JSON elsewhere"
    )
    redact: bool = Field(
        True, description="whether what callers say, key and are called by is masked in the log"
    )


class Settings(_Section):
    """All settings, each section with its defaults."""

    server: ServerSettings = ServerSettings()
    sip: SipSettings = SipSettings()
    calls: CallSettings = CallSettings()
    speech: SpeechSettings = SpeechSettings()
    turns: TurnSettings = TurnSettings()
    storage: StorageSettings = StorageSettings()
    log: LogSettings = LogSettings()
    databases: dict[str, str] = Field(
        default_factory=dict, description="database URLs that SQL actions may name"
    )
    transfers: dict[str, str] = Field(
        default_factory=dict, description="SIP URIs of the names that flows transfer to"
    )

    @property
    def database_url(self) -> str:
        """The URL of voicebot's own database, SQLAlchemy's async form."""
        if self.storage.url:
            return self.storage.url
        return f"sqlite+aiosqlite:///{(self.server.data / 'voicebot.db').absolute()}"


def load_settings(
    file: Path | None = None, environment: Mapping[str, str] | None = None
) -> Settings:
    """Read the settings from ``file`` (default: ``voicebot.toml`` here, if it is there).

    Raises ConfigError for a file that cannot be read, an unknown key or a bad value.
    """
    environment = os.environ if environment is None else environment
    if file is None and environment.get(ENVIRONMENT_PREFIX + "CONFIG"):
        file = Path(environment[ENVIRONMENT_PREFIX + "CONFIG"])
    path = file or Path(DEFAULT_FILE)
    raw: dict[str, Any] = {}
    if path.is_file():
        raw = _read_toml(path)
    elif file is not None:
        raise ConfigError(str(file), "no such file", "Name an existing file or leave it out.")
    places = _places(raw, str(path))
    _merge_environment(raw, places, environment)
    try:
        return Settings.model_validate(raw)
    except ValidationError as error:
        raise _translate(error, places, str(path)) from None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(str(path), f"not valid TOML: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), f"cannot be read: {error}") from None


def _places(raw: Mapping[str, Any], file: str) -> dict[tuple[str, ...], str]:
    places: dict[tuple[str, ...], str] = {}
    for section, content in raw.items():
        if not isinstance(content, dict):
            places[(section,)] = f"{file}: {section}"
            continue
        places[(section,)] = f"{file}: [{section}]"
        for key in content:
            places[(section, key)] = f"{file}: {section}.{key}"
    return places


def _merge_environment(
    raw: dict[str, Any], places: dict[tuple[str, ...], str], environment: Mapping[str, str]
) -> None:
    for variable, value in environment.items():
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable == ENVIRONMENT_PREFIX + "CONFIG":
            continue
        path = tuple(variable.removeprefix(ENVIRONMENT_PREFIX).lower().split("__", 1))
        if len(path) == 1 or path[0] not in Settings.model_fields:
            raise ConfigError(variable, "unknown setting", _suggest_variable(variable))
        places[path] = variable
        section = raw.setdefault(path[0], {})
        if isinstance(section, dict):
            section[path[1]] = value


def _translate(
    error: ValidationError, places: Mapping[tuple[str, ...], str], file: str
) -> ConfigError:
    first = error.errors(include_url=False)[0]
    path = tuple(str(part) for part in first["loc"])
    where = places.get(path[:2]) or places.get(path[:1]) or f"{file}: {'.'.join(path)}"
    if path[:2] == _ENGINES:
        where = ".".join([where, *path[2:]])
    if first["type"] == "extra_forbidden":
        if path[:2] == _ENGINES and len(path) > 3:
            return ConfigError(
                where, "unknown setting", _suggest(path[-1], list(LanguageEngines.model_fields))
            )
        return ConfigError(where, "unknown setting", _nearest(where, path))
    if len(path) == 1 or (path[:2] == _ENGINES and len(path) < 4):
        section = ".".join(path)
        return ConfigError(where, "should be a section", f"Write [{section}] above its keys.")
    # pydantic goes on about how it tried ('..., unable to parse') or in which of its classes.
    problem = first["msg"].removeprefix("Value error, ")
    problem = problem.partition(", unable")[0].partition(" for <class")[0]
    problem = problem[:1].lower() + problem[1:]
    if path[0] not in _MAY_HOLD_PASSWORDS:
        problem = f"{problem}, not {_shown(first['input'])}"
    return ConfigError(where, problem, _describe(path))


_ENGINES = ("speech", "engines")
_NAMED_BY_USER = ("databases", "transfers")
_MAY_HOLD_PASSWORDS = ("databases", "storage")


def _describe(path: tuple[str, ...]) -> str:
    section = Settings.model_fields[path[0]].annotation
    if path[:2] == _ENGINES:
        section, path = LanguageEngines, path[2:]
    fields = getattr(section, "model_fields", {})
    if path[1] not in fields:
        return ""
    description, default = fields[path[1]].description, fields[path[1]].default
    usual = "" if default is None else f" (default {_shown(default)})"
    return f"{description[:1].upper()}{description[1:]}{usual}."


def _shown(value: object) -> str:
    """A value as one writes it in TOML."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case tuple() | list():
            return f"[{', '.join(_shown(part) for part in value)}]"
        case _:
            return f'"{value}"'


def _nearest(where: str, path: tuple[str, ...]) -> str:
    if where.startswith(ENVIRONMENT_PREFIX):
        return _suggest_variable(where)
    if len(path) > 1:
        return _suggest(path[-1], list(_keys()[path[0]]))
    homes = [section for section, keys in _keys().items() if path[0] in keys]
    if homes:
        return f"It belongs below {' or '.join(f'[{home}]' for home in homes)}."
    return _suggest(path[0], list(Settings.model_fields))


def _keys() -> dict[str, tuple[str, ...]]:
    """The keys of each section whose keys are ours to name."""
    return {
        section: tuple(getattr(field.annotation, "model_fields", ()))
        for section, field in Settings.model_fields.items()
        if section not in _NAMED_BY_USER
    }


def _suggest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if near:
        return f"Did you mean '{near[0]}'?"
    return f"Known here: {', '.join(known)}."


def _suggest_variable(variable: str) -> str:
    known = [
        f"{ENVIRONMENT_PREFIX}{section}__{key}".upper()
        for section, keys in _keys().items()
        for key in keys
    ]
    near = difflib.get_close_matches(variable, known, n=1, cutoff=0.6)
    return f"Did you mean {near[0]}?" if near else "Section and name are parted by '__'."
