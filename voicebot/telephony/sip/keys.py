"""Keys from telephone events (RFC 4733): many packets, one key.

Pure. A key is told at its first packet, not at its end as aiortp's receiver does: the prompt stops
40 to 200 ms earlier, and a key whose end packets were all lost is still a key. An event goes on
where its timestamp stays, and also where a long one is continued in a new segment (section 2.5.1.3)
or a careless sender moves the timestamp along. Events that are no keys (flash, fax tones) pass.
"""

from __future__ import annotations

import struct
from typing import Final

from voicebot.types import KEYS

_REORDERED_S: Final = 1.0
"""Timestamps up to a second back are late packets of an earlier key; further back is a restart."""
_SLACK_S: Final = 0.05
"""Between the reported end of an event and the packet that carries it on."""
_SAME_PRESS_S: Final = 1.5
"""A signal may come so long after its tone was heard."""


class KeyReader:
    """Reads the events of one stream; ``clock_rate`` is that of its timestamps."""

    def __init__(self, clock_rate: int = 8000) -> None:
        self._reordered = _REORDERED_S * clock_rate
        self._slack = _SLACK_S * clock_rate
        self._timestamp: int | None = None
        self._event = 0
        self._duration = 0
        self._ended = False

    def reset(self) -> None:
        """Forget the last event: another source sends now."""
        self._timestamp = None

    def read(self, payload: bytes, timestamp: int, *, marker: bool = False) -> str | None:
        """Give the key that begins with this packet, or None. Raises ValueError when truncated."""
        if len(payload) < 4:
            raise ValueError("a telephone event of less than four bytes")
        event, flags, duration = struct.unpack("!BBH", payload[:4])
        if self._timestamp is not None and self._is_old(timestamp):
            return None
        is_new = self._timestamp is None or self._begins(event, timestamp, marker)
        self._timestamp, self._event, self._duration = timestamp, event, duration
        self._ended = bool(flags & 0x80) or (self._ended and not is_new)
        return KEYS[event] if is_new and event < len(KEYS) else None

    def _is_old(self, timestamp: int) -> bool:
        assert self._timestamp is not None
        return 0 < (self._timestamp - timestamp) & 0xFFFFFFFF < self._reordered

    def _begins(self, event: int, timestamp: int, marker: bool) -> bool:
        assert self._timestamp is not None
        moved = (timestamp - self._timestamp) & 0xFFFFFFFF
        if moved == 0:
            return False
        goes_on = event == self._event and not self._ended and not marker
        return not (goes_on and moved <= self._duration + self._slack)


class KeyWays:
    """Each press once, though it may come as a telephone event and as a tone too.

    Whoever signals keys at all signals every one: with the first signal the tones no longer count.
    """

    def __init__(self) -> None:
        self._signals = False
        self._last_tone: tuple[str, float] | None = None

    def signalled(self, key: str, now: float) -> bool:
        """Whether a signalled key is a press that is not known yet."""
        self._signals = True
        tone, self._last_tone = self._last_tone, None
        return tone is None or tone[0] != key or now - tone[1] > _SAME_PRESS_S

    def sounded(self, key: str, now: float) -> bool:
        """Whether a key that was heard as a tone counts."""
        if self._signals:
            return False
        self._last_tone = (key, now)
        return True
