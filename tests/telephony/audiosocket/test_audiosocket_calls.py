"""Calls through AudioSocket, with a peer that does what Asterisk's AudioSocket() does."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from tests.peers.audiosocket import AsteriskLine
from tests.telephony.audiosocket.conftest import StartDoor
from tests.telephony.sip.conftest import Bot
from voicebot.errors import CallError, TransferFailed
from voicebot.media.resample import resample
from voicebot.telephony._api import Admission, CallLeg, LegEnded
from voicebot.telephony.audiosocket import AudioSocketServer, Desk
from voicebot.types import Samples

CONTEXT = {"order": "4271"}


def sine(hz: float, ms: int, rate: int) -> Samples:
    places = np.arange(rate * ms // 1000)
    return (np.sin(2 * np.pi * hz * places / rate) * 12_000).astype(np.int16)


def loud_part(samples: Samples) -> Samples:
    """What was said, without the silence before and after."""
    places = np.flatnonzero(np.abs(samples.astype(np.int32)) > 100)
    return samples[places[0] : places[-1] + 1] if len(places) else samples[:0]


async def test_what_is_said_is_heard_on_both_sides(door: AudioSocketServer, bot: Bot) -> None:
    said = sine(440, 400, 8000)
    async with AsteriskLine(door.port) as line:
        await line.wait_for_audio(2)
        line.send_at_once(said)
        await bot.until(lambda bot: len(loud_part(bot.heard())) == 3199, "what was said")
        assert np.array_equal(loud_part(bot.heard()), loud_part(said))
        await line.wait_for_audio(line.messages + 10)
        assert np.array_equal(loud_part(line.audio), loud_part(bot.heard()))
        line.hang_up()
        assert await bot.until_ended() == LegEnded("caller hung up", bot.ends()[0].at)
    assert bot.arrived[0].transport == "audiosocket"
    assert bot.arrived[0].caller == ""
    assert bot.arrived[0].headers == {"x-audiosocket-uuid": str(line.uuid)}


@pytest.mark.parametrize("milliseconds", [5, 30, 60, 100])
async def test_audio_of_any_length_a_message_is_heard_whole(
    door: AudioSocketServer, bot: Bot, milliseconds: int
) -> None:
    said = sine(440, 600, 8000)
    async with AsteriskLine(door.port) as line:
        await line.wait_for_audio(2)
        line.send_at_once(said, step=8 * milliseconds)
        await bot.until(lambda bot: len(loud_part(bot.heard())) == 4799, "what was said")
    assert np.array_equal(loud_part(bot.heard()), loud_part(said))


async def test_frames_come_every_20_ms_while_asterisk_is_silent(
    door: AudioSocketServer, bot: Bot
) -> None:
    async with AsteriskLine(door.port) as line:
        await line.wait_for_audio(20)
        await bot.until(lambda bot: len(bot.heard()) >= 20 * 160, "silence to be heard")
        assert not bot.heard().any()


async def test_keys_are_heard_and_what_is_no_key_is_counted(
    door: AudioSocketServer, bot: Bot
) -> None:
    async with AsteriskLine(door.port) as line:
        line.press("12*#aD")
        line.press("x")
        line.send(0x03, b"55")
        line.send(0x03)
        line.press("9")
        await bot.until(lambda bot: bot.keys().endswith("9"), "the keys")
    assert bot.keys() == "12*#AD9"
    assert door.counters().malformed == 3


@pytest.mark.parametrize(
    "kind, rate",
    [(0x11, 12_000), (0x12, 16_000), (0x13, 24_000), (0x15, 44_100), (0x16, 48_000)],
)
async def test_audio_at_higher_rates_is_brought_to_ours(
    door: AudioSocketServer, bot: Bot, kind: int, rate: int
) -> None:
    said = sine(440, 400, rate)
    async with AsteriskLine(door.port) as line:
        await line.wait_for_audio(2)
        line.send_at_once(said, step=rate // 50, kind=kind)
        await bot.until(lambda bot: len(loud_part(bot.heard())) > 2800, "what was said")
    heard = loud_part(bot.heard())[400:2400].astype(float)
    spectrum = np.abs(np.fft.rfft(heard))
    assert abs(np.argmax(spectrum) * 8000 / len(heard) - 440) < 8
    assert np.max(heard) == pytest.approx(np.max(resample(said, rate, 8000)), rel=0.1)


async def test_voicebot_hangs_up_in_good_order(door: AudioSocketServer, bot: Bot) -> None:
    async def script(leg: CallLeg) -> None:
        await leg.answer()
        await leg.hang_up()
        await leg.hang_up("again")
        bot.events += [event async for event in leg.events()]

    bot.script = script
    async with AsteriskLine(door.port) as line:
        assert await line.ended() == "hangup"
        # Asterisk still sends what it had; a reset would make its dialplan give the call up.
        line.send_audio(np.zeros(160, np.int16))
    assert (await bot.until_ended()).reason == "hung up by voicebot"


@pytest.mark.parametrize(
    "payload, reason, failed",
    [(b"\x01", "caller hung up", False), (b"\x02", "Asterisk could not forward audio", True)],
)
async def test_an_error_of_asterisk_ends_the_call(
    door: AudioSocketServer, bot: Bot, payload: bytes, reason: str, failed: bool
) -> None:
    async with AsteriskLine(door.port) as line:
        await line.wait_for_audio(2)
        line.send(0xFF, payload)
        end = await bot.until_ended()
    assert (end.reason, end.failed) == (reason, failed)


async def test_a_full_house_says_hang_up_and_the_dialplan_learns_why(
    door: AudioSocketServer, bot: Bot
) -> None:
    bot.admission = Admission(False, 486)
    line = AsteriskLine(door.port)
    desk = Desk(door.book)
    desk.announce(line.uuid, "", "", {})
    async with line:
        assert await line.ended() == "hangup"
    assert bot.refused == [486]
    assert desk.state(line.uuid) == "refused"


async def test_a_draining_door_refuses(door: AudioSocketServer, bot: Bot) -> None:
    door.drain()
    async with AsteriskLine(door.port) as line:
        assert await line.ended() == "hangup"
    assert bot.refused == [503]
    assert bot.arrived == []


async def test_a_call_that_is_rejected_is_refused(door: AudioSocketServer, bot: Bot) -> None:
    async def script(leg: CallLeg) -> None:
        await leg.reject(486)
        with pytest.raises(CallError):
            await leg.answer()

    bot.script = script
    line = AsteriskLine(door.port)
    desk = Desk(door.book)
    desk.announce(line.uuid, "", "", {})
    async with line:
        assert await line.ended() == "hangup"
    assert desk.state(line.uuid) == "refused"


async def test_an_announced_call_says_who_calls(door: AudioSocketServer, bot: Bot) -> None:
    line = AsteriskLine(door.port)
    desk = Desk(door.book)
    desk.announce(line.uuid, "+15550100", "shop", {"Order": "4271"})
    assert desk.state(line.uuid) == "announced"
    async with line:
        await line.wait_for_audio(2)
        assert desk.state(line.uuid) == "running"
        assert desk.take(line.uuid) == ""
    await bot.until_ended()
    assert (bot.arrived[0].caller, bot.arrived[0].callee) == ("+15550100", "shop")
    assert bot.arrived[0].headers["order"] == "4271"
    assert desk.state(line.uuid) == "ended"


async def test_a_transfer_is_carried_out_by_the_dialplan(door: AudioSocketServer, bot: Bot) -> None:
    transferred = asyncio.Event()

    async def script(leg: CallLeg) -> None:
        await leg.answer()
        await leg.transfer("sip:agents@pbx.example", CONTEXT)
        transferred.set()
        bot.events += [event async for event in leg.events()]

    bot.script = script
    line = AsteriskLine(door.port)
    desk = Desk(door.book)
    desk.announce(line.uuid, "", "", {})
    async with line:
        assert await line.ended() == "hangup"
        assert not transferred.is_set()
        assert desk.state(line.uuid) == "transfer"
        assert desk.context(line.uuid, "order") == "4271"
        assert desk.context(line.uuid, "other") == ""
        assert desk.take(line.uuid) == "sip:agents@pbx.example"
        end = await bot.until_ended()
    assert transferred.is_set()
    assert (end.reason, end.failed) == ("transferred", False)
    assert desk.state(line.uuid) == "transfer"


async def test_a_transfer_that_nobody_would_fetch_fails_and_the_call_goes_on(
    door: AudioSocketServer, bot: Bot
) -> None:
    reasons = []

    async def script(leg: CallLeg) -> None:
        await leg.answer()
        with pytest.raises(TransferFailed) as caught:
            await leg.transfer("sip:agents@pbx.example", CONTEXT)
        reasons.append(caught.value.reason)
        await bot.listen(leg)

    bot.script = script
    async with AsteriskLine(door.port) as line:
        await line.wait_for_audio(10)
        line.press("7")
        await bot.until(lambda bot: bot.keys() == "7", "a key after the transfer failed")
    assert "did not announce" in reasons[0]


async def test_a_dialplan_that_does_not_fetch_the_target_is_told_of(
    door: AudioSocketServer, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicebot.telephony.audiosocket.leg.HANDOVER_S", 0.1)

    async def script(leg: CallLeg) -> None:
        await leg.answer()
        with pytest.raises(TransferFailed, match="did not fetch"):
            await leg.transfer("sip:agents@pbx.example", CONTEXT)
        bot.events += [event async for event in leg.events()]

    bot.script = script
    line = AsteriskLine(door.port)
    desk = Desk(door.book)
    desk.announce(line.uuid, "", "", {})
    async with line:
        end = await bot.until_ended()
    assert end.failed
    assert desk.take(line.uuid) == ""


async def test_announced_only_turns_others_away(start_door: StartDoor, bot: Bot) -> None:
    door = await start_door(announced_only=True)
    async with AsteriskLine(door.port) as stranger:
        assert await stranger.ended() == "hangup"
    known = AsteriskLine(door.port)
    Desk(door.book).announce(known.uuid, "1001", "", {})
    async with known:
        await known.wait_for_audio(2)
    assert [info.caller for info in bot.arrived] == ["1001"]
    assert door.counters().turned_away == {"not announced": 1}


async def test_stopping_hangs_up(door: AudioSocketServer, bot: Bot) -> None:
    async with AsteriskLine(door.port) as line:
        await line.wait_for_audio(2)
        await door.stop()
        assert await line.ended() == "hangup"
    assert (await bot.until_ended()).reason == "voicebot is shutting down"


async def test_a_port_that_is_taken_is_told(door: AudioSocketServer, start_door: StartDoor) -> None:
    with pytest.raises(CallError, match=r"AudioSocket cannot listen on .*audiosocket\.port"):
        await start_door(port=door.port)
