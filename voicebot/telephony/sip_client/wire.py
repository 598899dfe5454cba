"""The client's SIP socket: one for all its calls, over UDP or TCP (RFC 3261, section 18).

aiosipua's UDP transport does not tell which port it was given, so UDP is done here; TCP, with its
framing by Content-Length, is aiosipua's. Left out on purpose: TLS.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Protocol, TypeAlias

from aiosipua.message import SipMessage, SipRequest, SipResponse
from aiosipua.transport import TcpSipTransport

from voicebot.errors import CallError

Message: TypeAlias = SipRequest | SipResponse
OnMessage: TypeAlias = Callable[[Message, tuple[str, int]], None]


class Wire(Protocol):
    """A way for SIP messages to the servers that are called."""

    @property
    def name(self) -> str:
        """As in a Via header: UDP or TCP."""
        ...

    @property
    def address(self) -> tuple[str, int]:
        """Where answers find us."""
        ...

    async def open(self, host: str, on_message: OnMessage) -> None: ...

    async def reach(self, remote: tuple[str, int]) -> None:
        """Make sure that ``remote`` can be sent to. Raises CallError when it cannot."""
        ...

    def send(self, message: Message, remote: tuple[str, int]) -> None: ...

    async def close(self) -> None: ...


class UdpWire(asyncio.DatagramProtocol):
    """One UDP socket on a free port."""

    name = "UDP"

    def __init__(self) -> None:
        self._transport: asyncio.DatagramTransport | None = None
        self._on_message: OnMessage | None = None
        self._address = ("127.0.0.1", 0)

    @property
    def address(self) -> tuple[str, int]:
        return self._address

    async def open(self, host: str, on_message: OnMessage) -> None:
        self._on_message = on_message
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(host, 0))
        self._transport = transport
        self._address = (host, transport.get_extra_info("sockname")[1])

    async def reach(self, remote: tuple[str, int]) -> None:
        """UDP finds out by sending."""

    def send(self, message: Message, remote: tuple[str, int]) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(bytes(message), remote)

    async def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            message = SipMessage.parse(data)
        except ValueError:
            return
        if self._on_message is not None:
            self._on_message(message, (addr[0], addr[1]))

    def error_received(self, exc: Exception) -> None:
        """Nobody listens at that port; the request's own time-out says so."""


class TcpWire:
    """One TCP connection to each server that is called."""

    name = "TCP"

    def __init__(self) -> None:
        self._transport = TcpSipTransport()
        self._writers: dict[tuple[str, int], asyncio.StreamWriter] = {}
        self._address = ("127.0.0.1", 0)

    @property
    def address(self) -> tuple[str, int]:
        return self._address

    async def open(self, host: str, on_message: OnMessage) -> None:
        self._transport.on_message = on_message

    async def reach(self, remote: tuple[str, int]) -> None:
        if remote in self._writers:
            return
        try:
            _, writer = await self._transport.connect(remote)
        except OSError:
            raise CallError(f"nobody answers at {remote[0]}:{remote[1]} over TCP") from None
        self._writers[remote] = writer
        host, port = writer.get_extra_info("sockname")[:2]
        self._address = (str(host), int(port))

    def send(self, message: Message, remote: tuple[str, int]) -> None:
        try:
            self._transport.send(message, remote)
        except RuntimeError:
            self._writers.pop(remote, None)  # the server closed the connection; time-outs will tell

    async def close(self) -> None:
        await self._transport.stop()
        # aiosipua forgets a connection when its reader ends, without closing it.
        for writer in self._writers.values():
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
