"""Keys on their way out as telephone events (RFC 4733 section 2.5.1): one key, many packets.

Pure. Driven by the frames that leave: while a key is down its packets stand in for audio, each with
the timestamp at which it went down and how long it has lasted. The end is said three times. Between
two keys there is audio again, so that the same key twice is two.
Left out on purpose: what to do where no events were agreed (`media.key_tones`).
"""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass
from typing import Final

from voicebot.types import KEYS

KEY_FRAMES: Final = 6
"""How long a key is down, in frames of 20 ms: 120 ms, as a key that is heard as a tone."""
ENDS: Final = 3
GAP_FRAMES: Final = 6
"""From the first end to the next key at the earliest: 100 ms without a key."""
MOST_WAITING: Final = 64
"""Keys that wait to be sent; more are dropped."""

_VOLUME: Final = 10
"""In dB below 0 dBm0, as telephones say."""


@dataclass(frozen=True, slots=True)
class KeyPacket:
    """What is sent in place of a frame. ``marker`` begins an event."""

    payload: bytes
    timestamp: int
    marker: bool


class KeySender:
    """The keys of one stream. Timestamps are those of its audio."""

    def __init__(self) -> None:
        self._waiting: deque[str] = deque()
        self._event = 0
        self._began: int | None = None
        self._ends_left = 0
        self._rest = 0

    def press(self, key: str) -> None:
        """Let ``key`` (one of `voicebot.types.KEYS`) follow those before it."""
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append(key)

    def clear(self) -> None:
        """Forget what waits: the other side takes no events any more."""
        self._waiting.clear()
        self._began, self._ends_left, self._rest = None, 0, 0

    def next(self, timestamp: int, frame_units: int) -> KeyPacket | None:
        """What leaves at ``timestamp`` instead of a frame of ``frame_units``; None: the frame."""
        self._rest = max(0, self._rest - 1)
        marker = False
        if self._began is None:
            if self._rest or not self._waiting:
                return None
            self._event, self._began = KEYS.index(self._waiting.popleft()), timestamp
            self._ends_left, marker = ENDS, True
        lasted = ((timestamp - self._began) & 0xFFFFFFFF) + frame_units
        whole = KEY_FRAMES * frame_units
        flags = _VOLUME
        began = self._began
        if lasted >= whole:
            flags |= 0x80
            if self._ends_left == ENDS:
                self._rest = GAP_FRAMES
            self._ends_left -= 1
            if not self._ends_left:
                self._began = None
        payload = struct.pack("!BBH", self._event, flags, min(lasted, whole))
        return KeyPacket(payload, began, marker)
