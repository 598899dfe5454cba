"""The playout buffer: packets as the network brings them to one frame every 20 ms.

Pure: ``now`` is passed in. Packets of any length wait in the order of their timestamps and are
decoded when their turn comes, so a codec with a memory sees them, and what was lost among them, in
the order of time. How long they wait follows `DelayEstimate`. A recogniser minds lost speech more
than late speech, so:

- What has not come is waited for as long as nothing later is here: the missing frame is made up
  and time is stretched, not skipped.
- What later packets show to be missing is concealed, once it has had the time that others get.
- Delay is taken back where the caller is quiet, a frame at a time; in speech only past half a
  second.

Silence is no loss: where the sender announces it (comfort noise, RFC 3389) noise of its level is
played, where keys (RFC 4733) stand in for audio nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from voicebot.media.frames import FULL_SCALE, frame_length
from voicebot.media.tones import comfort_noise
from voicebot.telephony.codecs import Decoder
from voicebot.telephony.playout_delay import DelayEstimate
from voicebot.types import Samples

FRAME_S: Final = 0.02
MAX_PACKETS: Final = 100
_RESTART_S: Final = 2.0
"""A packet that much earlier or later than its timestamp says begins another stream."""
_SHORTEN_S: Final = 0.025
"""Delay beyond the target that is taken back where the caller is quiet: more than a frame."""
_TOO_LATE_S: Final = 0.5
"""Delay that is taken back in speech too."""
_QUIET: Final = (FULL_SCALE * 10 ** (-48 / 20)) ** 2
"""Power of a frame that nobody misses."""
_QUIETER: Final = 0.02
"""Of the recent power, 17 dB below it: a pause on a noisy line."""
_FADING: Final = 0.98
"""How the recent power fades, a frame: by a third in 400 ms."""
_NOISE_S: Final = 0.5
_FAINTEST_DBOV: Final = 78
"""Comfort noise below that drowns in G.711's own."""


@dataclass(slots=True)
class PlayoutCounts:
    """What became of packets and frames."""

    concealed: int = 0
    """Frames made up, or taken from a copy in the next packet, for what was lost or late."""
    late: int = 0
    """Packets that came after their time, or too early for the buffer."""
    stretched: int = 0
    """Frames put in to wait for what is late."""
    shortened: int = 0
    """Frames left out to make up for those."""


