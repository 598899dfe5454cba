"""One run of an action: tried again where that is safe, and never longer than its time.

Each try has an equal share of the time that is left, so that a connection refused at once leaves
nearly all of it to the next. Pauses grow and are jittered: callers who failed together do not come
back together. Whether trying again is safe is decided where actions are read.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from voicebot.action_result import ActionResult
from voicebot.actions.definition import ActionDefinition, Worker
from voicebot.actions.refused import Transient
from voicebot.errors import ActionError
from voicebot.types import Json

FIRST_PAUSE_S: Final = 0.1
"""Longest pause before the first repetition; it doubles with each one."""


@dataclass(frozen=True, slots=True)
class Tries:
    """``pause`` and ``jitter`` (0..1) are open to tests."""

    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[], float] = random.random

    async def run(
        self, worker: Worker, definition: ActionDefinition, arguments: Mapping[str, Json]
    ) -> Json:
        """Raises ActionError when the last try failed or the time is over."""
        clock = asyncio.get_running_loop().time
        until = clock() + definition.timeout_ms / 1000
        for left in range(definition.retries, -1, -1):
            share_s = max(0.0, until - clock()) / (left + 1)
            try:
                async with asyncio.timeout(share_s):
                    return await worker.run(arguments, share_s)
            except TimeoutError:
                if not left:
                    problem = f"took longer than {definition.timeout_ms} ms"
                    raise ActionError(definition.name, problem, ActionResult.TIMED_OUT) from None
            except Transient:
                if not left:
                    raise
            pause_s = FIRST_PAUSE_S * 2 ** (definition.retries - left) * self.jitter()
            await self.pause(min(pause_s, max(0.0, until - clock())))
        raise AssertionError("the last try returns or raises")
