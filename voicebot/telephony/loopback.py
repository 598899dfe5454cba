"""A leg whose caller is a Python object: for tests, simulations and the terminal.

`pair` gives both ends. The caller's end moves the time on, frame by frame: on a virtual clock, as
fast as the reader follows, or with ``real_time`` at the pace of a telephone. Within one frame the
order is the SIP door's: the caller's audio is handed over, then the next frame is pulled from the
source. Loss is a pattern that repeats; there is no codec and no jitter.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from voicebot.errors import CallError, TransferFailed
from voicebot.media.frames import FRAME_S, frame_length, frames_of
from voicebot.telephony._api import (
    AudioIn,
    FrameSource,
    HoldChanged,
    KeyIn,
    LegEnded,
    LegEvent,
    LegInfo,
)
from voicebot.telephony.call_state import CallState, Signal, has_media, transition
from voicebot.telephony.event_buffer import EventBuffer
from voicebot.types import KEYS, CallId, Samples

RATE: Final = 8000
_TURNS: Final = 200
"""How often the event loop goes round, at most, while a step waits for the reader."""
_IDLE_TURNS: Final = 10
"""How often it goes round once the reader waits: for tasks that the reader has woken in turn."""


@dataclass(frozen=True, slots=True)
class TransferAsked:
    """A transfer that the leg was told to make."""

    target: str
    headers: Mapping[str, str]


class LoopbackLeg:
    """The bot's end: a `CallLeg`. Made by `pair`."""

    def __init__(self, info: LegInfo, caller: LoopbackCaller) -> None:
        self.state = CallState.ARRIVING
        self._info = info
        self._caller = caller
        self._events = EventBuffer()
        self._source: FrameSource | None = None
        self._held = False

    @property
    def info(self) -> LegInfo:
        return self._info

    @property
    def sample_rate(self) -> int:
        return RATE

    async def answer(self) -> None:
        if self.state is CallState.ENDED:
            raise CallError("the caller gave up before the answer")
        self._step(Signal.ANSWER)
        self._step(Signal.ANSWERED)

    async def reject(self, status: int, *, retry_after_s: int | None = None) -> None:
        if self.state is not CallState.ARRIVING:
            raise CallError("a call that was answered can only be hung up")
        self._caller.rejected = (status, retry_after_s)
        self._end(f"refused with {status}")

    def events(self) -> AsyncIterator[LegEvent]:
        return self._events.read()

    def attach(self, source: FrameSource | None) -> None:
        self._source = source

    def press(self, key: str) -> bool:
        if self._caller.takes_keys:
            self._caller.pressed += key
        return self._caller.takes_keys

    async def hang_up(self, reason: str = "hung up by voicebot") -> None:
        if self.state is not CallState.ENDED:
            self._end(reason)

    async def transfer(self, target: str, headers: Mapping[str, str]) -> None:
        if self.state is CallState.ENDED:
            raise TransferFailed(target, 0, "the caller hung up")
        self._step(Signal.TRANSFER)
        self._caller.transfers.append(TransferAsked(target, dict(headers)))
        status = self._caller.transfer_status
        if not 200 <= status < 300:
            self._step(Signal.TRANSFER_FAILED)
            reason = "refused by the target" if status else "not answered"
            raise TransferFailed(target, status, reason)
        await self.hang_up("transferred")

    # The caller's end

    def _step(self, signal: Signal) -> None:
        self.state = transition(self.state, signal)

    def _hold(self, held: bool) -> None:
        self._step(Signal.HOLD if held else Signal.RESUME)
        if held != self._held:
            self._held = held
            self._events.put(HoldChanged(held, self._caller.now))

    def _end(self, reason: str, *, failed: bool = False) -> None:
        self._step(Signal.END)
        self._events.put(LegEnded(reason, self._caller.now, failed))
        self._caller.ended = reason

    def _exchange(self, said: Samples, now: float) -> Samples | None:
        """One frame each way; None while no media flow."""
        if not has_media(self.state) or self._held:
            return None
        self._events.put(AudioIn(said, now))
        frame = self._source.next_frame(now) if self._source is not None else None
        return _SILENCE if frame is None else frame


