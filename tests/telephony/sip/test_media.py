"""Audio and keys over RTP: packet times, strangers, noise, ports."""

from __future__ import annotations

import asyncio
import random

import numpy as np
import pytest

from tests.telephony.sip.conftest import Bot, OpenPhone, StartServer
from tests.telephony.sip.phone import Inbox, Phone
from voicebot.errors import CallError
from voicebot.media import g711
from voicebot.telephony._api import CallLeg
from voicebot.telephony.sip import SipServer
from voicebot.telephony.sip.counters import Counters
from voicebot.telephony.sip.rtp import CallMedia
from voicebot.telephony.sip.rtp_ports import RtpPorts
from voicebot.types import Samples


def tone(samples: int) -> Samples:
    """A sawtooth without any silence in it."""
    return ((np.arange(samples) % 100 + 20) * 100).astype(np.int16)


@pytest.mark.parametrize("law", ["PCMU", "PCMA"])
@pytest.mark.parametrize("packet_ms", [10, 20, 30, 40])
async def test_any_packet_time_is_heard_whole(
    phone: Phone, bot: Bot, law: g711.Law, packet_ms: int
) -> None:
    payload_type = 0 if law == "PCMU" else 8
    await phone.dial(phone.sdp(f"a=ptime:{packet_ms}", audio=f"RTP/AVP {payload_type}"))
    # Within the playout's patience, sent at once: what is heard must be what was said, in order.
    said = tone(160 * 6)
    coded = g711.encode(said, law)
    step = packet_ms * 8
    for start in range(0, len(coded), step):
        phone.talk(coded[start : start + step], payload_type=payload_type)

    def heard_all(bot: Bot) -> bool:
        heard = bot.heard()
        return int(np.count_nonzero(heard)) >= len(said)

    await bot.until(heard_all, "the audio")
    heard = bot.heard()
    first = int(np.flatnonzero(heard)[0])
    assert np.array_equal(heard[first : first + len(said)], g711.pass_through(said, law))


@pytest.mark.parametrize("payload_type", [96, 101, 127])
async def test_keys_come_with_whatever_number_the_offer_gave(
    phone: Phone, bot: Bot, payload_type: int
) -> None:
    sdp = phone.sdp(audio=f"RTP/AVP 0 {payload_type}").replace(":101 ", f":{payload_type} ")
    await phone.dial(sdp)
    for event in (1, 2, 2, 11):
        phone.press(event, payload_type=payload_type, repeats=5)
    await bot.until(lambda bot: len(bot.keys()) >= 4, "four keys")
    await phone.hang_up()
    await bot.until_ended()
    assert bot.keys() == "122#"


async def test_strangers_are_ignored_once_the_caller_was_heard(
    server: SipServer, phone: Phone, bot: Bot
) -> None:
    await phone.dial()
    phone.talk(b"\x90" * 160)
    await bot.until(lambda bot: server.counters().rtp_received == 1, "the first packet")
    stranger = await Inbox.open()
    phone.talk(b"\x10" * 160, sender=stranger)
    phone.talk(b"\x10" * 160, sender=stranger, ssrc=99)
    await bot.until(lambda bot: server.counters().rtp_ignored == 2, "two ignored packets")
    await phone.hear()
    assert stranger.waiting.empty()
    stranger.close()


async def test_audio_goes_where_the_callers_really_comes_from(phone: Phone, bot: Bot) -> None:
    await phone.dial()
    behind_nat = await Inbox.open()
    phone.talk(b"\x90" * 160, sender=behind_nat)
    assert len(await behind_nat.receive()) == 172
    behind_nat.close()


async def test_payload_types_that_were_not_agreed_are_ignored(
    server: SipServer, phone: Phone, bot: Bot
) -> None:
    await phone.dial()
    phone.talk(b"\x00" * 33, payload_type=3)
    await bot.until(lambda bot: server.counters().rtp_ignored == 1, "the ignored packet")
    assert not bot.heard().any()


async def test_noise_on_the_rtp_port_is_counted_and_dropped(
    server: SipServer, phone: Phone, bot: Bot
) -> None:
    await phone.dial()
    chance = random.Random(7)
    for length in range(1, 90):
        noise = bytearray(chance.randbytes(length))
        phone.media.send(bytes(noise), phone.media_to)
        phone.media.send(bytes(noise), phone.media_to + 1)
        # With a head that is right, and with RTCP's and STUN's.
        phone.media.send(b"\x80\x65" + bytes(noise), phone.media_to)
        phone.media.send(b"\x90\x00" + bytes(noise), phone.media_to)
        phone.media.send(b"\x80\xc8" + bytes(noise), phone.media_to)
        phone.media.send(b"\x81\xcd" + bytes(noise), phone.media_to + 1)
        phone.media.send(b"\x00\x01\x00\x00\x21\x12\xa4\x42" + bytes(noise), phone.media_to)
    phone.press(5)
    await bot.until(lambda bot: bot.keys()[-1:] == "5", "the key behind the noise")
    assert server.counters().rtp_malformed > 50


