"""What is no SIP, over UDP and TCP: counted, dropped, and the running call does not notice."""

from __future__ import annotations

import asyncio
import random

import pytest

from tests.telephony.sip.conftest import Bot
from tests.telephony.sip.phone import WAIT_S, Phone
from voicebot.telephony.sip import SipServer
from voicebot.telephony.sip.framing import MAX_BODY, MAX_HEAD


async def malformed(server: SipServer, bot: Bot, count: int) -> None:
    await bot.until(
        lambda bot: server.counters().sip_malformed >= count, f"{count} malformed messages"
    )


async def test_noise_over_udp_is_counted_and_the_call_goes_on(
    server: SipServer, phone: Phone, bot: Bot
) -> None:
    await phone.dial()
    chance = random.Random(11)
    for length in range(1, 200):
        phone.send(b"\x01" + chance.randbytes(length))
    await malformed(server, bot, 199)
    phone.press(5)
    await bot.until(lambda bot: bot.keys() == "5", "a key behind the noise")
    await phone.hang_up()


async def test_every_cut_of_a_real_message_is_answered_or_dropped(
    server: SipServer, phone: Phone, bot: Bot
) -> None:
    text = phone.text("OPTIONS").encode()
    for cut in range(0, len(text), 3):
        phone.send(text[:cut])
    for cut in range(0, len(text), 7):
        phone.send(text[:cut] + b'\xff\x00\n:;<>,"' + text[cut:])
    await malformed(server, bot, 60)
    phone.branch = 500
    phone.request("OPTIONS")
    while b"-501" not in await phone.sip.receive():
        pass


async def test_keep_alives_are_not_counted(server: SipServer, phone: Phone) -> None:
    for keep_alive in (b"\r\n\r\n", b"\r\n", b"\0\0\0\0", b""):
        phone.send(keep_alive)
    phone.request("OPTIONS")
    await phone.expect(200)
    assert server.counters().sip_malformed == 0


@pytest.mark.parametrize(
    "stream",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01" + bytes(3000),
        b"INVITE sip:a@b SIP/2.0\r\nX: " + b"x" * (MAX_HEAD + 10),
        b"INVITE sip:a@b SIP/2.0\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY + 1),
        b"INVITE sip:a@b SIP/2.0\r\nContent-Length: minus one\r\n\r\n",
    ],
    ids=["http", "tls", "endless head", "huge body", "no number"],
)
async def test_a_tcp_stream_that_is_no_sip_is_closed_and_counted(
    server: SipServer, bot: Bot, stream: bytes
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(stream)
    async with asyncio.timeout(WAIT_S):
        assert await reader.read() == b""
    await malformed(server, bot, 1)
    writer.close()
    await writer.wait_closed()


async def test_a_malformed_message_does_not_end_its_tcp_connection(
    server: SipServer, phone: Phone, bot: Bot
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 0\r\n\r\n\r\n")
    writer.write(phone.text("OPTIONS").replace("SIP/2.0/UDP", "SIP/2.0/TCP").encode())
    async with asyncio.timeout(WAIT_S):
        # Over the connection, although the Via names another port.
        assert (await reader.readline()) == b"SIP/2.0 200 OK\r\n"
    await malformed(server, bot, 1)
    writer.close()
    await writer.wait_closed()


async def test_a_call_over_tcp_ends_over_tcp(server: SipServer, phone: Phone, bot: Bot) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)

    def over_tcp(text: str) -> bytes:
        return text.replace("SIP/2.0/UDP", "SIP/2.0/TCP").encode()

    async def read_until(wanted: bytes) -> bytes:
        async with asyncio.timeout(WAIT_S):
            return await reader.readuntil(wanted)

    writer.write(over_tcp(phone.text("INVITE", sdp=phone.sdp())))
    head = await read_until(b"200 OK\r\n")
    head += await read_until(b"\r\n\r\n")
    assert b";transport=tcp>" in head
    phone.to_tag = head.decode().rpartition("To: ")[2].split("\r\n")[0].rpartition("tag=")[2]
    phone.branch += 1
    writer.write(over_tcp(phone.text("ACK")))
    await bot.until(lambda bot: bot.events != [], "audio")
    await bot.leg.hang_up()
    await read_until(b"BYE sip:anna@127.0.0.1")
    assert b"SIP/2.0/TCP" in await read_until(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
