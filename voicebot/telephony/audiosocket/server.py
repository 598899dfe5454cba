"""The AudioSocket door: listens for Asterisk, learns each call's UUID, and lets it in or not.

The protocol knows no password. What keeps strangers out is the list of addresses that may connect,
and, if so set, that only announced UUIDs are served. Connections that have not said their UUID are
few and short-lived: when there are too many, the oldest goes, since Asterisk says it at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final, TypeAlias
from uuid import UUID, uuid4

import structlog

from voicebot.errors import CallError
from voicebot.telephony._api import Admission, LegInfo, Reception
from voicebot.telephony.audiosocket import protocol
from voicebot.telephony.audiosocket.book import CallBook, Entry, Fate
from voicebot.telephony.audiosocket.connection import Connection, Receiver
from voicebot.telephony.audiosocket.leg import AudioSocketLeg
from voicebot.telephony.audiosocket.protocol import Message
from voicebot.telephony.frame_clock import FrameClock
from voicebot.telephony.guard import AddressGuard
from voicebot.telephony.serving import serve
from voicebot.telephony.stream_counters import StreamCounters, StreamSnapshot
from voicebot.telephony.stream_leg import now
from voicebot.types import CallId, Failure, Verdict

log = structlog.get_logger(__name__)

Network: TypeAlias = IPv4Network | IPv6Network

WAITING: Final = 256
"""Connections that may be without a UUID at once."""
WAITING_PER_ADDRESS: Final = 64
GOODBYE_S: Final = 2.0
"""How long `AudioSocketServer.stop` waits for calls to be wound up."""


class AudioSocketServer:
    """Serves AudioSocket on one TCP port; a `CallDoor`.

    ``allow`` are the networks that may connect. ``book`` holds the announced calls;
    ``announced_only`` turns all others away. ``uuid_timeout_s`` is how long a connection may take
    to say its UUID; the other times are those of `AudioSocketLeg`. ``guard`` is shared with the
    other doors; one with the usual limits where there is none.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        reception: Reception,
        allow: Sequence[Network],
        book: CallBook | None = None,
        announced_only: bool = False,
        uuid_timeout_s: float = 5.0,
        silence_timeout_s: float = 120.0,
        line_timeout_s: float = 10.0,
        clock: FrameClock | None = None,
        guard: AddressGuard | None = None,
    ) -> None:
        self._guard = (guard or AddressGuard()).door("audiosocket")
        self.book = book or CallBook()
        self._host = host
        self._port = port
        self._reception = reception
        self._allow = tuple(allow)
        self._announced_only = announced_only
        self._uuid_timeout_s = uuid_timeout_s
        self._silence_timeout_s = silence_timeout_s
        self._line_timeout_s = line_timeout_s
        self._clock = clock or FrameClock()
        self._counters = StreamCounters()
        self._listener: asyncio.Server | None = None
        self._connections: set[Connection] = set()
        self._waiting: dict[_Unidentified, None] = {}
        self._legs: dict[UUID, AudioSocketLeg] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._draining = False

    @property
    def port(self) -> int:
        """The port; the real one once started."""
        return self._port

    @property
    def active_calls(self) -> int:
        return len(self._legs)

    def counters(self) -> StreamSnapshot:
        """All counts at this moment."""
        return self._counters.snapshot(len(self._legs), len(self._waiting))

    async def start(self) -> None:
        """Listen. Raises CallError where the address cannot be had."""
        loop = asyncio.get_running_loop()
        make = partial(Connection, self._connected, self._connections, self._line_timeout_s)
        try:
            self._listener = await loop.create_server(make, self._host, self._port)
        except OSError as error:
            raise CallError(
                f"AudioSocket cannot listen on {self._host}:{self._port}: "
                f"{error.strerror or error}. Set audiosocket.host and audiosocket.port, or "
                "audiosocket.enabled = false."
            ) from None
        self._port = self._listener.sockets[0].getsockname()[1]
        log.info("audiosocket_listening", host=self._host, port=self._port)

    def drain(self) -> None:
        """Refuse new calls from now on; running ones do not notice."""
        self._draining = True

    async def stop(self) -> None:
        """Hang up what is left and close."""
        self.drain()
        if self._listener is not None:
            self._listener.close()
        for stranger in tuple(self._waiting):
            stranger.turn_away("stopped")
        for leg in tuple(self._legs.values()):
            await leg.hang_up("voicebot is shutting down")
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=GOODBYE_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for connection in tuple(self._connections):
            await connection.wait_closed()

    # Connections

    def _connected(self, connection: Connection) -> Receiver | None:
        self._counters.connections += 1
        if not self._is_allowed(connection.peer):
            self.turned_away("address")
            return None
        if self._guard.request(connection.peer, now()) is not Verdict.ALLOW:
            self.turned_away("too many")
            return None
        stranger = _Unidentified(connection, self, self._uuid_timeout_s)
        self._waiting[stranger] = None
        self._make_room(connection.peer)
        return stranger

    def _is_allowed(self, peer: str) -> bool:
        try:
            address = ip_address(peer.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)
        return any((mapped or address) in network for network in self._allow)

    def _make_room(self, peer: str) -> None:
        """Turn the oldest stranger of this address away, or of all, when there are too many."""
        own = [stranger for stranger in self._waiting if stranger.connection.peer == peer]
        if len(own) > WAITING_PER_ADDRESS:
            own[0].turn_away("crowd")
        elif len(self._waiting) > WAITING:
            next(iter(self._waiting)).turn_away("crowd")

    def forget(self, stranger: _Unidentified) -> None:
        """A connection has said its UUID, or never will."""
        self._waiting.pop(stranger, None)

    def turned_away(self, reason: str) -> None:
        """Count a connection that is not served."""
        self._counters.turned_away[reason] += 1

    def malformed(self, connection: Connection) -> None:
        """Remember against the address that it did not speak AudioSocket."""
        self._guard.failed(connection.peer, now(), Failure.MALFORMED)

    # Calls

    def identified(self, connection: Connection, uuid: UUID) -> None:
        """A connection has said whose call it is: let the call in or say hang-up."""
        if uuid in self._legs:
            self.turned_away("uuid in use")
            connection.close()
            return
        entry = self.book.claim(uuid, now())
        if entry is None and self._announced_only:
            self.turned_away("not announced")
            connection.say_goodbye()
            return
        info = _leg_info(uuid, entry)
        admission = Admission(False, 503) if self._draining else self._reception.admit(info)
        if not admission.accepted:
            self.turned_away("no free line")
            self.book.close(uuid, Fate.REFUSED, now())
            connection.say_goodbye()
            self._reception.on_refused(info, admission.status)
            return
        leg = AudioSocketLeg(
            info,
            uuid,
            connection,
            self.book,
            self._clock,
            self._counters,
            announced=entry is not None,
            silence_timeout_s=self._silence_timeout_s,
            line_timeout_s=self._line_timeout_s,
        )
        connection.receiver = leg
        self._legs[uuid] = leg
        task = asyncio.get_running_loop().create_task(self._serve(leg), name=info.call_id)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, leg: AudioSocketLeg) -> None:
        try:
            await serve(leg, self._reception)
        finally:
            self._legs.pop(leg.uuid, None)


