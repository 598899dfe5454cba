"""Keeps the session timer of one call: what is agreed, refreshed, and done when that fails.

The negotiation itself is in `session_timer`. A refresh goes as UPDATE where the other side takes
that, else as a re-INVITE with the description that stands already (RFC 4028 section 7.4).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from aiosipua import SipRequest, SipResponse

from voicebot.telephony.sip.exchange import MediaExchange
from voicebot.telephony.sip.in_dialog import GONE, InDialog
from voicebot.telephony.sip.messages import Message, has_sdp
from voicebot.telephony.sip.session_timer import (
    Session,
    SessionClock,
    SessionPolicy,
    agreed,
    allows,
    asked_for,
    least_interval,
    request_headers,
)


class SessionKeeper:
    """One call's timer; ``refresh`` is called when a refresh of ours is due, ``expired`` when
    theirs did not come."""

    def __init__(
        self, policy: SessionPolicy, refresh: Callable[[], None], expired: Callable[[], None]
    ) -> None:
        self._policy = policy
        self._clock = SessionClock(refresh, expired)
        self._session: Session | None = None
        self._least_s = policy.least_s
        self._takes_update = False

    def asked_for(self, request: SipRequest) -> Session | None:
        """See `session_timer.asked_for`."""
        return asked_for(request, self._policy)

    def agreed(self, session: Session | None, message: Message) -> None:
        """Run with ``session``, as ``message`` of the other side began or refreshed it."""
        self._session = session
        self._takes_update = self._takes_update or allows(message, "UPDATE")
        self._clock.run(session)

    def answered(self, answer: SipResponse) -> None:
        """Our own INVITE was accepted by ``answer``."""
        self.agreed(agreed(answer), answer)

    async def refresh(self, line: InDialog, exchange: MediaExchange) -> bool:
        """Refresh; true where the other side turned out to be gone."""
        if self._session is None:
            return False
        answer = await self._send(self._session, line, exchange)
        if answer is not None and answer.status_code == 422:
            self._least_s = max(self._least_s, least_interval(answer))
            self._session = replace(self._session, interval_s=self._least_s)
            answer = await self._send(self._session, line, exchange)
        if answer is None or answer.status_code in GONE:
            return True
        # Refused otherwise (491, 500): the call stands, and half the time is left to try again.
        refreshed = agreed(answer) if 200 <= answer.status_code < 300 else None
        self._session = refreshed or self._session
        self._clock.run(self._session)
        return False

    def stop(self) -> None:
        self._clock.stop()

    async def _send(
        self, session: Session, line: InDialog, exchange: MediaExchange
    ) -> SipResponse | None:
        headers = request_headers(session.interval_s, self._least_s, refresher="uac")
        if self._takes_update:
            return await line.ask("UPDATE", headers)
        answer = await line.invite_again(headers, exchange.repeat())
        if answer is not None and answer.status_code < 300 and has_sdp(answer):
            exchange.take_answer(answer.text)
        return answer
