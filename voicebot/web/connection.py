"""One HTTP connection with limits (RFC 9110, RFC 9112): uvicorn's, and what it leaves open.

uvicorn bounds idle keep-alive connections and the size of headers. Here come a limit in time for a
connection that says nothing or says it slowly, one in size for bodies, and the table of open
connections that makes room when there are too many. A connection that was upgraded to a WebSocket
keeps its place until it is closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from typing import Any, Protocol

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from voicebot.types import Failure
from voicebot.web.limits import MAX_BODY, Gate, Open


class OpenConnections(Protocol):
    """The table of open connections; `voicebot.telephony.connections.Connections` is one."""

    def opened(self, connection: Hashable, address: str, now: float) -> Hashable | None: ...
    def spoke(self, connection: Hashable, now: float) -> None: ...
    def busy(self, connection: Hashable) -> None: ...
    def closed(self, connection: Hashable) -> None: ...


class Unlimited:
    """A table that lets everybody in."""

    def opened(self, connection: Hashable, address: str, now: float) -> Hashable | None:
        return None

    def spoke(self, connection: Hashable, now: float) -> None: ...

    def busy(self, connection: Hashable) -> None: ...

    def closed(self, connection: Hashable) -> None: ...


class Connection(H11Protocol):
    """Made by uvicorn; `limited` gives a class that is bound to what one server has."""

    table: OpenConnections = Unlimited()
    gate: Gate = Open()
    patience_s: float = 10.0

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._waiting: asyncio.TimerHandle | None = None
        self._body = 0
        self._current: object = None
        self._upgraded = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        loser = self.table.opened(self, address, self.loop.time())
        if isinstance(loser, Connection):
            loser.transport.abort()
        self._wait()

    def data_received(self, data: bytes) -> None:
        if self._is_reading_body:
            self._body += len(data)
            if self._body > MAX_BODY:
                self.transport.abort()
                return
        super().data_received(data)
        self._look_after()

    def _look_after(self) -> None:
        """Be patient once for each request's head and once for its body, however many pieces they
        come in."""
        if self._upgraded:
            return
        if self.cycle is not self._current:
            self._current = self.cycle
            self._body = 0
            self._stop_waiting()
            self.table.busy(self)
        if self._is_serving:
            self._stop_waiting()
        elif self._waiting is None:
            self._wait()

    def on_response_complete(self) -> None:
        self._stop_waiting()
        self.table.spoke(self, self.loop.time())
        super().on_response_complete()
        self._look_after()

    def handle_websocket_upgrade(self, event: Any) -> None:
        self._upgraded = True
        self._stop_waiting()
        super().handle_websocket_upgrade(event)
        self.table.busy(self)
        upgraded: Any = self.transport.get_protocol()
        its_own = upgraded.connection_lost

        def connection_lost(exc: Exception | None) -> None:
            self.table.closed(self)
            its_own(exc)

        upgraded.connection_lost = connection_lost

    def send_400_response(self, msg: str) -> None:
        if self.client:
            self.gate.failed(self.client[0], self.loop.time(), Failure.MALFORMED)
        super().send_400_response(msg)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self.table.closed(self)
        super().connection_lost(exc)

    @property
    def _is_reading_body(self) -> bool:
        return self.cycle is not None and bool(getattr(self.cycle, "more_body", False))

    @property
    def _is_serving(self) -> bool:
        """Whether a whole request is here, and its answer is not finished."""
        return (
            self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body
        )

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(self.patience_s, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


def limited(
    table: OpenConnections | None, gate: Gate | None, patience_s: float
) -> type[Connection]:
    """The class of one server's connections; uvicorn makes them itself and passes nothing on."""
    given = {
        "table": Unlimited() if table is None else table,  # an empty one is false
        "gate": Open() if gate is None else gate,
        "patience_s": patience_s,
    }
    return type("LimitedConnection", (Connection,), given)
