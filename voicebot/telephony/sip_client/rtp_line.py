"""A caller's RTP stream: G.711 and keys out, everything in noted with its time.

RTP is RFC 3550, G.711 in it RFC 3551, keys RFC 4733. The line belongs to our SIP client, which
calls a server to try or to measure it, thirty at a time if need be; so frames are octets made
ahead, there is one clock for all lines (`FrameClock`), and no numpy on the way. Left out on
purpose: playout (a measurement wants arrival times as they are), RTCP, and any codec but G.711.
"""

from __future__ import annotations

import asyncio
import random
import struct
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from voicebot.media import g711
from voicebot.media.clock import Tick
from voicebot.media.g711 import Law
from voicebot.types import KEYS, Samples

FRAME_OCTETS: Final = 160
"""20 ms of G.711."""

SPURT_GAP_S: Final = 0.3
"""Silence that parts two spurts of speech."""

LOUD: Final = 128
"""A frame with a sample beyond this amplitude (of 32768) is no silence."""

MAX_PACKETS: Final = 60_000
"""Received packets that are kept, twenty minutes; the oldest go first."""

_HEADER: Final = struct.Struct(">BBHII")
_KEY: Final = struct.Struct(">BBH")
_KEY_FRAMES: Final = 8
_KEY_GAP_FRAMES: Final = 5
_KEY_ENDS: Final = 3
_KEY_VOLUME: Final = 10
_PAYLOAD_TYPES: Final[dict[Law, int]] = {"PCMU": 0, "PCMA": 8}

