"""Packets of any length to 20 ms frames, aligned as the playout buffer wants them.

Pure. aiortp's playout takes one packet for one frame of 160 samples; a phone that sends 10, 30 or
40 ms would be heard in shreds. G.711 is one octet a sample, so packets are cut and joined on a grid
of 160 timestamps before they get there. With 20 ms packets nothing is copied and nothing waits.
"""

from __future__ import annotations

from typing import Final

FRAME: Final = 160
"""Octets, samples and timestamp units in 20 ms of G.711."""

_JUMP: Final = 960
"""A gap of more than 120 ms is a new talkspurt (the playout begins anew too): a new grid."""
_PATIENCE: Final = 3 * FRAME
"""How far the stream may go on past the beginning of a frame before its rest counts as lost."""


class FrameGrid:
    """Aligns the packets of one stream."""

    def __init__(self, silence: bytes) -> None:
        self._silence = silence * FRAME
        self._next: int | None = None
        self._origin = 0
        self._open: dict[int, tuple[bytearray, int]] = {}

    def reset(self) -> None:
        """Forget the stream: the next packet sets the grid."""
        self._next = None
        self._open.clear()

    def feed(self, timestamp: int, payload: bytes) -> list[tuple[int, bytes]]:
        """Give the frames that are complete now: (timestamp, 160 octets), oldest first."""
        self._follow(timestamp, len(payload))
        offset = _signed(timestamp - self._origin) % FRAME
        if offset == 0 and len(payload) == FRAME:
            return [(timestamp, payload)]
        frames = []
        position = 0
        while position < len(payload):
            slot = (timestamp + position - offset) & 0xFFFFFFFF
            piece = payload[position : position + FRAME - offset]
            frame = self._fill(slot, offset, piece)
            if frame is not None:
                frames.append((slot, frame))
            position += len(piece)
            offset = 0
        return self._overdue() + frames

    def _follow(self, timestamp: int, length: int) -> None:
        if self._next is not None and abs(_signed(timestamp - self._next)) > _JUMP:
            self.reset()
        if self._next is None:
            self._origin = timestamp
            self._next = timestamp
        end = (timestamp + length) & 0xFFFFFFFF
        if _signed(end - self._next) > 0:
            self._next = end

    def _fill(self, slot: int, offset: int, piece: bytes) -> bytes | None:
        frame, filled = self._open.get(slot) or (bytearray(self._silence), 0)
        frame[offset : offset + len(piece)] = piece
        filled += len(piece)
        if filled < FRAME:
            self._open[slot] = (frame, filled)
            return None
        self._open.pop(slot, None)
        return bytes(frame)

    def _overdue(self) -> list[tuple[int, bytes]]:
        # A frame whose rest was lost is played with silence for it.
        assert self._next is not None
        late = [slot for slot in self._open if _signed(self._next - slot) >= _PATIENCE]
        return [(slot, bytes(self._open.pop(slot)[0])) for slot in late]


def _signed(difference: int) -> int:
    """A difference of two 32-bit timestamps, whichever of them wrapped."""
    return (difference + 2**31) % 2**32 - 2**31
