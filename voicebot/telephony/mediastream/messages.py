"""The messages of a media stream, as Twilio documents them ("Media Streams - WebSocket Messages").

Pure: text in, what it means out, and the three messages that may be sent: media, mark and clear.
Audio is mu-law at 8 kHz in base64. Only the caller's side is listened to; sequence numbers,
chunks and timestamps are not needed, since a WebSocket keeps the order.
"""

from __future__ import annotations

import binascii
import json
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from voicebot.errors import CallError

_LONGEST_NAME: Final = 128


class MalformedMessage(CallError):
    """Not a message of a media stream."""


@dataclass(frozen=True, slots=True)
class Started:
    """The stream begins; ``format`` is (encoding, sample rate, channels)."""

    stream: str
    call: str
    format: tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Media:
    """The caller's audio, mu-law octets, any length."""

    audio: bytes


@dataclass(frozen=True, slots=True)
class Key:
    key: str


@dataclass(frozen=True, slots=True)
class Played:
    """All that was sent before the mark ``name`` has been played, or was cleared."""

    name: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """The call is over, or the carrier has moved it on."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """'connected', our own side's audio, and what later versions may add."""


Event: TypeAlias = Started | Media | Key | Played | Stopped | Ignored

FORMAT: Final = ("audio/x-mulaw", 8000, 1)
_IGNORED: Final = Ignored()


def read(text: str) -> Event:
    """Raises MalformedMessage for what is no JSON or lacks what its kind of message has."""
    try:
        message = json.loads(text)
        return _meaning(message)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise MalformedMessage(f"not a message of a media stream: {type(error).__name__}") from None


def _meaning(message: Any) -> Event:
    match message["event"]:
        case "media":
            media = message["media"]
            if media.get("track", "inbound") != "inbound":
                return _IGNORED
            return Media(binascii.a2b_base64(media["payload"], strict_mode=True))
        case "dtmf":
            return Key(_text(message["dtmf"]["digit"]))
        case "mark":
            return Played(_text(message["mark"]["name"]))
        case "start":
            return _started(message["start"])
        case "stop":
            return Stopped()
        case str():
            return _IGNORED
    raise TypeError


def _started(start: Any) -> Started:
    form = start["mediaFormat"]
    return Started(
        _text(start["streamSid"]),
        _text(start["callSid"]),
        (_text(form["encoding"]), int(form["sampleRate"]), int(form["channels"])),
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_NAME:
        raise TypeError
    return value


class Writer:
    """Makes the messages that are sent on one stream."""

    def __init__(self, stream: str) -> None:
        name = json.dumps(stream)
        self._media = f'{{"event":"media","streamSid":{name},"media":{{"payload":"'
        self._mark = f'{{"event":"mark","streamSid":{name},"mark":{{"name":"'
        self.clear = f'{{"event":"clear","streamSid":{name}}}'

    def media(self, audio: bytes) -> str:
        """``audio``: mu-law octets."""
        return f'{self._media}{binascii.b2a_base64(audio, newline=False).decode("ascii")}"}}}}'

    def mark(self, name: str) -> str:
        """``name`` of letters and digits: it comes back once all before it was played."""
        return f'{self._mark}{name}"}}}}'
