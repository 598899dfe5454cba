"""What a caller's page and we tell each other on the data channel: JSON, a message each.

Pure. From the page: ``{"type": "key", "key": "5"}`` and ``{"type": "hang_up"}``. To the page:
captions and offers, which come from elsewhere, and ``{"type": "ended", "reason": "..."}`` last.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from voicebot.types import KEYS, Json

_LONGEST: Final = 256
_BURST: Final = 32
_PER_S: Final = 16.0


@dataclass(frozen=True, slots=True)
class KeyPressed:
    key: str


@dataclass(frozen=True, slots=True)
class HangUpAsked:
    pass


PageMessage: TypeAlias = KeyPressed | HangUpAsked


def read(text: str) -> PageMessage | None:
    """What the page says; None for what it should not say."""
    if len(text) > _LONGEST:
        return None
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    match message:
        case {"type": "key", "key": str(key)} if len(key) == 1 and key in KEYS:
            return KeyPressed(key)
        case {"type": "hang_up"}:
            return HangUpAsked()
    return None


def write(message: Mapping[str, Json]) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


@dataclass(slots=True)
class Pace:
    """How fast a page may talk: faster than any finger, no faster."""

    _left: float = _BURST
    _at: float = 0.0

    def allows(self, now: float) -> bool:
        """Whether another message may come at ``now`` (seconds)."""
        self._left = min(_BURST, self._left + (now - self._at) * _PER_S)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
