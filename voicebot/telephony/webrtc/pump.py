"""The audio of one call, frame by frame; driven by the door's `FrameClock`.

Where no packet has come for `AWAY_S` the caller's network is gone, or their browser sleeps: the
call is on hold until packets come again, so that no prompt is said into the void and no question
counts as unanswered. When it takes too long the line is dead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from voicebot.media.clock import Tick
from voicebot.media.frames import FRAME_MS, FRAME_S, silence
from voicebot.media.opus import OpusEncoder
from voicebot.telephony._api import AudioIn
from voicebot.telephony.codecs import CODECS, decoder
from voicebot.telephony.event_buffer import EventBuffer
from voicebot.telephony.frame_clock import FrameClock
from voicebot.telephony.frame_feed import FrameFeed
from voicebot.telephony.playout import Playout
from voicebot.telephony.webrtc.connection import PeerConnection
from voicebot.telephony.webrtc.counters import Counters

log = structlog.get_logger(__name__)

RATE: Final = 16_000
AWAY_S: Final = 1.0

_SILENCE: Final = silence(RATE)
_SILENCE.setflags(write=False)
_CLOCK_RATE: Final = CODECS["opus"].clock_rate
_TICK_UNITS: Final = _CLOCK_RATE * FRAME_MS // 1000


class AudioPump:
    """Moves the frames of one call while it runs.

    ``on_away`` is told when the caller's packets stay away and when they are back; ``on_dead`` when
    they have stayed away for ``media_timeout_s``.
    """

    def __init__(
        self,
        clock: FrameClock,
        events: EventBuffer,
        counters: Counters,
        *,
        media_timeout_s: float,
        on_away: Callable[[bool], None],
        on_dead: Callable[[], None],
    ) -> None:
        self.feed = FrameFeed(RATE)
        self._clock = clock
        self._events = events
        self._counters = counters
        self._media_timeout_s = media_timeout_s
        self._on_away = on_away
        self._on_dead = on_dead
        self._encoder = OpusEncoder(RATE)
        self._connection: PeerConnection | None = None
        self._playout = self._new_playout()
        self._heard_at = 0.0
        self._away = False
        self._timestamp = 0
        self._key: int | None = None

    def use(self, connection: PeerConnection) -> None:
        """Talk by ``connection`` from now on; what waits from another one is forgotten."""
        self._connection = connection
        self._playout = self._new_playout()

    def start(self) -> None:
        self._heard_at = self._now()
        self._key = self._clock.add(self._on_tick)

    def stop(self) -> None:
        if self._key is not None:
            self._clock.remove(self._key)
            self._key = None

    def take(self, timestamp: int, packet: bytes) -> None:
        """A packet from the caller."""
        self._heard_at = self._now()
        try:
            self._playout.put(timestamp, packet, self._heard_at)
        except ValueError:
            self._counters.packets_malformed += 1
        else:
            self._counters.packets_received += 1

    def _on_tick(self, tick: Tick) -> None:
        now = self._now()
        self._timestamp += _TICK_UNITS * (1 + tick.skipped)
        quiet_s = now - self._heard_at
        if quiet_s > self._media_timeout_s:
            self._on_dead()
            return
        away = quiet_s > AWAY_S
        if away != self._away:
            self._away = away
            self._playout = self._new_playout()
            self._on_away(away)
        if away:
            return
        for missed in range(tick.skipped, -1, -1):
            # Ticks that were left out are made good here: nothing the caller said gets lost.
            heard = self._playout.tick(now - missed * FRAME_S)
            self._events.put(AudioIn(_SILENCE if heard is None else heard, now))
        self._counters.frames_skipped += tick.skipped
        self._counters.frames_sent += 1
        assert self._connection is not None
        frame = self.feed.pull(now)
        packet = self._encoder.encode(_SILENCE if frame is None else frame)
        self._connection.send(self._timestamp, packet)

    def _new_playout(self) -> Playout:
        return Playout(decoder("opus"), RATE, _CLOCK_RATE, self._counters.playout)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
