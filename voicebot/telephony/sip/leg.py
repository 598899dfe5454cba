"""What one SIP call says and is told once there is a dialog (RFC 3261, RFC 3264 for hold).

Offers in mid-call, transfer, keys by INFO, the session timer. How the call comes to be is in
`incoming_leg` and `outgoing_leg`, its audio and its end in `leg_core`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from voicebot.errors import NoCommonCodec, TransferFailed
from voicebot.telephony._api import (
    LegInfo,
)
from voicebot.telephony.call_state import CallState, Signal
from voicebot.telephony.sip.door import Door
from voicebot.telephony.sip.exchange import MediaExchange
from voicebot.telephony.sip.info_keys import KEY_TYPES, read_key
from voicebot.telephony.sip.leg_core import LegCore
from voicebot.telephony.sip.messages import Head, MalformedMessage, body_type, has_sdp
from voicebot.telephony.sip.referral import Referral, context_headers, refer_to
from voicebot.telephony.sip.session_timer import IntervalTooSmall, Session, answer_headers
from voicebot.telephony.sip.sessions import SessionKeeper
from voicebot.telephony.sip.transactions import ServerTransaction
from voicebot.telephony.sip.wire import Hop


class Handling(Protocol):
    """A way to handle one kind of request."""

    def __call__(self, transaction: ServerTransaction, /) -> None: ...


class SipLeg(LegCore):
    """A leg with its signalling; `incoming_leg` and `outgoing_leg` are the two kinds."""

    def __init__(self, door: Door, info: LegInfo, forget: Callable[[LegCore], None]) -> None:
        super().__init__(door, info, forget)
        self._referral: Referral | None = None
        self._session = SessionKeeper(door.session, self._refresh_session, self._session_missed)

    # Transfer

    async def transfer(self, target: str, headers: Mapping[str, str]) -> None:
        """REFER the other party to ``target``, follow the reports; see `referral`."""
        context = context_headers(headers)
        await self._transfer(target, {"Refer-To": refer_to(target, context), **context})

    async def transfer_to_leg(self, other: SipLeg) -> None:
        """Attended transfer (RFC 5589): have the other party take our place in ``other``.

        Returns and raises as `transfer`; ``other`` ends by the BYE of who was taken away from us.
        """
        await self._transfer("the other leg", {"Refer-To": other.line.dialog.replaced_by()})

    async def _transfer(self, target: str, headers: Mapping[str, str]) -> None:
        if self.ended:
            raise TransferFailed(target, 0, f"the {self.them} hung up")
        self._step(Signal.TRANSFER)
        if self._pump is not None:
            # The phone is busy calling the target; the transfer has a timeout of its own.
            self._pump.expect_audio(False)
        referral = self._referral = Referral(target)
        refer = {"Referred-By": self.line.dialog.identity(), **headers}
        self._door.background.run(self._refer(refer, referral), "sip-refer")
        try:
            await referral.outcome(self._door.transfer_timeout_s)
        except TransferFailed:
            self._come_back()
            raise
        finally:
            self._referral = None
        await self.hang_up("transferred")

    # What the server passes on

    def is_about(self, call_id: str, local_tag: str, remote_tag: str) -> bool:
        """Whether a message with these marks belongs to this call."""
        dialog = self.line.dialog
        return (dialog.call_id, dialog.local_tag, dialog.remote_tag) == (
            call_id,
            local_tag,
            remote_tag,
        )

    def received(self, transaction: ServerTransaction, hop: Hop) -> None:
        """A request within the dialog."""
        request, head = transaction.request, transaction.head
        if not self.line.dialog.accept(request, head):
            transaction.answer(500, headers={"Retry-After": "1"})
            return
        # The newest way to the other party: a phone behind NAT may have got another port.
        self.line.hop = hop
        if head.method == "BYE":
            transaction.answer(200)
            self._hung_up_on()
            return
        handling: dict[str, Handling] = {
            "INVITE": self._renegotiate,
            "UPDATE": self._updated,
            "INFO": self._informed,
            "NOTIFY": self._notified,
        }
        if self.ended or head.method not in handling:
            transaction.answer(481)
        else:
            handling[head.method](transaction)

    def acknowledged(self, text: str, head: Head) -> None:
        """ACK to a 2xx of ours; a late or repeated one changes nothing."""
        invite = self._invite
        if invite is None or head.cseq != invite.head.cseq or self._acknowledged.is_set():
            return
        invite.acknowledged()
        self._acknowledged.set()
        if self._exchange is not None and self._exchange.offered:
            self._take_delayed_answer(text, self._exchange)

    def _renegotiate(self, invite: ServerTransaction) -> None:
        exchange = self._exchange
        if exchange is None or self._pump is None or self._is_early():
            invite.answer(500, headers={"Retry-After": "1"})
            return
        if self.line.inviting:
            invite.answer(491)
            return
        session = self._session_asked_for(invite)
        if invite.answered:
            return
        # Who offers anew has our last answer, whatever became of the ACK.
        if self._invite is not None:
            self._invite.acknowledged()
        self._acknowledged.set()
        if not has_sdp(invite.request):
            self._accept(invite, exchange.offer(), session)
        elif (answer := self._answer_offer(invite, exchange)) is not None:
            self._accept(invite, answer, session)
            self._follow_direction(exchange)

    def _updated(self, update: ServerTransaction) -> None:
        """UPDATE (RFC 3311): a refresh of the session, or an offer in mid-call."""
        exchange = self._exchange
        session = self._session_asked_for(update)
        if update.answered:
            return
        sdp = ""
        if has_sdp(update.request):
            if exchange is None or self._pump is None or exchange.offered or self.line.inviting:
                update.answer(491)
                return
            answer = self._answer_offer(update, exchange)
            if answer is None:
                return
            sdp = answer
            if not self._is_early():
                self._follow_direction(exchange)
        update.answer(200, headers=self._answer_headers(update, session), sdp=sdp)
        self._session.agreed(session, update.request)

    def _answer_offer(self, offer: ServerTransaction, exchange: MediaExchange) -> str | None:
        """Our answer to an offer in mid-call; None where it was refused."""
        try:
            return exchange.answer(offer.request.text)
        except MalformedMessage:
            self._door.counters.malformed_sip()
            offer.answer(400)
        except NoCommonCodec:
            offer.answer(488)
        return None

    def _take_delayed_answer(self, text: str, exchange: MediaExchange) -> None:
        exchange.take_answer(text)
        if not exchange.agreed:
            self._end("no common codec", failed=True)
        elif self._pump is not None:
            self._follow_direction(exchange)

    # Keys

    def _informed(self, info: ServerTransaction) -> None:
        kind = body_type(info.request)
        if not info.request.body:
            info.answer(200)  # some PBXs ask so whether we are still there
        elif kind not in KEY_TYPES:
            info.answer(415, headers={"Accept": ", ".join(KEY_TYPES)})
        else:
            info.answer(200)
            key = read_key(kind, info.request.text)
            if key is not None:
                self._take_key(key, "info", self._now())

    # Signalling

    def _answer_headers(
        self, request: ServerTransaction, session: Session | None
    ) -> dict[str, str]:
        return {
            "Contact": self.line.contact,
            "Allow": self._door.allow,
            **answer_headers(session, request.request),
        }

    def _accept(self, invite: ServerTransaction, sdp: str, session: Session | None) -> None:
        self._invite = invite
        self._acknowledged.clear()
        invite.answer(
            200,
            to_tag=self.line.dialog.local_tag,
            headers=self._answer_headers(invite, session),
            sdp=sdp,
            unacknowledged=self._never_acknowledged,
        )
        self._session.agreed(session, invite.request)

    def _never_acknowledged(self) -> None:
        self._acknowledged.set()
        self._end(f"no ACK from the {self.them}", failed=True)

    def _notified(self, notify: ServerTransaction) -> None:
        event = notify.request.headers.get_first("event") or ""
        if event.split(";")[0].strip().lower() != "refer":
            notify.answer(489, headers={"Allow-Events": "refer"})
        elif self._referral is None:
            # Nothing was asked for, or it is over: that ends the phone's reporting, too.
            notify.answer(481)
        else:
            notify.answer(200)
            self._referral.reported(notify.request)

    async def _refer(self, headers: dict[str, str], referral: Referral) -> None:
        await self._acknowledged.wait()
        answer = await self.line.ask("REFER", headers)
        if answer is None:
            referral.answered(None)
            return
        refused = (answer.headers.get_first("refer-sub") or "").strip().lower() == "false"
        referral.answered(answer.status_code, reports=not refused)

    def _come_back(self) -> None:
        """The transfer failed: go on where we were, unless the caller left meanwhile."""
        if self.state is not CallState.TRANSFERRING:
            return
        self._step(Signal.TRANSFER_FAILED)
        if self._held:
            self._step(Signal.HOLD)
        if self._pump is not None:
            self._pump.expect_audio(True)

    # The session timer

    def _session_asked_for(self, request: ServerTransaction) -> Session | None:
        """What ``request`` wants of a timer; it is answered with 422 where that is too short."""
        try:
            return self._session.asked_for(request.request)
        except IntervalTooSmall:
            request.answer(422, headers={"Min-SE": str(self._door.session.least_s)})
            return None

    def _refresh_session(self) -> None:
        self._door.background.run(self._send_refresh(), "sip-refresh")

    async def _send_refresh(self) -> None:
        if not self.ended and self._exchange is not None:
            gone = await self._session.refresh(self.line, self._exchange)
            if gone and not self.ended:
                self._end(f"the {self.them} is not there any more", failed=True)

    def _session_missed(self) -> None:
        self._end(f"no session refresh from the {self.them}", failed=True)

    def _signalling_over(self) -> None:
        self._session.stop()
        if self._referral is not None:
            self._referral.leg_ended()
