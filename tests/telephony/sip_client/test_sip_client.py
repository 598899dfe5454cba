"""The SIP client against our SIP server: both ends of a real call on loopback."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from voicebot.errors import CallError, TransferFailed, UsageError
from voicebot.media import g711
from voicebot.telephony._api import (
    Admission,
    AudioIn,
    CallLeg,
    HoldChanged,
    KeyIn,
    LegEnded,
    LegEvent,
    Reception,
)
from voicebot.telephony.sip import SipServer
from voicebot.telephony.sip_client import CallRefused, SipClient
from voicebot.telephony.sip_client.client import read_target
from voicebot.types import Samples

TONE = (np.sin(np.arange(3200) / 3) * 9000).astype(np.int16)


@dataclass
class Bot:
    """Answers and sends back what it hears, on key 9 transfers, on key 0 hangs up."""

    admission: Admission = field(default_factory=lambda: Admission(True))
    heard: list[LegEvent] = field(default_factory=list)
    frames: list[Samples] = field(default_factory=list)
    transferred: list[str] = field(default_factory=list)
    leg: CallLeg | None = None
    port: int = 0

    async def serve(self, leg: CallLeg) -> None:
        self.leg = leg
        await leg.answer()
        leg.attach(self)
        async for event in leg.events():
            if isinstance(event, AudioIn):
                self.frames.append(event.samples)
                continue
            self.heard.append(event)
            if isinstance(event, KeyIn) and event.key == "9":
                await self._transfer(leg)
            elif isinstance(event, KeyIn) and event.key == "0":
                await leg.hang_up()

    def next_frame(self, now: float) -> Samples | None:
        return self.frames.pop(0) if self.frames else None

    async def _transfer(self, leg: CallLeg) -> None:
        try:
            await leg.transfer("sip:agents@127.0.0.1:9", {"Order": "x"})
            self.transferred.append("done")
        except TransferFailed as error:
            self.transferred.append(str(error.status))

    @property
    def target(self) -> str:
        return f"sip:shop@127.0.0.1:{self.port}"


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    answering = Bot()
    server = SipServer(
        host="127.0.0.1",
        port=0,
        rtp_ports=(33000, 33999),
        reception=Reception(
            lambda _: answering.admission, answering.serve, lambda info, status: None
        ),
    )
    await server.start()
    answering.port = server.port
    yield answering
    await server.stop()


async def _until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not reached():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_what_is_said_comes_back(bot: Bot, transport: str) -> None:
    async with SipClient(transport="tcp" if transport == "tcp" else "udp") as client:
        call = await client.call(bot.target, caller="ada")
        playback = call.play(g711.encode(TONE))
        await call.sent()
        assert playback.began_at is not None
        spurt = await call.quiet(playback.began_at, quiet_ms=200, timeout_s=10)
        assert spurt.start > playback.began_at
        heard = call.line.heard(spurt.start - 0.001)
        assert np.abs(heard.astype(np.int32)).max() > 8000
        await call.hang_up()
        await _until(lambda: any(isinstance(event, LegEnded) for event in bot.heard))
    assert bot.leg is not None
    assert bot.leg.info.caller == "ada"


async def test_keys_arrive_each_once(bot: Bot) -> None:
    async with SipClient() as client:
        call = await client.call(bot.target)
        call.press("4271#")
        await call.sent()
        await _until(lambda: len(bot.heard) >= 5)
    keys = [event.key for event in bot.heard if isinstance(event, KeyIn)]
    assert "".join(keys) == "4271#"


async def test_hold_and_resume_reach_the_bot(bot: Bot) -> None:
    async with SipClient() as client:
        call = await client.call(bot.target)
        await call.hold()
        sent = call.line.packets_out
        await _until(lambda: bot.heard != [])
        assert call.line.packets_out == sent
        await call.resume()
        await _until(lambda: len(bot.heard) >= 2)
        await call.until(lambda _: call.line.packets_out > sent, 5)
    assert [event.held for event in bot.heard if isinstance(event, HoldChanged)] == [True, False]


async def test_the_other_side_hangs_up(bot: Bot) -> None:
    async with SipClient() as client:
        call = await client.call(bot.target)
        call.press("0")
        assert await call.ended(10) == "the other side hung up"
        with pytest.raises(CallError, match="the call is over"):
            await call.speech(0.0)


@pytest.mark.parametrize(("status", "result"), [(200, "done"), (486, "486"), (0, "603")])
async def test_a_transfer_ends_as_the_test_wishes(bot: Bot, status: int, result: str) -> None:
    async with SipClient(transfer_status=status) as client:
        call = await client.call(bot.target)
        call.press("9")
        await _until(lambda: bot.transferred != [])
        assert bot.transferred == [result]
        assert call.transfers[0].startswith("<sip:agents@127.0.0.1:9")


async def test_a_refusal_tells_status_and_wait(bot: Bot) -> None:
    bot.admission = Admission(False, 503, 7)
    async with SipClient() as client:
        with pytest.raises(CallRefused) as caught:
            await client.call(bot.target)
    assert (caught.value.status, caught.value.retry_after_s) == (503, 7)


async def test_a_codec_that_nobody_speaks_is_refused(bot: Bot) -> None:
    async with SipClient() as client:
        with pytest.raises(CallRefused) as caught:
            await client.call(bot.target, codecs=("G726-32",))
    assert caught.value.status == 488


async def test_a_law_is_chosen(bot: Bot) -> None:
    async with SipClient() as client:
        call = await client.call(bot.target, codecs=("PCMA",))
        assert call.line.law == "PCMA"


async def test_many_calls_share_one_socket(bot: Bot) -> None:
    async with SipClient() as client:
        calls = await asyncio.gather(*(client.call(bot.target, record=False) for _ in range(5)))
        await _until(lambda: all(call.line.packets_in > 0 for call in calls))
        assert not any(call.line.packets for call in calls)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_nobody_there_is_told(transport: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with SipClient(transport="tcp" if transport == "tcp" else "udp") as client:
        with pytest.raises(CallError, match=f"nobody answers at 127.0.0.1:{port}"):
            await client.call(f"sip:shop@127.0.0.1:{port}", answer_timeout_s=0.2)


def test_a_target_is_read() -> None:
    assert read_target("sip:shop@127.0.0.1:5070") == ("127.0.0.1", 5070)
    assert read_target("sip:example.org;transport=tcp") == ("example.org", 5060)


@pytest.mark.parametrize("target", ["shop", "http://x", "sip:", "sip:a@b:99999"])
def test_a_bad_target_is_refused(target: str) -> None:
    with pytest.raises(UsageError, match="no SIP address"):
        read_target(target)
