"""Who calls: the caller's history, and what the application knows of their number.

Both are looked up while the line rings, at once and each within the same time. Neither may cost a
call anything: what is late or broken is left out, counted, and the flow begins without it.

A number is easily forged. What is found here lets a flow ask better, and proves nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

import structlog

from voicebot.action_result import ActionResult
from voicebot.errors import ActionError, StorageError
from voicebot.flows.facts import CALLER_ARGUMENT
from voicebot.flows.matter import customer_of
from voicebot.flows.model import Flow
from voicebot.sessions.history import DAY_S, Contact, Histories, told
from voicebot.sessions.numbers import number_of
from voicebot.telephony._api import LegInfo
from voicebot.types import Json

log = structlog.get_logger(__name__)

Identify: TypeAlias = Callable[[str], Awaitable[Json]]
"""Tells who calls, by number."""
RunAction: TypeAlias = Callable[[str, Mapping[str, Json]], Awaitable[Json]]

HISTORY = "history"
"""The action that gives the history of a customer (`flows.facts.BUILTIN_ACTIONS`)."""


@dataclass(slots=True)
class Callers:
    """Looks callers up, for all calls; without ``histories`` nobody has a history.

    ``days`` and ``most`` bound a history, ``time_limit_s`` each look-up; ``counts`` are of look-ups
    by what was looked up and what came of it.
    """

    histories: Histories | None
    days: int = 7
    most: int = 20
    time_limit_s: float = 1.0
    clock: Callable[[], float] = time.time
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    async def facts(self, info: LegInfo, identify: Identify | None) -> dict[str, Json]:
        """The variables ``history`` and ``customer`` of a call, null where nothing is known.

        Never raises, and is back within the time limit.
        """
        number = number_of(info.direction, info.caller, info.callee)
        if not number:
            return {"history": None, "customer": None}
        history, customer = await asyncio.gather(
            self._softly("history", partial(self._of_number, number)),
            self._softly("customer", partial(identify or _nobody, number)),
        )
        return {"history": history, "customer": customer}

    async def act(self, run: RunAction, name: str, arguments: Mapping[str, Json]) -> Json:
        """Run an action: those of the application by ``run``. Raises ActionError."""
        if name != HISTORY:
            return await run(name, arguments)
        customer = customer_of(arguments.get("customer"))
        if not customer:
            raise ActionError(name, "argument 'customer' is missing")
        if self.histories is None:
            raise ActionError(name, "is switched off")
        now = self.clock()
        try:
            async with asyncio.timeout(self.time_limit_s):
                found = await self.histories.by_customer(
                    customer, since=now - self.days * DAY_S, until=now, limit=self.most
                )
        except TimeoutError:
            problem = f"took longer than {self.time_limit_s:g} s"
            raise ActionError(name, problem, ActionResult.TIMED_OUT) from None
        except StorageError:
            raise ActionError(name, "the records cannot be read") from None
        return told(found, now)

    async def _of_number(self, number: str) -> Json:
        if self.histories is None:
            return None
        now = self.clock()
        found: tuple[Contact, ...] = await self.histories.by_number(
            number, since=now - self.days * DAY_S, until=now, limit=self.most
        )
        return told(found, now)

    async def _softly(self, what: str, look_up: Callable[[], Awaitable[Json]]) -> Json:
        try:
            async with asyncio.timeout(self.time_limit_s):
                found = await look_up()
        except TimeoutError:
            result, found = "late", None
        except (StorageError, ActionError):
            result, found = "failed", None
        except Exception:
            log.exception("caller_look_up_broke", what=what)
            result, found = "failed", None
        else:
            result = "done"
        self.counts[what, result] += 1
        if result != "done":
            log.warning("caller_not_looked_up", what=what, problem=result)
        return found


def identify_by(flow: Flow, run: RunAction) -> Identify | None:
    """What tells who calls where ``flow`` takes the call: its action ``caller``, if any."""
    action = flow.caller
    if action is None:
        return None
    return lambda number: run(action.name, {CALLER_ARGUMENT: number})


async def _nobody(number: str) -> Json:
    return None
