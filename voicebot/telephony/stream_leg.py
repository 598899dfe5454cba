"""What the legs of AudioSocket and of media streams share: audio at 8 kHz over an ordered stream.

The door's `FrameClock` drives it: each tick hands the reader one frame of what was heard and pulls
one frame to be sent. What the protocol makes of that is the business of the leg of each door.
Neither protocol tells of hold: the frames are silence then.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from typing import Final

from voicebot.errors import CallError, TransferFailed
from voicebot.media.clock import Tick
from voicebot.media.frames import silence
from voicebot.telephony._api import AudioIn, FrameSource, KeyIn, LegEnded, LegEvent, LegInfo
from voicebot.telephony.call_state import CallState, Signal, transition
from voicebot.telephony.event_buffer import EventBuffer
from voicebot.telephony.frame_clock import FrameClock
from voicebot.telephony.frame_feed import FrameFeed
from voicebot.telephony.stream_counters import StreamCounters
from voicebot.telephony.stream_playout import StreamPlayout
from voicebot.types import KEYS, Samples

RATE: Final = 8000
SILENCE: Final = silence(RATE)
SILENCE.setflags(write=False)


class StreamLeg(ABC):
    """The part of a `CallLeg` that knows nothing of the protocol."""

    def __init__(self, info: LegInfo, clock: FrameClock, counters: StreamCounters) -> None:
        self.state = CallState.ARRIVING
        self._info = info
        self._clock = clock
        self._clock_key: int | None = None
        self._counters = counters
        self._events = EventBuffer()
        self._playout = StreamPlayout(RATE, counters.playout)
        self._feed = FrameFeed(RATE, info.call_id)
        self._heard_at = 0.0
        self._end_reason = ""

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
        self._feed.source = source

    async def reject(self, status: int, *, retry_after_s: int | None = None) -> None:
        if self.ended:
            return
        if self.state is not CallState.ARRIVING:
            raise CallError("a call that was answered can only be hung up")
        self._refuse()
        self._end(f"refused with {status}")

    # What the protocol tells

    def hear(self, samples: Samples) -> None:
        """Take audio of the caller, a block of any length at 8 kHz."""
        self._heard_at = now()
        self._counters.frames_received += 1
        if self._clock_key is not None:
            self._playout.feed(samples)

    def hear_key(self, key: str) -> None:
        """Take a key; what is none is counted and dropped."""
        self._heard_at = now()
        if len(key) == 1 and key.upper() in KEYS:
            self._events.put(KeyIn(key.upper(), self._heard_at))
        else:
            self._counters.malformed += 1

    # What the protocol must do

    @abstractmethod
    def _refuse(self) -> None:
        """The call will not be answered; it ends right afterwards. Must return at once."""

    @abstractmethod
    def _send(self, frame: Samples | None, tick: Tick) -> None:
        """Send the frame of this tick; None is silence. Must return at once."""

    @abstractmethod
    def _check(self, at: float) -> None:
        """End the leg if its line is dead. Called each tick, after `_send`."""

    @abstractmethod
    def _leave(self) -> None:
        """The leg has ended: let go of the line. Must return at once."""

    # Inside

    def _step(self, signal: Signal) -> None:
        self.state = transition(self.state, signal)

    def _open_media(self) -> None:
        """Let the frames run."""
        self._heard_at = now()
        self._clock_key = self._clock.add(self._on_tick)

    async def _handed_over(
        self,
        target: str,
        fetched: asyncio.Future[None],
        within_s: float,
        withdraw: Callable[[], None],
        nobody: str,
    ) -> None:
        """Wait until the target of a transfer was asked for, then end.

        Where nobody asks in time it is withdrawn, and TransferFailed raised for ``nobody``.
        """
        try:
            async with asyncio.timeout(within_s):
                await fetched
        except TimeoutError:
            withdraw()
            self._end(nobody, failed=True)
            raise TransferFailed(target, 0, nobody) from None
        self._end("transferred")

    def _stop_media(self) -> None:
        if self._clock_key is not None:
            self._clock.remove(self._clock_key)
            self._clock_key = None

    def _end(self, reason: str, *, failed: bool = False) -> None:
        if self.ended:
            return
        self._step(Signal.END)
        self._end_reason = reason
        self._stop_media()
        self._events.put(LegEnded(reason, now(), failed))
        self._counters.audio_dropped += self._events.dropped
        self._leave()

    def _on_tick(self, tick: Tick) -> None:
        at = now()
        for _ in range(1 + tick.skipped):
            # Ticks that were left out are made good here: nothing the caller said gets lost.
            heard = self._playout.play()
            self._events.put(AudioIn(SILENCE if heard is None else heard, at))
        if tick.skipped:
            self._counters.frames_left_out(tick.skipped)
        self._send(self._feed.pull(at), tick)
        self._counters.frame_sent(at - tick.due)
        self._check(at)


def now() -> float:
    """The loop's clock."""
    return asyncio.get_running_loop().time()
