"""The playout buffer of a call from a browser: packets as they come, one 20 ms frame at each tick.

Pure: no clock and no socket; time passes by calls of `play`. What came too early waits, what got
lost is recovered from the next packet or made up, and where nothing comes the delay grows by that
frame, so that nothing that was only late is lost. When a spare frame has been lying there for
`_CALM_TICKS`, one is left out, in a quiet moment if there is one soon. Packets of 10 to 120 ms are
understood. Our own buffer, for aiortc's keeps four packets back whatever the network does: 80 ms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from voicebot.media.frames import frame_length, level_dbfs, silence
from voicebot.types import Samples

_START_PACKETS: Final = 2
_SPARE_PACKETS: Final = 1
"""How many may lie there after each tick without being too many."""
_CALM_TICKS: Final = 100
_AFTER_DROUGHT_TICKS: Final = 400
_NEXT_TICKS: Final = 5
"""How soon the next one may be left out where there are many."""
_IMPATIENT_TICKS: Final = 100
"""How long a quiet moment is waited for before a frame of speech is left out."""
_QUIET_DBFS: Final = -45.0
_MAX_PACKETS: Final = 50
"""1 s of 20 ms packets; the oldest are dropped beyond that."""
_MADE_UP_FRAMES: Final = 5
"""How long a gap is filled with something like speech; then comes silence."""
_LONGEST_DROUGHT: Final = 50
_JUMP: Final = 48_000 * 2
"""A timestamp this far off begins a new stream."""


class Decoder(Protocol):
    """What the buffer needs of a codec; `media.opus.OpusDecoder` is one."""

    def length(self, packet: bytes) -> int: ...

    def decode(self, packet: bytes) -> Samples: ...

    def recover(self, following: bytes, samples: int) -> Samples: ...

    def conceal(self, samples: int) -> Samples: ...


@dataclass(slots=True)
class PlayoutCounts:
    """Packets, and frames that were ``recovered`` from copies, ``concealed`` for lost or late ones,
    or ``left_out`` to make up for a delay."""

    received: int = 0
    malformed: int = 0
    late: int = 0
    repeated: int = 0
    overflowed: int = 0
    recovered: int = 0
    concealed: int = 0
    left_out: int = 0


class Playout:
    """The buffer of one stream. ``rate`` in Hz is that of the frames; ``clock`` that of the
    timestamps."""

    def __init__(
        self, decoder: Decoder, rate: int, *, clock: int, counts: PlayoutCounts | None = None
    ) -> None:
        self.counts = PlayoutCounts() if counts is None else counts
        self._decoder = decoder
        self._frame = frame_length(rate)
        self._units = clock // rate
        """Timestamp units in a sample."""
        self._silence = silence(rate)
        self._packets: dict[int, bytes] = {}
        self._newest: int | None = None
        self._next: int | None = None
        """Timestamp (unwrapped) of what is to be decoded next; None before the beginning."""
        self._decoded = np.zeros(0, np.int16)
        self._stood_still = 0
        """Samples that were made up since the last packet that was played."""
        self._calm = 0
        self._calm_ticks = _CALM_TICKS

    @property
    def waiting(self) -> int:
        """Packets that wait."""
        return len(self._packets)

    def put(self, timestamp: int, packet: bytes) -> None:
        """Take a packet; ``timestamp`` as in its RTP header (32 bits)."""
        try:
            self._decoder.length(packet)
        except ValueError:
            self.counts.malformed += 1
            return
        self.counts.received += 1
        at = self._unwrapped(timestamp)
        if self._next is not None and at < self._next:
            self.counts.late += 1
            return
        if at in self._packets:
            self.counts.repeated += 1
            return
        self._packets[at] = packet
        while len(self._packets) > _MAX_PACKETS:
            oldest = min(self._packets)
            del self._packets[oldest]
            self.counts.overflowed += 1
            self._next = min(self._packets)

    def play(self) -> Samples | None:
        """The next 20 ms, None where there is nothing to be played. To be called every 20 ms."""
        if self._next is None:
            if len(self._packets) < _START_PACKETS:
                return None
            self._next = min(self._packets)
        self._watch_delay()
        while len(self._decoded) < self._frame:
            piece = self._next_piece()
            if piece is None:
                self._decoded = self._decoded[:0]
                return None
            if self._may_leave_out(piece):
                continue
            self._decoded = np.concatenate((self._decoded, piece)) if len(self._decoded) else piece
        frame = self._decoded[: self._frame]
        self._decoded = self._decoded[self._frame :]
        return frame

    # What comes next

    def _next_piece(self) -> Samples | None:
        """What follows in the stream; None when nothing has come for so long that it is over."""
        assert self._next is not None
        packet = self._packets.pop(self._next, None)
        if packet is not None:
            return self._decode(packet)
        if self._packets:
            return self._lost(min(self._packets))
        self._stood_still += self._frame
        self._calm_ticks = _AFTER_DROUGHT_TICKS
        if self._stood_still > _LONGEST_DROUGHT * self._frame:
            return None
        self.counts.concealed += 1
        if self._stood_still > _MADE_UP_FRAMES * self._frame:
            return self._silence
        # The stream's time stands still: what was only late is played, a little later.
        return self._decoder.conceal(self._frame)

    def _decode(self, packet: bytes) -> Samples:
        assert self._next is not None
        try:
            sound = self._decoder.decode(packet)
        except ValueError:
            self.counts.malformed += 1
            sound = self._silence
        self._next += len(sound) * self._units
        self._stood_still = 0
        return sound

    def _lost(self, following: int) -> Samples:
        """What is missing before the packet at ``following``, a frame of it at most."""
        assert self._next is not None
        missing = (following - self._next) // self._units
        if missing > _MADE_UP_FRAMES * self._frame:
            # A pause of the sender's (DTX, another microphone), or a gap too long to be mended.
            missing = 0
        # Where time stood still, something was made up for it already.
        missing -= min(missing, self._stood_still)
        self._stood_still = 0
        self._next = following - missing * self._units
        if not missing:
            packet = self._packets.pop(following)
            return self._decode(packet)
        count = min(missing, self._frame)
        self._next += count * self._units
        if missing > self._frame:
            self.counts.concealed += 1
            return self._decoder.conceal(count)
        self.counts.recovered += 1
        return self._decoder.recover(self._packets[following], count)

    # The delay

    def _watch_delay(self) -> None:
        """Count how long there have been more packets than are needed."""
        if len(self._packets) - 1 <= _SPARE_PACKETS:
            self._calm = 0
            return
        self._calm += 1

    def _may_leave_out(self, piece: Samples) -> bool:
        """Whether ``piece`` is to be left out, because it would only delay what follows."""
        overdue = self._calm - self._calm_ticks
        if overdue < 0 or (overdue < _IMPATIENT_TICKS and level_dbfs(piece) > _QUIET_DBFS):
            return False
        self.counts.left_out += 1
        self._calm, self._calm_ticks = _CALM_TICKS - _NEXT_TICKS, _CALM_TICKS
        return True

    def _unwrapped(self, timestamp: int) -> int:
        if self._newest is None:
            self._newest = timestamp
            return timestamp
        step = (timestamp - self._newest + 2**31) % 2**32 - 2**31
        if abs(step) > _JUMP:
            self._restart(timestamp)
            return timestamp
        at = self._newest + step
        self._newest = max(self._newest, at)
        return at

    def _restart(self, timestamp: int) -> None:
        self._packets.clear()
        self._newest, self._next = timestamp, None
        self._stood_still = 0
