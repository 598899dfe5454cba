"""Rings at agents for contacts, and tells the distribution what came of it.

At most one task rings for a contact: at an agent, or at a caller who is called back. The leg of an
agent who has answered is kept here until the distribution says that it is theirs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

import structlog

from voicebot.acd import effects as e
from voicebot.acd import events as ev
from voicebot.acd.model import AgentId, Channel, ContactId
from voicebot.errors import DialFailed, RoutingError
from voicebot.sessions.briefing import Briefing
from voicebot.telephony._api import CallLeg

log = structlog.get_logger(__name__)

_DECLINED: Final = frozenset({486, 600, 603})
"""SIP answers of a telephone that is there, and whose owner does not want this call."""


@dataclass(frozen=True, slots=True)
class RingingContact:
    """Who is being offered to an agent."""

    contact_id: ContactId
    queue: str
    waited_s: float
    answer_within_s: float
    callback: bool
    briefing: Briefing
    channel: Channel = Channel.VOICE


class AgentLines(Protocol):
    """How agents are reached, by telephone or in a browser."""

    async def ring(self, agent: AgentId, contact: RingingContact) -> CallLeg:
        """Ring at the agent, and return the leg once they have answered.

        Stops ringing when cancelled. Raises DialFailed when the agent declines or is not there.
        """
        ...


RingForText: TypeAlias = Callable[[AgentId, RingingContact], Awaitable[None]]
"""Offers a contact that writes to an agent, and returns once they have taken it. Stops when
cancelled; raises DialFailed when the agent declines or is not there."""


async def nobody_writes(agent: AgentId, contact: RingingContact) -> None:
    """`RingForText` where agents have nothing to write with."""
    raise DialFailed(str(agent), "unreachable")


CallBack: TypeAlias = Callable[[str, Briefing, CallLeg, Callable[[], None]], Awaitable[None]]
"""Calls a number, joins it with the agent's leg, and returns when they are done. The last argument
is called when somebody has answered. Hangs the agent up in the end, and raises DialFailed when
nobody was reached."""


class Rings:
    """What rings for the contacts of a server.

    ``brief`` gives what is known of a contact, None for one who is not here, ``channel_of`` by
    what it comes. ``report`` takes what came of a ring, and raises RoutingError where that came
    too late.
    """

    def __init__(
        self,
        lines: AgentLines,
        brief: Callable[[ContactId], Briefing | None],
        report: Callable[[ev.Event], None],
        channel_of: Callable[[ContactId], Channel],
        for_text: RingForText,
    ) -> None:
        self._lines = lines
        self._channel_of = channel_of
        self._for_text = for_text
        self._brief = brief
        self._report = report
        self._tasks: dict[ContactId, asyncio.Task[None]] = {}
        self._answered: dict[ContactId, CallLeg] = {}

    def offer(self, offer: e.Offer) -> None:
        """Begin to ring at the agent."""
        self.begin(offer.contact_id, self._ring(offer), f"ring {offer.agent_id}")

    def begin(self, contact_id: ContactId, ring: Coroutine[Any, Any, None], name: str) -> None:
        """Let ``ring`` be what rings for the contact."""
        self._tasks[contact_id] = asyncio.create_task(ring, name=name)

    def over(self, contact_id: ContactId) -> None:
        """What rang for the contact is done."""
        self._tasks.pop(contact_id, None)

    def stop(self, contact_id: ContactId) -> None:
        """Stop what rings for the contact, unless that is what calls this."""
        ringing = self._tasks.pop(contact_id, None)
        if ringing is not None and ringing is not asyncio.current_task():
            ringing.cancel()

    def take(self, contact_id: ContactId) -> CallLeg:
        """The leg of the agent who has answered. Raises KeyError where nobody has."""
        return self._answered.pop(contact_id)

    async def close(self) -> None:
        """Stop every ringing."""
        for task in (rings := tuple(self._tasks.values())):
            task.cancel()
        await asyncio.gather(*rings, return_exceptions=True)

    async def _ring(self, offer: e.Offer) -> None:
        """Ring at one agent, and tell the distribution what came of it."""
        contact = RingingContact(
            offer.contact_id,
            offer.queue,
            offer.waited_s,
            offer.answer_within_s,
            offer.callback,
            self._brief(offer.contact_id) or Briefing(),
            self._channel_of(offer.contact_id),
        )
        answer: ev.Event
        leg: CallLeg | None = None
        try:
            if contact.channel is Channel.TEXT:
                await self._for_text(offer.agent_id, contact)
            else:
                leg = await self._lines.ring(offer.agent_id, contact)
                self._answered[offer.contact_id] = leg
            answer = ev.Answer(offer.contact_id, offer.agent_id)
        except DialFailed as error:
            log.info("agent_not_reached", agent=offer.agent_id, outcome=error.outcome)
            answer = (
                ev.Decline(offer.contact_id, offer.agent_id)
                if error.status in _DECLINED
                else ev.OfferFailed(offer.contact_id, offer.agent_id, error.outcome)
            )
        except Exception:
            log.exception("agent_not_rung", agent=offer.agent_id)
            answer = ev.OfferFailed(offer.contact_id, offer.agent_id, "could not be rung")
        if self._tasks.get(offer.contact_id) is asyncio.current_task():
            del self._tasks[offer.contact_id]
        try:
            self._report(answer)
        except RoutingError as error:
            # The offer ended in the moment of the answer: the caller hung up, or time was over.
            log.info("answer_came_too_late", agent=offer.agent_id, problem=str(error))
            self._answered.pop(offer.contact_id, None)
            if leg is not None:
                await leg.hang_up("the caller has left")
