"""A telephone made of two sockets, for tests that need every packet in their own hands."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from aiosipua import SipRequest, SipResponse

from voicebot.telephony.sip.messages import Message, build_answer, parse_message

WAIT_S = 20.0
"""How long a test waits for what must come; it fails then."""


class Inbox(asyncio.DatagramProtocol):
    """A UDP socket whose datagrams can be awaited."""

    def __init__(self) -> None:
        self.waiting: asyncio.Queue[tuple[bytes, tuple[str, int]]] = asyncio.Queue()
        self.socket: asyncio.DatagramTransport | None = None

    @classmethod
    async def open(cls) -> Self:
        loop = asyncio.get_running_loop()
        _, inbox = await loop.create_datagram_endpoint(cls, local_addr=("127.0.0.1", 0))
        return inbox

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.socket = transport  # type: ignore[assignment]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.waiting.put_nowait((data, addr))

    @property
    def port(self) -> int:
        assert self.socket is not None
        return int(self.socket.get_extra_info("sockname")[1])

    def send(self, data: bytes, port: int) -> None:
        assert self.socket is not None
        self.socket.sendto(data, ("127.0.0.1", port))

    async def receive(self) -> bytes:
        async with asyncio.timeout(WAIT_S):
            data, _ = await self.waiting.get()
        return data

    def close(self) -> None:
        assert self.socket is not None
        self.socket.close()


@dataclass
class Rtp:
    """One RTP packet, as far as the tests look at it."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    payload: bytes

    @classmethod
    def read(cls, data: bytes) -> Rtp:
        _, kind, sequence, timestamp, _ = struct.unpack("!BBHII", data[:12])
        return cls(kind & 0x7F, bool(kind & 0x80), sequence, timestamp, data[12:])


