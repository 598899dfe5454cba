"""Everything but the caller's audio on a media port: the call hears its caller and nobody else."""

from __future__ import annotations

import asyncio
import random
import struct

import numpy as np
import pytest

from tests.telephony.sip.conftest import Bot
from tests.telephony.sip.phone import Inbox, Phone
from voicebot.media import g711
from voicebot.telephony.sip import SipServer

FLOOD = 10_000
FLOOD_S = 2.0
VOICE = g711.encode((np.sin(np.arange(160) * 2 * np.pi / 16) * 8000).astype(np.int16))
LOUD = g711.encode(np.full(160, 30000, np.int16))


def rtp(payload: bytes, *, payload_type: int = 0, sequence: int = 0, ssrc: int = 7) -> bytes:
    return struct.pack("!BBHII", 0x80, payload_type, sequence, sequence * 160, ssrc) + payload


async def talk(phone: Phone, seconds: float) -> None:
    for _ in range(int(seconds * 50)):
        phone.talk(VOICE)
        await asyncio.sleep(0.02)


def loudest(bot: Bot) -> int:
    return int(np.abs(bot.heard().astype(np.int32)).max())


async def test_a_third_party_is_not_heard_and_gets_nothing(
    server: SipServer, phone: Phone, bot: Bot
) -> None:
    await phone.dial()
    phone.talk(VOICE)
    await bot.until(lambda bot: server.counters().rtp_received == 1, "the first packet")
    loop = asyncio.get_running_loop()
    stranger, _ = await loop.create_datagram_endpoint(Inbox, local_addr=("127.0.0.3", 0))
    talking = asyncio.create_task(talk(phone, FLOOD_S))
    for n in range(100):
        for ssrc in (7, 8):  # the caller's own, should it be known, and another
            stranger.sendto(rtp(LOUD, sequence=101 + n, ssrc=ssrc), ("127.0.0.1", phone.media_to))
        await asyncio.sleep(0.01)
    await talking
    assert loudest(bot) < 9000
    assert server.counters().rtp_ignored == 200
    stranger.close()
    await phone.hang_up()


async def test_a_flood_to_the_media_port_does_not_make_the_call_late(
    server: SipServer, phone: Phone, bot: Bot
) -> None:
    await phone.dial()
    phone.talk(VOICE)
    await bot.until(lambda bot: server.counters().rtp_received == 1, "the first packet")
    loop = asyncio.get_running_loop()
    stranger, _ = await loop.create_datagram_endpoint(Inbox, local_addr=("127.0.0.3", 0))
    talking = asyncio.create_task(talk(phone, FLOOD_S))
    started, sent = loop.time(), 0
    while sent < FLOOD:
        due = min(FLOOD, int((loop.time() - started) / FLOOD_S * FLOOD))
        while sent < due:
            stranger.sendto(rtp(LOUD, sequence=sent & 0xFFFF), ("127.0.0.1", phone.media_to))
            sent += 1
        await asyncio.sleep(0.005)
    await talking
    phone.press(5)
    await bot.until(lambda bot: bot.keys() == "5", "a key behind the flood")
    counts = server.counters()
    assert loudest(bot) < 9000
    assert counts.rtp_received > 90
    assert counts.rtp_ignored > FLOOD * 0.5  # the kernel drops what it has no room for
    stranger.close()
    await phone.hang_up()


@pytest.mark.parametrize(
    "packets",
    [
        [b"", b"\x80", b"\x00" * 11],
        [rtp(b"", sequence=n) for n in range(200)],
        [rtp(b"\xff" * 1488, sequence=n) for n in range(200)],
        [rtp(VOICE, payload_type=n, sequence=n) for n in (1, 3, 9, 34, 77, 96, 127)],
        [rtp(VOICE, sequence=n * 9973 & 0xFFFF) for n in range(300)],
        [rtp(VOICE, sequence=n, ssrc=n) for n in range(300)],
        [
            b"\x80\xc8\x00\x06" + bytes(24),
            b"\x81\xcb\x00\x01" + bytes(4),
            b"\xbf\xc9" + bytes(1400),
        ],
        [b"\x90\x00" + bytes(10) + b"\xbe\xde\xff\xff" + bytes(20), b"\xbf\x80" + bytes(1400)],
    ],
    ids=["short", "empty", "1500", "types", "jumps", "ssrcs", "rtcp", "extensions"],
)
async def test_strange_packets_of_the_caller_end_nothing(
    packets: list[bytes], server: SipServer, phone: Phone, bot: Bot
) -> None:
    await phone.dial()
    for n, packet in enumerate(packets):
        phone.media.send(packet, phone.media_to)
        phone.media.send(packet, phone.media_to + 1)
        if n % 50 == 0:
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.1)
    phone._sequence, phone._timestamp = 5000, 800_000
    phone.press(9)
    await bot.until(lambda bot: bot.keys()[-1:] == "9", "a key behind the strange packets")
    await talk(phone, 0.3)
    await bot.until(lambda bot: bool(bot.heard()[-1600:].any()), "the caller's voice again")
    await phone.hang_up()


async def test_seeded_noise_of_the_caller_ends_nothing(
    server: SipServer, phone: Phone, bot: Bot
) -> None:
    await phone.dial()
    chance = random.Random(4475)
    for n in range(400):
        packet = bytearray(rtp(VOICE, sequence=n))
        for _ in range(chance.randrange(1, 6)):
            packet[chance.randrange(min(len(packet), 20))] = chance.randrange(256)
        phone.media.send(bytes(packet[: chance.randrange(len(packet))]), phone.media_to)
        if n % 50 == 0:
            await asyncio.sleep(0.02)
    phone._sequence, phone._timestamp = 5000, 800_000
    await asyncio.sleep(0.1)
    phone.press(9)
    await bot.until(lambda bot: bot.keys()[-1:] == "9", "a key behind the noise")
    await phone.hang_up()
