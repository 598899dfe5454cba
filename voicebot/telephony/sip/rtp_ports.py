"""Which call has which RTP port."""

from __future__ import annotations

from voicebot.errors import CallError


class RtpPorts:
    """Even ports of a range, each in one hand at a time.

    A port is reserved before it is bound and the next one is tried where binding fails, so nothing
    can slip in between as with a port that was probed and let go. A port that was given back comes
    up again last, when late packets for its old call have died away.
    """

    def __init__(self, first: int, last: int) -> None:
        self.first, self.last = first, last
        self._free = dict.fromkeys(port for port in range(first + first % 2, last, 2))

    def take(self, *, but: set[int]) -> int:
        """Reserve a port that is not among ``but``. Raises CallError when there is none."""
        port = next((port for port in self._free if port not in but), None)
        if port is None:
            raise CallError(f"no RTP port is free between {self.first} and {self.last}")
        del self._free[port]
        return port

    def give_back(self, port: int) -> None:
        self._free[port] = None
