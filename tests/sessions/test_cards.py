"""Cards in a conversation: kept with their line, shown again, and told to messengers."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from tests.sessions.chat_house import SHOP, House, house, message
from voicebot.flows.cards import Card
from voicebot.sessions.cards import LONGEST, ShownCard, shown
from voicebot.sessions.invitation import TextFrom
from voicebot.texting.webhook import line_message
from voicebot.types import Language, Prompt, SayAs, Value

HOURS = ShownCard("Our hours", (("Opens", "nine"),), replies=("delivery",))


def with_card(tmp_path: Path) -> House:
    shop = house(tmp_path)
    card = 'card: {title: Our hours, lines: {Opens: "{hours}"}, replies: [delivery]}'
    shop.flow = SHOP.replace('"We open at {hours}.",', f'"We open at {{hours}}.", {card},')
    return shop


def test_values_are_written_in_the_language_and_cut() -> None:
    arrives = Prompt((Value("2026-11-24", SayAs.DATE),))
    card = Card(Prompt(("Hat",)), (("Arrives", arrives), ("Note", Prompt(("x" * 999,)))))
    seen = shown(card, Language("en-US"), date(2026, 11, 21))
    assert seen.lines[0][1] == "Tue, Nov 24"
    assert len(seen.lines[1][1]) == LONGEST
    assert seen.as_text().startswith("Hat\nArrives: Tue")
    assert ShownCard.from_json(json.loads(json.dumps(seen.to_json()))) == seen


def test_card_numbers_are_masked_as_in_any_line() -> None:
    card = Card(Prompt(("Paid by 4111 1111 1111 1111",)))
    assert "4111 1111" not in shown(card, Language("en-US"), date(2026, 11, 21)).as_text()


async def test_card_is_a_line_that_outlives_a_restart(tmp_path: Path) -> None:
    shop = with_card(tmp_path)
    async with shop.running() as chats:
        talk = (await chats.begin()).conversation
        await chats.say(talk, message("opening hours"))
        before = (await chats.view(talk, 0)).lines
    async with shop.running() as chats:
        after = (await chats.view(talk, 0)).lines
    assert after == before
    assert [(line.text, line.card) for line in after[3:]] == [
        ("We open at nine.", None),
        ("Our hours\nOpens: nine", HOURS),
        ("What is it about?", None),
    ]


async def test_messenger_is_told_the_card_beside_its_words(tmp_path: Path) -> None:
    async with with_card(tmp_path).running() as chats:
        lines = await chats.take(TextFrom("messenger", "ada", "1", "opening hours"))
    bodies = [json.loads(line_message(line, 0.0).body) for line in lines]
    assert [body["card"] for body in bodies] == [None, HOURS.to_json(), None]
    assert bodies[1]["text"] == "Our hours\nOpens: nine"
