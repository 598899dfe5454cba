"""Calls of a carrier, from its webhook to the end of the stream."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import numpy as np
import pytest

from tests.telephony.mediastream.conftest import House, OpenHouse
from tests.telephony.sip.conftest import Bot
from voicebot.errors import CallError, TransferFailed
from voicebot.media import g711
from voicebot.telephony._api import Admission, CallLeg
from voicebot.types import Samples


def sine(hz: float, ms: int, level: int = 12_000) -> Samples:
    places = np.arange(8 * ms)
    return g711.pass_through((np.sin(2 * np.pi * hz * places / 8000) * level).astype(np.int16))


def loud_part(samples: Samples) -> Samples:
    """What was said, without the silence before and after."""
    places = np.flatnonzero(np.abs(samples.astype(np.int32)) > 100)
    return samples[places[0] : places[-1] + 1] if len(places) else samples[:0]


def without_gaps(samples: Samples) -> Samples:
    """The frames (20 ms) that are not silent: an echo that is late leaves silent ones between."""
    frames = samples[: len(samples) // 160 * 160].reshape(-1, 160)
    return loud_part(frames[frames.any(axis=1)].ravel())


@dataclass
class Saying:
    """A frame source that says one thing and can be stopped."""

    samples: Samples
    at: int = 0

    def next_frame(self, now: float) -> Samples | None:
        frame = self.samples[self.at : self.at + 160]
        self.at += 160
        return frame if len(frame) else None

    def stop(self) -> None:
        self.at = len(self.samples)


async def test_the_webhook_is_answered_with_a_stream_of_its_own(house: House, bot: Bot) -> None:
    async with house.carrier.call("+15550100", "sip:shop@bot.example.com") as call:
        assert call.verb is not None
        assert call.verb.tag == "Connect"
        assert call.verb.attrib["action"] == "https://bot.example.com/phone/api/mediastream/next"
        address = call.verb[0].attrib["url"]
        assert address.startswith("wss://bot.example.com/phone/api/mediastream/stream/")
        await bot.until(lambda bot: len(bot.heard()) > 0, "the stream")
        await call.hang_up()
        assert (await bot.until_ended()).reason == "caller hung up"
    info = bot.arrived[0]
    assert (info.transport, info.caller, info.callee) == ("mediastream", "+15550100", "shop")
    assert not bot.ends()[0].failed


async def test_what_is_said_is_heard_on_both_sides(house: House, bot: Bot) -> None:
    said = sine(440, 400)
    async with house.carrier.call() as call:
        await bot.until(lambda bot: len(bot.heard()) > 0, "the stream")
        for start in range(0, len(said), 160):
            await call.send_audio(said[start : start + 160])
        await bot.until(lambda bot: len(loud_part(bot.heard())) >= 3190, "what was said")
        assert np.array_equal(loud_part(bot.heard()), loud_part(said))
        async with asyncio.timeout(30):
            while len(without_gaps(call.audio)) < 3190:
                await asyncio.sleep(0.02)
        assert np.array_equal(without_gaps(call.audio), loud_part(said))


async def test_frames_come_every_20_ms_while_the_carrier_is_silent(house: House, bot: Bot) -> None:
    async with house.carrier.call():
        await bot.until(lambda bot: len(bot.heard()) >= 20 * 160, "silence to be heard")
    assert not bot.heard().any()


async def test_keys_are_heard_and_what_is_no_key_is_counted(house: House, bot: Bot) -> None:
    async with house.carrier.call() as call:
        await bot.until(lambda bot: len(bot.heard()) > 0, "the stream")
        await call.press("12*#x9")
        await bot.until(lambda bot: bot.keys() == "12*#9", "the keys")
    assert house.door.counters().malformed == 1


async def test_an_interrupted_prompt_is_cleared_at_the_carrier(house: House, bot: Bot) -> None:
    saying = Saying(sine(300, 5000))

    async def script(leg: CallLeg) -> None:
        await leg.answer()
        leg.attach(saying)
        async for _ in leg.events():
            pass

    bot.script = script
    async with house.carrier.call() as call:
        async with asyncio.timeout(30):
            while len(call.heard) < 30:
                await asyncio.sleep(0.01)
        saying.stop()
        async with asyncio.timeout(30):
            while not call.clears:
                await asyncio.sleep(0.01)
        left = len(call.heard)
        await asyncio.sleep(0.1)
    assert call.clears == 1
    assert len(call.heard) <= left + 1


async def test_the_carrier_never_has_much_in_hand(house: House, bot: Bot) -> None:
    saying = Saying(sine(300, 1500))

    async def script(leg: CallLeg) -> None:
        await leg.answer()
        leg.attach(saying)
        async for _ in leg.events():
            pass

    bot.script = script
    async with house.carrier.call() as call:
        async with asyncio.timeout(30):
            while sum(frames for _, frames in call.arrivals) < 60:
                await asyncio.sleep(0.005)
    # The lead, the frame itself, and what a late tick may add.
    first, _ = call.arrivals[0]
    count = 0
    for at, frames in call.arrivals:
        count += frames
        assert count - (at - first) / 0.02 <= 8


async def test_a_call_is_hung_up_after_its_last_word_was_played(house: House, bot: Bot) -> None:
    farewell = sine(300, 400)
    faded = (farewell * np.linspace(1, 0, len(farewell))).astype(np.int16)

    async def script(leg: CallLeg) -> None:
        await leg.answer()
        saying = Saying(faded)
        leg.attach(saying)
        async for _ in leg.events():
            if saying.at >= len(faded):
                break
        await leg.hang_up()

    bot.script = script
    async with house.carrier.call() as call:
        await call.ended()
        assert call.next is not None
        assert call.next.tag == "Hangup"
    assert call.marks >= 1
    assert len(loud_part(call.audio)) > 0.95 * len(loud_part(g711.pass_through(faded)))


async def test_a_full_house_is_busy_before_the_call_is_answered(house: House, bot: Bot) -> None:
    bot.admission = Admission(False, 486)
    async with house.carrier.call() as call:
        assert call.verb is not None
        assert (call.verb.tag, call.verb.attrib) == ("Reject", {"reason": "busy"})
    assert bot.refused == [486]
    assert house.door.counters().turned_away == {"no free line": 1}


async def test_a_draining_door_refuses(house: House, bot: Bot) -> None:
    house.door.drain()
    async with house.carrier.call() as call:
        assert call.verb is not None
        assert call.verb.tag == "Reject"
    assert bot.refused == [503]


async def test_a_call_that_is_rejected_is_not_answered(house: House, bot: Bot) -> None:
    async def script(leg: CallLeg) -> None:
        await leg.reject(486)

    bot.script = script
    async with house.carrier.call() as call:
        assert call.verb is not None
        assert call.verb.tag == "Reject"


async def test_a_transfer_is_told_when_the_carrier_asks(house: House, bot: Bot) -> None:
    async def script(leg: CallLeg) -> None:
        await leg.answer()
        await leg.transfer("sip:agents@pbx.example", {"order": "4271 & more"})
        bot.events += [event async for event in leg.events()]

    bot.script = script
    async with house.carrier.call() as call:
        await call.ended()
        end = await bot.until_ended()
        assert (end.reason, end.failed) == ("transferred", False)
        assert call.next is not None
        assert call.next.tag == "Dial"
        assert call.next[0].text == ("sip:agents@pbx.example?X-Voicebot-Order=4271%20%26%20more")
        again = await house.carrier.ask("/api/mediastream/next", {"CallSid": call.sid})
        assert again.tag == "Hangup"


async def test_a_carrier_that_does_not_ask_has_not_taken_the_call(
    house: House, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicebot.telephony.mediastream.leg.HANDOVER_S", 0.1)

    async def script(leg: CallLeg) -> None:
        await leg.answer()
        with pytest.raises(TransferFailed, match="did not ask"):
            await leg.transfer("sip:agents@pbx.example", {})
        bot.events += [event async for event in leg.events()]

    bot.script = script
    call = house.carrier.call()
    async with call:
        call._tasks[0].cancel()  # it hangs up without a word
        assert (await bot.until_ended()).failed
    late = await house.carrier.ask("/api/mediastream/next", {"CallSid": call.sid})
    assert late.tag == "Hangup"


async def test_a_stream_that_does_not_come_fails_the_call(
    house: House, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicebot.telephony.mediastream.leg.STREAM_WITHIN_S", 0.1)
    errors = []

    async def script(leg: CallLeg) -> None:
        with pytest.raises(CallError) as caught:
            await leg.answer()
        errors.append(str(caught.value))

    bot.script = script
    call = house.carrier.call()
    verb = await house.carrier.ask("/api/mediastream/voice", call.fields)
    assert verb.tag == "Connect"
    await bot.until(lambda _: errors != [], "the call to fail")
    assert errors == ["the carrier's stream did not come"]
    assert house.door.counters().waiting == 0


async def test_a_webhook_told_twice_is_one_call(house: House, bot: Bot) -> None:
    call = house.carrier.call()
    first = await house.carrier.ask("/api/mediastream/voice", call.fields)
    second = await house.carrier.ask("/api/mediastream/voice", call.fields)
    assert first[0].attrib == second[0].attrib
    async with call:
        await bot.until(lambda bot: len(bot.heard()) > 0, "the stream")
        third = await house.carrier.ask("/api/mediastream/voice", call.fields)
        assert third.tag == "Reject"
    assert len(bot.arrived) == 1


async def test_a_stream_that_breaks_off_is_a_failure(house: House, bot: Bot) -> None:
    async with house.carrier.call():
        await bot.until(lambda bot: len(bot.heard()) > 0, "the stream")
    end = await bot.until_ended()
    assert (end.reason, end.failed) == ("the stream broke off", True)


async def test_a_carrier_that_sends_nothing_any_more_is_hung_up(
    open_house: OpenHouse, bot: Bot
) -> None:
    house = await open_house(media_timeout_s=0.3)
    async with house.carrier.call() as call:
        end = await bot.until_ended()
        await call.ended()
    assert (end.reason, end.failed) == ("no media from the carrier for 0.3 s", True)


async def test_headers_of_the_call_are_kept(house: House, bot: Bot) -> None:
    call = house.carrier.call()
    call.fields |= {
        "SipHeader_X-Order": "4271",
        "CallerName": "JANE DOE",
        "ForwardedFrom": "+15550123",
        "StirVerstat": "TN-Validation-Passed-A",
    }
    async with call:
        await bot.until(lambda bot: bot.arrived != [], "the call")
    assert bot.arrived[0].headers == {
        "x-order": "4271",
        "x-caller-name": "JANE DOE",
        "diversion": "+15550123",
        "x-stir-verstat": "TN-Validation-Passed-A",
    }
