"""The call back to somebody who did not want to wait on the line.

The agent has answered and hears music while the caller's telephone rings; then the two talk. It is
a call of its own in the records, from us to the caller, and takes a line like any other.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from voicebot.errors import CallError, DialFailed
from voicebot.sessions.account import CallAccount
from voicebot.sessions.briefing import Briefing
from voicebot.sessions.handoff import HandoffServices
from voicebot.sessions.records import STOPPED, Journal
from voicebot.telephony._api import CallLeg, LegEnded, LegInfo
from voicebot.telephony.bridge import Bridge, attend
from voicebot.types import CallId, Outcome

log = structlog.get_logger(__name__)


class Lines(Protocol):
    """Whether there is a line for one more call (`CallRegistry`)."""

    def admit(self, call_id: CallId) -> object | None:
        """None where there is, else why not."""
        ...

    def ended(self, call_id: CallId, outcome: Outcome) -> None: ...


@dataclass(frozen=True, slots=True)
class CallbackCalls:
    """Makes calls back (`queueing.CallBack`). ``handoffs`` has dialer and music; ``flow`` is
    what the records name."""

    handoffs: HandoffServices
    journal: Journal
    lines: Lines
    publish: Callable[..., None]
    flow: str
    new_id: Callable[[], CallId] = field(default=lambda: CallId(uuid.uuid4().hex))

    async def __call__(
        self, number: str, briefing: Briefing, agent: CallLeg, reached: Callable[[], None]
    ) -> None:
        """Call ``number`` and join it with ``agent``, whose leg is up; returns when they are done.

        ``reached`` is called when somebody has answered. The agent is hung up in the end. Raises
        DialFailed when nobody answers, or the agent leaves before that.
        """
        info = LegInfo(self.new_id(), "sip", "", number, direction="outbound")
        if self.lines.admit(info.call_id) is not None:
            await agent.hang_up("there is no line")
            raise DialFailed("the caller", "failed")
        account = CallAccount(info, self.journal, self.publish)
        account.started(self.flow, briefing.language)
        outcome, reason = Outcome.FAILED, STOPPED
        try:
            await self._talk(number, agent, account, reached)
            outcome, reason = Outcome.TRANSFERRED, "called back"
        except DialFailed as error:
            outcome, reason = Outcome.NOT_REACHED, error.outcome
            raise
        finally:
            account.ended(outcome, reason)
            self.lines.ended(info.call_id, outcome)
            await agent.hang_up("the call is over")

    async def _talk(
        self,
        number: str,
        agent: CallLeg,
        account: CallAccount,
        reached: Callable[[], None],
    ) -> None:
        bridge = Bridge(
            agent.sample_rate, music=self.handoffs.looped, counters=self.handoffs.counters
        )
        attending = asyncio.create_task(attend(agent, bridge.join("agent", agent.sample_rate)))
        try:
            leg = await self._reach(number, attending)
            try:
                account.answered()
                reached()
                seat = bridge.join("caller", leg.sample_rate)
                talking = asyncio.create_task(attend(leg, seat))
                try:
                    await asyncio.wait({talking, attending}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    talking.cancel()
                    await asyncio.wait({talking})
            finally:
                await leg.hang_up("the agent has left")
        finally:
            attending.cancel()
            await asyncio.wait({attending})

    async def _reach(self, number: str, attending: asyncio.Task[LegEnded]) -> CallLeg:
        dialer = self.handoffs.dialer
        if dialer is None:
            raise DialFailed("the caller", "unreachable")
        dialling = asyncio.ensure_future(dialer.dial(number, timeout_s=self.handoffs.ring_s))
        try:
            await asyncio.wait({dialling, attending}, return_when=asyncio.FIRST_COMPLETED)
            if dialling.done():
                return dialling.result()
            raise DialFailed("the caller", "the agent has left")
        finally:
            if not dialling.done():
                dialling.cancel()
                with suppress(asyncio.CancelledError, CallError):
                    await (await dialling).hang_up()
