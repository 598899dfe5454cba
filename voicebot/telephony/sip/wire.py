"""SIP on the network: UDP and TCP on one port (RFC 3261 section 18).

A `Hop` is where a message goes next: a UDP address, or the TCP connection that the request came
over. Whatever arrives and is no SIP is counted here and dropped or refused, so no handler ever sees
it and nothing is ever raised into the event loop. Each address has its limits (`guard`); what is
beyond them is dropped before it is parsed, but for messages of running calls. TLS is left to the
SBC in front.
"""

from __future__ import annotations

import asyncio
import errno
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeAlias

import structlog

from voicebot.errors import CallError
from voicebot.telephony.connections import Connections
from voicebot.telephony.guard import DoorGuard
from voicebot.telephony.sip.framing import BrokenStream, StreamFramer
from voicebot.telephony.sip.messages import (
    Head,
    MalformedMessage,
    Message,
    parse_message,
    refusal,
)
from voicebot.types import Failure, Verdict

log = structlog.get_logger(__name__)

FIRST_MESSAGE_S: Final = 32.0
"""A TCP connection that has brought no message by then is closed, to make room for others."""
WHOLE_MESSAGE_S: Final = 32.0
"""How long a TCP peer may take over one message."""
RETRY_AFTER_S: Final = 5
BACKLOG: Final = 256
"""Connections that wait in the kernel to be accepted."""
CONNECT_S: Final = 5.0
"""How long a server may take to accept a TCP connection of ours."""
MAX_UNSENT: Final = 256 * 1024
"""Bytes that a TCP peer may leave unread before its connection is dropped."""
RECEIVE_BUFFER: Final = 4 * 1024 * 1024


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
IsRunning: TypeAlias = Callable[[str], bool]
"""Whether a Call-ID is that of a running call."""

_CALL_ID: Final = re.compile(rb"\n(?:call-id|i)[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE)
_CALL_ID_WITHIN: Final = 2048


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

    def __init__(
        self,
        on_message: OnMessage,
        on_malformed: OnMalformed,
        guard: DoorGuard,
        is_running: IsRunning,
    ) -> None:
        self._on_message = on_message
        self._on_malformed = on_malformed
        self._guard = guard
        self._is_running = is_running
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None
        self._connections: Connections[_Connection] = Connections(guard)
        self._open: set[_Connection] = set()
        self.port = 0

    @property
    def connections(self) -> int:
        """TCP connections that are open."""
        return len(self._connections)

    async def start(self, host: str, port: int) -> None:
        """Bind UDP and TCP to the same port; 0 picks a free one. Raises CallError."""
        for _ in range(16 if port == 0 else 1):
            try:
                await self._bind(host, port)
            except OSError as error:
                self.close()
                problem = _why_not_bound(error)
            else:
                return
        raise CallError(f"SIP cannot listen on {host}:{port}: {problem}")

    async def _bind(self, host: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        listener = socket.create_server((host, port), backlog=BACKLOG)
        # asyncio accepts as many connections in one go as its own backlog says, and where files
        # run out it logs as many errors. One at a time is quick enough and leaves room for audio.
        self._tcp = await loop.create_server(lambda: _Connection(self), sock=listener, backlog=1)
        listener.listen(BACKLOG)
        self.port = listener.getsockname()[1]
        self._udp, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self), local_addr=(host, self.port)
        )
        # As much as the system allows: what finds no room in a flood may be a caller's.
        udp = self._udp.get_extra_info("socket")
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)

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
        for known in self._open:
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
        for connection in tuple(self._open):
            connection.close()
        self._udp = self._tcp = None

    def take(self, data: bytes, hop: Hop) -> bool:
        """Read what arrived and pass it on; never raises. Gives whether it was a message."""
        if not data.strip(b"\r\n\0"):
            return False  # a keep-alive
        now = asyncio.get_running_loop().time()
        address = hop.peer[0]
        verdict = self._guard.request(address, now)
        if verdict is not Verdict.ALLOW and self._is_of_running_call(data, address, now):
            verdict = Verdict.ALLOW
        if verdict is Verdict.DROP:
            return False
        try:
            message, head = parse_message(data)
        except MalformedMessage as problem:
            log.debug("sip_malformed", problem=str(problem), transport=hop.transport)
            self._on_malformed()
            self._guard.failed(address, now, Failure.MALFORMED)
            if problem.request is not None:
                _refuse(problem.request, problem.status, hop)
            return False
        if verdict is Verdict.SLOW:
            _refuse(message, 503, hop, {"Retry-After": str(RETRY_AFTER_S)})
            return True
        try:
            self._on_message(message, head, hop)
        except Exception:
            log.exception("sip_message_failed", method=head.method)
        return True

    def _is_of_running_call(self, data: bytes, address: str, now: float) -> bool:
        found = _CALL_ID.search(data, 0, _CALL_ID_WITHIN)
        if found is None or not self._is_running(found[1].strip().decode("utf-8", "replace")):
            return False
        return self._guard.in_call(address, now)

    def drop_stream(self, problem: BrokenStream, peer: tuple[str, int]) -> None:
        log.debug("sip_stream_broken", problem=str(problem))
        self._on_malformed()
        self._guard.failed(peer[0], asyncio.get_running_loop().time(), Failure.MALFORMED)

    def opened(self, connection: _Connection) -> None:
        """Admit a TCP connection, or close it or another one, where there are too many."""
        self._open.add(connection)
        now = asyncio.get_running_loop().time()
        loser = self._connections.opened(connection, connection.peer[0], now)
        if loser is not None:
            loser.close()

    def spoke(self, connection: _Connection) -> None:
        self._connections.spoke(connection, asyncio.get_running_loop().time())

    def closed(self, connection: _Connection) -> None:
        self._open.discard(connection)
        self._connections.closed(connection)


