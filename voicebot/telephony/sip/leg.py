"""One SIP call as a `CallLeg`: we are the called side (RFC 3261, RFC 3264 for hold).

The state is in `call_state`, the signalling in `dialog` and `transactions`, the audio in `pump` and
`rtp`; this file ties them together. On hold nothing is sent and nothing is heard, not even the
other side's music. We send no re-INVITE of our own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import structlog
from aiosipua import SipRequest

from voicebot.errors import CallError, NoCommonCodec, TransferFailed
from voicebot.telephony._api import (
    FrameSource,
    HoldChanged,
    KeyIn,
    LegEnded,
    LegEvent,
    LegInfo,
)
from voicebot.telephony.call_state import CallState, Signal, transition
from voicebot.telephony.event_buffer import EventBuffer
from voicebot.telephony.sip.codecs import NARROW
from voicebot.telephony.sip.dialog import Dialog
from voicebot.telephony.sip.door import Door
from voicebot.telephony.sip.exchange import MediaExchange
from voicebot.telephony.sip.messages import Head, MalformedMessage, has_sdp
from voicebot.telephony.sip.pump import AudioPump
from voicebot.telephony.sip.referral import Referral, context_headers, refer_to
from voicebot.telephony.sip.rtp import CallMedia
from voicebot.telephony.sip.transactions import ServerTransaction
from voicebot.telephony.sip.wire import Hop

log = structlog.get_logger(__name__)


class SipLeg:
    """A `CallLeg` over SIP. Made by the server for each INVITE that it lets in."""

    def __init__(
        self,
        door: Door,
        info: LegInfo,
        invite: ServerTransaction,
        hop: Hop,
        forget: Callable[[SipLeg], None],
    ) -> None:
        self.dialog = Dialog(invite.request, invite.head, door.host_towards(hop.peer[0]), door.port)
        self.state = CallState.ARRIVING
        self._door = door
        self._info = info
        self._invite = invite
        self._hop = hop
        self._forget = forget
        self._events = EventBuffer()
        self._source: FrameSource | None = None
        self._exchange: MediaExchange | None = None
        self._pump: AudioPump | None = None
        self._held = False
        self._end_reason = ""
        self._acknowledged = asyncio.Event()
        self._referral: Referral | None = None

    # The contract

    @property
    def info(self) -> LegInfo:
        return self._info

    @property
    def sample_rate(self) -> int:
        """Known with the codec, once the call is answered; 8000 before."""
        return NARROW if self.media is None else self.media.rate

    @property
    def ended(self) -> bool:
        return self.state is CallState.ENDED

    @property
    def media(self) -> CallMedia | None:
        """The call's RTP, while there is any."""
        return None if self._exchange is None else self._exchange.media

    def events(self) -> AsyncIterator[LegEvent]:
        return self._events.read()

    def attach(self, source: FrameSource | None) -> None:
        self._source = source
        if self._pump is not None:
            self._pump.source = source

    async def answer(self) -> None:
        """Accept the call and open the media; with a delayed offer, wait for the caller's answer.

        Raises CallError when the caller gave up meanwhile, no port is free, or the caller's answer
        to our offer holds no codec of ours; the leg has then ended.
        """
        self._step(Signal.ANSWER)
        exchange = await self._open_media()
        if has_sdp(self._invite.request):
            self._accept(self._invite, exchange.answer(self._invite.request.text))
        else:
            self._accept(self._invite, exchange.offer())
            await self._acknowledged.wait()
            if self.ended:
                raise CallError(self._end_reason)
        self._step(Signal.ANSWERED)
        self._pump = AudioPump(self._door, exchange.media, self._events, self._line_died)
        self._pump.source = self._source
        self._pump.start()
        self._follow_direction(exchange)

    async def reject(self, status: int, *, retry_after_s: int | None = None) -> None:
        if self.ended:
            return
        if self.state is not CallState.ARRIVING:
            raise CallError("a call that was answered can only be hung up")
        headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
        self._invite.answer(status, to_tag=self.dialog.local_tag, headers=headers)
        self._end(f"refused with {status}")

    async def hang_up(self, reason: str = "hung up by voicebot") -> None:
        if not self.ended:
            self._end(reason)

    async def transfer(self, target: str, headers: Mapping[str, str]) -> None:
        """REFER the caller to ``target`` and follow the reports; see `referral` for ``headers``."""
        context = context_headers(headers)
        refer = {
            "Refer-To": refer_to(target, context),
            "Referred-By": self.dialog.identity(),
            **context,
        }
        if self.ended:
            raise TransferFailed(target, 0, "the caller hung up")
        self._step(Signal.TRANSFER)
        if self._pump is not None:
            # The phone is busy calling the target; the transfer has a timeout of its own.
            self._pump.expect_audio(False)
        referral = self._referral = Referral(target)
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

    def cancelled(self, invite: ServerTransaction) -> None:
        """CANCEL of ``invite``; when it was answered there is nothing to cancel (section 9.2)."""
        if invite is self._invite and not invite.answered:
            self._invite.answer(487, to_tag=self.dialog.local_tag)
            self._end("caller hung up before the answer")

    def acknowledged(self, ack: SipRequest, head: Head) -> None:
        """ACK to a 2xx; a late or repeated one changes nothing."""
        if head.cseq != self._invite.head.cseq or self._acknowledged.is_set():
            return
        self._invite.acknowledged()
        self._acknowledged.set()
        if self._exchange is not None and self._exchange.offered:
            self._take_delayed_answer(ack, self._exchange)

    def received(self, transaction: ServerTransaction, hop: Hop) -> None:
        """A request within the dialog."""
        request, head = transaction.request, transaction.head
        if not self.dialog.accept(request, head):
            transaction.answer(500)
            return
        # The newest way to the caller: a phone behind NAT may have got another port.
        self._hop = hop
        if head.method == "BYE":
            transaction.answer(200)
            if not self._invite.answered:
                self._invite.answer(487, to_tag=self.dialog.local_tag)
            self._end("caller hung up", goodbye=False)
        elif self.ended:
            transaction.answer(481)
        elif head.method == "INVITE":
            self._renegotiate(transaction)
        elif head.method == "NOTIFY":
            self._notified(transaction)
        else:
            transaction.answer(481)

    # Media

    async def _open_media(self) -> MediaExchange:
        try:
            door = self._door
            media = await CallMedia.open(door.host, door.ports, door.counters, door.policy)
        except CallError as error:
            self._invite.answer(503, to_tag=self.dialog.local_tag)
            self._end(str(error), failed=True)
            raise
        if self.ended:
            await media.close()
            raise CallError("the caller gave up before the answer")
        media.on_key = self._heard_key
        peer_host = self._hop.peer[0]
        self._exchange = MediaExchange(media, self._door.host_towards(peer_host), peer_host)
        return self._exchange

    def _renegotiate(self, invite: ServerTransaction) -> None:
        exchange = self._exchange
        if exchange is None or self._pump is None:
            invite.answer(500, headers={"Retry-After": "1"})
            return
        # Who offers anew has our last answer, whatever became of the ACK.
        self._invite.acknowledged()
        self._acknowledged.set()
        if not has_sdp(invite.request):
            self._accept(invite, exchange.offer())
            return
        try:
            answer = exchange.answer(invite.request.text)
        except MalformedMessage:
            self._door.counters.malformed_sip()
            invite.answer(400)
        except NoCommonCodec:
            invite.answer(488)
        else:
            self._accept(invite, answer)
            self._follow_direction(exchange)

    def _take_delayed_answer(self, ack: SipRequest, exchange: MediaExchange) -> None:
        exchange.take_answer(ack.text)
        if not exchange.agreed:
            self._end("no common codec", failed=True)
        elif self._pump is not None:
            self._follow_direction(exchange)

    def _follow_direction(self, exchange: MediaExchange) -> None:
        """Tell the reader when the other party put us on hold or took us back."""
        self._step(Signal.HOLD if exchange.held else Signal.RESUME)
        if exchange.held != self._held:
            self._held = exchange.held
            self._events.put(HoldChanged(self._held, self._now()))

    def _heard_key(self, key: str, at: float) -> None:
        self._events.put(KeyIn(key, at))

    def _line_died(self) -> None:
        self._end(f"no audio from the caller for {self._door.media_timeout_s:g} s", failed=True)

    # Signalling

    def _step(self, signal: Signal) -> None:
        self.state = transition(self.state, signal)

    def _accept(self, invite: ServerTransaction, sdp: str) -> None:
        self._invite = invite
        self._acknowledged.clear()
        invite.answer(
            200,
            to_tag=self.dialog.local_tag,
            headers={"Contact": self.dialog.contact(self._hop.transport)},
            sdp=sdp,
            unacknowledged=self._never_acknowledged,
        )

    def _never_acknowledged(self) -> None:
        self._acknowledged.set()
        self._end("no ACK from the caller", failed=True)

    def _notified(self, notify: ServerTransaction) -> None:
        event = notify.request.headers.get_first("event") or ""
        if event.split(";")[0].strip().lower() != "refer":
            notify.answer(489, headers={"Allow-Events": "refer"})
            return
        notify.answer(200)
        if self._referral is not None:
            self._referral.reported(notify.request)

    async def _refer(self, headers: dict[str, str], referral: Referral) -> None:
        await self._acknowledged.wait()
        request, branch = self.dialog.request("REFER", self._hop.transport, headers)
        answer = await self._door.requests.request(request, branch, self._hop)
        referral.answered(None if answer is None else answer.status_code)

    def _come_back(self) -> None:
        """The transfer failed: go on where we were, unless the caller left meanwhile."""
        if self.state is not CallState.TRANSFERRING:
            return
        self._step(Signal.TRANSFER_FAILED)
        if self._held:
            self._step(Signal.HOLD)
        if self._pump is not None:
            self._pump.expect_audio(True)

    def _end(self, reason: str, *, failed: bool = False, goodbye: bool = True) -> None:
        if self.ended:
            return
        self._step(Signal.END)
        self._end_reason = reason
        if self._pump is not None:
            self._pump.stop()
        self._invite.answer(480, to_tag=self.dialog.local_tag)  # unless it was answered
        goodbye = goodbye and self._invite.accepted
        if not goodbye:
            self._invite.acknowledged()
            self._acknowledged.set()
        if self._referral is not None:
            self._referral.leg_ended()
        self._events.put(LegEnded(reason, self._now(), failed))
        self._door.counters.audio_dropped += self._events.dropped
        self._door.background.run(self._leave(goodbye), "sip-leave")

    async def _leave(self, goodbye: bool) -> None:
        """Close the media and say BYE until it is heard, while nobody waits."""
        try:
            if self._exchange is not None:
                await self._exchange.media.close()
            if goodbye:
                await self._say_goodbye()
        finally:
            self._forget(self)

    async def _say_goodbye(self) -> None:
        # A called side may not send BYE before the ACK is here or will never come (section 15).
        try:
            async with asyncio.timeout(self._door.timers.give_up_s):
                await self._acknowledged.wait()
        except TimeoutError:
            self._acknowledged.set()
        request, branch = self.dialog.request("BYE", self._hop.transport)
        answer = await self._door.requests.request(request, branch, self._hop)
        if answer is None:
            log.info("sip_bye_unanswered", call_id=self._info.call_id)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
