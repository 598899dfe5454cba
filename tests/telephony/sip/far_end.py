"""The other end of our own calls and registrations: every answer is in the test's hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from aiosipua import SipRequest, SipResponse

from tests.telephony.sip.phone import Inbox
from voicebot.telephony.sip.messages import Message, build_answer, parse_message


@dataclass
class FarEnd:
    """Takes requests of the server one by one and answers as it is told."""

    sip: Inbox
    media: Inbox
    tag: str = "far"
    server_port: int = 0
    _branch: int = 0
    seen: list[Message] = field(default_factory=list)

    @classmethod
    async def open(cls, tag: str = "far") -> Self:
        return cls(await Inbox.open(), await Inbox.open(), tag)

    def close(self) -> None:
        self.sip.close()
        self.media.close()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.sip.port}"

    @property
    def uri(self) -> str:
        return f"sip:bob@{self.address}"

    def sdp(self, *lines: str, audio: str = "RTP/AVP 0 101") -> str:
        described = ["v=0", "o=- 9 9 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0"]
        described += [f"m=audio {self.media.port} {audio}"]
        described += ["a=rtpmap:101 telephone-event/8000", *lines]
        return "\r\n".join(described) + "\r\n"

    async def expect(self, method: str, *, but: tuple[str, ...] = ()) -> SipRequest:
        """The next request, which must be ``method``; those in ``but`` are passed over."""
        while True:
            message, _ = parse_message(await self.sip.receive())
            self.seen.append(message)
            if isinstance(message, SipRequest) and message.method not in but:
                assert message.method == method
                self.server_port = int(message.headers.get("via")[0].split(":")[1].split(";")[0])
                return message

    async def expect_answer(self, status: int) -> SipResponse:
        """The next final answer to a request of this end."""
        while True:
            message, _ = parse_message(await self.sip.receive())
            self.seen.append(message)
            if isinstance(message, SipResponse) and message.status_code >= 200:
                assert message.status_code == status
                return message

    def answer(
        self,
        request: SipRequest,
        status: int,
        *,
        headers: Mapping[str, str | tuple[str, ...]] | None = None,
        sdp: str = "",
        tag: str = "",
    ) -> None:
        given = {"Contact": f"<sip:bob@{self.address}>", **(headers or {})}
        answer = build_answer(request, status, to_tag=tag or self.tag, headers=given, sdp=sdp)
        self.sip.send(bytes(answer), self.server_port)

    async def take_call(self, **answered: str) -> SipRequest:
        """INVITE, 180, 200, ACK; gives the INVITE."""
        invite = await self.expect("INVITE")
        self.answer(invite, 180)
        self.answer(invite, 200, sdp=self.sdp(), headers=answered)
        await self.expect("ACK")
        return invite

    def request(
        self,
        method: str,
        invite: SipRequest,
        cseq: int,
        headers: Mapping[str, str] | None = None,
        body: str = "",
    ) -> None:
        """A request of this end in the call that ``invite`` opened."""
        self._branch += 1
        contact = invite.headers.get("contact")[0].strip("<>")
        lines = [
            f"{method} {contact} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.address};branch=z9hG4bKfar{self._branch}",
            f"From: {invite.headers.get('to')[0]};tag={self.tag}",
            f"To: {invite.headers.get('from')[0]}",
            f"Call-ID: {invite.headers.get('call-id')[0]}",
            f"CSeq: {cseq} {method}",
            f"Contact: <sip:bob@{self.address}>",
            *(f"{name}: {value}" for name, value in (headers or {}).items()),
        ]
        text = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body])
        self.sip.send(text.encode(), self.server_port)
