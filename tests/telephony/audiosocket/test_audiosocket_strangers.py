"""What is no Asterisk, or a broken one: turned away, counted, and no harm to the calls that run."""

from __future__ import annotations

import contextlib
from ipaddress import ip_network
from uuid import UUID

import numpy as np
import pytest

from tests.peers.audiosocket import AsteriskLine
from tests.telephony.audiosocket.conftest import StartDoor
from tests.telephony.sip.conftest import Bot
from voicebot.telephony._api import LegInfo
from voicebot.telephony.audiosocket import AudioSocketServer
from voicebot.telephony.audiosocket.server import WAITING_PER_ADDRESS

NOBODY = UUID(int=0)
"""A line that does not say its UUID by itself."""


@pytest.mark.parametrize(
    "octets",
    [
        b"GET / HTTP/1.1\r\nHost: voicebot\r\n\r\n" + b"x" * 0x4554,
        b"\x10\x00\x02\x00\x00",
        b"\x01\x00\x0f" + bytes(15),
        b"\x01\x00\x00",
        b"\x00\x00\x00",
        b"\x7f\x00\x00",
    ],
)
async def test_who_does_not_begin_with_a_uuid_is_turned_away(
    door: AudioSocketServer, bot: Bot, octets: bytes
) -> None:
    async with AsteriskLine(door.port, uuid=NOBODY) as line:
        line.write(octets)
        assert await line.ended() in {"closed", "broken"}
    assert bot.arrived == []
    assert door.counters().turned_away == {"no uuid": 1}


async def test_who_says_nothing_is_turned_away_in_time(start_door: StartDoor, bot: Bot) -> None:
    door = await start_door(uuid_timeout_s=0.1)
    async with AsteriskLine(door.port, uuid=NOBODY) as line:
        line.write(b"\x01\x00")
        assert await line.ended() in {"closed", "broken"}
    assert door.counters().turned_away == {"no uuid": 1}
    assert door.counters().waiting == 0


async def test_addresses_that_are_not_allowed_are_closed_at_once(
    start_door: StartDoor, bot: Bot
) -> None:
    door = await start_door(allow=[ip_network("127.0.0.1/32")])
    async with AsteriskLine(door.port, uuid=NOBODY, source="127.0.0.2") as stranger:
        assert await stranger.ended() in {"closed", "broken"}
    async with AsteriskLine(door.port) as line:
        await line.wait_for_audio(2)
    assert len(bot.arrived) == 1
    assert door.counters().turned_away == {"address": 1}


async def test_a_uuid_cannot_be_used_twice_at_once(door: AudioSocketServer, bot: Bot) -> None:
    async with AsteriskLine(door.port) as line:
        await line.wait_for_audio(2)
        async with AsteriskLine(door.port, uuid=line.uuid) as thief:
            assert await thief.ended() in {"closed", "broken"}
        line.press("1")
        await bot.until(lambda bot: bot.keys() == "1", "the first call to go on")
    assert len(bot.arrived) == 1


async def test_a_second_uuid_ends_the_call(door: AudioSocketServer, bot: Bot) -> None:
    async with AsteriskLine(door.port) as line:
        await line.wait_for_audio(2)
        line.send(0x01, bytes(16))
        end = await bot.until_ended()
    assert end.failed
    assert end.reason == "a second UUID on one connection"


async def test_unknown_kinds_and_odd_audio_are_counted_and_passed_over(
    door: AudioSocketServer, bot: Bot
) -> None:
    async with AsteriskLine(door.port) as line:
        await line.wait_for_audio(2)
        line.send(0x42, b"what is this")
        line.send(0x02, bytes(6))
        line.send(0x10, b"\x00" * 321)
        line.send(0x10)
        line.send(0x10, b"\x00" * 65_535)
        line.press("1")
        await bot.until(lambda bot: bot.keys() == "1", "the call to go on")
    assert door.counters().malformed == 4


async def test_a_message_cut_short_ends_with_the_connection(
    door: AudioSocketServer, bot: Bot
) -> None:
    async with AsteriskLine(door.port) as line:
        line.write(b"\x10\x01\x40" + bytes(100))
        line.hang_up()
        assert (await bot.until_ended()).reason == "caller hung up"


async def test_a_heap_of_audio_is_bounded_and_the_newest_is_kept(
    door: AudioSocketServer, bot: Bot
) -> None:
    async with AsteriskLine(door.port) as line:
        await line.wait_for_audio(2)
        for value in range(1, 31):
            line.send_audio(np.full(4000, value * 1000, np.int16))
        await bot.until(lambda bot: 30_000 in bot.heard(), "the newest audio")
    assert 2000 not in bot.heard()
    assert door.counters().frames_overflowed > 600


async def test_asterisk_that_falls_silent_for_good_is_hung_up(
    start_door: StartDoor, bot: Bot
) -> None:
    door = await start_door(silence_timeout_s=0.3)
    async with AsteriskLine(door.port) as line:
        end = await bot.until_ended()
        assert await line.ended() == "hangup"
    assert end.failed
    assert end.reason == "nothing from Asterisk for 0.3 s"


async def test_asterisk_that_never_reads_is_given_up(start_door: StartDoor, bot: Bot) -> None:
    door = await start_door(line_timeout_s=0.3)
    async with AsteriskLine(door.port, reads=False):
        end = await bot.until_ended()
    assert end.failed
    # Whichever of the two notices first: the kernel, or we.
    assert end.reason in {"the connection broke", "Asterisk has read nothing for 0.3 s"}


async def test_idle_connections_crowd_out_nobody(door: AudioSocketServer, bot: Bot) -> None:
    async with contextlib.AsyncExitStack() as stack, AsteriskLine(door.port) as running:
        for _ in range(WAITING_PER_ADDRESS + 40):
            idle = AsteriskLine(door.port, uuid=NOBODY, source="127.0.0.3", reads=False)
            await stack.enter_async_context(idle)
        assert door.counters().waiting == WAITING_PER_ADDRESS
        assert door.counters().turned_away == {"crowd": 40}
        async with AsteriskLine(door.port, source="127.0.0.3") as late:
            await late.wait_for_audio(2)
        running.press("1")
        await bot.until(lambda bot: bot.keys() == "1", "the running call")


async def test_a_bot_that_fails_ends_its_call_and_no_other(start_door: StartDoor, bot: Bot) -> None:
    served = []

    async def admit_all(info: LegInfo) -> None:
        served.append(info)

    door = await start_door()
    async with AsteriskLine(door.port) as first:
        await first.wait_for_audio(2)

        async def leaves(leg: object) -> None:
            await admit_all(bot.arrived[-1])

        bot.script = leaves
        async with AsteriskLine(door.port) as second:
            assert await second.ended() == "hangup"
        first.press("1")
        await bot.until(lambda bot: bot.keys() == "1", "the first call to go on")
    assert len(served) == 1
