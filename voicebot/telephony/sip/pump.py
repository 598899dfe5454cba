"""The audio of one call, frame by frame: what was heard to the reader, what is said to the wire.

Driven by the door's `FrameClock`. What is sent is pulled from the source when it leaves, so nothing
is queued: an interrupted prompt is silent with the very next frame.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from voicebot.media.clock import Tick
from voicebot.media.frames import FRAME_S, silence
from voicebot.telephony._api import AudioIn
from voicebot.telephony.event_buffer import EventBuffer
from voicebot.telephony.frame_feed import FrameFeed
from voicebot.telephony.sip.door import Door
from voicebot.telephony.sip.rtp import CallMedia

log = structlog.get_logger(__name__)


class AudioPump:
    """Moves the frames of one call while it runs.

    ``on_dead`` is called when the other party, not on hold, has sent nothing for the door's
    ``media_timeout_s``.
    """

    def __init__(
        self, door: Door, media: CallMedia, events: EventBuffer, on_dead: Callable[[], None]
    ) -> None:
        self.feed = FrameFeed(media.rate)
        self._patient = False
        self._door = door
        self._media = media
        self._events = events
        self._on_dead = on_dead
        self._key: int | None = None
        self._silence = silence(media.rate)
        self._silence.setflags(write=False)

    def start(self) -> None:
        """Begin."""
        self._media.heard_at = asyncio.get_running_loop().time()
        self._key = self._door.clock.add(self._on_tick)

    def expect_audio(self, expected: bool) -> None:
        """Say whether silence on the line is a reason to end the call; counted from now on."""
        self._patient = not expected
        self._media.heard_at = asyncio.get_running_loop().time()

    def stop(self) -> None:
        if self._key is not None:
            self._door.clock.remove(self._key)
            self._key = None

    def _on_tick(self, tick: Tick) -> None:
        agreed = self._media.agreed
        now = asyncio.get_running_loop().time()
        if agreed is None or agreed.held:
            self._media.skip(1 + tick.skipped)
            return
        for missed in range(tick.skipped, -1, -1):
            # Ticks that were left out are made good here: nothing the caller said gets lost.
            heard = self._media.play(now - missed * FRAME_S)
            self._events.put(AudioIn(self._silence if heard is None else heard, now))
        if "send" in agreed.direction:
            self._send(tick, now)
        if self._is_dead(now):
            self._on_dead()

    def _send(self, tick: Tick, now: float) -> None:
        counters = self._door.counters
        if tick.skipped:
            self._media.skip(tick.skipped)
            counters.frames_left_out(tick.skipped)
        frame = self.feed.pull(now)
        self._media.send(self._silence if frame is None else frame)
        counters.frame_sent(asyncio.get_running_loop().time() - tick.due)

    def _is_dead(self, now: float) -> bool:
        agreed = self._media.agreed
        if self._patient or agreed is None or not agreed.expects_audio:
            return False
        return now - self._media.heard_at > self._door.media_timeout_s
