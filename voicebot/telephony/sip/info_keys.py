"""Keys that come by SIP INFO (RFC 6086; application/dtmf-relay and application/dtmf).

Pure. Neither body was ever standardised; what is read here is what phones and PBXs send:
``Signal=5`` and ``Duration=160`` a line each, or the bare key. Some send the same key both ways,
by INFO and as a telephone event: `KeyOnce` lets it through once.
"""

from __future__ import annotations

import re
from collections import deque
from typing import Final, Literal, TypeAlias

from voicebot.types import KEYS

KEY_TYPES: Final = ("application/dtmf-relay", "application/dtmf")
SAME_KEY_WITHIN_S: Final = 1.5
"""How far apart the two ways may bring one key: an INFO may be repeated and travel by proxies."""

Way: TypeAlias = Literal["media", "info"]

_SIGNAL: Final = re.compile(r"^\s*signal\s*=\s*(\S+)\s*$", re.IGNORECASE | re.MULTILINE)


def read_key(kind: str, body: str) -> str | None:
    """The key of an INFO body of type ``kind``; None where it holds none, such as a flash."""
    if kind == KEY_TYPES[0]:
        found = _SIGNAL.search(body)
        text = found[1] if found else ""
    else:
        text = body.strip()
    text = text.strip("\"'").upper()
    if len(text) == 1 and text in KEYS:
        return text
    # 10 and 11 are the event numbers of star and pound, 12 to 15 of A to D (RFC 4733).
    return KEYS[int(text)] if text in {"10", "11", "12", "13", "14", "15"} else None


class KeyOnce:
    """Tells whether a key that came one way was there by the other way already."""

    def __init__(self) -> None:
        self._unpaired: deque[tuple[Way, str, float]] = deque(maxlen=32)

    def is_new(self, key: str, way: Way, now: float) -> bool:
        """Take a key; false for the second half of a pair. Two equal keys one way are two keys."""
        while self._unpaired and now - self._unpaired[0][2] > SAME_KEY_WITHIN_S:
            self._unpaired.popleft()
        for known in self._unpaired:
            if known[0] != way and known[1] == key:
                self._unpaired.remove(known)
                return False
        self._unpaired.append((way, key, now))
        return True
