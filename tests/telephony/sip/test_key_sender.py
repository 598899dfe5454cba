"""Keys that we press: as packets, and over RTP to a telephone that reads them."""

from __future__ import annotations

import asyncio
import struct
from itertools import groupby

from tests.peers.ports import free_ports
from tests.telephony.sip.conftest import Bot
from tests.telephony.sip.phone import Phone, Rtp
from voicebot.telephony._api import Admission, CallLeg, KeyIn, Reception, signal_key
from voicebot.telephony.sip import SipServer
from voicebot.telephony.sip.key_sender import ENDS, GAP_FRAMES, KEY_FRAMES, KeySender
from voicebot.telephony.sip.keys import KeyReader

UNITS = 160


def sent(sender: KeySender, frames: int, timestamp: int = 0) -> list[tuple[int, int, bool, bool]]:
    """Timestamp, duration, end and marker of what leaves in so many frames; audio is left out."""
    found = []
    for frame in range(frames):
        packet = sender.next((timestamp + frame * UNITS) & 0xFFFFFFFF, UNITS)
        if packet is not None:
            _, flags, duration = struct.unpack("!BBH", packet.payload)
            found.append((packet.timestamp, duration, bool(flags & 0x80), packet.marker))
    return found


def test_a_key_lasts_as_long_as_its_packets_say_and_ends_three_times() -> None:
    sender = KeySender()
    sender.press("5")
    packets = sent(sender, 20, timestamp=0xFFFFFFFF - 200)
    assert {timestamp for timestamp, *_ in packets} == {0xFFFFFFFF - 200}
    assert [duration for _, duration, end, _ in packets if not end] == [160, 320, 480, 640, 800]
    assert [duration for _, duration, end, _ in packets if end] == [960] * ENDS
    assert [marker for *_, marker in packets] == [True] + [False] * (KEY_FRAMES - 1 + ENDS - 1)


def test_between_two_keys_there_is_audio_and_both_are_read() -> None:
    sender, reader, keys, gaps = KeySender(), KeyReader(), "", 0
    for key in "114":
        sender.press(key)
    for frame in range(60):
        packet = sender.next(frame * UNITS, UNITS)
        if packet is None:
            gaps += 1
        else:
            read = reader.read(packet.payload, packet.timestamp, marker=packet.marker)
            keys += read or ""
    assert keys == "114"
    assert gaps >= 60 - 3 * (KEY_FRAMES + ENDS - 1)


def test_frames_that_were_left_out_make_no_key_longer() -> None:
    sender = KeySender()
    sender.press("5")
    assert sender.next(0, UNITS) is not None
    late = sender.next(50 * UNITS, UNITS)
    assert late is not None
    _, flags, duration = struct.unpack("!BBH", late.payload)
    assert (bool(flags & 0x80), duration) == (True, KEY_FRAMES * UNITS)


def test_a_side_that_takes_no_events_any_more_gets_none() -> None:
    sender = KeySender()
    for _ in range(200):
        sender.press("5")
    sender.next(0, UNITS)
    sender.clear()
    assert sent(sender, 30, UNITS) == []


async def heard(phone: Phone, keys: int) -> list[list[Rtp]]:
    """The packets of so many keys, by the key's timestamp."""
    packets: list[Rtp] = []
    async with asyncio.timeout(30):
        while len([each for each in packets if each.payload[1] & 0x80]) < ENDS * keys:
            packet = await phone.hear()
            if packet.payload_type == 101:
                packets.append(packet)
    return [list(group) for _, group in groupby(packets, lambda packet: packet.timestamp)]


async def test_every_key_arrives_once_with_its_length_among_the_audio(
    phone: Phone, bot: Bot
) -> None:
    await phone.dial()
    await bot.until(lambda bot: bool(bot.legs), "the call")
    for key in "1#":
        assert signal_key(bot.leg, key)
    one, pound = await heard(phone, 2)
    assert [packets[0].payload[0] for packets in (one, pound)] == [1, 11]
    for packets in (one, pound):
        lengths = [struct.unpack("!H", packet.payload[2:4])[0] for packet in packets]
        assert lengths[-1] == KEY_FRAMES * UNITS
        assert lengths == sorted(lengths)
    pause = (pound[0].timestamp - one[0].timestamp & 0xFFFFFFFF) - KEY_FRAMES * UNITS
    assert pause == (GAP_FRAMES - 1) * UNITS


async def test_without_telephone_events_a_key_can_only_be_heard(phone: Phone, bot: Bot) -> None:
    await phone.dial(phone.sdp(audio="RTP/AVP 0"))
    await bot.until(lambda bot: bool(bot.legs), "the call")
    assert not signal_key(bot.leg, "1")


async def test_another_server_reads_every_key_once(server: SipServer) -> None:
    keys: list[str] = []

    async def serve(leg: CallLeg) -> None:
        await leg.answer()
        async for event in leg.events():
            keys.extend([event.key] if isinstance(event, KeyIn) else [])

    first = free_ports(20)
    other = SipServer(
        host="127.0.0.1",
        port=0,
        rtp_ports=(first, first + 19),
        reception=Reception(lambda _: Admission(True), serve, lambda info, status: None),
    )
    await other.start()
    try:
        leg = await server.dial(f"sip:menu@127.0.0.1:{other.port}")
        for key in "09*#AD55":
            assert signal_key(leg, key)
        async with asyncio.timeout(30):
            while len(keys) < 8:
                await asyncio.sleep(0.02)
        await leg.hang_up()
    finally:
        await other.stop()
    assert "".join(keys) == "09*#AD55"
