"""Alerts and their notices outlive a restart, on both databases."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.letters.letters import FEW, LONG, NOW, a_letter
from voicebot.alerts.model import Mute
from voicebot.alerts.state import AlertState
from voicebot.storage.alerts import SqlAlertBook
from voicebot.storage.schema import alert_state

STATE = AlertState(
    (LONG, FEW), (LONG,), (("support", NOW),), (NOW,), (Mute("m", "", "support", "anna", 1.0, 2.0),)
)


async def test_state_and_letters_are_kept_together(either: AsyncEngine) -> None:
    book = SqlAlertBook(either)
    assert await book.state() == AlertState()
    await book.keep(STATE, [a_letter("a"), a_letter("a", "mail")])
    await book.keep(replace(STATE, told=()), [])
    again = SqlAlertBook(either)
    assert await again.state() == replace(STATE, told=())
    assert await again.letters("webhook") == [a_letter("a")]
    assert await again.letters("mail") == [a_letter("a", "mail")]


async def test_a_letter_is_postponed_and_goes_when_it_has_arrived(either: AsyncEngine) -> None:
    book = SqlAlertBook(either)
    newer = replace(a_letter("b"), created_at=NOW + 1)
    await book.keep(STATE, [newer, a_letter("a"), a_letter("a", "mail")])
    first, second = await book.letters("webhook")
    assert (first.id, second.id) == ("a", "b")
    await book.postpone(first, NOW + 5)
    (late, _) = await book.letters("webhook")
    assert (late.tries, late.due_at) == (1, NOW + 5)
    await book.drop(late)
    assert await book.letters("webhook") == [newer]
    assert len(await book.letters("mail")) == 1


async def test_a_state_of_another_version_keeps_nobody_from_starting(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(insert(alert_state).values(id=1, state={"standing": [{}]}))
    assert await SqlAlertBook(engine).state() == AlertState()
