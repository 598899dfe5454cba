"""One call from a browser as a `CallLeg`: 16 kHz both ways, keys and hang-up by the data channel.

The call outlives its connection. When the caller's network changes the page offers a new one, and
once that is connected it takes over (`restart`); the old one is closed. There is nobody to refer
the caller to, so a transfer is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final

import structlog

from voicebot.errors import CallError, CallRefused, NoCommonCodec, TransferFailed
from voicebot.telephony._api import (
    FrameSource,
    HoldChanged,
    KeyIn,
    LegEnded,
    LegEvent,
    LegInfo,
)
from voicebot.telephony.call_state import CallState, Signal, has_media, transition
from voicebot.telephony.event_buffer import EventBuffer
from voicebot.telephony.webrtc import messages
from voicebot.telephony.webrtc.connection import PeerConnection
from voicebot.telephony.webrtc.house import House
from voicebot.telephony.webrtc.offer import MalformedOffer
from voicebot.telephony.webrtc.pump import RATE, AudioPump
from voicebot.types import Json

log = structlog.get_logger(__name__)

_LAST_MESSAGE_S: Final = 0.3
"""How long the page has to hear that the call is over before the connection is closed."""


class WebRtcLeg:
    """A `CallLeg` over WebRTC. Made by the door for each offer that it lets in."""

    def __init__(
        self, house: House, info: LegInfo, offer: str, forget: Callable[[WebRtcLeg], None]
    ) -> None:
        self.state = CallState.ARRIVING
        self._house = house
        self._info = info
        self._offer = offer
        self._forget = forget
        self._events = EventBuffer()
        self._reply: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._over = asyncio.Event()
        self._end_reason = ""
        self._pace = messages.Pace()
        self._connection: PeerConnection | None = None
        self._successor: PeerConnection | None = None
        self._pump = AudioPump(
            house.clock,
            self._events,
            house.counters,
            media_timeout_s=house.media_timeout_s,
            on_away=self._hold,
            on_dead=self._line_died,
        )

    # The contract

    @property
    def info(self) -> LegInfo:
        return self._info

    @property
    def sample_rate(self) -> int:
        return RATE

    @property
    def ended(self) -> bool:
        return self.state is CallState.ENDED

    def events(self) -> AsyncIterator[LegEvent]:
        return self._events.read()

    def attach(self, source: FrameSource | None) -> None:
        self._pump.feed.source = source

    async def answer(self) -> None:
        """Answer the offer and wait until the browser is connected, so that the first words reach
        it. Raises CallError when that fails or takes too long; the leg has then ended."""
        self._step(Signal.ANSWER)
        connection = self._connection = self._new_connection()
        self._pump.use(connection)
        try:
            answer = await connection.accept(self._offer)
        except (MalformedOffer, NoCommonCodec) as error:
            self._refuse(CallRefused("offer", str(error)))
            self._end(str(error), failed=True)
            raise
        except CallError as error:
            self._refuse(CallRefused("unavailable", "voicebot has no line free for media"))
            self._end(str(error), failed=True)
            raise
        if not self._reply.done():
            self._reply.set_result(answer)
        if not await self._connects(connection):
            self._house.counters.never_connected += 1
            self._end("the browser's media never came", failed=True)
        if self.ended:
            raise CallError(self._end_reason)
        self._step(Signal.ANSWERED)
        self._house.counters.answered += 1
        self._pump.start()

    async def reject(self, status: int, *, retry_after_s: int | None = None) -> None:
        if self.ended:
            return
        if self.state is not CallState.ARRIVING:
            raise CallError("a call that was answered can only be hung up")
        self._refuse(refusal(status, retry_after_s))
        self._end(f"refused with {status}")

    async def hang_up(self, reason: str = "hung up by voicebot") -> None:
        if not self.ended:
            self._end(reason)

    async def transfer(self, target: str, headers: Mapping[str, str]) -> None:
        raise TransferFailed(target, 0, "a call from a browser cannot be sent elsewhere")

    # What the door passes on

    async def answer_to_offer(self) -> str:
        """Wait for our answer to the offer. Raises CallRefused."""
        return await asyncio.shield(self._reply)

    async def restart(self, offer: str) -> str:
        """Answer the offer of a new connection, which takes over once it is connected.

        Raises CallRefused when the call is over or not yet answered, or the offer is bad.
        """
        if self.state not in {CallState.UP, CallState.HELD}:
            raise CallRefused("gone", "there is no call to go on with")
        if self._successor is not None:
            self._house.background.run(self._successor.close(), "webrtc-close")
        successor = self._successor = self._new_connection()
        try:
            answer = await successor.accept(offer)
        except CallError as error:
            self._successor = None
            await successor.close()
            raise CallRefused("offer", str(error)) from None
        self._house.background.run(self._take_over(successor), "webrtc-restart")
        return answer

    def tell(self, message: Mapping[str, Json]) -> None:
        """Send ``message`` to the page, as far as there is one."""
        if self._connection is not None and not self.ended:
            self._connection.tell(messages.write(message))

    # The connection

    def _new_connection(self) -> PeerConnection:
        made: list[PeerConnection] = []

        def packet(timestamp: int, payload: bytes) -> None:
            if self._connection is made[0]:
                self._pump.take(timestamp, payload)

        def closed() -> None:
            if self._connection is made[0] and self._successor is None:
                self._end("caller hung up")

        made.append(
            PeerConnection(
                self._house.sockets,
                self._house.ice_servers(),
                on_packet=packet,
                on_message=self._told,
                on_closed=closed,
            )
        )
        return made[0]

    async def _connects(self, connection: PeerConnection) -> bool:
        """Wait until ``connection`` is up or the leg has ended; false when it takes too long."""
        up = asyncio.ensure_future(connection.connected.wait())
        over = asyncio.ensure_future(self._over.wait())
        done, _ = await asyncio.wait(
            {up, over}, timeout=self._house.connect_timeout_s, return_when=asyncio.FIRST_COMPLETED
        )
        up.cancel()
        over.cancel()
        return bool(done)

    async def _take_over(self, successor: PeerConnection) -> None:
        await self._connects(successor)
        if self._successor is not successor or self.ended or not successor.connected.is_set():
            if self._successor is successor:
                self._successor = None
            await successor.close()
            return
        former, self._connection, self._successor = self._connection, successor, None
        self._pump.use(successor)
        self._house.counters.reconnects += 1
        assert former is not None
        for message in former.unsent():
            successor.tell(message)
        await self._close(former)

    async def _close(self, connection: PeerConnection) -> None:
        await connection.close()
        self._house.counters.messages_dropped += connection.messages_dropped

    def _told(self, text: str) -> None:
        """The page says something."""
        counters = self._house.counters
        if not self._pace.allows(self._now()):
            counters.messages_dropped += 1
            return
        match messages.read(text):
            case messages.KeyPressed(key) if self.state in {CallState.UP, CallState.HELD}:
                counters.keys += 1
                self._events.put(KeyIn(key, self._now()))
            case messages.HangUpAsked() if not self.ended:
                self._end("caller hung up")
            case None:
                counters.messages_malformed += 1

    # State

    def _hold(self, held: bool) -> None:
        if self.ended:
            return
        self._step(Signal.HOLD if held else Signal.RESUME)
        self._events.put(HoldChanged(held, self._now()))

    def _line_died(self) -> None:
        self._end(f"no audio from the caller for {self._house.media_timeout_s:g} s", failed=True)

    def _step(self, signal: Signal) -> None:
        self.state = transition(self.state, signal)

    def _refuse(self, refused: CallRefused) -> None:
        if not self._reply.done():
            self._reply.set_exception(refused)
            self._reply.exception()  # nobody may be waiting any more

    def _end(self, reason: str, *, failed: bool = False) -> None:
        if self.ended:
            return
        self.tell({"type": "ended", "reason": reason})
        talked = has_media(self.state) or self.state is CallState.HELD
        self._step(Signal.END)
        self._end_reason = reason
        self._over.set()
        self._pump.stop()
        self._refuse(CallRefused("gone", reason))
        self._events.put(LegEnded(reason, self._now(), failed))
        self._house.counters.audio_dropped += self._events.dropped
        self._house.background.run(self._leave(talked), "webrtc-leave")

    async def _leave(self, talked: bool) -> None:
        try:
            if talked:
                await asyncio.sleep(_LAST_MESSAGE_S)
            for connection in (self._connection, self._successor):
                if connection is not None:
                    await self._close(connection)
        finally:
            self._forget(self)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def refusal(status: int, retry_after_s: int | None) -> CallRefused:
    """What a page is told instead of a SIP status."""
    if status == 486:
        return CallRefused("busy", "all lines are in use", retry_after_s)
    return CallRefused("unavailable", "no calls are taken at the moment", retry_after_s)
