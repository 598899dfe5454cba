"""The SIP door: listens, decides who is let in, and passes every message to the leg it is about.

A user agent server after RFC 3261, without registrar, authentication and TLS: those are the SBC's
work. Answers 405 to what it does not know, 481 to what belongs to no call, 420 to extensions that
are demanded and not there.
"""

from __future__ import annotations

import asyncio
from typing import Final

import structlog
from aiosipua import SipRequest, SipResponse

from voicebot.errors import NoCommonCodec
from voicebot.telephony._api import Admission, LegInfo, Reception
from voicebot.telephony.sip.counters import Counters, SipSnapshot
from voicebot.telephony.sip.door import Door, resolve
from voicebot.telephony.sip.identity import leg_info
from voicebot.telephony.sip.leg import SipLeg
from voicebot.telephony.sip.messages import (
    ALLOWED_METHODS,
    Head,
    MalformedMessage,
    Message,
    has_sdp,
    reply_port,
    stamp_via,
)
from voicebot.telephony.sip.offer_answer import agree, read_sdp
from voicebot.telephony.sip.policy import MediaPolicy
from voicebot.telephony.sip.rtp_ports import RtpPorts
from voicebot.telephony.sip.transactions import (
    ClientTransactions,
    ServerTransaction,
    ServerTransactions,
    Timers,
)
from voicebot.telephony.sip.wire import Hop, Wire

log = structlog.get_logger(__name__)

GOODBYE_S: Final = 2.0
"""How long `SipServer.stop` waits for the last BYEs to be answered."""

_CAPABILITIES: Final = {"Allow": ", ".join(ALLOWED_METHODS), "Accept": "application/sdp"}


