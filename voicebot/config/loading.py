"""Reads the settings and says what is wrong with them, and where."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticUndefined

from voicebot.config.section import ENVIRONMENT_ONLY, Section
from voicebot.config.sections import LanguageEngines
from voicebot.config.settings import Settings
from voicebot.config.sip_provider import SipProvider
from voicebot.errors import ConfigError

ENVIRONMENT_PREFIX = "VOICEBOT_"
DEFAULT_FILE = "voicebot.toml"


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
    _keep_secrets_out(raw, str(path))
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
        raise _not_toml(str(path), str(error)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), f"cannot be read: {error}") from None


def _not_toml(path: str, said: str) -> ConfigError:
    found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", said)
    problem, where = (found[1], f"{path}:{found[2]}:{found[3]}") if found else (said, path)
    remedy = 'Text stands in quotes: key = "value".' if problem == "Invalid value" else ""
    return ConfigError(where, f"not valid TOML: {problem}", remedy)


def _keep_secrets_out(raw: Mapping[str, Any], file: str) -> None:
    for name, section in Settings.model_fields.items():
        content = raw.get(name)
        for key, field in getattr(section.annotation, "model_fields", {}).items():
            if field.json_schema_extra == ENVIRONMENT_ONLY and isinstance(content, dict):
                variable = f"{ENVIRONMENT_PREFIX}{name}__{key}".upper()
                if key in content:
                    raise ConfigError(
                        f"{file}: {name}.{key}",
                        "a secret does not belong in this file",
                        f"Set {variable} in the environment.",
                    )


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
    named = _SECTIONS_OF_NAMES.get(path[:2])
    if named is not None:
        where = ".".join([where, *path[2:4]])
    if first["type"] == "extra_forbidden":
        if named is not None and len(path) > 3:
            return ConfigError(
                where, "unknown setting", _suggest(path[-1], list(named.model_fields))
            )
        return ConfigError(where, "unknown setting", _nearest(where, path))
    if first["type"] == "missing" and named is not None:
        return ConfigError(where, "is not set", _describe(path))
    if len(path) == 1 or (named is not None and len(path) < 4):
        section = ".".join(path)
        return ConfigError(where, "should be a section", f"Write [{section}] above its keys.")
    # pydantic goes on about how it tried ('..., unable to parse') or in which of its classes.
    problem = first["msg"].removeprefix("Value error, ")
    problem = problem.partition(", unable")[0].partition(" for <class")[0]
    problem = problem[:1].lower() + problem[1:]
    if not {path[0], ".".join(path[:2])} & set(_MAY_HOLD_PASSWORDS):
        problem = f"{problem}, not {_shown(first['input'])}"
    return ConfigError(where, problem, _describe(path))


_SECTIONS_OF_NAMES: dict[tuple[str, ...], type[Section]] = {
    ("speech", "engines"): LanguageEngines,
    ("sip", "providers"): SipProvider,
}
_NAMED_BY_USER = ("databases", "transfers")
_MAY_HOLD_PASSWORDS = (
    "databases",
    "storage",
    "outbound",
    "webrtc.turn_credential",
    "webrtc.turn_secret",
)


def _describe(path: tuple[str, ...]) -> str:
    section: object = Settings.model_fields[path[0]].annotation
    if path[:2] in _SECTIONS_OF_NAMES:
        section, path = _SECTIONS_OF_NAMES[path[:2]], path[2:]
    fields = getattr(section, "model_fields", {})
    if path[1] not in fields:
        return ""
    description, default = fields[path[1]].description, fields[path[1]].default
    usual = "" if default in (None, PydanticUndefined) else f" (default {_shown(default)})"
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