_LOUDNESS: Final[dict[Law, bytes]] = {
    law: bytes(
        min(255, abs(int(sample)) * 8 // LOUD) for sample in g711.decode(bytes(range(256)), law)
    )
    for law in ("PCMU", "PCMA")
}


@dataclass(frozen=True, slots=True)
class Packet:
    """One received packet of audio; ``at`` is the loop's clock."""

    at: float
    timestamp: int
    octets: bytes


@dataclass(slots=True)
class Spurt:
    """A stretch of speech from the other side: arrival of its first and its last loud packet."""

    start: float
    end: float


@dataclass(slots=True, eq=False)
class Playback:
    """Octets on their way out. Times are the loop's clock, None until they have come.

    ``speech_ended_at`` is when the last loud frame left, which is where turn latency begins.
    """

    frames: tuple[bytes, ...]
    last_loud: int
    finished: asyncio.Event = field(default_factory=asyncio.Event)
    began_at: float | None = None
    speech_ended_at: float | None = None
    ended_at: float | None = None
    _sent: int = 0

    def _next(self, now: float) -> bytes:
        frame = self.frames[self._sent]
        if self._sent == 0:
            self.began_at = now
        if self._sent == self.last_loud:
            self.speech_ended_at = now
        self._sent += 1
        if self._sent == len(self.frames):
            self.ended_at = now
            self.finished.set()
        return frame


def is_loud(octets: bytes, law: Law = "PCMU") -> bool:
    """Whether G.711 octets hold a sample beyond `LOUD`."""
    return max(octets.translate(_LOUDNESS[law]), default=0) >= 8


class RtpLine(asyncio.DatagramProtocol):
    """One stream both ways on its own socket; `tick` is to be called each 20 ms.

    ``background`` is sent while nothing else is, a whole number of frames over and over: silence
    unless set to noise. ``last_key_at`` is when the last key went down. ``clock`` must be the
    event loop's (asyncio's own is monotonic time).
    """

    def __init__(
        self,
        law: Law = "PCMU",
        *,
        record: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self.law: Law = law
        self.key_type = 101
        self.sending = False
        self.background = g711.SILENCE[law] * FRAME_OCTETS
        self.on_tick: Callable[[float], None] | None = None
        self.spurts: list[Spurt] = []
        self.packets: deque[Packet] = deque(maxlen=MAX_PACKETS if record else 0)
        self.packets_in = self.packets_out = self.malformed = 0
        self.last_packet_at: float | None = None
        self.last_key_at: float | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._remote: tuple[str, int] | None = None
        self._playing: deque[Playback] = deque()
        self._keys: deque[bytes | None] = deque()
        self._key_timestamp = 0
        self._source = random.getrandbits(32)
        self._sequence = random.getrandbits(15)
        self._timestamp = random.getrandbits(31)
        self._marker = True
        self._background_at = 0

    # Setting up

    async def open(self, host: str) -> int:
        """Bind a free port of ``host`` and give its number."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(host, 0))
        self._transport = transport
        port: int = transport.get_extra_info("sockname")[1]
        return port

    def connect(self, remote: tuple[str, int], law: Law, key_type: int) -> None:
        """Send to ``remote`` from the next tick on, in ``law``, keys as ``key_type``."""
        if law != self.law:
            self.background = g711.SILENCE[law] * FRAME_OCTETS
        self._remote, self.law, self.key_type = remote, law, key_type
        self.sending = True

    def close(self) -> None:
        self.sending = False
        if self._transport is not None:
            self._transport.close()

    # Sending

    def play(self, octets: bytes) -> Playback:
        """Queue octets behind what is playing; a last part of a frame is filled with silence."""
        silence = g711.SILENCE[self.law]
        padded = (octets or silence) + silence * (-len(octets or silence) % FRAME_OCTETS)
        frames = tuple(padded[at : at + FRAME_OCTETS] for at in range(0, len(padded), FRAME_OCTETS))
        loud = [index for index, frame in enumerate(frames) if is_loud(frame, self.law)]
        playback = Playback(frames, loud[-1] if loud else len(frames) - 1)
        self._playing.append(playback)
        return playback

    def press(self, keys: str) -> None:
        """Queue keys, 160 ms each with 100 ms between; audio waits for them."""
        for key in keys:
            event = KEYS.index(key)
            for step in range(1, _KEY_FRAMES + 1):
                self._keys.append(_KEY.pack(event, _KEY_VOLUME, step * FRAME_OCTETS))
            end = _KEY.pack(event, 0x80 | _KEY_VOLUME, _KEY_FRAMES * FRAME_OCTETS)
            self._keys.extend([end] * _KEY_ENDS)
            self._keys.extend([None] * _KEY_GAP_FRAMES)

    @property
    def busy(self) -> bool:
        """Whether something still waits to be sent."""
        return bool(self._playing or self._keys)

    def tick(self, tick: Tick) -> None:
        """Send the next 20 ms; ticks left out are missing in the timestamps too."""
        now = self._clock()
        self._timestamp += FRAME_OCTETS * tick.skipped
        if self.sending and self._remote is not None:
            key = self._keys.popleft() if self._keys else None
            if key is not None:
                self._send_key(key, now)
            else:
                self._send(_PAYLOAD_TYPES[self.law], self._timestamp, self._next_frame(now))
        self._timestamp += FRAME_OCTETS
        if self.on_tick is not None:
            self.on_tick(now)

    def _next_frame(self, now: float) -> bytes:
        if self._playing and not self._keys:
            frame = self._playing[0]._next(now)
            if self._playing[0].ended_at is not None:
                self._playing.popleft()
            return frame
        at = self._background_at
        self._background_at = (at + FRAME_OCTETS) % len(self.background)
        return self.background[at : at + FRAME_OCTETS]

    def _send_key(self, key: bytes, now: float) -> None:
        if _KEY.unpack(key)[2] == FRAME_OCTETS:
            self._key_timestamp, self._marker, self.last_key_at = self._timestamp, True, now
        self._send(self.key_type, self._key_timestamp, key)

    def _send(self, payload_type: int, timestamp: int, payload: bytes) -> None:
        assert self._transport is not None
        second = payload_type | (0x80 if self._marker else 0)
        self._marker = False
        header = _HEADER.pack(
            0x80, second, self._sequence & 0xFFFF, timestamp & 0xFFFFFFFF, self._source
        )
        self._sequence += 1
        self.packets_out += 1
        self._transport.sendto(header + payload, self._remote)

    # Receiving

    def heard(self, since: float = 0.0, until: float = float("inf")) -> Samples:
        """What came in between two times: int16 at 8000 Hz, gaps filled with silence."""
        chosen = [packet for packet in self.packets if since <= packet.at < until]
        if not chosen:
            return g711.decode(b"", self.law)
        first = chosen[0].timestamp
        audio = bytearray()
        for packet in sorted(chosen, key=lambda packet: (packet.timestamp - first) & 0xFFFFFFFF):
            gap = ((packet.timestamp - first) & 0xFFFFFFFF) - len(audio)
            # A jump of more than ten seconds is a new clock on the other side, not a gap.
            audio += g711.SILENCE[self.law] * (gap if 0 < gap < 80_000 else 0)
            audio += packet.octets
        return g711.decode(bytes(audio), self.law)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(data) <= 12 or data[0] >> 6 != 2:
            self.malformed += 1
            return
        if data[1] & 0x7F != _PAYLOAD_TYPES[self.law]:
            return
        now = self._clock()
        octets = data[12 + 4 * (data[0] & 15) :]
        self.packets_in += 1
        self.last_packet_at = now
        self.packets.append(Packet(now, int.from_bytes(data[4:8], "big"), octets))
        if is_loud(octets, self.law):
            self._note_speech(now)

    def error_received(self, exc: Exception) -> None:
        """The other side's port is closed; SIP will say what that means."""

    def _note_speech(self, now: float) -> None:
        if self.spurts and now - self.spurts[-1].end <= SPURT_GAP_S:
            self.spurts[-1].end = now
        else:
            self.spurts.append(Spurt(now, now))