class SipServer:
    """Serves SIP calls over UDP and TCP on one port; a `CallDoor`.

    ``advertised_host`` is the address told to others, empty for our own.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        rtp_ports: tuple[int, int],
        reception: Reception,
        advertised_host: str = "",
        media_timeout_s: float = 20.0,
        transfer_timeout_s: float = 25.0,
        timers: Timers | None = None,
        policy: MediaPolicy | None = None,
    ) -> None:
        self._port = port
        self._reception = reception
        timers = timers or Timers()
        self._counters = Counters()
        self._transactions = ServerTransactions(timers, self._counters.response)
        self._wire = Wire(self._received, self._counters.malformed_sip)
        self._door = Door(
            host=host,
            advertised_host=advertised_host,
            media_timeout_s=media_timeout_s,
            transfer_timeout_s=transfer_timeout_s,
            timers=timers,
            ports=RtpPorts(*rtp_ports),
            counters=self._counters,
            requests=ClientTransactions(timers),
            policy=policy or MediaPolicy(),
        )
        self._legs: dict[tuple[str, str], SipLeg] = {}
        self._draining = False
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def port(self) -> int:
        """The port that SIP is served on, known after `start`."""
        return self._door.port

    @property
    def active_calls(self) -> int:
        """Calls that have arrived and not ended."""
        return sum(not leg.ended for leg in self._legs.values())

    def counters(self) -> SipSnapshot:
        """All counts at this moment."""
        streams = [leg.media for leg in self._legs.values() if leg.media is not None]
        return self._counters.snapshot(
            self.active_calls, [media for media in streams if not media.closed]
        )

    async def start(self) -> None:
        """Listen. Raises CallError when a host has no IPv4 address or the port cannot be bound."""
        door = self._door
        door.host = await resolve(door.host)
        if door.advertised_host:
            door.advertised_host = await resolve(door.advertised_host)
        await self._wire.start(door.host, self._port)
        door.port = self._wire.port
        log.info("sip_listening", host=door.host, port=door.port)

    def drain(self) -> None:
        """Refuse new calls from now on; running ones do not notice."""
        self._draining = True

    async def wait_until_idle(self, timeout_s: float) -> bool:
        """Wait until the last call is over and its BYE answered; false when that takes longer."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    async def stop(self, *, goodbye_s: float = GOODBYE_S) -> None:
        """Hang up what is left, say the last BYEs for ``goodbye_s`` at most, close the sockets."""
        self.drain()
        for leg in tuple(self._legs.values()):
            await leg.hang_up("voicebot is shutting down")
        await self._door.background.finish(goodbye_s)
        self._transactions.close()
        self._wire.close()

    # Messages

    def _received(self, message: Message, head: Head, hop: Hop) -> None:
        if isinstance(message, SipResponse):
            self._door.requests.answered(message, head)
            return
        self._counters.request(head.method)
        leg = self._legs.get((head.call_id, head.to_tag))
        if head.method == "ACK":
            self._acknowledged(message, head, leg)
            return
        stamp_via(message, hop.peer)
        transaction = self._transactions.begin(
            message, head, hop.at_port(reply_port(message, head, hop.peer))
        )
        if transaction is None:
            return
        try:
            self._handle(transaction, leg, hop)
        except Exception:
            # Whatever it was, the caller's phone must not wait for it.
            log.exception("sip_request_failed", method=head.method)
            transaction.answer(500)

    def _handle(self, transaction: ServerTransaction, leg: SipLeg | None, hop: Hop) -> None:
        head = transaction.head
        if head.method == "CANCEL":
            self._cancel(transaction)
        elif head.method not in ALLOWED_METHODS:
            transaction.answer(405, headers=_CAPABILITIES)
        elif demanded := transaction.request.headers.get("require"):
            transaction.answer(420, headers={"Unsupported": ", ".join(demanded)})
        elif head.method == "OPTIONS":
            self._describe_ourselves(transaction)
        elif head.to_tag:
            self._in_dialog(transaction, leg, hop)
        elif head.method == "INVITE":
            self._invited(transaction, hop)
        else:
            transaction.answer(481)

    def _acknowledged(self, ack: SipRequest, head: Head, leg: SipLeg | None) -> None:
        refused = self._transactions.invite_of(head)
        if refused is not None and not refused.accepted:
            refused.acknowledged()
        elif leg is not None and leg.dialog.remote_tag == head.from_tag:
            leg.acknowledged(ack, head)

    def _cancel(self, cancel: ServerTransaction) -> None:
        invite = self._transactions.invite_of(cancel.head)
        if invite is None:
            cancel.answer(481)
            return
        cancel.answer(200)
        for leg in tuple(self._legs.values()):
            leg.cancelled(invite)

    def _describe_ourselves(self, options: ServerTransaction) -> None:
        if self._draining:
            options.answer(503, headers={"Retry-After": "30"})
        else:
            options.answer(200, headers=_CAPABILITIES)

    def _in_dialog(self, transaction: ServerTransaction, leg: SipLeg | None, hop: Hop) -> None:
        if leg is None or leg.dialog.remote_tag != transaction.head.from_tag:
            transaction.answer(481)
        else:
            leg.received(transaction, hop)

    # New calls

    def _invited(self, invite: ServerTransaction, hop: Hop) -> None:
        if self._is_merged(invite.head):
            invite.answer(482)
            return
        try:
            _check_offer(invite.request, hop.peer[0], self._door.policy)
        except MalformedMessage:
            self._counters.malformed_sip()
            invite.answer(400)
            return
        except NoCommonCodec:
            self._refuse(invite, 488)
            return
        info = leg_info(invite.request)
        admission = Admission(False, 503, 30) if self._draining else self._reception.admit(info)
        if not admission.accepted:
            self._refuse(invite, admission.status, info, admission.retry_after_s)
            return
        invite.answer(100)
        leg = SipLeg(self._door, info, invite, hop, self._forget)
        self._legs[leg.dialog.call_id, leg.dialog.local_tag] = leg
        self._idle.clear()
        self._door.background.run(self._serve(leg), f"call-{info.call_id}")

    def _is_merged(self, head: Head) -> bool:
        """Whether the same INVITE came here by another way (RFC 3261 section 8.2.2.2)."""
        return any(
            leg.dialog.call_id == head.call_id and leg.dialog.remote_tag == head.from_tag
            for leg in self._legs.values()
        )

    def _refuse(
        self,
        invite: ServerTransaction,
        status: int,
        info: LegInfo | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        info = info or leg_info(invite.request)
        headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
        invite.answer(status, headers=headers)
        log.info("sip_call_refused", call_id=info.call_id, status=status)
        self._reception.on_refused(info, status)

    async def _serve(self, leg: SipLeg) -> None:
        try:
            await self._reception.on_call(leg)
        except Exception:
            log.exception("call_failed", call_id=leg.info.call_id)
        finally:
            await leg.hang_up()

    def _forget(self, leg: SipLeg) -> None:
        self._legs.pop((leg.dialog.call_id, leg.dialog.local_tag), None)
        if not self._legs:
            self._idle.set()


def _check_offer(invite: SipRequest, peer_host: str, policy: MediaPolicy) -> None:
    """Raises MalformedMessage or NoCommonCodec for an offer that we could never agree to."""
    if has_sdp(invite):
        agree(read_sdp(invite.text), None, peer_host, policy.codecs)
