"""What others than caller and bot hear of a call: its recording, and supervisors who listen.

The caller's frames and those that leave for the caller pass by here, each once. What only the two
may hear (a question marked private or sensitive and its answer, a secret that the bot says) is
silence for everybody else. Supervisors sit in a bridge of their own, made when the first one comes
and gone with the last: nothing reaches the caller's line, and a call that nobody listens to pays
two comparisons a frame.
Left out on purpose: who may listen, and conversations of two people, which have their own bridge.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from voicebot.flows.commands import Listen
from voicebot.media.frames import FRAME_MS, silence
from voicebot.media.recorder import CallRecorder
from voicebot.telephony._api import AudioIn
from voicebot.telephony.bridge import Bridge, Role, Seat, Watching
from voicebot.types import Samples

LINGERS_MS: Final = 1000
"""How long it stays silent after a secret was understood: callers say or key on, and keys are told
when they are pressed, while their tone goes on."""


class Earshot:
    """One call's, whose frames have ``rate`` Hz. ``recorder`` is None while nothing is recorded."""

    def __init__(self, rate: int) -> None:
        self.recorder: CallRecorder | None = None
        self._rate = rate
        self._silence = silence(rate)
        self._private = False
        self._hushed = False
        self._lingers = 0
        self._answered = asyncio.Event()
        self._answered.set()
        self._sides: tuple[Seat, Seat] | None = None
        """Where supervisors hear the caller from, and what the caller hears."""

    @property
    def is_silent(self) -> bool:
        """Whether a secret is asked for or said, which nobody else hears."""
        return self._private or self._hushed or self._lingers > 0

    # The line

    def heard(self, samples: Samples, at: float) -> None:
        """20 ms of the caller's."""
        if self.is_silent:
            samples = self._silence
            self._linger(max(0, self._lingers - 1))
        if self.recorder is not None:
            self.recorder.heard(samples, at)
        if self._sides is not None:
            self._sides[0].receive(AudioIn(samples, at))

    def sent(self, samples: Samples | None, at: float, *, secret: bool) -> None:
        """20 ms that left for the caller, None for silence; ``secret`` where they alone may hear
        it."""
        self._hushed = secret
        if self.is_silent:
            samples = None
        if self.recorder is not None:
            self.recorder.sent(samples, at)
        if self._sides is not None:
            self._sides[1].receive(AudioIn(self._silence if samples is None else samples, at))

    @contextmanager
    def asking(self, listen: Listen) -> Iterator[None]:
        """While ``listen`` is asked and answered, and a moment longer after a secret."""
        self._private = listen.private
        try:
            yield
        finally:
            self._private = False
            if listen.sensitive:
                self._linger(LINGERS_MS // FRAME_MS)

    def _linger(self, frames: int) -> None:
        self._lingers = frames
        if frames:
            self._answered.clear()
        else:
            self._answered.set()

    async def until_answered(self) -> None:
        """Return when no answer to a secret question can be going on any more."""
        await self._answered.wait()

    # Supervisors

    def join(self, rate: int) -> Seat:
        """A seat for a supervisor whose frames have ``rate`` Hz: they hear, and are not heard.

        Raises UsageError when there is no room.
        """
        if self._sides is None:
            bridge = Bridge(self._rate, watching=Watching(left=lambda seat, reason: self._tidy()))
            self._bridge = bridge
            self._sides = bridge.join("caller", self._rate), bridge.join("bot", self._rate)
        return self._bridge.join("supervisor", rate, Role.LISTENER)

    def close(self) -> None:
        """The call is over."""
        if self.recorder is not None:
            self.recorder.close()

    def _tidy(self) -> None:
        if all(seat.role is Role.PARTY for seat in self._bridge.seats):
            self._sides = None
