"""What a supervisor may have done with a call that the bot holds: take it over, or send it on.

An order is carried out at the next moment at which the caller can be interrupted: while a question
is asked, or while they wait for somebody. It waits for an action to be done (half a payment is
none), and for the answer to a question that is private: the supervisor is to hear no secret.
`Transferring` carries orders out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from voicebot.errors import UsageError
from voicebot.telephony._api import CallLeg

STEPPED_IN: Final = "a supervisor stepped in"
"""Why a caller leaves a queue whom a supervisor has taken out of it."""
ENDED: Final = "a supervisor ended the call"
"""Why a call is over that whoever took it over has ended."""


@dataclass(frozen=True, slots=True)
class SendOn:
    """Let the caller wait for a person in ``queue``."""

    queue: str


class TakeOver:
    """Give the caller to a supervisor.

    ``come`` gives the supervisor's leg when the time has come, None where they have gone meanwhile.
    ``onward`` is the queue that the caller goes to when they leave; empty: back into the flow.
    ``over`` is set when they have left, or did not come.
    """

    def __init__(self, come: Callable[[], Awaitable[CallLeg | None]]) -> None:
        self.come = come
        self.onward = ""
        self.over = asyncio.Event()


Order: TypeAlias = TakeOver | SendOn


class Orders:
    """Those for one call, one at a time."""

    def __init__(self) -> None:
        self._order: Order | None = None
        self._given = asyncio.Event()

    def give(self, order: Order) -> None:
        """Raises UsageError while another order waits to be carried out."""
        if self._order is not None:
            raise UsageError("a supervisor steps in already; wait a moment")
        self._order = order
        self._given.set()

    def withdraw(self, order: Order) -> None:
        """Forget ``order``, unless it is being carried out."""
        if self._order is order:
            self.take()

    def is_waiting(self, order: Order) -> bool:
        """Whether ``order`` is still to be carried out."""
        return self._order is order

    async def wanted(self) -> None:
        """Return when there is an order."""
        await self._given.wait()

    def take(self) -> Order | None:
        """The order, to be carried out now; None where it was withdrawn."""
        order, self._order = self._order, None
        self._given.clear()
        return order
