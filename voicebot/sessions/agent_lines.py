"""Agents at their own telephones: a call of ours rings there.

The agent's phone is told who calls, and the context as headers (`Dialer.dial`). Answering the phone
is taking the contact; declining it (486, 603) leaves it to somebody else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from voicebot.acd.model import AgentId
from voicebot.errors import DialFailed
from voicebot.sessions.handoff import showable
from voicebot.sessions.ringing import RingingContact
from voicebot.telephony._api import CallLeg, Dialer

_GRACE_S: Final = 5.0
"""The distribution says when ringing is over; the telephone's own limit comes only after that."""


@dataclass(frozen=True, slots=True)
class TelephoneLines:
    """`AgentLines` of SIP telephones. ``dialer`` is None where no door can call out; ``address``
    gives an agent's SIP URI, empty for one who has none."""

    dialer: Dialer | None
    address: Callable[[AgentId], str]

    async def ring(self, agent: AgentId, contact: RingingContact) -> CallLeg:
        """Ring the agent's telephone (`AgentLines.ring`)."""
        address = self.address(agent)
        if self.dialer is None or not address:
            raise DialFailed(str(agent), "unreachable")
        return await self.dialer.dial(
            address,
            caller=showable(contact.briefing.caller),
            headers={"queue": contact.queue, **contact.briefing.context},
            timeout_s=contact.answer_within_s + _GRACE_S,
        )
