"""Calls through the WebRTC door with aiortc on the other side: sound, keys, networks, ends."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import Callable

import numpy as np
import pytest

from tests.peers.webrtc_page import Page
from tests.telephony.webrtc.conftest import Bot, Caller
from voicebot.errors import CallError, CallRefused, TransferFailed
from voicebot.media.frames import level_dbfs
from voicebot.telephony._api import (
    Admission,
    CallLeg,
    HoldChanged,
    KeyIn,
    LegEnded,
    Reception,
)
from voicebot.telephony.webrtc import WebRtcDoor
from voicebot.types import CallId, Samples


def hertz(samples: Samples, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * rate / len(samples)


async def test_both_sides_hear_each_other(bot: Bot, caller: Caller) -> None:
    await bot.until(lambda: len(bot.frames) > 60, "a second of sound")
    await bot.until(lambda: len(caller.page.heard) > 60, "a second of sound at the page")
    heard = np.concatenate([frame.samples for frame in bot.frames[30:60]])
    assert {len(frame.samples) for frame in bot.frames} == {320}
    assert hertz(heard, 16_000) == pytest.approx(400, abs=5)
    page_heard = np.concatenate(caller.page.heard[30:60])
    assert hertz(page_heard, 48_000) == pytest.approx(700, abs=5)


async def test_a_call_with_a_right_of_its_own_goes_where_the_right_says(
    bot: Bot, door: WebRtcDoor, new_page: Callable[[], Page]
) -> None:
    other = Bot()
    door.drain()  # who waits for an agent still gets one
    token = door.issue_right(Reception(lambda _: other.admission, other.serve, other.refuse))
    assert door.is_known(token)
    page = new_page()
    _, answer = await door.offer(token, await page.offer(), "http://here")
    await page.accept(answer)
    await other.until(lambda: other.frames, "the page's sound")
    assert bot.legs == []
    assert not door.is_known(token)
    with pytest.raises(CallRefused):
        await door.offer(token, await new_page().offer(), "http://here")


async def test_there_is_a_frame_for_every_20_ms(bot: Bot, caller: Caller) -> None:
    await bot.until(lambda: len(bot.frames) > 100, "two seconds of sound")
    first, last = bot.frames[0], bot.frames[100]
    assert (last.at - first.at) / 100 == pytest.approx(0.02, rel=0.1)


async def test_keys_come_over_the_data_channel(bot: Bot, caller: Caller) -> None:
    for key in "42#":
        caller.page.send(type="key", key=key)
    await bot.until(lambda: len(bot.events) == 3, "three keys")
    assert [event.key for event in bot.events if isinstance(event, KeyIn)] == ["4", "2", "#"]


async def test_nonsense_on_the_data_channel_is_counted(
    bot: Bot, caller: Caller, door: WebRtcDoor
) -> None:
    for text in ("", "5", "{", '{"type": "key", "key": "55"}'):
        caller.page.channel.send(text)
    caller.page.send(type="key", key="5")
    await bot.until(lambda: bot.events, "the key that made sense")
    assert door.counters().messages_malformed == 4
    assert not bot.over.is_set()


async def test_a_flood_of_messages_is_bounded(bot: Bot, caller: Caller, door: WebRtcDoor) -> None:
    for _ in range(300):
        caller.page.send(type="key", key="5")
    await bot.until(lambda: door.counters().messages_dropped > 100, "dropped messages")
    assert door.counters().keys < 100


async def test_the_page_hangs_up(bot: Bot, caller: Caller) -> None:
    caller.page.send(type="hang_up")
    await bot.until(bot.over.is_set, "the end")
    assert bot.events[-1] == LegEnded("caller hung up", bot.events[-1].at)


async def test_a_page_that_is_closed_has_hung_up(bot: Bot, caller: Caller) -> None:
    await caller.page.peer.close()
    await bot.until(bot.over.is_set, "the end")
    assert bot.events[-1] == LegEnded("caller hung up", bot.events[-1].at)


async def test_the_page_is_told_that_the_call_is_over(bot: Bot, caller: Caller) -> None:
    await bot.legs[0].hang_up()
    assert await caller.page.until_told("ended") == {
        "type": "ended",
        "reason": "hung up by voicebot",
    }


async def test_captions_reach_the_page_of_their_call_alone(
    bot: Bot, caller: Caller, door: WebRtcDoor
) -> None:
    door.tell(CallId("another"), {"type": "prompt", "text": "not for you"})
    door.tell(CallId(caller.call), {"type": "prompt", "text": "Grüß Gott"})
    assert (await caller.page.until_told("prompt"))["text"] == "Grüß Gott"


async def test_what_is_said_before_the_channel_opens_is_not_lost(
    bot: Bot, door: WebRtcDoor, new_page: Callable[[], Page]
) -> None:
    page = new_page()
    token, _ = door.issue_token()
    call, answer = await door.offer(token, await page.offer(), "http://here")
    door.tell(call, {"type": "prompt", "text": "welcome"})
    await page.accept(answer)
    assert (await page.until_told("prompt"))["text"] == "welcome"


async def test_a_token_makes_one_call(
    caller: Caller, door: WebRtcDoor, new_page: Callable[[], Page]
) -> None:
    with pytest.raises(CallRefused, match="used up") as caught:
        await door.offer(caller.token, await new_page().offer(), "http://here")
    assert caught.value.code == "token"


async def test_a_call_that_is_not_admitted_is_busy(
    bot: Bot, door: WebRtcDoor, new_page: Callable[[], Page]
) -> None:
    bot.admission = Admission(False, 486, 10)
    token, _ = door.issue_token()
    with pytest.raises(CallRefused) as caught:
        await door.offer(token, await new_page().offer(), "http://here")
    assert (caught.value.code, caught.value.retry_after_s) == ("busy", 10)
    assert bot.refused == [486]
    assert door.counters().refused == {"busy": 1}


async def test_a_bot_that_rejects_tells_the_page(
    bot: Bot, door: WebRtcDoor, new_page: Callable[[], Page]
) -> None:
    async def reject(leg: CallLeg) -> None:
        await leg.reject(503, retry_after_s=7)

    bot.script = reject
    token, _ = door.issue_token()
    with pytest.raises(CallRefused) as caught:
        await door.offer(token, await new_page().offer(), "http://here")
    assert (caught.value.code, caught.value.retry_after_s) == ("unavailable", 7)


async def test_a_door_that_drains_lets_nobody_in(
    caller: Caller, door: WebRtcDoor, new_page: Callable[[], Page]
) -> None:
    token, _ = door.issue_token()
    door.drain()
    with pytest.raises(CallRefused, match="no calls are taken"):
        door.issue_token()
    with pytest.raises(CallRefused) as caught:
        await door.offer(token, await new_page().offer(), "http://here")
    assert caught.value.code == "unavailable"
    assert door.counters().active_calls == 1


@pytest.mark.parametrize(
    "replaced, by",
    [
        ("opus/48000", "speex/8000"),
        ("a=setup:actpass", "a=setup:nonsense"),
        ("a=ice-pwd:", "a=ice-pwd:!"),
        ("a=fingerprint:sha-256 ", "a=fingerprint:"),
        ("a=mid:0", "a=mid:nowhere"),
        ("m=audio 9", "m=audio nine"),
        ("a=group:BUNDLE 0 1", "a=group:BUNDLE 7"),
    ],
)
async def test_no_offer_breaks_the_door(
    bot: Bot, hasty_door: WebRtcDoor, replaced: str, by: str, new_page: Callable[[], Page]
) -> None:
    page = new_page()
    sdp = re.sub(r"^m=audio \d+", "m=audio 9", await page.offer(), flags=re.MULTILINE)
    assert replaced in sdp
    token, _ = hasty_door.issue_token()
    with contextlib.suppress(CallRefused):
        await hasty_door.offer(token, sdp.replace(replaced, by), "http://here")
        await bot.until(bot.over.is_set, "the end of a call that cannot connect")
    assert set(hasty_door.counters().refused) <= {"offer"}
    assert hasty_door.counters().answered == 0


async def test_a_browser_that_never_connects_is_given_up(
    bot: Bot, hasty_door: WebRtcDoor, new_page: Callable[[], Page]
) -> None:
    page = new_page()
    token, _ = hasty_door.issue_token()
    await hasty_door.offer(token, await page.offer(), "http://here")
    await bot.until(bot.over.is_set, "the end")
    assert hasty_door.counters().never_connected == 1
    assert hasty_door.counters().active_calls == 0


async def test_a_call_goes_on_over_a_new_connection(
    bot: Bot, caller: Caller, door: WebRtcDoor, new_page: Callable[[], Page]
) -> None:
    await bot.until(lambda: len(bot.frames) > 20, "sound")
    second = new_page()
    await second.accept(await door.restart(caller.token, await second.offer()))
    await bot.until(lambda: door.counters().reconnects == 1, "the new connection")
    await caller.page.close()
    before = len(bot.frames)
    second.send(type="key", key="7")
    await bot.until(lambda: len(bot.frames) > before + 50, "sound over the new connection")
    assert isinstance(bot.events[-1], KeyIn)
    assert level_dbfs(bot.frames[-1].samples) > -30
    await bot.until(lambda: len(second.heard) > 20, "sound at the page")
    assert not bot.over.is_set()
    door.tell(CallId(caller.call), {"type": "prompt", "text": "still here"})
    assert (await second.until_told("prompt"))["text"] == "still here"


async def test_a_new_connection_that_fails_leaves_the_old_one(
    bot: Bot, caller: Caller, door: WebRtcDoor, new_page: Callable[[], Page]
) -> None:
    second = new_page()
    await door.restart(caller.token, await second.offer())  # and never connects
    with pytest.raises(CallRefused):
        await door.restart(caller.token, "v=0\r\nrubbish")
    caller.page.send(type="key", key="7")
    await bot.until(lambda: bot.events, "a key over the old connection")


async def test_only_a_running_call_can_be_taken_over(
    caller: Caller, door: WebRtcDoor, new_page: Callable[[], Page]
) -> None:
    offer = await new_page().offer()
    with pytest.raises(CallRefused) as caught:
        await door.restart("x" * 32, offer)
    assert caught.value.code == "gone"


async def test_a_caller_whose_packets_stay_away_is_held_and_taken_back(
    bot: Bot, caller: Caller
) -> None:
    await bot.until(lambda: len(bot.frames) > 20, "sound")
    caller.page.microphone.unplugged = True
    await bot.until(lambda: bot.events, "the hold")
    frames, pulled = len(bot.frames), bot.hum.pulled
    await asyncio.sleep(0.2)
    assert (len(bot.frames), bot.hum.pulled) == (frames, pulled)
    caller.page.microphone.unplugged = False
    await bot.until(lambda: len(bot.frames) > frames + 10, "sound again")
    assert [event.held for event in bot.events if isinstance(event, HoldChanged)] == [True, False]


async def test_a_line_that_stays_dead_is_ended(bot: Bot, caller: Caller) -> None:
    await bot.until(lambda: bot.frames, "sound")
    caller.page.microphone.unplugged = True
    await bot.until(bot.over.is_set, "the end")
    assert bot.events[-1] == LegEnded("no audio from the caller for 2 s", bot.events[-1].at, True)


async def test_a_caller_in_a_browser_cannot_be_transferred(bot: Bot, caller: Caller) -> None:
    with pytest.raises(TransferFailed, match="cannot be sent elsewhere"):
        await bot.legs[0].transfer("sip:a@b.example", {})
    caller.page.send(type="key", key="1")
    await bot.until(lambda: bot.events, "a key after the transfer")


async def test_a_source_that_fails_is_silence(bot: Bot, caller: Caller) -> None:
    class Broken:
        def next_frame(self, now: float) -> Samples | None:
            raise RuntimeError("no sound")

    bot.legs[0].attach(Broken())
    before = len(bot.frames)
    await bot.until(lambda: len(bot.frames) > before + 20, "sound goes on")


async def test_media_stay_within_the_ports_of_the_settings(
    bot: Bot, new_page: Callable[[], Page]
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        door = WebRtcDoor(
            host="127.0.0.1",
            ports=(port, port),
            reception=Reception(lambda _: Admission(True), bot.serve, bot.refuse),
        )
        await door.start()
        token, _ = door.issue_token()
        page = new_page()
        with pytest.raises(CallRefused) as caught:
            await door.offer(token, await page.offer(), "http://here")
        assert caught.value.code == "unavailable"
        await door.stop()


async def test_browsers_are_told_the_advertised_address(
    bot: Bot, new_page: Callable[[], Page]
) -> None:
    door = WebRtcDoor(
        host="127.0.0.1",
        ports=(39_990, 39_999),
        advertised_host="192.0.2.77",
        reception=Reception(lambda _: Admission(True), bot.serve, bot.refuse),
        connect_timeout_s=0.1,
    )
    await door.start()
    token, _ = door.issue_token()
    page = new_page()
    _, answer = await door.offer(token, await page.offer(), "http://here")
    candidates = re.findall(r"a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host", answer)
    assert {host for host, _ in candidates} == {"192.0.2.77"}
    assert 39_990 <= int(candidates[0][1]) <= 39_999
    await door.stop()


async def test_a_host_without_address_is_told(bot: Bot) -> None:
    door = WebRtcDoor(
        host="nowhere.invalid",
        ports=(1, 2),
        reception=Reception(lambda _: Admission(True), bot.serve, bot.refuse),
    )
    with pytest.raises(CallError, match=r"nowhere\.invalid has no address"):
        await door.start()
