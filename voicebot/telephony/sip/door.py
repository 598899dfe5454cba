"""What all legs of one SIP server share, handed to each of them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

import structlog

from voicebot.errors import CallError
from voicebot.telephony.frame_clock import FrameClock
from voicebot.telephony.sip.counters import Counters
from voicebot.telephony.sip.messages import ALLOWED_METHODS
from voicebot.telephony.sip.policy import MediaPolicy
from voicebot.telephony.sip.rtp_ports import RtpPorts
from voicebot.telephony.sip.session_timer import SessionPolicy
from voicebot.telephony.sip.timers import Timers
from voicebot.telephony.sip.transactions import ClientTransactions

log = structlog.get_logger(__name__)


class Background:
    """Work that nobody waits for, such as a BYE that is repeated until it is answered."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def run(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Start ``work``; what it raises is logged."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def finish(self, timeout_s: float) -> None:
        """Wait for everything under way, then cancel the rest."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=timeout_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("sip_task_failed", task=task.get_name(), exc_info=error)


@dataclass(slots=True)
class Door:
    """``port`` is that of SIP, known once the server listens."""

    host: str
    advertised_host: str
    media_timeout_s: float
    transfer_timeout_s: float
    timers: Timers
    ports: RtpPorts
    counters: Counters
    requests: ClientTransactions
    session: SessionPolicy = field(default_factory=SessionPolicy)
    policy: MediaPolicy = field(default_factory=MediaPolicy)
    port: int = 0
    clock: FrameClock = field(default_factory=FrameClock)
    background: Background = field(default_factory=Background)

    @property
    def allow(self) -> str:
        """The methods that we take, as a header's value."""
        return ", ".join(ALLOWED_METHODS)

    def here(self, peer: str) -> tuple[str, int]:
        """Where ``peer`` is told to send SIP to."""
        return self.host_towards(peer), self.port

    def host_towards(self, peer: str) -> str:
        """The address that ``peer`` is told to reach us at."""
        if self.advertised_host:
            return self.advertised_host
        if self.host not in {"0.0.0.0", ""}:
            return self.host
        # Bound to every interface: the one that the route to the peer leaves by. Connecting a UDP
        # socket sends nothing.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((peer, 9))
            except OSError:
                return "127.0.0.1"
            return str(probe.getsockname()[0])


async def resolve(host: str) -> str:
    """The IPv4 address of ``host``: descriptions and sockets need one. Raises CallError."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, family=socket.AF_INET)
    except OSError as error:
        raise CallError(f"{host} has no IPv4 address: {error.strerror or error}") from None
    return str(found[0][4][0])
