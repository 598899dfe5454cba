"""One TCP connection of AudioSocket: octets to messages, and messages to octets without a queue.

What Asterisk does not read is not kept: half a second of audio may wait, the rest is left out, so
that a peer which reads again hears the present. Closing is orderly: after our hang-up Asterisk's
audio is still read away until it closes its side, since a reset would make its dialplan end the
call instead of going on.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Final, Protocol

from voicebot.telephony.audiosocket import protocol
from voicebot.telephony.audiosocket.protocol import Message, MessageReader

_UNREAD: Final = 25 * 323
"""Octets that may wait to be sent: half a second."""
_SEND_BUFFER: Final = 8192
"""Octets asked of the kernel, which takes twice as many: what lies there cannot be taken back."""
_FAREWELL_S: Final = 2.0


class Receiver(Protocol):
    """Who gets what comes through a connection."""

    def received(self, message: Message) -> None: ...

    def disconnected(self, *, broken: bool) -> None: ...


class Connection(asyncio.Protocol):
    """``on_connected`` is asked for the receiver, None to close at once. The connection is in
    ``all_open`` while it is open. ``line_timeout_s`` is how long TCP may wait for an
    acknowledgement."""

    def __init__(
        self,
        on_connected: Callable[[Connection], Receiver | None],
        all_open: set[Connection],
        line_timeout_s: float,
    ) -> None:
        self.peer = ""
        self.receiver: Receiver | None = None
        self._on_connected = on_connected
        self._all_open = all_open
        self._closed = asyncio.Event()
        self._line_timeout_s = line_timeout_s
        self._transport: asyncio.Transport | None = None
        self._reader = MessageReader()
        self._leaving: asyncio.TimerHandle | None = None

    # The stream

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._all_open.add(self)
        peer = transport.get_extra_info("peername")
        self.peer = peer[0] if peer else ""
        self.receiver = self._on_connected(self)
        if self.receiver is None:
            transport.abort()
            return
        self._set_options(transport.get_extra_info("socket"))

    def data_received(self, data: bytes) -> None:
        if self._leaving is not None:
            return
        for message in self._reader.feed(data):
            if self.receiver is not None:
                self.receiver.received(message)

    def eof_received(self) -> bool:
        return False  # the transport closes, having sent what was left to send

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._all_open.discard(self)
        self._closed.set()
        if self._leaving is not None:
            self._leaving.cancel()
        if self.receiver is not None:
            self.receiver.disconnected(broken=error is not None)

    # The line of a leg

    def send(self, message: bytes) -> bool:
        transport = self._transport
        if transport is None or transport.get_write_buffer_size() > _UNREAD:
            return False
        transport.write(message)
        return True

    def say_goodbye(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing() or self._leaving is not None:
            return
        transport.write(protocol.HANGUP_MESSAGE)
        transport.write_eof()
        self._leaving = asyncio.get_running_loop().call_later(_FAREWELL_S, transport.abort)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def wait_closed(self) -> None:
        """Wait for the end of a connection that is being closed; it is bounded."""
        await self._closed.wait()

    def _set_options(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            # We send all the time, so a line that died is noticed by what is not acknowledged.
            timeout_ms = round(self._line_timeout_s * 1000)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, timeout_ms)
