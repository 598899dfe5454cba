"""The bounded buffer between a door and the reader of its events.

A door puts events in from the event loop's callbacks and never waits. A reader that is too slow
loses the oldest audio, counted in ``dropped``; it never loses a key, a hold or the end. Before a
call is answered there is no reader: audio may go elsewhere then (``divert``).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

from voicebot.telephony._api import AudioIn, LegEnded, LegEvent

AUDIO_FRAMES = 100
"""2 s: far beyond what a healthy reader leaves lying, little enough to stay a conversation."""


class EventBuffer:
    """Events of one leg, in order; one reader."""

    def __init__(self, audio_frames: int = AUDIO_FRAMES) -> None:
        self._limit = audio_frames
        self._events: deque[LegEvent] = deque()
        self._audio = 0
        self._stirred = asyncio.Event()
        self._closed = False
        self.dropped = 0
        """Frames of audio that a slow reader lost."""
        self.divert: Callable[[AudioIn], None] | None = None
        """Who gets the audio instead of the reader, if anybody."""

    def put(self, event: LegEvent) -> None:
        """Take ``event``; what comes after `LegEnded` is ignored."""
        if self._closed:
            return
        self._closed = isinstance(event, LegEnded)
        if isinstance(event, AudioIn):
            if self.divert is not None:
                self.divert(event)
                return
            if self._audio >= self._limit:
                self._drop_oldest_audio()
            self._audio += 1
        self._events.append(event)
        self._stirred.set()

    @property
    def idle(self) -> bool:
        """Whether everything was read and the reader waits for more."""
        return not self._events and not self._stirred.is_set()

    async def read(self) -> AsyncIterator[LegEvent]:
        """Give the events until `LegEnded`, which is the last. To be iterated once."""
        while True:
            while self._events:
                event = self._events.popleft()
                if isinstance(event, AudioIn):
                    self._audio -= 1
                yield event
                if isinstance(event, LegEnded):
                    return
            self._stirred.clear()
            await self._stirred.wait()

    def _drop_oldest_audio(self) -> None:
        # Keys before the audio are few, so the search is short.
        oldest = next(i for i, event in enumerate(self._events) if isinstance(event, AudioIn))
        del self._events[oldest]
        self._audio -= 1
        self.dropped += 1
