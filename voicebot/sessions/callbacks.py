"""The call back to somebody who did not want to wait on the line.

The agent has answered and hears music while the caller's telephone rings; then the two talk. It is
a call of its own in the records, from us to the caller, and takes a line like any other. Once the
caller has answered it is a session like that of any caller who is with an agent (`called_back`).
Left out on purpose: recording it, as nobody was asked whether they agree.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

import structlog

from voicebot.errors import CallError, DialFailed
from voicebot.sessions.account import CallAccount
from voicebot.sessions.handoff import HandoffServices
from voicebot.sessions.kept_leg import keep
from voicebot.sessions.outbound import AnsweredLeg
from voicebot.sessions.place import Joined, Place
from voicebot.sessions.records import STOPPED, Journal
from voicebot.telephony._api import CallLeg, LegInfo
from voicebot.types import CallId, Outcome

log = structlog.get_logger(__name__)


class Lines(Protocol):
    """Whether there is a line for one more call (`CallRegistry`)."""

    def admit(self, call_id: CallId) -> object | None:
        """None where there is, else why not."""
        ...

    def ended(self, call_id: CallId, outcome: Outcome) -> None: ...


@dataclass(frozen=True, slots=True)
class Reached:
    """Somebody who was called back and has answered, on ``leg``; ``joined`` is the agent who
    waits for them at ``place``."""

    leg: CallLeg
    account: CallAccount
    place: Place
    joined: Joined


@dataclass(frozen=True, slots=True)
class CallbackCalls:
    """Makes calls back (`ringing.CallBack`). ``handoffs`` has dialer and music; ``flow`` is
    what the records name. ``converse`` holds the call once somebody has answered: it gives the line
    back and writes down how the call ended."""

    handoffs: HandoffServices
    journal: Journal
    lines: Lines
    publish: Callable[..., None]
    flow: str
    converse: Callable[[Reached], Awaitable[None]]
    new_id: Callable[[], CallId] = field(default=lambda: CallId(uuid.uuid4().hex))

    async def __call__(
        self, number: str, place: Place, joined: Joined, reached: Callable[[], None]
    ) -> None:
        """Call ``number`` and join it with the agent of ``joined``, whose leg is up; returns when
        all is done with the caller.

        ``reached`` is called when somebody has answered. The agent is hung up in the end. Raises
        DialFailed when nobody answers, or the agent leaves before that.
        """
        info = LegInfo(self.new_id(), "sip", "", number, direction="outbound")
        if self.lines.admit(info.call_id) is not None:
            await joined.leg.hang_up("there is no line")
            raise DialFailed("the caller", "failed")
        account = CallAccount(info, self.journal, self.publish)
        account.started(self.flow, place.briefing.language)
        outcome, reason = Outcome.FAILED, STOPPED
        try:
            caller, agent = await self._both(number, joined.leg)
            try:
                account.answered()
                reached()
                leg = AnsweredLeg(caller, info, caller.events())
                await self.converse(Reached(leg, account, place, replace(joined, leg=agent)))
            finally:
                await caller.hang_up("the agent has left")
        except DialFailed as error:
            outcome, reason = Outcome.NOT_REACHED, error.outcome
            raise
        finally:
            if not account.is_over:
                account.ended(outcome, reason)
                self.lines.ended(info.call_id, outcome)
            await joined.leg.hang_up("the call is over")

    async def _both(self, number: str, agent: CallLeg) -> tuple[CallLeg, CallLeg]:
        """The caller's leg, and the agent's, who hears music until it is there."""
        agent.attach(self.handoffs.looped(agent.sample_rate))
        dialling = asyncio.ensure_future(self._dial(number))
        try:
            kept = await keep(agent, (dialling,))
            if kept is None:
                raise DialFailed("the caller", "the agent has left")
            return dialling.result(), kept
        except BaseException:
            dialling.cancel()
            with suppress(asyncio.CancelledError, CallError):
                await (await dialling).hang_up()
            raise

    async def _dial(self, number: str) -> CallLeg:
        dialer = self.handoffs.dialer
        if dialer is None:
            raise DialFailed("the caller", "unreachable")
        return await dialer.dial(number, timeout_s=self.handoffs.ring_s)
