"""One AudioSocket call as a `CallLeg`. Asterisk has answered the caller before it connects to us.

The protocol cannot transfer. An announced call is transferred by its dialplan: we keep the target,
say hang-up, and Asterisk's AudioSocket() returns to the dialplan, which fetches the target and
dials it. A call that was not announced stays with us, and the transfer fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final, Protocol
from uuid import UUID

from voicebot.errors import CallError, TransferFailed
from voicebot.media.clock import Tick
from voicebot.media.decimation import Decimator
from voicebot.media.resample import StreamResampler
from voicebot.telephony._api import LegInfo
from voicebot.telephony.audiosocket import protocol
from voicebot.telephony.audiosocket.book import CallBook, Fate
from voicebot.telephony.audiosocket.protocol import Message
from voicebot.telephony.call_state import CallState, Signal
from voicebot.telephony.frame_clock import FrameClock
from voicebot.telephony.stream_counters import StreamCounters
from voicebot.telephony.stream_leg import RATE, SILENCE, StreamLeg, now
from voicebot.types import Samples

HANDOVER_S: Final = 5.0
"""How long the dialplan may take to fetch the target of a transfer."""


class Line(Protocol):
    """What a leg needs of its connection."""

    def send(self, message: bytes) -> bool:
        """Send a whole message; false where the other side reads too slowly to take it."""
        ...

    def say_goodbye(self) -> None:
        """Send hang-up and close once Asterisk has closed its side, or after a while."""
        ...

    def close(self) -> None:
        """Close at once."""
        ...


class AudioSocketLeg(StreamLeg):
    """A call with the UUID ``uuid``. ``announced`` when the dialplan told of it beforehand.

    ``silence_timeout_s``: how long Asterisk may send nothing; ``line_timeout_s``: how long it may
    leave unread what we send.
    """

    def __init__(
        self,
        info: LegInfo,
        uuid: UUID,
        line: Line,
        book: CallBook,
        clock: FrameClock,
        counters: StreamCounters,
        *,
        announced: bool,
        silence_timeout_s: float,
        line_timeout_s: float,
    ) -> None:
        super().__init__(info, clock, counters)
        self.uuid = uuid
        self._line = line
        self._book = book
        self._announced = announced
        self._silence_timeout_s = silence_timeout_s
        self._line_timeout_s = line_timeout_s
        self._sent_at = 0.0
        self._kind = protocol.AUDIO
        self._resampler: Decimator | StreamResampler | None = None
        self._refused = False

    # The contract

    async def answer(self) -> None:
        if self.ended:
            raise CallError(self._end_reason)
        self._step(Signal.ANSWER)
        self._step(Signal.ANSWERED)
        self._sent_at = now()
        self._open_media()

    def _refuse(self) -> None:
        self._refused = True

    async def hang_up(self, reason: str = "hung up by voicebot") -> None:
        self._end(reason)

    async def transfer(self, target: str, headers: Mapping[str, str]) -> None:
        """Leave ``target`` and ``headers`` for the dialplan, hang up and see that it fetches them.

        Raises TransferFailed, the leg still up, for a call that the dialplan did not announce: it
        would not ask. When an announced call's dialplan does not ask, the leg has ended.
        """
        if self.ended:
            raise TransferFailed(target, 0, "the caller hung up")
        if not self._announced:
            raise TransferFailed(
                target, 0, "the dialplan did not announce this call, so it will not take it back"
            )
        self._step(Signal.TRANSFER)
        fetched = self._book.offer(self.uuid, target, headers, now())
        self._stop_media()
        self._line.say_goodbye()
        await self._handed_over(
            target,
            fetched,
            HANDOVER_S,
            partial(self._book.withdraw, self.uuid),
            "the dialplan did not fetch the target",
        )

    # What the connection passes on

    def received(self, message: Message) -> None:
        """A message after the UUID."""
        kind, payload = message.kind, message.payload
        if self.ended or self.state is CallState.TRANSFERRING:
            return
        if kind in protocol.RATES:
            self.hear(self._at_our_rate(kind, payload))
        elif kind == protocol.KEY:
            self.hear_key(payload.decode("latin-1"))
        elif kind == protocol.HANGUP:
            self._end("caller hung up")
        elif kind == protocol.ERROR:
            reason, failed = protocol.error_text(payload)
            self._end(reason, failed=failed)
        elif kind == protocol.UUID:
            self._counters.malformed += 1
            self._end("a second UUID on one connection", failed=True)
        else:
            self._counters.malformed += 1

    def disconnected(self, *, broken: bool) -> None:
        """The connection is gone; closing it is how Asterisk hangs up."""
        if self.state is CallState.TRANSFERRING:
            return  # the dialplan goes on; `transfer` waits for it
        self._end("the connection broke" if broken else "caller hung up", failed=broken)

    # Inside

    def _at_our_rate(self, kind: int, payload: bytes) -> Samples:
        if len(payload) % 2:
            self._counters.malformed += 1
        samples = protocol.samples_of(payload)
        if kind != self._kind:
            self._kind = kind
            self._resampler = _resampler(protocol.RATES[kind])
        return samples if self._resampler is None else self._resampler.feed(samples)

    def _send(self, frame: Samples | None, tick: Tick) -> None:
        # Silence is sent too: Asterisk gives a connection up that is silent for two seconds.
        if self._line.send(protocol.audio_message(SILENCE if frame is None else frame)):
            self._sent_at = now()
        else:
            self._counters.frames_unsent += 1

    def _check(self, at: float) -> None:
        if at - self._heard_at > self._silence_timeout_s:
            self._end(f"nothing from Asterisk for {self._silence_timeout_s:g} s", failed=True)
        elif at - self._sent_at > self._line_timeout_s:
            self._end(f"Asterisk has read nothing for {self._line_timeout_s:g} s", failed=True)

    def _leave(self) -> None:
        self._book.close(self.uuid, Fate.REFUSED if self._refused else Fate.ENDED, now())
        self._line.say_goodbye()


def _resampler(rate: int) -> Decimator | StreamResampler | None:
    """What brings ``rate`` Hz to ours."""
    if rate == RATE:
        return None
    if rate % RATE == 0:
        return Decimator(rate // RATE)
    return StreamResampler(rate, RATE, "LQ")
