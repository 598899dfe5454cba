"""What a database or a function gives, as JSON that a flow can use.

Imports nothing: the process that runs an application's functions loads it, and must start quickly.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import math
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voicebot.types import Json


def as_json(value: object) -> Json:
    """Decimals become numbers, so that a flow can compare them; numbers that are none become null.

    Raises TypeError, which names the type, for what cannot become JSON.
    """
    match value:
        case enum.Enum():
            return as_json(value.value)
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case decimal.Decimal():
            if not value.is_finite():
                return None
            return int(value) if value == value.to_integral_value() else float(value)
        case datetime.datetime() | datetime.date() | datetime.time():
            return value.isoformat()
        case uuid.UUID():
            return str(value)
        case list() | tuple():
            return [as_json(item) for item in value]
        case Mapping():
            return {str(key): as_json(item) for key, item in value.items()}
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = dataclasses.fields(value)
            return {field.name: as_json(getattr(value, field.name)) for field in fields}
        case _:
            raise TypeError(type(value).__name__)
