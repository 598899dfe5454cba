"""Runs an ASGI application with uvicorn on the loop that is already running.

uvicorn's own ways of being in charge are off: no signal handlers, no log configuration, no access
log (paths may hold numbers), no exit of the process when the port is taken. Its limits are made
stricter in `connection` and `limits`.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from voicebot.errors import VoicebotError
from voicebot.web.connection import OpenConnections, limited
from voicebot.web.limits import Gate, Limits

_BACKLOG = 128
PATIENCE_S = 10.0
KEEP_ALIVE_S = 5
"""How long a connection may be idle between two requests."""
_LONGEST_MESSAGE = 64 * 1024
"""Octets of a WebSocket message; 20 ms of audio are about 300. uvicorn's pings stay as they are:
every 20 s, and a line that does not answer in 20 s is closed."""
_UNACKNOWLEDGED_MS = 30_000
"""How long TCP waits for somebody who takes nothing of what he is sent, open windows included."""


class HttpServer:
    """One listening HTTP server. ``port`` 0 takes a free one; `port` tells which."""

    def __init__(
        self,
        app: ASGIApp,
        host: str,
        port: int,
        *,
        linger_s: int = 3,
        gate: Gate | None = None,
        connections: OpenConnections | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """``linger_s``: how long `stop` waits for answers that are still being sent; ``gate``: what
        each address may ask; ``connections``: how many there may be; ``patience_s``: how long a
        request's head may take, and then its body."""
        self._app = app if gate is None else Limits(app, gate)
        self._connection_class = limited(connections, gate, patience_s)
        self._host = host
        self._port = port
        self._linger_s = linger_s
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port; the real one once started."""
        return self._port

    @property
    def url(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    async def start(self) -> None:
        """Listen and serve. Raises VoicebotError when the address cannot be had."""
        listener = await self._listen()
        self._port = listener.getsockname()[1]
        config = uvicorn.Config(
            self._app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=self._linger_s,
            timeout_keep_alive=KEEP_ALIVE_S,
            http=self._connection_class,
            # asyncio accepts as many connections in one go, and logs as many errors where files
            # run out; one at a time is quick enough.
            backlog=1,
            ws="websockets-sansio",
            ws_max_size=_LONGEST_MESSAGE,
            ws_per_message_deflate=False,
        )
        self._server = _Server(config)
        self._serving = asyncio.create_task(self._server.serve([listener]), name="http server")
        ready = asyncio.create_task(self._server.ready.wait())
        await asyncio.wait({self._serving, ready}, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            listener.listen(_BACKLOG)
        if not ready.done():
            ready.cancel()
            listener.close()
            await self._serving  # raises what went wrong

    async def stop(self) -> None:
        """Take no more requests, let running ones finish for a while, and end."""
        if self._server is None or self._serving is None:
            return
        self._server.should_exit = True
        await self._serving
        self._server = self._serving = None

    async def _listen(self) -> socket.socket:
        place = f"{self._host}:{self._port}"
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                self._host, self._port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )
        except OSError as error:
            raise VoicebotError(
                f"HTTP cannot listen on {place}: {error.strerror}. Check server.host."
            ) from None
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if hasattr(socket, "TCP_USER_TIMEOUT"):  # the sockets of connections inherit it
                listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED_MS)
            listener.bind(address)
            listener.listen(_BACKLOG)  # a port can also turn out to be taken here
        except OSError as error:
            listener.close()
            raise VoicebotError(f"HTTP cannot listen on {place}: {_reason(error)}") from None
        listener.setblocking(False)
        return listener


class _Server(uvicorn.Server):
    """uvicorn's server without signal handlers, that says when it is ready."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _reason(error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return (
                "something listens there already, perhaps another voicebot. Stop it, or set "
                "server.port (VOICEBOT_SERVER__PORT) to another port."
            )
        case errno.EADDRNOTAVAIL:
            return "this machine has no such address. Check server.host (VOICEBOT_SERVER__HOST)."
        case errno.EACCES:
            return "ports below 1024 need rights that this process lacks. Set another server.port."
        case _:
            return f"{error.strerror}."