@dataclass
class Phone:
    """The phone of one caller, with one call at a time."""

    server_port: int
    sip: Inbox
    media: Inbox
    name: str = "anna"
    call: str = "call-1"
    cseq: int = 1
    branch: int = 0
    to_tag: str = ""
    invited: str = ""
    media_to: int = 0
    _sequence: int = 100
    _timestamp: int = 16_000
    answers: list[SipResponse] = field(default_factory=list)

    @classmethod
    async def open(cls, server_port: int, name: str = "anna") -> Phone:
        return cls(server_port, await Inbox.open(), await Inbox.open(), name, call=f"{name}-1")

    def close(self) -> None:
        self.sip.close()
        self.media.close()

    # Signalling

    def sdp(self, *lines: str, audio: str = "RTP/AVP 0 8 101", host: str = "127.0.0.1") -> str:
        keys = "a=rtpmap:101 telephone-event/8000"
        described = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", f"c=IN IP4 {host}", "t=0 0"]
        described += [f"m=audio {self.media.port} {audio}", keys, *lines]
        return "\r\n".join(described) + "\r\n"

    def text(
        self,
        method: str,
        *,
        sdp: str = "",
        headers: Mapping[str, str] | None = None,
        branch: int | None = None,
    ) -> str:
        tag = f";tag={self.to_tag}" if self.to_tag else ""
        lines = [
            f"{method} sip:1000@127.0.0.1:{self.server_port} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.sip.port};rport"
            f";branch=z9hG4bK{self.call}-{self.branch if branch is None else branch}",
            f"From: <sip:{self.name}@127.0.0.1>;tag={self.name}",
            f"To: <sip:1000@127.0.0.1>{tag}",
            f"Call-ID: {self.call}",
            f"CSeq: {self.cseq} {method}",
            f"Contact: <sip:{self.name}@127.0.0.1:{self.sip.port}>",
        ]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        if sdp:
            lines.append("Content-Type: application/sdp")
        return "\r\n".join([*lines, f"Content-Length: {len(sdp)}", "", sdp])

    def send(self, text: str | bytes) -> None:
        self.sip.send(text.encode() if isinstance(text, str) else text, self.server_port)

    def invite(self, sdp: str | None = None, headers: Mapping[str, str] | None = None) -> str:
        """Send an INVITE (or re-INVITE); gives its text, to be sent again."""
        self.branch += 1
        if self.to_tag:
            self.cseq += 1
        self.invited = self.text("INVITE", sdp=self.sdp() if sdp is None else sdp, headers=headers)
        self.send(self.invited)
        return self.invited

    def ack(self, sdp: str = "") -> None:
        self.branch += 1
        self.send(self.text("ACK", sdp=sdp))

    def request(self, method: str, headers: Mapping[str, str] | None = None, body: str = "") -> str:
        self.branch += 1
        self.cseq += 1
        text = self.text(method, headers=headers)
        if body:
            text = text.replace("Content-Length: 0", f"Content-Length: {len(body)}") + body
        self.send(text)
        return text

    def cancel(self) -> None:
        self.send(self.text("CANCEL"))

    async def message(self) -> Message:
        message, _ = parse_message(await self.sip.receive())
        return message

    async def expect_any(self) -> SipResponse:
        """The next final answer."""
        while True:
            answer = await self.message()
            if isinstance(answer, SipResponse):
                repeated = self._is_old(answer)
                self.answers.append(answer)
                if answer.status_code >= 200 and not repeated:
                    return answer

    def _is_old(self, answer: SipResponse) -> bool:
        """Whether an answer to an earlier request comes once more: on a busy machine our ACK may
        have been late."""
        cseq = answer.headers.get("cseq")[0]
        known = {(each.headers.get("cseq")[0], each.status_code) for each in self.answers}
        return int(cseq.split()[0]) < self.cseq and (cseq, answer.status_code) in known

    async def expect(self, status: int) -> SipResponse:
        """The next final answer, which must be ``status``."""
        answer = await self.expect_any()
        assert answer.status_code == status
        return answer

    async def expect_request(self, method: str) -> SipRequest:
        """The next request of the server, which must be ``method``; not answered yet."""
        while True:
            request = await self.message()
            if isinstance(request, SipRequest):
                assert request.method == method
                return request

    def answer(self, request: SipRequest, status: int) -> None:
        self.send(bytes(build_answer(request, status)))

    async def dial(self, sdp: str | None = None) -> SipResponse:
        """INVITE, 200, ACK."""
        self.invite(sdp)
        ok = await self.expect(200)
        self.establish(ok)
        self.ack()
        return ok

    def establish(self, ok: SipResponse) -> None:
        self.to_tag = ok.headers.get("to")[0].rpartition("tag=")[2]
        self.media_to = media_port(ok.text)

    async def hang_up(self) -> None:
        self.request("BYE")
        await self.expect(200)

    # Media

    def talk(
        self,
        payload: bytes,
        *,
        payload_type: int = 0,
        marker: bool = False,
        ssrc: int = 7,
        advance: int | None = None,
        sender: Inbox | None = None,
    ) -> None:
        """Send one RTP packet; time moves on by ``advance`` samples, else by its length."""
        kind = payload_type | (0x80 if marker else 0)
        head = struct.pack("!BBHII", 0x80, kind, self._sequence, self._timestamp, ssrc)
        (sender or self.media).send(head + payload, self.media_to)
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._timestamp += len(payload) if advance is None else advance

    def press(self, event: int, *, payload_type: int = 101, repeats: int = 3) -> None:
        """All packets of one key at once, as a burst would bring them."""
        for n in range(1, 6):
            body = struct.pack("!BBH", event, 10, 160 * n)
            self.talk(body, payload_type=payload_type, marker=n == 1, advance=0)
        for _ in range(repeats):
            body = struct.pack("!BBH", event, 10 | 0x80, 960)
            self.talk(body, payload_type=payload_type, advance=0)
        self._timestamp += 2400

    async def hear(self) -> Rtp:
        """The next RTP packet from the server."""
        while True:
            data = await self.media.receive()
            if not 192 <= data[1] <= 208:  # RTCP
                return Rtp.read(data)


def media_port(sdp: str) -> int:
    line = next(line for line in sdp.splitlines() if line.startswith("m=audio"))
    return int(line.split()[1])
