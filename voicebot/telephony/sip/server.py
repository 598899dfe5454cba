"""The SIP door: listens, decides who is let in, and passes every message to the leg it is about.

A user agent after RFC 3261, without registrar and TLS: those are the SBC's work. `guard` says who
may call in, `dialer` and `registration` make calls of ours. Answers 405 to what it does not know,
481 to what belongs to no call, 420 to extensions that are demanded and not there, 603 to who would
have us call somebody (REFER): what is called is for our own flows to say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import structlog
from aiosipua import SipRequest, SipResponse

from voicebot.errors import NoCommonCodec
from voicebot.telephony._api import Admission, LegInfo, Reception
from voicebot.telephony.guard import AddressGuard
from voicebot.telephony.serving import serve
from voicebot.telephony.sip.access import Access, AccessControl
from voicebot.telephony.sip.counters import Counters, SipSnapshot
from voicebot.telephony.sip.dialer import SipDialer
from voicebot.telephony.sip.door import Door, resolve
from voicebot.telephony.sip.identity import leg_info
from voicebot.telephony.sip.incoming_leg import IncomingLeg
from voicebot.telephony.sip.leg import SipLeg
from voicebot.telephony.sip.leg_core import LegCore
from voicebot.telephony.sip.messages import (
    Head,
    MalformedMessage,
    Message,
    body_problem,
    has_sdp,
    reply_port,
    stamp_via,
)
from voicebot.telephony.sip.offer_answer import agree, read_sdp
from voicebot.telephony.sip.outgoing_leg import OnEarly, OutgoingLeg
from voicebot.telephony.sip.paths import Paths
from voicebot.telephony.sip.policy import MediaPolicy
from voicebot.telephony.sip.providers import Provider
from voicebot.telephony.sip.registration import Registrations, RegistrationState
from voicebot.telephony.sip.rtp_ports import RtpPorts
from voicebot.telephony.sip.screening import CAPABILITIES, Screening
from voicebot.telephony.sip.session_timer import (
    IntervalTooSmall,
    Session,
    SessionPolicy,
    asked_for,
)
from voicebot.telephony.sip.timers import Timers
from voicebot.telephony.sip.transactions import (
    ClientTransactions,
    ServerTransaction,
    ServerTransactions,
)
from voicebot.telephony.sip.wire import Hop, Wire
from voicebot.types import Failure

log = structlog.get_logger(__name__)

GOODBYE_S: Final = 2.0
"""How long `SipServer.stop` waits for the last BYEs to be answered."""


class SipServer:
    """Serves SIP calls over UDP and TCP on one port; a `CallDoor` and a `Dialer`.

    ``advertised_host`` is the address told to others, empty for our own. ``guard`` is shared with
    the other doors; one with the usual limits where there is none. Without ``access`` anybody
    may call in; ``providers`` take calls of ours, and those that want it are registered with.
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
        guard: AddressGuard | None = None,
        access: Access | None = None,
        providers: Sequence[Provider] = (),
        session: SessionPolicy | None = None,
        policy: MediaPolicy | None = None,
    ) -> None:
        self._port = port
        self._reception = reception
        timers = timers or Timers()
        self._counters = Counters()
        self._transactions = ServerTransactions(timers, self._counters.response)
        self._guard = (guard or AddressGuard()).door("sip")
        self._wire = Wire(
            self._received, self._counters.malformed_sip, self._guard, self._is_running
        )
        self._door = Door(
            host=host,
            advertised_host=advertised_host,
            media_timeout_s=media_timeout_s,
            transfer_timeout_s=transfer_timeout_s,
            timers=timers,
            ports=RtpPorts(*rtp_ports),
            counters=self._counters,
            requests=ClientTransactions(timers),
            session=session or SessionPolicy(),
            policy=policy or MediaPolicy(),
        )
        control = AccessControl(access or Access())
        self._screening = Screening(control, self._guard, self._counters)
        self._legs: dict[tuple[str, str], SipLeg] = {}
        self._unconfirmed: dict[LegCore, str] = {}
        paths = Paths(self._wire)
        self._registrations = Registrations(self._door, paths, providers, control.trust)
        self._dialer = SipDialer(
            self._door,
            paths,
            {provider.name: provider for provider in providers},
            self._keep,
            self._forget,
            self._registrations.ordered,
        )
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
            self.active_calls,
            [media for media in streams if not media.closed],
            self._wire.connections,
        )

    async def start(self) -> None:
        """Listen. Raises CallError when a host has no IPv4 address or the port cannot be bound."""
        door = self._door
        door.host = await resolve(door.host)
        if door.advertised_host:
            door.advertised_host = await resolve(door.advertised_host)
        await self._wire.start(door.host, self._port)
        door.port = self._wire.port
        self._registrations.start()
        log.info("sip_listening", host=door.host, port=door.port)

    def drain(self) -> None:
        """Refuse new calls from now on; running ones do not notice."""
        self._draining = True

    def registrations(self) -> Mapping[str, RegistrationState]:
        """How it stands with each provider that we register with, by its name."""
        return self._registrations.states()

    async def dial(
        self,
        target: str,
        *,
        caller: str = "",
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 30.0,
        on_early: OnEarly | None = None,
    ) -> OutgoingLeg:
        """See `SipDialer.dial`."""
        return await self._dialer.dial(
            target, caller=caller, headers=headers, timeout_s=timeout_s, on_early=on_early
        )

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
        await self._registrations.stop(goodbye_s)
        await self._door.background.finish(goodbye_s)
        self._transactions.close()
        self._door.requests.close()
        self._wire.close()

    # Messages

    def _is_running(self, call_id: str) -> bool:
        return any(running == call_id for running, _ in self._legs)

    def _received(self, message: Message, head: Head, hop: Hop) -> None:
        if isinstance(message, SipResponse):
            if not self._door.requests.answered(message, head):
                self._counters.stray_responses += 1
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
        elif not self._screening.passes(transaction, hop.peer[0], in_call=leg is not None):
            return
        elif head.method == "OPTIONS" and leg is not None:
            self._describe_ourselves(transaction)
        elif head.to_tag and head.method != "OPTIONS":
            self._in_dialog(transaction, leg, hop)
        elif not self._screening.is_welcome(transaction, hop.peer[0]):
            return
        elif head.method == "OPTIONS":
            self._describe_ourselves(transaction)
        elif head.method == "INVITE":
            self._invited(transaction, hop)
        else:
            transaction.answer(481)

    def _acknowledged(self, ack: SipRequest, head: Head, leg: SipLeg | None) -> None:
        refused = self._transactions.invite_of(head)
        if refused is not None and not refused.accepted:
            refused.acknowledged()
        elif leg is not None and leg.is_about(head.call_id, head.to_tag, head.from_tag):
            self._unconfirmed.pop(leg, None)
            leg.acknowledged(ack.text, head)

    def _cancel(self, cancel: ServerTransaction) -> None:
        invite = self._transactions.invite_of(cancel.head)
        if invite is None:
            cancel.answer(481)
            return
        cancel.answer(200)
        for leg in tuple(self._legs.values()):
            if isinstance(leg, IncomingLeg):
                leg.cancelled(invite)

    def _describe_ourselves(self, options: ServerTransaction) -> None:
        if self._draining:
            options.answer(503, headers={"Retry-After": "30"})
        else:
            options.answer(200, headers=CAPABILITIES)

    def _in_dialog(self, transaction: ServerTransaction, leg: SipLeg | None, hop: Hop) -> None:
        head = transaction.head
        if leg is None or not leg.is_about(head.call_id, head.to_tag, head.from_tag):
            transaction.answer(481)
        else:
            leg.received(transaction, hop)

    # New calls

    def _invited(self, invite: ServerTransaction, hop: Hop) -> None:
        if self._is_merged(invite.head):
            invite.answer(482)
            return
        if refusal := body_problem(invite.request):
            invite.answer(refusal, headers=CAPABILITIES)
            return
        try:
            _check_offer(invite.request, hop.peer[0], self._door.policy)
        except MalformedMessage:
            self._counters.malformed_sip()
            self._screening.count_against(hop.peer[0], Failure.MALFORMED)
            invite.answer(400)
            return
        except NoCommonCodec:
            self._refuse(invite, 488)
            return
        if self._has_too_many_unconfirmed(hop.peer[0]):
            self._guard.count("call_refused")
            invite.answer(503, headers={"Retry-After": "5"})
            return
        try:
            session = asked_for(invite.request, self._door.session)
        except IntervalTooSmall:
            invite.answer(422, headers={"Min-SE": str(self._door.session.least_s)})
            return
        info = leg_info(invite.request)
        admission = Admission(False, 503, 30) if self._draining else self._reception.admit(info)
        if not admission.accepted:
            self._refuse(invite, admission.status, info, admission.retry_after_s)
            return
        self._receive_call(invite, hop, info, session)

    def _receive_call(
        self, invite: ServerTransaction, hop: Hop, info: LegInfo, session: Session | None
    ) -> None:
        invite.answer(100)
        leg = IncomingLeg(self._door, info, invite, hop, self._forget, session)
        self._keep((leg.line.dialog.call_id, leg.line.dialog.local_tag), leg)
        self._unconfirmed[leg] = hop.peer[0]
        self._door.background.run(serve(leg, self._reception), f"call-{info.call_id}")

    def _has_too_many_unconfirmed(self, address: str) -> bool:
        """Whether an address holds lines with calls that it never takes up: who only sends INVITEs
        would otherwise have them all."""
        if self._guard.trusts(address):
            return False
        theirs = sum(each == address for each in self._unconfirmed.values())
        return theirs >= self._guard.policy.unconfirmed_calls

    def _is_merged(self, head: Head) -> bool:
        """Whether the same INVITE came here by another way (RFC 3261 section 8.2.2.2)."""
        return any(
            leg.line.dialog.call_id == head.call_id and leg.line.dialog.remote_tag == head.from_tag
            for leg in self._legs.values()
            if isinstance(leg, IncomingLeg)
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

    def _keep(self, marks: tuple[str, str], leg: SipLeg) -> None:
        """Know ``leg`` by its Call-ID and our tag."""
        leg.marks = marks
        self._legs[marks] = leg
        self._idle.clear()

    def _forget(self, leg: LegCore) -> None:
        self._unconfirmed.pop(leg, None)
        self._legs.pop(leg.marks, None)
        if not self._legs:
            self._idle.set()


def _check_offer(invite: SipRequest, peer_host: str, policy: MediaPolicy) -> None:
    """Raises MalformedMessage or NoCommonCodec for an offer that we could never agree to."""
    if has_sdp(invite):
        agree(read_sdp(invite.text), None, peer_host, policy.codecs)
