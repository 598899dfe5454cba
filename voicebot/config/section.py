"""What all sections of the settings share."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, JsonValue

Port = Annotated[int, Field(ge=0, le=65535)]
PositiveMs = Annotated[int, Field(gt=0, le=600_000)]

ENVIRONMENT_ONLY: Final[dict[str, JsonValue]] = {"environment_only": True}
"""Marks a secret (as a field's ``json_schema_extra``): files get copied, shown and checked in."""


class Section(BaseModel):
    """A section: unknown keys are errors, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)
