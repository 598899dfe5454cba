"""Who is no carrier, or a broken one: turned away, counted, and no harm to the calls that run."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

import numpy as np
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.peers.mediastream import Carrier, CarrierCall
from tests.telephony.mediastream.conftest import PUBLIC, House, OpenHouse
from tests.telephony.sip.conftest import Bot
from voicebot.telephony._api import Reception
from voicebot.telephony.mediastream import MediaStreamDoor
from voicebot.types import Samples
from voicebot.web.carrier_signature import signature

VOICE = "/api/mediastream/voice"
FIELDS = {"CallSid": "CA1", "From": "+15550100", "To": "+15550199"}


async def stream_address(house: House, call: CarrierCall) -> str:
    verb = await house.carrier.ask(VOICE, call.fields)
    return house.carrier.reached(verb[0].attrib["url"])


@pytest.mark.parametrize(
    "signed",
    [
        "",
        "nonsense",
        signature(f"{PUBLIC}{VOICE}", FIELDS.items(), "another token"),
        signature(f"{PUBLIC}/api/mediastream/next", FIELDS.items(), "12345"),
        signature(f"{PUBLIC}{VOICE}", {"CallSid": "CA2"}.items(), "12345"),
    ],
)
async def test_a_webhook_that_the_carrier_did_not_sign_is_refused(
    house: House, bot: Bot, signed: str
) -> None:
    answer = await house.carrier.post(VOICE, FIELDS, signed=signed)
    assert answer.status_code == 403
    assert "mediastream.public_url" in answer.json()["detail"]
    assert bot.arrived == []
    assert house.door.counters().turned_away == {"signature": 1}


async def test_the_next_step_of_a_call_is_told_to_the_carrier_alone(house: House) -> None:
    answer = await house.carrier.post("/api/mediastream/next", FIELDS, signed="")
    assert answer.status_code == 403


async def test_signatures_are_not_looked_at_where_that_is_set(
    open_house: OpenHouse, bot: Bot
) -> None:
    house = await open_house(None)
    answer = await house.carrier.post(VOICE, FIELDS, signed="")
    assert answer.status_code == 200
    assert "<Connect" in answer.text


@pytest.mark.parametrize("call", ["", "CA 1", "../etc", "C" * 65])
async def test_a_call_needs_a_sane_name(house: House, call: str) -> None:
    answer = await house.carrier.post(VOICE, FIELDS | {"CallSid": call})
    assert answer.status_code == 422


async def test_a_wrong_token_gets_no_stream(house: House, bot: Bot) -> None:
    address = await stream_address(house, house.carrier.call())
    with pytest.raises(InvalidStatus) as caught:
        await connect(address[:-1] + ("a" if address[-1] != "a" else "b"))
    assert caught.value.response.status_code == 403
    assert house.door.counters().turned_away == {"token": 1}


async def test_a_token_is_good_for_one_stream(house: House, bot: Bot) -> None:
    async with house.carrier.call() as call:
        await bot.until(lambda bot: len(bot.heard()) > 0, "the stream")
        assert call.verb is not None
        with pytest.raises(InvalidStatus) as caught:
            await connect(house.carrier.reached(call.verb[0].attrib["url"]))
        assert caught.value.response.status_code == 403
        await call.press("1")
        await bot.until(lambda bot: bot.keys() == "1", "the first stream to go on")


async def test_a_handshake_with_a_wrong_signature_is_refused(house: House, bot: Bot) -> None:
    address = await stream_address(house, house.carrier.call())
    with pytest.raises(InvalidStatus) as caught:
        await connect(address, additional_headers={"X-Twilio-Signature": "nonsense"})
    assert caught.value.response.status_code == 403
    assert house.door.counters().turned_away == {"signature": 1}


async def test_a_stream_of_another_call_is_ended(house: House, bot: Bot) -> None:
    call = house.carrier.call()
    address = await stream_address(house, call)
    async with connect(address) as stream:
        start = {
            "streamSid": "MZ1",
            "callSid": "CA-other",
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        }
        await stream.send(json.dumps({"event": "start", "start": start}))
        with pytest.raises(ConnectionClosed):
            await stream.recv()


async def test_a_stream_in_another_format_is_ended(house: House, bot: Bot) -> None:
    call = house.carrier.call()
    address = await stream_address(house, call)
    async with connect(address) as stream:
        start = {
            "streamSid": "MZ1",
            "callSid": call.sid,
            "mediaFormat": {"encoding": "audio/opus", "sampleRate": 48000, "channels": 1},
        }
        await stream.send(json.dumps({"event": "start", "start": start}))
        with pytest.raises(ConnectionClosed):
            await stream.recv()


async def test_nonsense_is_counted_and_passed_over(house: House, bot: Bot) -> None:
    async with house.carrier.call() as call:
        await bot.until(lambda bot: len(bot.heard()) > 0, "the stream")
        for text in [
            "nonsense",
            '{"event": "media", "media": {"payload": "!"}}',
            '{"event": "media"}',
            "[" * 1000,
        ]:
            await call.send(text)
        await call._tell_start()
        await call.press("1")
        await bot.until(lambda bot: bot.keys() == "1", "the call to go on")
    assert house.door.counters().malformed == 5


async def test_nothing_but_nonsense_is_the_end(house: House, bot: Bot) -> None:
    async with house.carrier.call() as call:
        await bot.until(lambda bot: len(bot.heard()) > 0, "the stream")
        for _ in range(101):
            await call.send("nonsense")
        assert (await bot.until_ended()).reason == "the stream makes no sense"


@pytest.mark.parametrize("message", ["x" * 70_000, b"\x00\x01"])
async def test_huge_and_binary_messages_end_the_stream(
    house: House, bot: Bot, message: str | bytes
) -> None:
    async with house.carrier.call() as call:
        await bot.until(lambda bot: len(bot.heard()) > 0, "the stream")
        assert call._socket is not None
        await call._socket.send(message)
        end = await bot.until_ended()
    assert end.failed


@dataclass
class Unread:
    """A stream whose other side talks and takes nothing."""

    call: str
    told: int = 0

    async def receive(self) -> str | None:
        self.told += 1
        if self.told == 1:
            form = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
            start = {"streamSid": "MZ1", "callSid": self.call, "mediaFormat": form}
            return json.dumps({"event": "start", "start": start})
        await asyncio.sleep(0.02)
        return json.dumps({"event": "media", "media": {"payload": "f39/"}})

    async def send(self, text: str) -> None:
        await asyncio.Event().wait()

    async def close(self) -> None: ...


async def test_a_carrier_that_never_reads_is_given_up(bot: Bot) -> None:
    door = MediaStreamDoor(reception=Reception(bot.admit, bot.serve, bot.refuse), media_timeout_s=3)
    token = await door.ring("CA1", "", "", {})
    assert token is not None
    leg = door.claim(token)
    assert leg is not None
    running = asyncio.create_task(leg.run(Unread("CA1")))
    await bot.until(lambda bot: bot.events != [], "the stream")
    leg.attach(Loud())
    end = await bot.until_ended()
    assert end.reason == "the carrier read nothing for 3 s"
    assert door.counters().frames_unsent > 5
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await door.stop()


class Loud:
    def next_frame(self, now: float) -> Samples | None:
        return np.full(160, 8000, np.int16)


async def test_many_calls_ring_at_once_and_each_gets_its_own_stream(house: House, bot: Bot) -> None:
    carrier = Carrier(house.http.url, PUBLIC, "12345")
    calls = [carrier.call(f"+1555{number:04}") for number in range(30)]
    await asyncio.gather(*(call.dial() for call in calls))
    await bot.until(lambda bot: len(bot.legs) == 30, "all calls")
    for call in calls:
        await call.hang_up()
    await bot.until(lambda bot: len(bot.ends()) == 30, "the end of all calls")
    assert {end.reason for end in bot.ends()} == {"caller hung up"}
    for call in calls:
        await call.__aexit__(None, None, None)
