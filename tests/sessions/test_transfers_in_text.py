"""Who asks for a person in text, where nobody can be reached: never a dead end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sessions.chat_house import SHOP, house, message, told
from voicebot.sessions.last_words import OUR_FAULT
from voicebot.types import Outcome

PERSON = """
  delivery: {{say: One moment., {transfer}}}
  alone: {{say: Nobody is free., next: menu}}
  bye:"""


def with_transfer(transfer: str) -> str:
    form = SHOP[SHOP.index("  delivery:\n") : SHOP.index("  done:")]
    return SHOP.replace(form, "").replace("\n  bye:", PERSON.format(transfer=transfer))


@pytest.mark.parametrize(
    "transfer",
    [
        "transfer: agents, on_failure: alone",
        "transfer: agents, mode: bridge, on_failure: alone, next: bye",
        "transfer: 'queue:support', closed: bye, overflow: bye, on_failure: alone, next: bye",
        "transfer: 'queue:support', callback: '5550142', on_failure: alone, next: bye",
    ],
)
async def test_on_failure_is_taken_and_the_conversation_goes_on(
    tmp_path: Path, transfer: str
) -> None:
    shop = house(tmp_path)
    shop.flow = with_transfer(transfer)
    async with shop.running() as chats:
        talk = (await chats.begin()).conversation
        await chats.say(talk, message("delivery"))
        assert (await told(chats, talk))[-3:] == [
            "One moment.",
            "Nobody is free.",
            "What is it about?",
        ]
        await chats.say(talk, message("opening hours"))
        assert (await told(chats, talk))[-2] == "We open at nine."
        assert not (await chats.view(talk, 0)).over


async def test_a_flow_that_knows_nothing_but_the_person_says_that_it_ends(tmp_path: Path) -> None:
    shop = house(tmp_path)
    shop.flow = with_transfer("transfer: agents, on_failure: delivery")
    async with shop.running() as chats:
        talk = (await chats.begin()).conversation
        await chats.say(talk, message("delivery"))
        assert (await told(chats, talk))[-4:] == [
            "> delivery",
            "One moment.",
            "One moment.",
            OUR_FAULT.parts[0],
        ]
        view = await chats.view(talk, 0)
        assert view.over
        assert (await chats.record(talk)).outcome is Outcome.FAILED
