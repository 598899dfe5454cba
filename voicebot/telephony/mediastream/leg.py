"""One call of a carrier's media stream as a `CallLeg`.

It begins with the carrier's webhook, before the caller is answered: that waits until the leg is
answered or rejected. Answered, the carrier opens the stream. Marks tell what was really played: a
call is hung up after its last word was heard, not after it was sent. A transfer ends the stream;
the carrier then asks how to go on and is told the target.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import deque
from collections.abc import Mapping
from functools import partial
from typing import Final, Protocol

from voicebot.errors import CallError, TransferFailed
from voicebot.media import g711
from voicebot.media.clock import Tick
from voicebot.media.frames import FRAME_S
from voicebot.telephony._api import LegInfo
from voicebot.telephony.call_state import CallState, Signal
from voicebot.telephony.frame_clock import FrameClock
from voicebot.telephony.mediastream import messages
from voicebot.telephony.mediastream.handovers import Handovers
from voicebot.telephony.mediastream.messages import MalformedMessage, Writer
from voicebot.telephony.mediastream.pacing import Pacing
from voicebot.telephony.stream_counters import StreamCounters
from voicebot.telephony.stream_leg import SILENCE, StreamLeg, now
from voicebot.types import Samples

STREAM_WITHIN_S: Final = 15.0
"""How long the carrier may take to open the stream of a call that was answered."""
HANDOVER_S: Final = 10.0
"""How long the carrier may take to ask for the target of a transfer."""
PLAY_OUT_S: Final = 1.0
"""How long the report of the last word may take, beyond the time of the word itself."""
MOST_UNSENT: Final = 50
"""Messages that may wait for a carrier that reads slowly: 2 s of speech."""
MOST_MALFORMED: Final = 100
"""Messages without sense that one stream may send."""
_QUIET: Final = g711.encode(SILENCE)


class Socket(Protocol):
    """A WebSocket that has been accepted."""

    async def receive(self) -> str | None:
        """The next text message; None once the stream is closed."""
        ...

    async def send(self, text: str) -> None:
        """Send a message; waits while the other side does not read."""
        ...

    async def close(self) -> None: ...


class MediaStreamLeg(StreamLeg):
    """A call that the carrier names ``call``. ``token`` is what its stream must show, once."""

    def __init__(
        self,
        info: LegInfo,
        call: str,
        clock: FrameClock,
        counters: StreamCounters,
        handovers: Handovers,
        *,
        media_timeout_s: float,
    ) -> None:
        super().__init__(info, clock, counters)
        self.call = call
        self.token = secrets.token_urlsafe(24)
        self.decided = asyncio.Event()
        """Set once the call was answered or rejected."""
        self._handovers = handovers
        self._media_timeout_s = media_timeout_s
        self._up = asyncio.Event()
        self._writer = Writer("")
        self._pacing = Pacing()
        self._together: list[bytes] = []
        self._unsent: deque[str] = deque()
        self._stirred = asyncio.Event()
        self._sent_at = 0.0
        self._sending = False
        self._last_mark = 0
        self._due: dict[str, float] = {}
        self._played = asyncio.Event()
        self._malformed = 0

    # The contract

    async def answer(self) -> None:
        """Let the carrier open its stream and wait for it. Raises CallError when it does not."""
        if self.ended:
            raise CallError(self._end_reason)
        self._step(Signal.ANSWER)
        self.decided.set()
        try:
            async with asyncio.timeout(STREAM_WITHIN_S):
                await self._up.wait()
        except TimeoutError:
            self._end("the carrier's stream did not come", failed=True)
        if self.ended:
            raise CallError(self._end_reason)
        self._step(Signal.ANSWERED)
        self._sent_at = now()
        self._open_media()

    async def hang_up(self, reason: str = "hung up by voicebot") -> None:
        if self.state is CallState.UP:
            await self._play_out()
        self._end(reason)

    async def transfer(self, target: str, headers: Mapping[str, str]) -> None:
        """End the stream and leave ``target`` and ``headers`` for the carrier to ask for.

        When it does not ask, TransferFailed is raised and the leg has ended.
        """
        if self.ended:
            raise TransferFailed(target, 0, "the caller hung up")
        await self._play_out()
        if self.ended:
            raise TransferFailed(target, 0, "the caller hung up")
        self._step(Signal.TRANSFER)
        fetched = self._handovers.offer(self.call, target, headers, now())
        self._stop_media()
        self._stirred.set()
        await self._handed_over(
            target,
            fetched,
            HANDOVER_S,
            partial(self._handovers.withdraw, self.call),
            "the carrier did not ask where to connect the caller",
        )

    # The stream

    async def run(self, socket: Socket) -> None:
        """Serve the call's stream until it is over; to be called once, with its token shown."""
        writing = asyncio.create_task(self._write(socket), name=f"stream-{self.info.call_id}")
        try:
            async with asyncio.timeout(STREAM_WITHIN_S) as patience:
                while (text := await socket.receive()) is not None:
                    self._received(text)
                    if self._up.is_set():
                        patience.reschedule(None)
        except TimeoutError:
            self._end("the carrier's stream did not start", failed=True)
        finally:
            if self.state is not CallState.TRANSFERRING:
                self._end("the stream broke off", failed=True)
            await asyncio.wait({writing}, timeout=PLAY_OUT_S)
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)

    def _received(self, text: str) -> None:
        try:
            event = messages.read(text)
        except MalformedMessage:
            self._counters.malformed += 1
            self._malformed += 1
            if self._malformed > MOST_MALFORMED:
                self._end("the stream makes no sense", failed=True)
            return
        match event:
            case messages.Media(audio):
                self.hear(g711.decode(audio))
            case messages.Key(key):
                self.hear_key(key)
            case messages.Played(name):
                self._heard_back(name)
            case messages.Started():
                self._started(event)
            case messages.Stopped():
                if self.state is not CallState.TRANSFERRING:
                    self._end("caller hung up")

    def _started(self, event: messages.Started) -> None:
        if self._up.is_set():
            self._counters.malformed += 1
        elif event.call != self.call:
            self._end("the stream is of another call", failed=True)
        elif event.format != messages.FORMAT:
            self._end("the stream is not mu-law at 8 kHz", failed=True)
        else:
            self._writer = Writer(event.stream)
            self._up.set()

    # Sending

    async def _write(self, socket: Socket) -> None:
        """Send what is to be sent until the leg is over, then close."""
        with contextlib.suppress(OSError):
            while True:
                while self._unsent:
                    self._sending = True
                    await socket.send(self._unsent.popleft())
                    self._sending, self._sent_at = False, now()
                if self.ended or self.state is CallState.TRANSFERRING:
                    await socket.close()
                    return
                self._stirred.clear()
                await self._stirred.wait()

    def _send(self, frame: Samples | None, tick: Tick) -> None:
        step = self._pacing.step(frame, 1 + tick.skipped)
        if step.clear:
            self._unsent.clear()
            self._together.clear()
            self._due.clear()
            self._put(self._writer.clear)
        waited = len(self._together)
        self._together += [_QUIET] * step.silence
        if step.sound and frame is not None:
            self._together.append(g711.encode(frame))
        # The beginning of an utterance leaves at once: it holds more than one frame.
        if len(self._together) > 1 or len(self._together) == waited:
            self._put_media()
        if step.mark:
            self._mark()

    def _put_media(self) -> None:
        """Send the frames that have gathered as one message: it is messages that cost time."""
        if len(self._unsent) >= MOST_UNSENT:
            self._counters.frames_unsent += len(self._together)
        elif self._together:
            self._put(self._writer.media(b"".join(self._together)))
        self._together.clear()

    def _put(self, text: str) -> None:
        if not self._unsent and not self._sending:
            self._sent_at = now()
        self._unsent.append(text)
        self._stirred.set()

    def _check(self, at: float) -> None:
        if at - self._heard_at > self._media_timeout_s:
            self._end(f"no media from the carrier for {self._media_timeout_s:g} s", failed=True)
        elif self._sending and at - self._sent_at > self._media_timeout_s:
            self._end(f"the carrier read nothing for {self._media_timeout_s:g} s", failed=True)

    # Marks

    def _mark(self) -> str:
        """Ask to be told when all that was sent has been played; give the mark's name."""
        self._put_media()
        self._last_mark += 1
        name = str(self._last_mark)
        if len(self._unsent) < MOST_UNSENT:
            self._put(self._writer.mark(name))
            self._due[name] = now() + self._pacing.ahead * FRAME_S
        return name

    def _heard_back(self, name: str) -> None:
        due = self._due.pop(name, None)
        if due is not None:
            self._counters.played_after(now() - due)
        if name == str(self._last_mark):
            self._played.set()

    async def _play_out(self) -> None:
        """Wait until all that was sent has been played, or should have been."""
        if not self._pacing.ahead:
            return
        self._played.clear()
        self._mark()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._pacing.ahead * FRAME_S + PLAY_OUT_S):
                await self._played.wait()

    def _refuse(self) -> None:
        """The carrier hears of it in the answer to its webhook, which waits for the leg's end."""

    def _leave(self) -> None:
        # Whoever waits for something of this leg goes on.
        for event in (self.decided, self._up, self._played, self._stirred):
            event.set()
