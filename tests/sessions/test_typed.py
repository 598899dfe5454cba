"""Typed lines as the flow hears them, and the buttons that stand for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sessions.chat_house import house
from voicebot.flows.commands import Listen, ListGrammar
from voicebot.flows.events import Ambiguous, InputMatched, NoInput, NoMatch
from voicebot.grammar.store import GrammarStore
from voicebot.sessions.grammars import ListenGrammars
from voicebot.sessions.quick_replies import QuickReplies
from voicebot.sessions.typed import TypedInput
from voicebot.types import Language, Mode


@pytest.fixture
def grammars(tmp_path: Path) -> ListenGrammars:
    shop = house(tmp_path)
    header = "#ABNF 1.0 UTF-8;\nlanguage en-US;\nroot $all;\n$all = "
    (shop.folder / "names.gram").write_text(header + "bred | brad;\n")
    many = " | ".join(f"number {word}" for word in "abcdefghij")
    (shop.folder / "many.gram").write_text(f"{header}{many};\n")
    return ListenGrammars(GrammarStore(shop.folder))


def test_a_slip_is_less_sure_than_the_word_itself(grammars: ListenGrammars) -> None:
    typed, listen = TypedInput(grammars), Listen(("wish",))
    right, wrong = typed.event("Opening hours!", listen), typed.event("openning hours", listen)
    assert isinstance(right, InputMatched)
    assert isinstance(wrong, InputMatched)
    assert right.heard.semantics == wrong.heard.semantics == "hours"
    assert wrong.heard.confidence < right.heard.confidence == 1
    assert wrong.heard.mode is Mode.TEXT


def test_a_slip_between_two_answers_asks_which(grammars: ListenGrammars) -> None:
    event = TypedInput(grammars).event("brod", Listen(("names",)))
    assert isinstance(event, Ambiguous)
    assert set(event.options) == {"bred", "brad"}


def test_keys_silence_and_nonsense(grammars: ListenGrammars) -> None:
    typed, listen = TypedInput(grammars), Listen(("wish",), {"1": "hours"})
    pressed = typed.event("1", listen)
    assert isinstance(pressed, InputMatched)
    assert pressed.heard.semantics == "hours"
    assert typed.event("  ", listen) == NoInput()
    assert typed.event("the moon", listen) == NoMatch("the moon")


def test_what_was_spoken_is_not_respelled(grammars: ListenGrammars) -> None:
    event = TypedInput(grammars).said("openning hours", Listen(("wish",)), Mode.SPEECH)
    assert event == NoMatch("openning hours")


async def test_buttons_stand_for_the_choices_that_have_keys(grammars: ListenGrammars) -> None:
    replies = QuickReplies(grammars)
    listen = Listen(("wish",), {"2": "delivery", "1": "hours"})
    assert await replies.of(listen) == ("Delivery", "Opening hours")
    assert await replies.of(Listen(("wish",))) == ("Opening hours", "Delivery", "Bye")


async def test_there_are_no_buttons_for_many_answers_or_private_ones(
    grammars: ListenGrammars,
) -> None:
    replies = QuickReplies(grammars)
    assert await replies.of(Listen(("many",))) == ()
    assert await replies.of(Listen(("wish",), private=True)) == ()
    assert await replies.of(Listen(())) == ()


async def test_the_items_of_a_list_are_its_buttons(grammars: ListenGrammars) -> None:
    items = ListGrammar((("Blue shoes", 1), ("", 2), ("Hat", 3)), Language("en-US"))
    assert await QuickReplies(grammars).of(Listen((items,))) == ("Blue shoes", "Hat")
