"""One dialog of a SIP client: requests with their answers, and answers to requests.

RFC 3261's user agent client: over UDP a request is sent again until it is answered (timers A and
E), a refusal is acknowledged in the INVITE's own transaction (17.1.1.3), an answer outside it
(13.2.2.4). Built on aiosipua's messages and dialogs. Left out on purpose: authentication, early
media, PRACK and forked answers.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from aiosipua.dialog import Dialog
from aiosipua.headers import stringify_uri
from aiosipua.message import SipRequest, SipResponse
from aiosipua.utils import generate_call_id, generate_tag

from voicebot.errors import CallError
from voicebot.telephony.sip_client.wire import Wire

T1_S: Final = 0.5
"""RFC 3261's estimate of a round trip."""

T2_S: Final = 4.0
"""The longest pause between two sendings of one request."""

_ANSWERS: Final = {"BYE": 200, "OPTIONS": 200, "NOTIFY": 200, "INFO": 200, "INVITE": 488}


@dataclass(eq=False)
class CallRefused(CallError):
    """The other side refused the call. ``retry_after_s`` is how long it asked us to wait."""

    status: int
    reason: str
    retry_after_s: int | None = None

    def __str__(self) -> str:
        return f"the call was refused: {self.status} {self.reason}"


class Signalling:
    """The dialog of one call. ``on_bye`` is called when the other side hangs up, ``on_refer`` with
    the Refer-To of a transfer; it gives the status to report, 0 to refuse."""

    def __init__(self, wire: Wire, target: str, remote: tuple[str, int], caller: str) -> None:
        host, port = wire.address
        self._wire = wire
        self._remote = remote
        self._contact = f"<sip:{host}:{port};transport={wire.name.lower()}>"
        self._responses: dict[tuple[int, str], asyncio.Queue[SipResponse]] = {}
        self._acks: dict[int, SipRequest] = {}
        self._dialog = Dialog(
            call_id=generate_call_id(host),
            local_tag=generate_tag(),
            local_uri=f"sip:{caller}@{host}",
            remote_uri=target,
            remote_target=target,
        )
        self.on_bye: Callable[[], None] = lambda: None
        self.on_refer: Callable[[str], int] = lambda _: 0

    @property
    def call_id(self) -> str:
        return self._dialog.call_id

    # Requests of ours

    async def invite(self, sdp: str, headers: Mapping[str, str], timeout_s: float) -> str:
        """Send an INVITE, the first or another; give the answer's SDP.

        Raises CallRefused; CallError when nobody answers in time, the INVITE is then cancelled.
        """
        request = self._request("INVITE")
        for name, value in headers.items():
            request.headers.set_single(name, value)
        request.headers.set_single("Content-Type", "application/sdp")
        request.text = sdp
        try:
            response = await self._transact(request, timeout_s)
        except (CallError, asyncio.CancelledError) as error:
            if not isinstance(error, CallRefused):
                self._wire.send(self._beside(request, "CANCEL"), self._remote)
            raise
        return response.text

    async def bye(self, timeout_s: float) -> None:
        """Send a BYE. Raises CallError when it is not answered."""
        await self._transact(self._request("BYE"), timeout_s)

    def _request(self, method: str) -> SipRequest:
        host, port = self._wire.address
        request = self._dialog.create_request(
            method, via_host=host, via_port=port, via_transport=self._wire.name
        )
        request.headers.set_single("Contact", self._contact)
        request.headers.set_single("User-Agent", "voicebot call")
        return request

    async def _transact(self, request: SipRequest, timeout_s: float) -> SipResponse:
        """Send ``request`` until there is a response, and wait for the final one."""
        key = _key(request)
        responses = self._responses[key] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        resender: asyncio.Task[None] | None = None
        if self._wire.name == "UDP":
            resender = loop.create_task(self._resend(request))
        self._wire.send(request, self._remote)
        try:
            async with asyncio.timeout(timeout_s):
                response = await responses.get()
                while response.status_code < 200:
                    if resender is not None and request.method == "INVITE":
                        resender.cancel()
                    response = await responses.get()
        except TimeoutError:
            host, port = self._remote
            raise CallError(f"nobody answers at {host}:{port} within {timeout_s:g} s") from None
        finally:
            if resender is not None:
                resender.cancel()
            del self._responses[key]
        if request.method == "INVITE":
            self._acknowledge(request, response)
        if response.status_code >= 300:
            wait = re.match(r"\s*(\d+)", response.get_header("retry-after") or "")
            seconds = int(wait[1]) if wait else None
            raise CallRefused(response.status_code, response.reason_phrase, seconds)
        return response

    async def _resend(self, request: SipRequest) -> None:
        pause = T1_S
        while True:
            await asyncio.sleep(pause)
            self._wire.send(request, self._remote)
            pause = min(2 * pause, T2_S)

    def _acknowledge(self, request: SipRequest, response: SipResponse) -> None:
        if response.status_code >= 300:
            ack = self._beside(request, "ACK")
            ack.headers.set_single("To", response.get_header("to") or "")
        else:
            if response.to_addr is not None:
                self._dialog.remote_tag = response.to_addr.tag or ""
            if response.contact:
                self._dialog.remote_target = stringify_uri(response.contact[0].uri)
            self._dialog.route_set = list(reversed(response.headers.get("record-route")))
            self._dialog.confirm()
            self._dialog.local_cseq -= 1  # an ACK has the number of its INVITE
            ack = self._request("ACK")
            self._acks[_key(request)[0]] = ack
        self._wire.send(ack, self._remote)

    @staticmethod
    def _beside(request: SipRequest, method: str) -> SipRequest:
        """A CANCEL or ACK that belongs to ``request``'s own transaction."""
        beside = SipRequest(method=method, uri=request.uri)
        beside.headers.append("Via", request.headers.get("via")[0])
        for name in ("From", "To", "Call-ID", "Max-Forwards"):
            beside.headers.set_single(name, request.get_header(name) or "")
        beside.headers.set_single("CSeq", f"{_key(request)[0]} {method}")
        return beside

    # What comes in

    def take(self, message: SipRequest | SipResponse) -> None:
        """Take a message of this dialog."""
        if isinstance(message, SipRequest):
            self._take_request(message)
            return
        key = _key(message)
        if key in self._responses:
            self._responses[key].put_nowait(message)
        elif 200 <= message.status_code < 300 and key[1] == "INVITE" and key[0] in self._acks:
            self._wire.send(self._acks[key[0]], self._remote)  # our ACK was lost

    def _take_request(self, request: SipRequest) -> None:
        if request.method == "ACK":
            return
        status = _ANSWERS.get(request.method, 405)
        report = 0
        if request.method == "REFER":
            report = self.on_refer(request.get_header("refer-to") or "")
            status = 202 if report else 603
        self._wire.send(self._dialog.create_response(request, status), self._remote)
        if report:
            self._notify(100)
            self._notify(report)
        if request.method == "BYE":
            self.on_bye()

    def _notify(self, status: int) -> None:
        """Report how a transfer goes, as a sipfrag (RFC 3515, 2.4.5)."""
        notify = self._request("NOTIFY")
        state = "active;expires=60" if status < 200 else "terminated;reason=noresource"
        notify.headers.set_single("Event", "refer")
        notify.headers.set_single("Subscription-State", state)
        notify.headers.set_single("Content-Type", "message/sipfrag;version=2.0")
        notify.text = f"SIP/2.0 {status} {'OK' if status == 200 else 'Report'}\r\n"
        self._wire.send(notify, self._remote)


def _key(message: SipRequest | SipResponse) -> tuple[int, str]:
    """What a response answers: CSeq's number and method."""
    cseq = message.cseq
    return (cseq.seq, cseq.method.upper()) if cseq is not None else (0, "")