def _refuse(
    message: Message, status: int, hop: Hop, headers: Mapping[str, str] | None = None
) -> None:
    """Answer without remembering anything; ACKs and responses are never answered."""
    try:
        answer = refusal(message, status, hop.peer, headers)
        if answer is not None:
            hop.at_port(answer[1]).send(answer[0])
    except Exception as error:  # noqa: BLE001 - what is malformed may break anything
        log.debug("sip_refusal_failed", problem=type(error).__name__)


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
        self._waiting: asyncio.TimerHandle | None = None
        self.peer: tuple[str, int] = ("0.0.0.0", 0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._socket = transport
        peer = transport.get_extra_info("peername")
        if peer:
            self.peer = (peer[0], peer[1])
        connected = transport.get_extra_info("socket")
        if connected is not None:
            # A peer that vanished is found out in the end, and its place is free again.
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._wait(FIRST_MESSAGE_S)
        self._wire.opened(self)

    def data_received(self, data: bytes) -> None:
        assert self._socket is not None
        try:
            messages = self._framer.feed(data)
        except BrokenStream as problem:
            self._wire.drop_stream(problem, self.peer)
            self.close()
            return
        for message in messages:
            self._wait(None)
            if self._wire.take(message, self):
                self._wire.spoke(self)
        if self._framer.pending and self._waiting is None:
            self._wait(WHOLE_MESSAGE_S)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait(None)
        self._wire.closed(self)

    @property
    def is_open(self) -> bool:
        return self._socket is not None and not self._socket.is_closing()

    def send(self, message: Message) -> None:
        if self._socket is None or self._socket.is_closing():
            return
        if self._socket.get_write_buffer_size() > MAX_UNSENT:
            self.abort()
            return
        self._socket.write(bytes(message))

    def at_port(self, port: int) -> Hop:
        return self

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()

    def abort(self) -> None:
        """Close without waiting until a peer that does not read has read everything."""
        if self._socket is not None:
            self._socket.abort()

    def _wait(self, seconds: float | None) -> None:
        """Close the connection after ``seconds``; None: no more."""
        if self._waiting is not None:
            self._waiting.cancel()
        self._waiting = None
        if seconds is not None:
            self._waiting = asyncio.get_running_loop().call_later(seconds, self.abort)


def _why_not_bound(error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return (
                "something listens there already, perhaps another voicebot or a phone. Stop it, "
                "or set sip.port (VOICEBOT_SIP__PORT) to another port."
            )
        case errno.EADDRNOTAVAIL:
            return "this machine has no such address. Check sip.host (VOICEBOT_SIP__HOST)."
        case _:
            return f"{error.strerror or error}. Check sip.host and sip.port."
