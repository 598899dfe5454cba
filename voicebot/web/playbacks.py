"""Notes in the audit log who played which recording.

A player asks for one recording in many parts. Whoever goes on playing the same one is noted again
only after a while, so that a playback is a line and not a hundred.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from voicebot.staff.model import Actor, AuditEntry, AuditLog, Deed
from voicebot.types import CallId

ONE_PLAYBACK_S: Final = 60.0
MOST: Final = 1000
"""Playbacks that are remembered; more are noted once more than need be."""


class Playbacks:
    """``clock`` gives UTC epoch seconds."""

    def __init__(self, log: AuditLog, clock: Callable[[], float]) -> None:
        self._log = log
        self._clock = clock
        self._noted: OrderedDict[tuple[Actor, CallId], float] = OrderedDict()

    async def note(self, actor: Actor, call: CallId) -> None:
        """To be called before anything is played. Raises StorageError: then nothing may be."""
        now = self._clock()
        last = self._noted.get((actor, call))
        if last is not None and 0 <= now - last < ONE_PLAYBACK_S:
            return
        await self._log.note(AuditEntry(now, actor.who, Deed.RECORDING_PLAYED, call, actor.address))
        self._noted[actor, call] = now
        self._noted.move_to_end((actor, call))
        while len(self._noted) > MOST:
            self._noted.popitem(last=False)
