"""What a SIP call has whichever side began it, and whatever is signalled: audio, events, an end.

The state is in `call_state`, the audio in `pump` and `rtp`. On hold nothing is sent and nothing is
heard, not even the other side's music.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from voicebot.errors import CallError
from voicebot.telephony._api import (
    AudioIn,
    FrameSource,
    HoldChanged,
    KeyIn,
    LegEnded,
    LegEvent,
    LegInfo,
)
from voicebot.telephony.call_state import CallState, Signal, transition
from voicebot.telephony.codecs import NARROW
from voicebot.telephony.event_buffer import EventBuffer
from voicebot.telephony.sip.door import Door
from voicebot.telephony.sip.exchange import MediaExchange
from voicebot.telephony.sip.in_dialog import InDialog
from voicebot.telephony.sip.info_keys import KeyOnce, Way
from voicebot.telephony.sip.pump import AudioPump
from voicebot.telephony.sip.rtp import CallMedia
from voicebot.telephony.sip.transactions import ServerTransaction


class LegCore:
    """The part of a leg below its signalling. ``them`` is who is at the other end, for reasons."""

    them = "caller"

    def __init__(
        self,
        door: Door,
        info: LegInfo,
        forget: Callable[[LegCore], None],
    ) -> None:
        self.state = CallState.ARRIVING
        self.line: InDialog
        self.marks = ("", "")
        """Call-ID and our tag, by which the server knows the leg."""
        self._door = door
        self._info = info
        self._forget = forget
        self._events = EventBuffer()
        self._source: FrameSource | None = None
        self._exchange: MediaExchange | None = None
        self._pump: AudioPump | None = None
        self._held = False
        self._end_reason = ""
        self._over = asyncio.Event()
        self._invite: ServerTransaction | None = None
        self._acknowledged = asyncio.Event()
        self._keys = KeyOnce()

    # The contract

    @property
    def info(self) -> LegInfo:
        return self._info

    @property
    def sample_rate(self) -> int:
        """Known with the codec, once the call is answered; 8000 before."""
        return NARROW if self.media is None else self.media.rate

    @property
    def ended(self) -> bool:
        return self.state is CallState.ENDED

    @property
    def media(self) -> CallMedia | None:
        """The call's RTP, while there is any."""
        return None if self._exchange is None else self._exchange.media

    def events(self) -> AsyncIterator[LegEvent]:
        return self._events.read()

    def attach(self, source: FrameSource | None) -> None:
        self._source = source
        if self._pump is not None:
            self._pump.feed.source = source

    def press(self, key: str) -> bool:
        """Send a key as a telephone event (`KeyingLeg.press`)."""
        return not self.ended and self.media is not None and self.media.press(key)

    async def hang_up(self, reason: str = "hung up by voicebot") -> None:
        if not self.ended:
            self._end(reason)

    # Media

    async def _open_media(self, peer_host: str) -> MediaExchange:
        """Bind the RTP ports. Raises CallError; the leg may have ended meanwhile."""
        door = self._door
        media = await CallMedia.open(door.host, door.ports, door.counters, door.policy)
        if self.ended:
            await media.close()
            raise CallError(self._end_reason)
        media.on_key = self._heard_key
        self._exchange = MediaExchange(media, self._door.host_towards(peer_host), peer_host)
        return self._exchange

    def _start_pump(self, exchange: MediaExchange, *, early: bool) -> None:
        """Let audio flow. While it is ``early`` nobody has to speak, and nobody listens."""
        if self._pump is None:
            self._pump = AudioPump(self._door, exchange.media, self._events, self._line_died)
            self._pump.feed.source = self._source
            self._pump.start()
        self._events.divert = self._heard_early if early else None
        self._pump.expect_audio(not early)

    def _heard_early(self, audio: AudioIn) -> None:
        """What came in before the answer."""

    def _hung_up_on(self) -> None:
        self._end(f"{self.them} hung up", goodbye=False)

    def _follow_direction(self, exchange: MediaExchange) -> None:
        """Tell the reader when the other party put us on hold or took us back."""
        self._step(Signal.HOLD if exchange.held else Signal.RESUME)
        if exchange.held != self._held:
            self._held = exchange.held
            self._events.put(HoldChanged(self._held, self._now()))

    def _line_died(self) -> None:
        seconds = f"{self._door.media_timeout_s:g} s"
        self._end(f"no audio from the {self.them} for {seconds}", failed=True)

    def _heard_key(self, key: str, at: float) -> None:
        self._take_key(key, "media", at)

    def _take_key(self, key: str, way: Way, at: float) -> None:
        if self._keys.is_new(key, way, at):
            self._events.put(KeyIn(key, at))

    # State and end

    def _step(self, signal: Signal) -> None:
        self.state = transition(self.state, signal)

    def _is_early(self) -> bool:
        return self.state in {CallState.ARRIVING, CallState.DIALLING, CallState.ANSWERING}

    def _end(self, reason: str, *, failed: bool = False, goodbye: bool = True) -> None:
        if self.ended:
            return
        self._step(Signal.END)
        self._end_reason = reason
        self._over.set()
        self._signalling_over()
        if self._pump is not None:
            self._pump.stop()
        goodbye = self._take_back() and goodbye
        if not goodbye:
            if self._invite is not None:
                self._invite.acknowledged()
            self._acknowledged.set()
        self._events.put(LegEnded(reason, self._now(), failed))
        self._door.counters.audio_dropped += self._events.dropped
        self._door.background.run(self._leave(goodbye), "sip-leave")

    def _signalling_over(self) -> None:
        """The leg has ended: nothing is waited for any more."""

    def _take_back(self) -> bool:
        """Refuse what is still open; true where the call was answered, so that a BYE is due."""
        return True

    async def _leave(self, goodbye: bool) -> None:
        """Close the media and say BYE until it is heard, while nobody waits."""
        try:
            if self._exchange is not None:
                await self._exchange.media.close()
            if goodbye:
                await self._say_goodbye()
        finally:
            self._forget(self)

    async def _say_goodbye(self) -> None:
        # A called side may not send BYE before the ACK is here or will never come (section 15).
        try:
            async with asyncio.timeout(self._door.timers.give_up_s):
                await self._acknowledged.wait()
        except TimeoutError:
            self._acknowledged.set()
        await self.line.say_goodbye(self._info.call_id)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
