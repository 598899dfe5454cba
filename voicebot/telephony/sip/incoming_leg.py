"""A call that came to us: rung, answered or refused (RFC 3261 section 13.3, RFC 3960).

Until the answer the caller may be told that it rings (180), or hear something already: 183 with our
description, after which the frame source is pulled as in a call. Such early media go unreliably;
PRACK (RFC 3262) is left out on purpose, and who demands it gets 420.
"""

from __future__ import annotations

from collections.abc import Callable

from voicebot.errors import CallError
from voicebot.telephony._api import LegInfo
from voicebot.telephony.call_state import CallState, Signal
from voicebot.telephony.sip.dialog import Dialog
from voicebot.telephony.sip.door import Door
from voicebot.telephony.sip.exchange import MediaExchange
from voicebot.telephony.sip.in_dialog import InDialog
from voicebot.telephony.sip.leg import SipLeg
from voicebot.telephony.sip.leg_core import LegCore
from voicebot.telephony.sip.messages import has_sdp
from voicebot.telephony.sip.session_timer import Session
from voicebot.telephony.sip.transactions import ServerTransaction
from voicebot.telephony.sip.wire import Hop


class IncomingLeg(SipLeg):
    """Made by the server for each INVITE that it lets in; a `RingingLeg`."""

    def __init__(
        self,
        door: Door,
        info: LegInfo,
        invite: ServerTransaction,
        hop: Hop,
        forget: Callable[[LegCore], None],
        session: Session | None = None,
    ) -> None:
        super().__init__(door, info, forget)
        dialog = Dialog.called(invite.request, invite.head, *door.here(hop.peer[0]))
        self.line = InDialog(door, dialog, hop)
        self._invite: ServerTransaction = invite
        self._first = invite
        self._asked_session = session
        self._early_answer = ""

    async def ring(self, *, early_media: bool = False) -> bool:
        """Tell the caller that it rings; with ``early_media`` they hear the frame source already.

        True where they do: a caller who left the offer to us only hears it ring. Does nothing when
        the call is answered or over. Raises CallError when no port is free; the call may still be
        rejected.
        """
        if self.state is not CallState.ARRIVING:
            return False
        headers = {"Contact": self.line.contact}
        if not early_media or not has_sdp(self._first.request):
            self._first.answer(180, to_tag=self.line.dialog.local_tag, headers=headers)
            return False
        if not self._early_answer:
            try:
                exchange = await self._open_media(self.line.hop.peer[0])
            except CallError:
                if self.ended:
                    return False
                raise
            self._early_answer = exchange.answer(self._first.request.text)
            self._start_pump(exchange, early=True)
        self._first.answer(
            183, to_tag=self.line.dialog.local_tag, headers=headers, sdp=self._early_answer
        )
        return True

    async def given_up(self) -> None:
        await self._over.wait()

    async def answer(self) -> None:
        """Accept the call and open the media; with a delayed offer, wait for the caller's answer.

        Raises CallError when the caller gave up meanwhile, no port is free, or the caller's answer
        to our offer holds no codec of ours; the leg has then ended.
        """
        self._step(Signal.ANSWER)
        exchange = self._exchange or await self._media_or_refusal()
        if has_sdp(self._first.request):
            # What was said early is said again: it is the same answer (RFC 3261 section 13.2.1).
            sdp = self._early_answer or exchange.answer(self._first.request.text)
            self._accept(self._first, sdp, self._asked_session)
        else:
            self._accept(self._first, exchange.offer(), self._asked_session)
            await self._acknowledged.wait()
            if self.ended:
                raise CallError(self._end_reason)
        self._step(Signal.ANSWERED)
        self._start_pump(exchange, early=False)
        self._follow_direction(exchange)

    async def reject(self, status: int, *, retry_after_s: int | None = None) -> None:
        if self.ended:
            return
        if self.state is not CallState.ARRIVING:
            raise CallError("a call that was answered can only be hung up")
        headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
        self._first.answer(status, to_tag=self.line.dialog.local_tag, headers=headers)
        self._end(f"refused with {status}")

    def cancelled(self, invite: ServerTransaction) -> None:
        """CANCEL of ``invite``; when it was answered there is nothing to cancel (section 9.2)."""
        if invite is self._first and not invite.answered:
            invite.answer(487, to_tag=self.line.dialog.local_tag)
            self._end("caller hung up before the answer")

    def _hung_up_on(self) -> None:
        if not self._first.answered:
            self._first.answer(487, to_tag=self.line.dialog.local_tag)
        super()._hung_up_on()

    async def _media_or_refusal(self) -> MediaExchange:
        try:
            return await self._open_media(self.line.hop.peer[0])
        except CallError as error:
            if not self.ended:
                self._first.answer(503, to_tag=self.line.dialog.local_tag)
                self._end(str(error), failed=True)
            raise

    def _take_back(self) -> bool:
        self._first.answer(480, to_tag=self.line.dialog.local_tag)  # unless it was answered
        return self._first.accepted