class Playout:
    """Plays one stream. ``rate`` is the decoder's, ``clock_rate`` that of the timestamps;
    ``counts`` are counted on where the call had another stream before."""

    def __init__(
        self, decoder: Decoder, rate: int, clock_rate: int, counts: PlayoutCounts | None = None
    ) -> None:
        self.counts = PlayoutCounts() if counts is None else counts
        self._decoder = decoder
        self._clock_rate = clock_rate
        self._rate = rate
        self._length = frame_length(rate)
        self._ticks_a_sample = clock_rate / rate
        self._step = round(self._length * self._ticks_a_sample)
        self._delay = DelayEstimate()
        self._packets: dict[int, bytes] = {}
        self._newest: int | None = None
        self._head = 0
        self._playing = False
        self._rest: Samples = np.zeros(0, np.int16)
        self._silent_from: int | None = None
        self._noise: Samples | None = None
        self._recent_power = 0.0
        self._quiet = True

    @property
    def target_ms(self) -> float:
        """How long packets are held back at present."""
        return self._delay.target * 1000

    @property
    def waiting(self) -> int:
        """Packets that wait for their turn."""
        return len(self._packets)

    def reset(self) -> None:
        """Forget the stream: another source sends now."""
        self._packets.clear()
        self._delay.reset()
        self._newest = self._silent_from = self._noise = None
        self._rest = self._rest[:0]
        self._playing = False

    # In

    def put(self, timestamp: int, payload: bytes, now: float) -> None:
        """Take a packet that arrives. Raises ValueError for what the codec cannot read."""
        length = self._decoder.length(payload)
        if not length:
            return
        stamp = self._unwrapped(timestamp)
        transit = now - stamp / self._clock_rate
        if self._newest is not None and abs(transit - self._delay.base) > _RESTART_S:
            self.reset()
        self._delay.arrived(transit)
        if self._newest is None or (not self._playing and stamp < self._head):
            self._head = stamp
        self._newest = stamp if self._newest is None else max(stamp, self._newest)
        if stamp + length * self._ticks_a_sample <= self._head:
            self.counts.late += 1
            return
        self._packets[stamp] = payload
        if len(self._packets) > MAX_PACKETS:
            del self._packets[min(self._packets)]
            self.counts.late += 1

    def hush(self, timestamp: int) -> None:
        """From ``timestamp`` on the sender has something else than audio: silence is no loss."""
        if self._newest is not None and self._silent_from is None:
            self._silent_from = self._unwrapped(timestamp)

    def comfort(self, timestamp: int, level: int) -> None:
        """From ``timestamp`` on the sender is silent; its line has noise of ``level``, 0 to 127
        below full scale (-dBov)."""
        self.hush(timestamp)
        audible = level < _FAINTEST_DBOV
        self._noise = comfort_noise(self._rate, _NOISE_S, -float(level)) if audible else None

    def _unwrapped(self, timestamp: int) -> int:
        """The timestamp as a number that does not wrap."""
        if self._newest is None:
            return timestamp
        return self._newest + (timestamp - self._newest + 2**31) % 2**32 - 2**31

    # Out

    def tick(self, now: float) -> Samples | None:
        """The next 20 ms, int16 of shape [rate / 50]; None where there is nothing to play."""
        if self._newest is None:
            return None
        spare = self._spare(now) + len(self._rest) / self._rate
        self._playing = self._playing or spare >= 0
        if not self._playing:
            return None
        if spare < -FRAME_S and self._quiet and not self._is_silence:
            # The line got worse: the delay is put in here, where nobody speaks.
            self.counts.stretched += 1
            return self._decoder.conceal(self._length)
        frame = self._next(now)
        if frame is None:
            return None
        self._weigh(frame)
        shorten = self._quiet and spare >= _SHORTEN_S
        if (shorten or spare >= _TOO_LATE_S) and self._packets:
            self.counts.shortened += 1
            return self._next(now)
        return frame

    def _spare(self, now: float) -> float:
        """How much longer than needed what comes next has waited, in seconds; may be negative."""
        waited = now - self._head / self._clock_rate - self._delay.base
        return waited - self._delay.target

    @property
    def _is_silence(self) -> bool:
        return self._silent_from is not None and self._head >= self._silent_from

    def _next(self, now: float) -> Samples | None:
        """The next frame, put together from packets and what must be made up."""
        while len(self._rest) < self._length:
            piece = self._piece(now)
            if piece is None:
                return self._silence()
            self._rest = np.concatenate((self._rest, piece)) if len(self._rest) else piece
        frame, self._rest = self._rest[: self._length], self._rest[self._length :]
        return frame

    def _piece(self, now: float) -> Samples | None:
        """What comes next: a packet, or something in its place; None for silence."""
        while self._packets:
            first = min(self._packets)
            if first <= self._head:
                samples = self._decoded(first)
                if samples is not None:
                    return samples
                continue
            spare = self._spare(now)
            if spare >= FRAME_S:
                # What was waited for is not coming, and its time has gone by while we waited.
                self._head = min(first, self._head + int(spare / FRAME_S) * self._step)
            elif self._is_silence or self._decoder.faded:
                return None
            elif spare < 0:
                break
            else:
                return self._lost(first)
        return self._stretched()

    def _decoded(self, first: int) -> Samples | None:
        """Decode the packet ``first``, less what of it is past; None where nothing is left."""
        payload = self._packets.pop(first)
        try:
            samples = self._decoder.decode(payload)
        except ValueError:
            return None
        past = round((self._head - first) / self._ticks_a_sample)
        if past >= len(samples):
            self.counts.late += 1
            return None
        self._head = first + round(len(samples) * self._ticks_a_sample)
        if self._silent_from is not None and self._head > self._silent_from:
            self._silent_from = self._noise = None
        return samples[past:] if past else samples

    def _lost(self, first: int) -> Samples:
        """Make up what is missing before the packet ``first``, or a frame of it."""
        missing = round((first - self._head) / self._ticks_a_sample)
        following = self._packets[first]
        near = missing <= self._decoder.length(following)
        length = missing if near else min(missing, self._length)
        self._head += round(length * self._ticks_a_sample)
        self.counts.concealed += max(1, round(length / self._length))
        if near:
            return self._decoder.recover(following, length)
        return self._decoder.conceal(length)

    def _stretched(self) -> Samples | None:
        """Nothing is there to be played: make something up, and wait."""
        if self._is_silence or self._decoder.faded:
            return None
        self.counts.concealed += 1
        self.counts.stretched += 1
        return self._decoder.conceal(self._length - len(self._rest))

    def _silence(self) -> Samples | None:
        """A frame of silence or comfort noise; what was left of a packet comes before it."""
        rest, self._rest = self._rest, self._rest[:0]
        if self._noise is None and not len(rest):
            return None
        frame = np.zeros(self._length, np.int16)
        if self._noise is not None:
            frame[:] = self._noise[: self._length]
            self._noise = np.roll(self._noise, -self._length)
        frame[: len(rest)] = rest
        return frame

    def _weigh(self, frame: Samples) -> None:
        """Note whether the caller is quiet."""
        wide = frame.astype(np.float32)
        power = float(np.dot(wide, wide)) / len(frame)
        self._recent_power = max(power, self._recent_power * _FADING)
        self._quiet = power < max(_QUIET, _QUIETER * self._recent_power)