async def test_a_truncated_key_is_malformed(server: SipServer, phone: Phone, bot: Bot) -> None:
    await phone.dial()
    phone.talk(b"\x05", payload_type=101)
    await bot.until(lambda bot: server.counters().rtp_malformed == 1, "the malformed key")
    assert bot.keys() == ""


async def test_lost_packets_are_concealed_and_counted(
    server: SipServer, phone: Phone, bot: Bot
) -> None:
    await phone.dial()
    for n in range(8):
        if n == 4:
            phone._sequence += 1
            phone._timestamp += 160
            continue
        phone.talk(g711.encode(tone(160)))
    await bot.until(lambda bot: server.counters().rtp_concealed > 0, "the concealment")
    assert server.counters().rtp_lost == 1
    assert server.counters().rtp_received == 7


async def test_counts_stay_when_the_call_is_over(server: SipServer, phone: Phone, bot: Bot) -> None:
    await phone.dial()
    for _ in range(3):
        phone.talk(b"\x90" * 160)
    phone._sequence += 5
    phone.talk(b"\x90" * 160)
    await bot.until(lambda bot: server.counters().rtp_received == 4, "the packets")
    assert server.counters().active_calls == 1
    await phone.hang_up()
    await bot.until_ended()
    await bot.until(lambda bot: server.counters().rtp_lost == 5, "the counts of the ended call")
    counts = server.counters()
    assert counts.active_calls == 0
    assert counts.frames_sent > 0
    assert counts.requests == {"INVITE": 1, "ACK": 1, "BYE": 1}
    assert counts.responses == {"1xx": 1, "2xx": 2}


async def test_a_failing_source_is_silenced_and_the_call_goes_on(
    phone: Phone, bot: Bot, logs: list[dict[str, object]]
) -> None:
    class Broken:
        def next_frame(self, now: float) -> Samples | None:
            raise RuntimeError("no sound")

    async def serve(leg: CallLeg) -> None:
        leg.attach(Broken())
        await leg.answer()
        async for _ in leg.events():
            pass

    bot.script = serve
    await phone.dial()
    assert [(await phone.hear()).payload for _ in range(3)] == [b"\xff" * 160] * 3
    await phone.hang_up()
    assert [log["event"] for log in logs].count("frame_source_failed") == 1
    logs.clear()


async def test_a_short_frame_is_filled_up(phone: Phone, bot: Bot) -> None:
    class Short:
        def next_frame(self, now: float) -> Samples | None:
            return np.full(100, 8031, np.int16)

    async def serve(leg: CallLeg) -> None:
        leg.attach(Short())
        await leg.answer()
        async for _ in leg.events():
            pass

    bot.script = serve
    await phone.dial()
    payload = (await phone.hear()).payload
    assert payload == g711.encode(np.full(100, 8031, np.int16)) + b"\xff" * 60
    await phone.hang_up()


# Ports


def test_a_port_is_in_one_hand_and_comes_round_last() -> None:
    ports = RtpPorts(20001, 20006)
    first, second = ports.take(but=set()), ports.take(but=set())
    assert (first, second) == (20002, 20004)
    with pytest.raises(CallError, match="no RTP port is free between 20001 and 20006"):
        ports.take(but=set())
    ports.give_back(second)
    ports.give_back(first)
    assert ports.take(but=set()) == second
    with pytest.raises(CallError):
        ports.take(but={first})


async def test_a_port_that_another_program_holds_is_passed_over() -> None:
    # Taken once as an RTP port, once as the RTCP port beside it.
    loop = asyncio.get_running_loop()
    held = [
        (
            await loop.create_datagram_endpoint(
                asyncio.DatagramProtocol, local_addr=("127.0.0.1", port)
            )
        )[0]
        for port in (33010, 33013)
    ]
    ports = RtpPorts(33010, 33015)
    media = await CallMedia.open("127.0.0.1", ports, Counters())
    assert media.port == 33014
    await media.close()
    for socket in held:
        socket.close()
    # Closed sockets are let go by the loop's next turn.
    await asyncio.sleep(0)
    assert {ports.take(but=set()) for _ in range(3)} == {33010, 33012, 33014}


async def test_calls_that_start_together_get_different_ports(
    start_server: StartServer, open_phone: OpenPhone
) -> None:
    server = await start_server()
    phones = [await open_phone(f"p{n}", server.port) for n in range(8)]
    for phone in phones:
        phone.invite()
    for phone in phones:
        phone.establish(await phone.expect(200))
        phone.ack()
    assert len({phone.media_to for phone in phones}) == 8
    for phone in phones:
        await phone.hang_up()