class _Unidentified:
    """A connection that has not said its UUID yet; it must be the first message."""

    def __init__(self, connection: Connection, server: AudioSocketServer, timeout_s: float) -> None:
        self.connection = connection
        self._server = server
        self._timer = asyncio.get_running_loop().call_later(timeout_s, self.turn_away, "no uuid")

    def turn_away(self, reason: str) -> None:
        """Close without a word: it may be no Asterisk at all."""
        self._leave()
        self._server.turned_away(reason)
        self.connection.close()

    def received(self, message: Message) -> None:
        if message.kind != protocol.UUID or len(message.payload) != 16:
            self._server.malformed(self.connection)
            self.turn_away("no uuid")
            return
        self._leave()
        self._server.identified(self.connection, UUID(bytes=message.payload))

    def disconnected(self, *, broken: bool) -> None:
        if self.connection.receiver is self:
            self._leave()

    def _leave(self) -> None:
        self._timer.cancel()
        self._server.forget(self)
        # Whatever else the connection sends is for nobody, unless a leg takes its place.
        self.connection.receiver = None


def _leg_info(uuid: UUID, entry: Entry | None) -> LegInfo:
    headers = {"x-audiosocket-uuid": str(uuid)}
    return LegInfo(
        call_id=CallId(uuid4().hex),
        transport="audiosocket",
        caller=entry.caller if entry else "",
        callee=entry.callee if entry else "",
        headers=dict(entry.headers) | headers if entry else headers,
    )
