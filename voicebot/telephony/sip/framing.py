"""Cutting a TCP stream into SIP messages by Content-Length (RFC 3261 section 18.3).

Pure: bytes in, whole messages out. Everything is bounded, and a stream that cannot be followed any
more (garbage, a length that is no number or too large) raises, since nothing after it can be
trusted. Keep-alives between messages (RFC 5626 section 3.5.1) are passed over.
"""

from __future__ import annotations

import re
from typing import Final

MAX_HEAD: Final = 16 * 1024
MAX_BODY: Final = 64 * 1024
MAX_FIRST_LINE: Final = 2048

_LENGTH: Final = re.compile(rb"\r\n(?:content-length|l)[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE)


class BrokenStream(ValueError):
    """The stream holds something that is no SIP; its connection has to go."""


class StreamFramer:
    """Collects what a connection delivers and gives whole messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def pending(self) -> int:
        """Bytes that wait for the rest of their message."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """Give the messages that are whole now, in order. Raises BrokenStream."""
        self._buffer += data
        messages = []
        while (message := self._next()) is not None:
            messages.append(message)
        return messages

    def _next(self) -> bytes | None:
        while self._buffer[:2] == b"\r\n":
            del self._buffer[:2]
        if not self._buffer:
            return None
        self._check_first_line()
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0 or head_end > MAX_HEAD:
            if len(self._buffer) > MAX_HEAD:
                raise BrokenStream(f"headers of more than {MAX_HEAD} bytes")
            return None
        end = head_end + 4 + _body_length(bytes(self._buffer[: head_end + 2]))
        if len(self._buffer) < end:
            return None
        message = bytes(self._buffer[:end])
        del self._buffer[:end]
        return message

    def _check_first_line(self) -> None:
        # Told as soon as the first line is there, so that a stranger speaking HTTP or TLS is not
        # listened to for 16 KiB.
        line_end = self._buffer.find(b"\r\n", 0, MAX_FIRST_LINE)
        if line_end < 0:
            if len(self._buffer) >= MAX_FIRST_LINE:
                raise BrokenStream("no line end in sight")
        elif b"SIP/2.0" not in self._buffer[:line_end]:
            raise BrokenStream("the first line is not SIP")


def _body_length(head: bytes) -> int:
    values = {value.strip() for value in _LENGTH.findall(head)}
    if not values:
        return 0
    if len(values) > 1:
        raise BrokenStream("two different lengths")
    value = values.pop()
    if not value.isdigit() or len(value) > 9:
        raise BrokenStream("a length that is no number")
    if int(value) > MAX_BODY:
        raise BrokenStream(f"a body of more than {MAX_BODY} bytes")
    return int(value)
