"""The scripted caller against a bot that answers in tones."""

from __future__ import annotations

import numpy as np
import pytest

from tests.peers.answering_bot import TONE, AnsweringBot
from tests.peers.caller import Ignore, Press, Speak, converse
from tests.peers.speech import mulaw, sequence, silence
from voicebot.errors import CallError
from voicebot.telephony.sip_client import SipClient

SPOKEN = mulaw(sequence(np.concatenate(TONE), silence(60)))


async def test_turns_are_taken_and_measured() -> None:
    async with AnsweringBot(turns=2) as bot, SipClient() as client:
        call = await client.call(bot.target)
        turns = await converse(call, [Speak(SPOKEN), Press("5")], quiet_ms=250)
        spoken, pressed = turns
        # The bot waits for 200 ms of silence, and for 340 ms more before it answers.
        assert spoken.latency_ms is not None
        assert 500 < spoken.latency_ms < 3000
        assert pressed.latency_ms is None
        assert np.abs(spoken.heard.astype(np.int32)).max() > 8000
        assert await call.ended(10) == "the other side hung up"


async def test_a_move_may_come_over_the_prompt() -> None:
    async with AnsweringBot(turns=2) as bot, SipClient() as client:
        call = await client.call(bot.target)
        moves = [Press("1", over=True), Press("2", over=True, after_ms=40)]
        turns = await converse(call, moves, quiet_ms=250)
        assert len(turns) == 2


async def test_a_bot_that_stays_silent_is_an_error() -> None:
    async with AnsweringBot() as bot, SipClient() as client:
        call = await client.call(bot.target)
        with pytest.raises(CallError, match="speech did not come within"):
            await converse(call, [Ignore()], quiet_ms=250, timeout_s=0.8)


async def test_a_bot_that_hangs_up_before_a_move_is_an_error() -> None:
    async with AnsweringBot(turns=1) as bot, SipClient() as client:
        call = await client.call(bot.target)
        with pytest.raises(CallError, match="the call is over"):
            await converse(call, [Press("1"), Press("2"), Press("3")], quiet_ms=250)
