"""How an agent at a desk is reached: the desk rings, and the page calls us with a right of its own.

Where the agent has a telephone it rings beside the desk, and answering is done there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from voicebot.acd.model import AgentId
from voicebot.desk.agent_leg import AgentLeg
from voicebot.desk.contacts import Ringing
from voicebot.errors import CallError
from voicebot.sessions.ringing import AgentLines, RingingContact
from voicebot.telephony._api import (
    CallLeg,
)


class RingsAtDesk(Protocol):
    """Shows that a contact rings (`Desks`)."""

    def ring(self, agent: AgentId, contact: RingingContact, asked_by: str = "") -> Ringing: ...

    def rang(self, agent: AgentId, ringing: Ringing) -> None: ...

    def answered(self, agent: AgentId, ringing: Ringing, leg: AgentLeg) -> None: ...


class DeskLines:
    """`AgentLines`: the desk of every agent, and ``telephones`` beside it. Who writes is offered at
    the desk alone (`ring_for_text`).

    ``has_phone`` says which agents answer at a telephone.
    """

    def __init__(
        self, desks: RingsAtDesk, telephones: AgentLines, has_phone: Callable[[AgentId], bool]
    ) -> None:
        self._desks = desks
        self._telephones = telephones
        self._has_phone = has_phone

    async def ring(self, agent: AgentId, contact: RingingContact, asked_by: str = "") -> AgentLeg:
        """Ring at the agent (`AgentLines.ring`); ``asked_by`` is a colleague who wants advice."""
        ringing = self._desks.ring(agent, contact, asked_by)
        try:
            if self._has_phone(agent):
                leg = await self._beside_phone(agent, contact, ringing)
            else:
                leg = await _leg_of(ringing)
            self._desks.answered(agent, ringing, leg)
            return leg
        except asyncio.CancelledError:
            await _drop(ringing)
            raise
        finally:
            self._stop_ringing(agent, ringing)

    async def ring_for_text(self, agent: AgentId, contact: RingingContact) -> None:
        """Show the agent a contact that writes (`RingForText`)."""
        ringing = self._desks.ring(agent, contact)
        try:
            await ringing.leg
        finally:
            self._stop_ringing(agent, ringing)

    def _stop_ringing(self, agent: AgentId, ringing: Ringing) -> None:
        if not ringing.leg.cancel() and not ringing.leg.cancelled():
            ringing.leg.exception()  # nobody may have asked
        self._desks.rang(agent, ringing)

    async def _beside_phone(
        self, agent: AgentId, contact: RingingContact, ringing: Ringing
    ) -> AgentLeg:
        """Wait for the telephone; declining may be done at the desk as well."""
        phone = asyncio.ensure_future(self._telephones.ring(agent, contact))
        try:
            either: set[asyncio.Future[Any]] = {phone, ringing.leg}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not ringing.leg.done():
                return AgentLeg(phone.result(), dies=False)
            ringing.leg.result()  # raises: the desk can only decline
        except BaseException:
            await _stop(phone)
            raise
        raise AssertionError("an answer came from a desk that has none")


async def _drop(ringing: Ringing) -> None:
    """Hang up an agent who has answered in the moment in which the ringing was to stop."""
    if ringing.leg.done() and not ringing.leg.cancelled() and ringing.leg.exception() is None:
        leg = ringing.leg.result()
        if leg is not None:
            await leg.hang_up("the caller has left")


async def _leg_of(ringing: Ringing) -> AgentLeg:
    leg = await ringing.leg
    assert leg is not None, "a call is answered with a leg"
    return leg


async def _stop(phone: asyncio.Future[CallLeg]) -> None:
    """Stop a telephone's ringing; whoever has answered meanwhile is hung up."""
    phone.cancel()
    with suppress(asyncio.CancelledError, CallError):
        await (await phone).hang_up()
