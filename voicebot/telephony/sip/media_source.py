"""Whose RTP packets are the caller's: symmetric RTP (RFC 4961) that a third party cannot steal.

Pure. Behind a NAT audio comes from another address than was signalled, and we must answer to that
one; but whoever hears of a port may send to it. So addresses have a rank: the signalled one before
others of its host or of the host that signals, and those before all others. A packet of a higher
rank takes the stream at once. One from elsewhere is taken only where nothing better came for half a
second, and only after five packets in order. Within its rank a source may move when it has been
silent for three seconds, if it knows the stream's SSRC and goes on near its sequence number: a NAT
did that. No source is listened to more often than any codec needs. Who can forge the signalled
address cannot be told apart; that takes SRTP.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, TypeAlias

Address: TypeAlias = tuple[str, int]

MOVE_AFTER_S: Final = 3.0
WAIT_FOR_BETTER_S: Final = 0.5
PACKETS_IN_ORDER: Final = 5
MOST_PER_S: Final = 300.0
"""Packets of one stream: 5 ms packets are 200 a second; keys and repeats come on top."""
_SEQUENCE_NEAR: Final = 3000
"""A minute of packets: what may have been lost while a NAT changed its mind."""


class _Rank(IntEnum):
    ELSEWHERE = 1
    SAME_HOST = 2
    SIGNALLED = 3


@dataclass
class MediaSource:
    """Where one call's audio comes from. ``peer_host`` is where its signalling comes from."""

    peer_host: str = ""
    current: Address | None = None
    """The address that is heard, None until one was."""
    _signalled: Address | None = None
    _since: float = 0.0
    _heard_at: float = 0.0
    _ssrc: int = 0
    _sequence: int = 0
    _room: float = MOST_PER_S
    _candidate: Address | None = field(default=None, init=False)
    _candidate_ssrc: int = field(default=0, init=False)
    _candidate_sequence: int = field(default=0, init=False)
    _in_order: int = field(default=0, init=False)

    def agreed(self, remote: Address, now: float) -> None:
        """Audio is to come from ``remote`` from now on, or from where it does."""
        self._signalled = remote
        self._since = now
        self.current = self._candidate = None

    def takes(self, address: Address, ssrc: int, sequence: int, now: float) -> bool:
        """Whether a packet is the caller's. `current` may have changed when it is."""
        if address == self.current or self._may_become(address, ssrc, sequence, now):
            room = min(MOST_PER_S, self._room + (now - self._heard_at) * MOST_PER_S)
            self.current = address
            self._heard_at = now
            self._room = max(0.0, room - 1)
            if room < 1:
                return False
            self._ssrc = ssrc
            self._sequence = sequence
            return True
        return False

    def _may_become(self, address: Address, ssrc: int, sequence: int, now: float) -> bool:
        rank = self._rank(address)
        if self.current is None:
            if rank > _Rank.ELSEWHERE:
                return True
            steady = self._goes_on(address, ssrc, sequence)
            return steady and now - self._since >= WAIT_FOR_BETTER_S
        if rank > self._rank(self.current):
            return True
        silent = now - self._heard_at > MOVE_AFTER_S
        near = (sequence - self._sequence) & 0xFFFF < _SEQUENCE_NEAR
        return silent and ssrc == self._ssrc and near

    def _rank(self, address: Address) -> _Rank:
        assert self._signalled is not None
        if address == self._signalled:
            return _Rank.SIGNALLED
        if address[0] in {self._signalled[0], self.peer_host}:
            return _Rank.SAME_HOST
        return _Rank.ELSEWHERE

    def _goes_on(self, address: Address, ssrc: int, sequence: int) -> bool:
        """Whether this is one more packet in order of the one stranger that is watched."""
        step = (sequence - self._candidate_sequence) & 0xFFFF
        same = address == self._candidate and ssrc == self._candidate_ssrc and 0 < step < 10
        self._in_order = self._in_order + 1 if same else 1
        self._candidate, self._candidate_ssrc = address, ssrc
        self._candidate_sequence = sequence
        return self._in_order >= PACKETS_IN_ORDER
