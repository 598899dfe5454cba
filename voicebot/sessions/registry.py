"""Which calls run now, and whether another may come in.

Calls are admitted against a set number: past it a caller gets a busy answer at once, and the calls
that run do not notice. The same holds while what all calls share (the speech workers) is behind
with its work. While the server drains before it stops, nobody is admitted.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from voicebot.sessions.open_call import OpenCall
from voicebot.types import CallId, Outcome


class Refusal(StrEnum):
    """Why a call was not admitted."""

    FULL = "no free line"
    DRAINING = "shutting down"
    BEHIND = "speech workers are behind"


class RunningCall(Protocol):
    """What the registry asks of a call that runs."""

    @property
    def call_id(self) -> CallId: ...

    @property
    def open_call(self) -> OpenCall | None:
        """What supervisors see of it; None before the answer."""
        ...

    def end_politely(self) -> None:
        """Say goodbye and hang up; returns at once."""
        ...


@dataclass(slots=True)
class CallRegistry:
    """Admits calls up to ``max_calls`` and knows those that run.

    ``has_room`` says whether what all calls share could take another call's work now.
    """

    max_calls: int
    draining: bool = False
    has_room: Callable[[], bool] = lambda: True
    _calls: dict[CallId, RunningCall | None] = field(default_factory=dict)
    _ended: Counter[Outcome] = field(default_factory=Counter)
    _idle: asyncio.Event = field(default_factory=asyncio.Event)

    def admit(self, call_id: CallId) -> Refusal | None:
        """Reserve a line for ``call_id``, or say why there is none.

        The same call asking twice holds one line.
        """
        if call_id in self._calls:
            return None
        if self.draining:
            return Refusal.DRAINING
        if len(self._calls) >= self.max_calls:
            return Refusal.FULL
        if not self.has_room():
            return Refusal.BEHIND
        self._calls[call_id] = None
        self._idle.clear()
        return None

    async def empty(self) -> None:
        """Return when no line is in use."""
        if self._calls:
            await self._idle.wait()

    def began(self, call: RunningCall) -> None:
        """The admitted ``call`` has a session now."""
        self._calls[call.call_id] = call

    def ended(self, call_id: CallId, outcome: Outcome) -> None:
        """Free the line (if it held one) and count the outcome."""
        self._calls.pop(call_id, None)
        self._ended[outcome] += 1
        if not self._calls:
            self._idle.set()

    @property
    def active(self) -> int:
        """Lines in use."""
        return len(self._calls)

    @property
    def outcomes(self) -> dict[Outcome, int]:
        """How many calls ended in each outcome since the start."""
        return {outcome: self._ended[outcome] for outcome in Outcome}

    def running(self) -> tuple[RunningCall, ...]:
        return tuple(call for call in self._calls.values() if call is not None)

    def open_calls(self) -> dict[CallId, OpenCall]:
        """Those that supervisors may listen to, the longest first."""
        opened = (call.open_call for call in self.running())
        return {each.call_id: each for each in opened if each is not None and not each.over}
