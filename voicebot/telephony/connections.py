"""The open connections of one TCP door: how many, and who goes when there are too many.

Pure. A newcomer past a limit does not simply stand outside, or whoever holds enough idle
connections would have locked the door: first one that has said nothing yet has to go, the oldest;
then one that has been quiet for a while. Only where all are at work is the newcomer refused.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

from voicebot.telephony.guard import DoorGuard
from voicebot.types import Verdict

C = TypeVar("C", bound=Hashable)

RESERVED: Final = 16
"""Places for trusted addresses."""


class Connections(Generic[C]):
    """The connections of a door. Trusted networks have no limit for each address, and some places
    of their own, so that whoever watches over us gets in when strangers hold all the others.

    ``quiet_s`` is how long one that has spoken must have been quiet before it may be closed for
    another's sake.
    """

    def __init__(self, guard: DoorGuard, *, most: int | None = None, quiet_s: float = 60.0) -> None:
        self._guard = guard
        self._most = guard.policy.connections if most is None else most
        self._quiet_s = quiet_s
        self._addresses: dict[C, str] = {}
        self._of: dict[str, set[C]] = {}
        self._mute: OrderedDict[C, None] = OrderedDict()
        self._spoken: OrderedDict[C, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._addresses)

    def opened(self, connection: C, address: str, now: float) -> C | None:
        """Take in a new connection. Gives who has to be closed for it: nobody (None), another one,
        or the newcomer itself. Whoever it is counts as closed already."""
        if self._guard.request(address, now) is not Verdict.ALLOW:
            self._guard.count("connection_refused")
            return connection
        loser: C | None = None
        theirs = self._of.get(address, set())
        trusted = self._guard.trusts(address)
        if len(theirs) >= self._guard.policy.connections_per_address and not trusted:
            loser = self._oldest_of(theirs, now)
        elif len(self._addresses) >= self._most + (RESERVED if trusted else 0):
            loser = self._oldest(now)
        else:
            self._add(connection, address)
            return None
        if loser is None:
            self._guard.count("connection_refused")
            return connection
        self._guard.count("connection_closed")
        self.closed(loser)
        self._add(connection, address)
        return loser

    def spoke(self, connection: C, now: float) -> None:
        """It brought a message; from now on it goes last."""
        if connection in self._addresses:
            self._mute.pop(connection, None)
            self._spoken[connection] = now
            self._spoken.move_to_end(connection)

    def busy(self, connection: C) -> None:
        """It is at work: never closed for another's sake, until it `spoke` again."""
        self._mute.pop(connection, None)
        self._spoken.pop(connection, None)

    def closed(self, connection: C) -> None:
        """It is gone; does nothing for one that is not here."""
        address = self._addresses.pop(connection, None)
        if address is None:
            return
        self.busy(connection)
        theirs = self._of[address]
        theirs.discard(connection)
        if not theirs:
            del self._of[address]

    def _add(self, connection: C, address: str) -> None:
        self._addresses[connection] = address
        self._of.setdefault(address, set()).add(connection)
        self._mute[connection] = None

    def _oldest(self, now: float) -> C | None:
        if self._mute:
            return next(iter(self._mute))
        for connection, at in self._spoken.items():
            return connection if now - at >= self._quiet_s else None
        return None

    def _oldest_of(self, theirs: set[C], now: float) -> C | None:
        mute = next((each for each in self._mute if each in theirs), None)
        if mute is not None:
            return mute
        for connection, at in self._spoken.items():
            if now - at < self._quiet_s:
                return None
            if connection in theirs:
                return connection
        return None
