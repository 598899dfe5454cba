"""The media-stream door: calls that a carrier announces by webhook and brings over a WebSocket.

HTTP and WebSockets are the web side's; it calls `ring`, `claim` and `handover`. Who may ring (the
carrier's signature) is checked there too. A stream is let in by a token that the answer to the
webhook carried: it belongs to one call, for some seconds, once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Final
from uuid import uuid4

import structlog

from voicebot.telephony._api import Admission, LegInfo, Reception
from voicebot.telephony.call_state import CallState
from voicebot.telephony.frame_clock import FrameClock
from voicebot.telephony.mediastream.handovers import Handovers
from voicebot.telephony.mediastream.leg import MediaStreamLeg
from voicebot.telephony.serving import serve
from voicebot.telephony.stream_counters import StreamCounters, StreamSnapshot
from voicebot.telephony.stream_leg import now
from voicebot.types import CallId

log = structlog.get_logger(__name__)

DECIDED_WITHIN_S: Final = 8.0
"""How long a webhook waits for the call to be answered or not; carriers give up after 15 s."""
GOODBYE_S: Final = 2.0
"""How long `MediaStreamDoor.stop` waits for calls to be wound up."""


class MediaStreamDoor:
    """A `CallDoor`; ``media_timeout_s`` is how long a stream may be silent."""

    def __init__(
        self,
        *,
        reception: Reception,
        media_timeout_s: float = 20.0,
        clock: FrameClock | None = None,
    ) -> None:
        self._reception = reception
        self._media_timeout_s = media_timeout_s
        self._clock = clock or FrameClock()
        self._counters = StreamCounters()
        self._handovers = Handovers()
        self._legs: dict[str, MediaStreamLeg] = {}
        self._tokens: dict[str, MediaStreamLeg] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._draining = False

    @property
    def active_calls(self) -> int:
        return len(self._legs)

    def counters(self) -> StreamSnapshot:
        """All counts at this moment."""
        return self._counters.snapshot(len(self._legs), len(self._tokens))

    async def start(self) -> None:
        """Nothing to open: the HTTP side listens."""

    def drain(self) -> None:
        """Refuse new calls from now on; running ones do not notice."""
        self._draining = True

    async def stop(self) -> None:
        """Hang up what is left."""
        self.drain()
        legs = tuple(self._legs.values())
        await asyncio.gather(*(leg.hang_up("voicebot is shutting down") for leg in legs))
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=GOODBYE_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # What the web side calls

    async def ring(
        self, call: str, caller: str, callee: str, headers: Mapping[str, str]
    ) -> str | None:
        """A call has come in that the carrier names ``call``. Give the token that its stream must
        show, or None where the call is refused. Ringing again for the same call is no harm."""
        leg = self._legs.get(call)
        if leg is None:
            info = LegInfo(CallId(uuid4().hex), "mediastream", caller, callee, headers)
            admission = Admission(False, 503) if self._draining else self._reception.admit(info)
            if not admission.accepted:
                self.turned_away("no free line")
                self._reception.on_refused(info, admission.status)
                return None
            leg = self._begin(call, info)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DECIDED_WITHIN_S):
                await leg.decided.wait()
        waiting = leg.state is CallState.ANSWERING and leg.token in self._tokens
        return leg.token if waiting else None

    def claim(self, token: str) -> MediaStreamLeg | None:
        """The leg whose stream shows ``token``; None for a token that is wrong or was used."""
        leg = self._tokens.pop(token, None)
        if leg is None or leg.state is not CallState.ANSWERING:
            self.turned_away("token")
            return None
        self._counters.connections += 1
        return leg

    def handover(self, call: str) -> tuple[str, Mapping[str, str]] | None:
        """Where the carrier should connect the caller of ``call`` now, and what is known of them;
        None where the call is over."""
        found = self._handovers.take(call, now())
        return None if found is None else (found.target, found.context)

    def turned_away(self, reason: str) -> None:
        """Count who was not served."""
        self._counters.turned_away[reason] += 1

    def _begin(self, call: str, info: LegInfo) -> MediaStreamLeg:
        leg = MediaStreamLeg(
            info,
            call,
            self._clock,
            self._counters,
            self._handovers,
            media_timeout_s=self._media_timeout_s,
        )
        self._legs[call] = leg
        self._tokens[leg.token] = leg
        task = asyncio.get_running_loop().create_task(self._serve(leg), name=info.call_id)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return leg

    async def _serve(self, leg: MediaStreamLeg) -> None:
        try:
            await serve(leg, self._reception)
        finally:
            self._legs.pop(leg.call, None)
            self._tokens.pop(leg.token, None)
