"""What all sections of the settings share."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

Port = Annotated[int, Field(ge=0, le=65535)]


def _split(value: object) -> object:
    parts = value.split("-") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or len(parts) != 2:
        raise ValueError("should be two ports")
    return parts


def _in_order(value: tuple[int, int]) -> tuple[int, int]:
    if value[0] > value[1]:
        raise ValueError("the first port should not be above the last")
    return value


PortRange = Annotated[tuple[Port, Port], BeforeValidator(_split), AfterValidator(_in_order)]
"""The first and the last of a range: a list of two, or text such as 20000-20999."""
PositiveMs = Annotated[int, Field(gt=0, le=600_000)]


def _split_words(value: object) -> object:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _are_origins(value: list[str]) -> list[str]:
    for origin in value:
        if not re.fullmatch(r"https?://[^/\s]+", origin):
            raise ValueError("should be like https://shop.example, without a path")
    return value


Origins = Annotated[list[str], BeforeValidator(_split_words), AfterValidator(_are_origins)]
"""Origins of pages; a list, or text with commas."""

Words = Annotated[list[str], BeforeValidator(_split_words)]
"""A list of words, or text with commas."""

ENVIRONMENT_ONLY: Final[dict[str, JsonValue]] = {"environment_only": True}
"""Marks a secret (as a field's ``json_schema_extra``): files get copied, shown and checked in."""


class Section(BaseModel):
    """A section: unknown keys are errors, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)
