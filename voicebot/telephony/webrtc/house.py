"""What all calls of the WebRTC door share."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from aiortc import RTCIceServer

from voicebot.telephony.frame_clock import FrameClock
from voicebot.telephony.webrtc.counters import Counters
from voicebot.telephony.webrtc.sockets import MediaSockets

log = structlog.get_logger(__name__)

_TURN_TTL_S: Final = 3600


@dataclass(frozen=True, slots=True)
class IceServers:
    """STUN and TURN servers by URL (``stun:host:port``, ``turn:host:port?transport=udp``).

    Where ``secret`` is set each call gets credentials of its own that expire (the scheme of
    coturn's ``use-auth-secret``); else ``username`` and ``credential`` go to every page.
    """

    urls: tuple[str, ...] = ()
    username: str = ""
    credential: str = ""
    secret: str = ""

    def for_browser(self, now: float) -> list[dict[str, str]]:
        """As RTCConfiguration wants them; ``now`` in UTC seconds since the epoch."""
        username, credential = self._credentials(now)
        return [
            {"urls": url, "username": username, "credential": credential}
            if url.startswith("turn")
            else {"urls": url}
            for url in self.urls
        ]

    def for_aiortc(self, now: float) -> list[RTCIceServer]:
        return [RTCIceServer(**server) for server in self.for_browser(now)]

    def _credentials(self, now: float) -> tuple[str, str]:
        if not self.secret:
            return self.username, self.credential
        username = f"{int(now) + _TURN_TTL_S}:voicebot"
        digest = hmac.digest(self.secret.encode(), username.encode(), hashlib.sha1)
        return username, base64.b64encode(digest).decode()


class Background:
    """Work that nobody waits for, such as closing a connection."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def run(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Start ``work``; what it raises is logged."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def finish(self, timeout_s: float) -> None:
        """Wait for everything under way, then cancel the rest."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=timeout_s)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("webrtc_task_failed", task=task.get_name(), exc_info=error)


@dataclass(slots=True)
class House:
    """Sockets, servers, clock, counters, and how long things may take."""

    sockets: MediaSockets
    servers: IceServers
    media_timeout_s: float
    connect_timeout_s: float
    counters: Counters = field(default_factory=Counters)
    clock: FrameClock = field(default_factory=FrameClock)
    background: Background = field(default_factory=Background)

    def ice_servers(self) -> list[RTCIceServer]:
        return self.servers.for_aiortc(time.time())