class LoopbackCaller:
    """The caller's end. Whatever takes time is awaited; nothing sleeps unless in ``real_time``.

    ``heard`` holds what reached the caller, a frame of 160 samples for each 20 ms with media.
    ``loss_to_leg`` and ``loss_to_caller`` are patterns that repeat, true where silence comes
    instead of the frame. ``transfer_status`` is what comes of a transfer: 200, a refusal, or 0 for
    none. ``takes_keys`` says whether the leg can signal keys, which stand in ``pressed``; else they
    can only be heard. ``rejected`` and ``ended`` tell how the leg refused or ended the call.
    """

    def __init__(self, *, start: float, real_time: bool) -> None:
        self.now = start
        self.heard: list[Samples] = []
        self.loss_to_leg: Sequence[bool] = ()
        self.loss_to_caller: Sequence[bool] = ()
        self.transfer_status = 200
        self.transfers: list[TransferAsked] = []
        self.takes_keys = False
        self.pressed = ""
        self.rejected: tuple[int, int | None] | None = None
        self.ended: str | None = None
        self._leg: LoopbackLeg | None = None
        self._real_time = real_time
        self._frames = 0

    @property
    def leg(self) -> LoopbackLeg:
        assert self._leg is not None
        return self._leg

    @property
    def heard_audio(self) -> Samples:
        """All that was heard in one piece."""
        return np.concatenate(self.heard) if self.heard else np.zeros(0, np.int16)

    async def step(self, said: Samples | None = None) -> Samples | None:
        """Let 20 ms pass, saying one frame or nothing; give what was heard, None without media.

        Returns when the reader of the leg's events waits for the next one.
        """
        if self._real_time:
            loop = asyncio.get_running_loop()
            await asyncio.sleep(max(0.0, self.now + FRAME_S - loop.time()))
        self.now += FRAME_S
        if said is None or _is_lost(self.loss_to_leg, self._frames):
            said = _SILENCE
        heard = self.leg._exchange(said, self.now)
        if heard is not None:
            if _is_lost(self.loss_to_caller, self._frames):
                heard = _SILENCE
            self.heard.append(heard)
        self._frames += 1
        await self.settle()
        return heard

    async def speak(self, samples: Samples) -> None:
        """Say ``samples`` (int16 at 8000 Hz), the last frame filled up with silence."""
        for frame in frames_of(samples, RATE):
            await self.step(frame)

    async def listen(self, ms: int) -> None:
        """Say nothing for ``ms``."""
        for _ in range(round(ms / 1000 / FRAME_S)):
            await self.step()

    async def listen_until(self, condition: Callable[[], bool], limit_ms: int = 60_000) -> bool:
        """Say nothing until ``condition()``; false when it did not come in ``limit_ms``."""
        for _ in range(round(limit_ms / 1000 / FRAME_S)):
            if condition():
                return True
            await self.step()
        return condition()

    async def settle(self) -> None:
        """Let the bot do what can be done without time passing."""
        idle = 0
        for _ in range(_TURNS):
            await asyncio.sleep(0)
            idle = idle + 1 if self.leg._events.idle else 0
            if idle == _IDLE_TURNS:
                return

    def press(self, keys: str) -> None:
        """Press one key or several; the leg hears of it at once."""
        for key in keys:
            if key not in KEYS:
                raise CallError(f"a telephone has no key {key!r}")
            self.leg._events.put(KeyIn(key, self.now))

    def hold(self) -> None:
        """Put the bot on hold."""
        self.leg._hold(True)

    def resume(self) -> None:
        """Take the bot back."""
        self.leg._hold(False)

    def hang_up(self) -> None:
        if self.leg.state is not CallState.ENDED:
            self.leg._end("caller hung up")

    def lose_line(self) -> None:
        """The line dies, as when no RTP comes any more."""
        if self.leg.state is not CallState.ENDED:
            self.leg._end("no audio from the caller for 20 s", failed=True)


def pair(
    info: LegInfo | None = None, *, start: float = 0.0, real_time: bool = False
) -> tuple[LoopbackLeg, LoopbackCaller]:
    """A leg and its caller, whose clock begins at ``start`` seconds (the loop's in real time)."""
    if real_time:
        start = asyncio.get_running_loop().time()
    caller = LoopbackCaller(start=start, real_time=real_time)
    if info is None:
        info = LegInfo(CallId("loopback"), "loopback", caller="1001", callee="1000")
    caller._leg = LoopbackLeg(info, caller)
    return caller._leg, caller


def _is_lost(pattern: Sequence[bool], frame: int) -> bool:
    return bool(pattern) and pattern[frame % len(pattern)]


_SILENCE: Final = np.zeros(frame_length(RATE), np.int16)
_SILENCE.setflags(write=False)
