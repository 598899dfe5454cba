"""What callers hear before their call is answered."""

from __future__ import annotations

import asyncio

from voicebot.sessions.account import CallAccount
from voicebot.sessions.mouth import Mouth
from voicebot.speech.prompts import PromptRenderer
from voicebot.telephony._api import RingingLeg
from voicebot.types import Language, Prompt


async def announce(
    leg: RingingLeg,
    words: Prompt,
    renderer: PromptRenderer,
    language: Language,
    account: CallAccount,
) -> bool:
    """Say ``words`` on a line that rings with early media; false when the caller left meanwhile."""
    async with asyncio.TaskGroup() as group:
        mouth = Mouth(renderer, language, leg.sample_rate, _unheard, lambda: None, group)
        leg.attach(mouth.speaker)
        account.said(mouth.say(words, bargein=False))
        said = group.create_task(mouth.wait_for_silence())
        left = group.create_task(leg.given_up())
        await asyncio.wait({said, left}, return_when=asyncio.FIRST_COMPLETED)
        mouth.stop()
        gone = left.done()
        left.cancel()
    return not gone


def _unheard(bargein: bool) -> None:
    """Nobody listens before the answer."""
