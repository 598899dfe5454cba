"""SIP on the network: UDP and TCP on one port (RFC 3261 section 18).

A `Hop` is where a message goes next: a UDP address, or the TCP connection that the request came
over. Whatever arrives and is no SIP is counted and dropped here, so no handler ever sees it and
nothing is ever raised into the event loop. TLS is left to the SBC in front.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeAlias

import structlog

from voicebot.errors import CallError
from voicebot.telephony.sip.framing import BrokenStream, StreamFramer
from voicebot.telephony.sip.messages import Head, MalformedMessage, Message, parse_message

log = structlog.get_logger(__name__)

MAX_CONNECTIONS: Final = 512
FIRST_MESSAGE_S: Final = 32.0
"""A TCP connection that has brought no message by then is closed, to make room for others."""
CONNECT_S: Final = 5.0
"""How long a server may take to accept a TCP connection of ours."""
MAX_UNSENT: Final = 256 * 1024
"""Bytes that a TCP peer may leave unread before its connection is dropped."""


class Hop(Protocol):
    """Where a message goes next."""

    @property
    def transport(self) -> Literal["UDP", "TCP"]: ...

    @property
    def peer(self) -> tuple[str, int]: ...

    def send(self, message: Message) -> None:
        """Send; a peer that is gone is no error, as it would be none over UDP."""
        ...

    def at_port(self, port: int) -> Hop:
        """The same peer at another UDP port; a connection stays what it is."""
        ...


OnMessage: TypeAlias = Callable[[Message, Head, Hop], None]
OnMalformed: TypeAlias = Callable[[], None]


@dataclass(frozen=True, slots=True)
class UdpHop:
    """A UDP address."""

    socket: asyncio.DatagramTransport
    peer: tuple[str, int]
    transport: Literal["UDP"] = "UDP"

    def send(self, message: Message) -> None:
        if not self.socket.is_closing():
            self.socket.sendto(bytes(message), self.peer)

    def at_port(self, port: int) -> Hop:
        return UdpHop(self.socket, (self.peer[0], port))


class Wire:
    """Both sockets of the door."""

    def __init__(self, on_message: OnMessage, on_malformed: OnMalformed) -> None:
        self._on_message = on_message
        self._on_malformed = on_malformed
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None
        self._connections: set[_Connection] = set()
        self.port = 0

    async def start(self, host: str, port: int) -> None:
        """Bind UDP and TCP to the same port; 0 picks a free one. Raises CallError."""
        for _ in range(16 if port == 0 else 1):
            try:
                await self._bind(host, port)
            except OSError as error:
                self.close()
                problem = error.strerror or str(error)
            else:
                return
        raise CallError(f"SIP cannot listen on {host}:{port}: {problem}")

    async def _bind(self, host: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        self._tcp = await loop.create_server(lambda: _Connection(self), host, port)
        self.port = self._tcp.sockets[0].getsockname()[1]
        self._udp, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self), local_addr=(host, self.port)
        )

    def udp(self, peer: tuple[str, int]) -> Hop:
        """The way to ``peer`` over UDP."""
        assert self._udp is not None
        return UdpHop(self._udp, peer)

    async def reach(self, peer: tuple[str, int], transport: Literal["UDP", "TCP"]) -> Hop:
        """The way to ``peer`` for requests of ours. Raises CallError where it cannot be reached.

        Over TCP the connection that is there is used again.
        """
        if transport == "UDP":
            return self.udp(peer)
        for known in self._connections:
            if known.peer == peer and known.is_open:
                return known
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_S):
                _, made = await loop.create_connection(lambda: _Connection(self), *peer)
        except (OSError, TimeoutError) as error:
            raise CallError(f"no connection: {type(error).__name__}") from None
        return made

    def close(self) -> None:
        """Close the sockets and every connection."""
        if self._udp is not None:
            self._udp.close()
        if self._tcp is not None:
            self._tcp.close()
        for connection in tuple(self._connections):
            connection.close()
        self._udp = self._tcp = None

    def take(self, data: bytes, hop: Hop) -> None:
        """Read what arrived and pass it on; never raises."""
        if not data.strip(b"\r\n\0"):
            return  # a keep-alive
        try:
            message, head = parse_message(data)
        except MalformedMessage as problem:
            log.debug("sip_malformed", problem=str(problem), transport=hop.transport)
            self._on_malformed()
            return
        try:
            self._on_message(message, head, hop)
        except Exception:
            log.exception("sip_message_failed", method=head.method)

    def drop_stream(self, problem: BrokenStream) -> None:
        log.debug("sip_stream_broken", problem=str(problem))
        self._on_malformed()

    def opened(self, connection: _Connection) -> bool:
        """Admit a TCP connection; false where there are too many."""
        if len(self._connections) >= MAX_CONNECTIONS:
            return False
        self._connections.add(connection)
        return True

    def closed(self, connection: _Connection) -> None:
        self._connections.discard(connection)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._socket: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._socket = transport  # type: ignore[assignment]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self._socket is not None
        self._wire.take(data, UdpHop(self._socket, (addr[0], addr[1])))

    def error_received(self, exc: Exception) -> None:
        log.debug("sip_udp_error", problem=type(exc).__name__)


class _Connection(asyncio.Protocol):
    """One TCP connection; it is the hop of what arrives over it."""

    transport: Literal["TCP"] = "TCP"

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._framer = StreamFramer()
        self._socket: asyncio.Transport | None = None
        self._waiting: asyncio.TimerHandle
        self.peer: tuple[str, int] = ("0.0.0.0", 0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._socket = transport
        peer = transport.get_extra_info("peername")
        if peer:
            self.peer = (peer[0], peer[1])
        if not self._wire.opened(self):
            self.close()
        loop = asyncio.get_running_loop()
        self._waiting = loop.call_later(FIRST_MESSAGE_S, self.close)

    def data_received(self, data: bytes) -> None:
        try:
            messages = self._framer.feed(data)
        except BrokenStream as problem:
            self._wire.drop_stream(problem)
            self.close()
            return
        for message in messages:
            self._waiting.cancel()
            self._wire.take(message, self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._waiting.cancel()
        self._wire.closed(self)

    @property
    def is_open(self) -> bool:
        return self._socket is not None and not self._socket.is_closing()

    def send(self, message: Message) -> None:
        if self._socket is None or self._socket.is_closing():
            return
        if self._socket.get_write_buffer_size() > MAX_UNSENT:
            self.close()
            return
        self._socket.write(bytes(message))

    def at_port(self, port: int) -> Hop:
        return self

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
