"""The leg without a network, on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from voicebot.errors import CallError, TransferFailed
from voicebot.telephony._api import AudioIn, CallLeg, HoldChanged, KeyIn, LegEnded, LegEvent
from voicebot.telephony.loopback import LoopbackCaller, LoopbackLeg, pair
from voicebot.types import Samples


class Bot:
    """Answers, says back what it hears, keeps all events."""

    def __init__(self, leg: CallLeg) -> None:
        self.leg = leg
        self.events: list[LegEvent] = []
        self._next: Samples | None = None

    def next_frame(self, now: float) -> Samples | None:
        frame, self._next = self._next, None
        return frame

    async def run(self) -> None:
        self.leg.attach(self)
        await self.leg.answer()
        async for event in self.leg.events():
            self.events.append(event)
            if isinstance(event, AudioIn):
                self._next = event.samples

    def kinds(self) -> list[type[LegEvent]]:
        return [type(event) for event in self.events]


@pytest.fixture
async def call() -> AsyncIterator[tuple[Bot, LoopbackCaller]]:
    leg, caller = pair(start=50.0)
    bot = Bot(leg)
    task = asyncio.create_task(bot.run())
    await caller.settle()
    yield bot, caller
    caller.hang_up()
    await task


def tone(frames: int) -> Samples:
    return np.arange(1, frames * 160 + 1, dtype=np.int16)


async def test_the_bot_hears_the_caller_and_the_caller_the_bot(
    call: tuple[Bot, LoopbackCaller],
) -> None:
    bot, caller = call
    said = tone(5)
    await caller.speak(said)
    await caller.step()
    heard = [event.samples for event in bot.events if isinstance(event, AudioIn)]
    assert np.array_equal(np.concatenate(heard[:5]), said)
    # The echo is one frame behind: what the bot decides on a frame is heard with the next.
    assert np.array_equal(caller.heard_audio[160:], said)
    assert not caller.heard[0].any()


async def test_time_moves_a_frame_at_a_time(call: tuple[Bot, LoopbackCaller]) -> None:
    bot, caller = call
    await caller.listen(1000)
    assert len(bot.events) == 50
    assert bot.events[0].at == pytest.approx(50.02)
    assert caller.now == pytest.approx(51.0)


async def test_keys_come_between_the_frames_in_order(call: tuple[Bot, LoopbackCaller]) -> None:
    bot, caller = call
    await caller.step()
    caller.press("42")
    await caller.step()
    assert bot.kinds() == [AudioIn, KeyIn, KeyIn, AudioIn]
    with pytest.raises(CallError, match="no key 'x'"):
        caller.press("x")


async def test_on_hold_nothing_flows_either_way(call: tuple[Bot, LoopbackCaller]) -> None:
    bot, caller = call
    caller.hold()
    assert await caller.step(tone(1)) is None
    caller.resume()
    assert await caller.step(tone(1)) is not None
    assert bot.kinds() == [HoldChanged, HoldChanged, AudioIn]


async def test_lost_frames_are_heard_as_silence(call: tuple[Bot, LoopbackCaller]) -> None:
    bot, caller = call
    caller.loss_to_leg = [False, True]
    await caller.speak(tone(4))
    heard = [event.samples.any() for event in bot.events if isinstance(event, AudioIn)]
    assert heard == [True, False, True, False]

    caller.heard.clear()
    caller.loss_to_leg, caller.loss_to_caller = (), [True]
    await caller.speak(tone(3))
    assert not caller.heard_audio.any()


async def test_hanging_up_ends_the_events(call: tuple[Bot, LoopbackCaller]) -> None:
    bot, caller = call
    caller.hang_up()
    await caller.settle()
    assert isinstance(bot.events[-1], LegEnded)
    assert bot.events[-1].reason == "caller hung up"
    assert await caller.step() is None


async def test_a_dead_line_is_a_failure(call: tuple[Bot, LoopbackCaller]) -> None:
    bot, caller = call
    caller.lose_line()
    await caller.settle()
    assert isinstance(bot.events[-1], LegEnded)
    assert bot.events[-1].failed


async def test_a_refused_transfer_leaves_the_call_up(call: tuple[Bot, LoopbackCaller]) -> None:
    bot, caller = call
    caller.transfer_status = 603
    with pytest.raises(TransferFailed) as caught:
        await bot.leg.transfer("sip:agents@example.com", {"order": "17"})
    assert caught.value.status == 603
    assert caller.transfers[0].headers == {"order": "17"}
    assert await caller.step() is not None


async def test_a_transfer_ends_the_call(call: tuple[Bot, LoopbackCaller]) -> None:
    bot, caller = call
    await bot.leg.transfer("sip:agents@example.com", {})
    assert caller.ended == "transferred"
    with pytest.raises(TransferFailed, match="hung up"):
        await bot.leg.transfer("sip:agents@example.com", {})


async def test_a_call_may_be_refused() -> None:
    leg, caller = pair()
    await leg.reject(486, retry_after_s=5)
    assert caller.rejected == (486, 5)
    with pytest.raises(CallError):
        await leg.answer()


async def test_a_call_given_up_before_the_answer_cannot_be_answered() -> None:
    leg, caller = pair()
    caller.hang_up()
    with pytest.raises(CallError, match="gave up"):
        await leg.answer()


def test_the_leg_keeps_the_contract() -> None:
    def takes(leg: CallLeg) -> None: ...

    def give(leg: LoopbackLeg) -> None:
        takes(leg)  # checked by mypy

    assert callable(give)
