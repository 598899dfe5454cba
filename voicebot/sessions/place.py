"""One caller's place in the queues: what the session is told there, and how it is left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from voicebot.acd import effects as e
from voicebot.acd.model import AgentId, Contact, ContactId
from voicebot.sessions.briefing import Briefing
from voicebot.telephony._api import CallLeg


@dataclass(frozen=True, slots=True)
class Joined:
    """The agent has taken the contact, and ``leg`` is theirs."""

    agent_id: AgentId
    leg: CallLeg


@dataclass(frozen=True, slots=True)
class Ringing:
    """An agent rings for the contact, who will have one in a moment, or goes on waiting."""

    agent_id: AgentId


@dataclass(frozen=True, slots=True)
class Accepted:
    """The agent has taken a contact that writes: there is no leg."""

    agent_id: AgentId


Notice: TypeAlias = e.Queued | e.Announce | Ringing | e.Overflowed | Joined | Accepted
"""What the session of a waiting caller is told; the last three end the waiting."""


class Place:
    """One caller's place. Made by `QueueService.enter`; closed by `leave`, whatever happens."""

    def __init__(
        self, left: Callable[[Place, str], None], contact: Contact, briefing: Briefing
    ) -> None:
        """``left`` is told, with the reason, that the caller has left."""
        self.contact = contact
        self.briefing = briefing
        self._left = left
        self._notices: asyncio.Queue[Notice] = asyncio.Queue()

    @property
    def contact_id(self) -> ContactId:
        return self.contact.contact_id

    def tell(self, notice: Notice) -> None:
        """For the service: a waiting session gets a handful of these."""
        self._notices.put_nowait(notice)

    async def next(self) -> Notice:
        return await self._notices.get()

    def met(self) -> Notice | None:
        """What has come already; None for nothing."""
        return None if self._notices.empty() else self._notices.get_nowait()

    async def leave(self, reason: str) -> None:
        """Give the place up, or end the conversation with the agent; an agent who answered in this
        very moment is hung up. Does nothing the second time."""
        self._left(self, reason)
        while not self._notices.empty():
            notice = self._notices.get_nowait()
            if isinstance(notice, Joined):
                await notice.leg.hang_up("the caller has left")
