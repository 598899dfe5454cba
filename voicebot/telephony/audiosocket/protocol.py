"""The messages of AudioSocket, as Asterisk documents them ("AudioSocket", Channel Drivers).

Pure: bytes in, messages out. A message is a kind (one octet), the length of what follows (16 bits,
big-endian) and that many octets. Audio is signed linear, 16-bit, little-endian, mono; its kind
tells the rate. We send audio at 8 kHz (0x10) and hang-up (0x00) and nothing else: Asterisk takes
every other kind for an error and drops the call.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from voicebot.types import Samples

HANGUP: Final = 0x00
UUID: Final = 0x01
KEY: Final = 0x03
AUDIO: Final = 0x10
ERROR: Final = 0xFF

RATES: Final[Mapping[int, int]] = MappingProxyType(
    {
        AUDIO: 8000,
        0x11: 12_000,
        0x12: 16_000,
        0x13: 24_000,
        0x14: 32_000,
        0x15: 44_100,
        0x16: 48_000,
        0x17: 96_000,
        0x18: 192_000,
    }
)
"""Kinds of audio and their sample rates in Hz. The dialplan application sends 8 kHz only."""

ERRORS: Final[Mapping[int, str]] = MappingProxyType(
    {
        0x01: "caller hung up",
        0x02: "Asterisk could not forward audio",
        0x04: "Asterisk ran out of memory",
    }
)
"""Asterisk's error codes, bits of one octet."""

_HEADER: Final = struct.Struct(">BH")
_AUDIO_HEADER: Final = _HEADER.pack(AUDIO, 320)
HANGUP_MESSAGE: Final = _HEADER.pack(HANGUP, 0)


@dataclass(frozen=True, slots=True)
class Message:
    """One message; ``payload`` holds up to 65,535 octets."""

    kind: int
    payload: bytes


class MessageReader:
    """Cuts one connection's octets into messages. Holds less than one message between calls."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[Message]:
        """Give the messages that are whole now, in order."""
        data = self._rest + data if self._rest else data
        messages = []
        start = 0
        while len(data) - start >= _HEADER.size:
            kind, length = _HEADER.unpack_from(data, start)
            end = start + _HEADER.size + length
            if end > len(data):
                break
            messages.append(Message(kind, data[start + _HEADER.size : end]))
            start = end
        self._rest = data[start:]
        return messages


def samples_of(payload: bytes) -> Samples:
    """Audio as int16, shape [len(payload) // 2]; half a sample at the end is left out."""
    return np.frombuffer(payload, "<i2", count=len(payload) // 2).astype(np.int16, copy=False)


def audio_message(frame: Samples) -> bytes:
    """20 ms at 8 kHz, shape [160], ready to be sent."""
    return _AUDIO_HEADER + frame.astype("<i2", copy=False).tobytes()


def error_text(payload: bytes) -> tuple[str, bool]:
    """What an error message says, and whether it is more than the caller hanging up."""
    code = payload[0] if payload else 0
    for bit, text in ERRORS.items():
        if code & bit:
            return text, bit != 0x01
    return f"Asterisk reported error {code}", True
