"""What strangers cost: verdicts, refused datagrams, the worst messages, ignored RTP.

``python -m benchmarks.strangers`` prints microseconds of one core, best of three rounds.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import struct
import time
import timeit
from collections.abc import Callable

import structlog

from tests.telephony.sip.torture import TORTURES, invite
from voicebot.telephony.guard import AddressGuard, GuardPolicy
from voicebot.telephony.sip.counters import Counters
from voicebot.telephony.sip.messages import MalformedMessage, parse_message
from voicebot.telephony.sip.offer_answer import Agreement, agree, read_sdp
from voicebot.telephony.sip.rtp import CallMedia
from voicebot.telephony.sip.rtp_ports import RtpPorts
from voicebot.telephony.sip.wire import UdpHop, Wire

STRANGER = "192.0.2.7"


def show(what: str, run: Callable[[], object], times: int = 20_000) -> None:
    best = min(timeit.repeat(run, number=times, repeat=3, timer=time.process_time)) / times * 1e6
    print(f"{what:48} {best:9.2f} us")


def verdicts() -> None:
    policy = GuardPolicy(requests_per_s=1e9, burst=10**9, all_requests_per_s=1e9)
    free = AddressGuard(policy).door("sip")
    show("verdict, allowed, IPv4", lambda: free.request(STRANGER, 5.0))
    show("verdict, allowed, IPv6", lambda: free.request("2001:db8::1", 5.0))
    show("verdict, trusted", lambda: free.request("127.0.0.1", 5.0))
    spent = AddressGuard(GuardPolicy(burst=1)).door("sip")
    show("verdict, dropped", lambda: spent.request(STRANGER, 5.0))
    forged = iter(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(200_000))
    show("verdict, address never seen", lambda: free.request(next(forged), 5.0))


def messages() -> None:
    def read(data: bytes) -> None:
        with contextlib.suppress(MalformedMessage):
            parse_message(data)

    plain = invite("plain", 5060)
    head, body = plain.split(b"\r\n\r\n", 1)
    show("a plain INVITE, read", lambda: read(plain), 2000)
    worst = {
        "15 kB in one header": b"X: " + b"a" * 15_000,
        "15 kB in one Via": b"Via: SIP/2.0/UDP a;" + b"a" * 15_000,
        "500 values": b"Supported: " + b"a," * 500,
        "60 kB in one header": b"X: " + b"a" * 60_000,
    }
    for name, line in worst.items():
        data = head + b"\r\n" + line + b"\r\n\r\n" + body
        show(f"an INVITE with {name}, read", lambda data=data: read(data), 100)  # type: ignore[misc]
    for torture in sorted(TORTURES, key=lambda each: -len(each.build(5060)))[:2]:
        data = torture.build(5060)
        show(f"RFC 4475 {torture.name}, read", lambda data=data: read(data), 1000)  # type: ignore[misc]
    streams = plain.split(b"\r\n\r\n", 1)[1].decode() + "m=audio 1 RTP/AVP 0\r\n" * 30
    show("32 streams offered, read and agreed", lambda: agree(read_sdp(streams), None, ""), 200)


async def packets() -> None:
    spent = AddressGuard(GuardPolicy(burst=1)).door("sip")
    wire = Wire(lambda *_: None, lambda: None, spent, lambda _: False)
    hop = UdpHop(None, (STRANGER, 5060))  # type: ignore[arg-type]
    data = invite("plain", 5060)
    show("a datagram dropped at the door", lambda: wire.take(data, hop))
    media = await CallMedia.open("127.0.0.1", RtpPorts(40000, 40099), Counters())
    media.apply(_agreed())
    sound = struct.pack("!BBHII", 0x80, 0, 1, 160, 7) + bytes(160)
    media._handle_rtp(sound, ("192.0.2.1", 49217))
    show("an RTP packet of a third party", lambda: media._handle_rtp(sound, (STRANGER, 4000)))
    show("noise on a media port", lambda: media._handle_rtp(b"\x00" * 200, (STRANGER, 4000)))
    await media.close()


def _agreed() -> Agreement:
    return agree(read_sdp(invite("plain", 5060).split(b"\r\n\r\n", 1)[1].decode()), None, "")


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    logging.disable(logging.WARNING)
    verdicts()
    messages()
    asyncio.run(packets())


if __name__ == "__main__":
    main()
