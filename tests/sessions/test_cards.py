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
from voicebot.types import HIDDEN, Language, Prompt, SayAs, Value

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


NUMBER = "4111111111111111"


def test_no_part_of_a_card_gives_a_number_away() -> None:
    card = Card(
        Prompt(("Saved card",)),
        (("Number", Prompt((Value("4111 1111 1111 1111"),))), ("Name", Prompt(("Ada",)))),
        f"{NUMBER}.png",
        Prompt((f"the card {NUMBER}",)),
        (
            ("Change it", f"https://shop.example/cards/{NUMBER}"),
            ("Or", "https://shop.example/?card=4111%201111%201111%201111"),
            ("Help", "https://shop.example/help"),
        ),
        (Prompt((f"Pay with {NUMBER}",)), Prompt(("Pay cash",))),
    )
    seen = shown(card, Language("en-US"), date(2026, 11, 21))
    assert "1111" not in str(seen.to_json()) + seen.as_text()
    assert seen.lines == (("Number", HIDDEN), ("Name", "Ada"))
    assert seen.links == (("Help", "https://shop.example/help"),)
    assert (seen.replies, seen.image) == (("Pay cash",), "")


async def test_a_card_that_repeats_pieces_of_a_number_loses_them_when_it_is_known(
    tmp_path: Path,
) -> None:
    shop = house(tmp_path)
    asked = 'asked: {ask: "Your card?", grammar: builtin:digits, store: piece, next: shown}'
    card = '{title: "Your card", lines: {So far: "{piece}"}}'
    repeats = f'shown: {{say: "So far:", card: {card}, next: asked}}'
    shop.flow = f"start: asked\nsteps:\n  {asked}\n  {repeats}\n"
    async with shop.running() as chats:
        talk = (await chats.begin()).conversation
        for piece in ("4539", "5787", "6362"):
            await chats.say(talk, message(piece))
        seen = await chats.view(talk, 0)
        assert "5787" in str([line.card for line in seen.lines])
        assert not seen.reworded
        await chats.say(talk, message("1486"))
        view = await chats.view(talk, seen.cursor)
        again = {line.cursor: line for line in view.reworded}
        shown_now = [again.get(line.cursor, line) for line in seen.lines] + list(view.lines)
        assert (await chats.view(talk, 0)).lines == tuple(shown_now)
    async with shop.running() as chats:
        kept = (await chats.view(talk, 0)).lines
    assert kept == tuple(shown_now)
    cards = [line.card for line in kept if line.card is not None]
    assert len(cards) == 4
    assert {card.lines for card in cards} == {(("So far", HIDDEN),)}
    for piece in ("4539", "5787", "6362", "1486"):
        assert piece not in str(kept)


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
