"""The SIP client: one socket, one clock, any number of calls."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import TracebackType
from typing import Literal, Self

from aiosipua.dialog import Dialog
from aiosipua.message import SipRequest
from aiosipua.utils import generate_tag

from voicebot.errors import UsageError
from voicebot.telephony.frame_clock import FrameClock
from voicebot.telephony.sip_client.call import ClientCall
from voicebot.telephony.sip_client.signalling import Signalling
from voicebot.telephony.sip_client.wire import Message, TcpWire, UdpWire, Wire

_TARGET = re.compile(r"sip:(?:[^@;?\s]+@)?(?P<host>[A-Za-z0-9.-]+)(?::(?P<port>\d{1,5}))?")


class SipClient:
    """To be used as ``async with SipClient() as client``; leaving it hangs up every call.

    ``host`` is the local address to call from. ``transfer_status`` is what a REFER gets: 200
    reports a transfer that was taken, another status one that failed at its target, 0 refuses the
    REFER itself (603). The transferred call is not made.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        transport: Literal["udp", "tcp"] = "udp",
        transfer_status: int = 200,
    ) -> None:
        self._host = host
        self._transfer_status = transfer_status
        self._clock = FrameClock()
        self._wire: Wire = TcpWire() if transport == "tcp" else UdpWire()
        self._calls: dict[str, tuple[ClientCall, Signalling]] = {}

    async def __aenter__(self) -> Self:
        await self._wire.open(self._host, self._receive)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for call, _ in self._calls.values():
            await call.hang_up()
        await self._wire.close()

    async def call(
        self,
        target: str,
        *,
        caller: str = "caller",
        codecs: tuple[str, ...] = ("PCMU", "PCMA"),
        headers: Mapping[str, str] | None = None,
        record: bool = True,
        answer_timeout_s: float = 15.0,
    ) -> ClientCall:
        """Call ``target`` (``sip:shop@127.0.0.1:5060``) and return when it has answered.

        ``record=False`` keeps no audio, only when there was speech. Raises UsageError for what is
        no address, CallRefused, or CallError when nobody answers there.
        """
        remote = read_target(target)
        await self._wire.reach(remote)
        signalling = Signalling(self._wire, target, remote, caller)
        call = ClientCall(
            self._host,
            signalling,
            self._clock,
            record=record,
            transfer_status=self._transfer_status,
        )
        self._calls[signalling.call_id] = (call, signalling)
        try:
            await call.dial(codecs, headers or {}, answer_timeout_s)
        except BaseException:
            call.over("not answered")
            raise
        return call

    def _receive(self, message: Message, source: tuple[str, int]) -> None:
        found = self._calls.get(message.call_id or "")
        if found is not None:
            found[1].take(message)
        elif isinstance(message, SipRequest) and message.method != "ACK":
            stray = Dialog(call_id=message.call_id or "", local_tag=generate_tag())
            self._wire.send(stray.create_response(message, 481), source)


def read_target(target: str) -> tuple[str, int]:
    """The host and port of a SIP URI. Raises UsageError for what is none."""
    parts = _TARGET.match(target)
    if parts is None or not 0 < int(parts["port"] or 5060) < 65536:
        example = "one looks like sip:shop@127.0.0.1:5060"
        raise UsageError(f"'{target}' is no SIP address that can be called; {example}")
    return parts["host"], int(parts["port"] or 5060)
