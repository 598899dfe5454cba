"""A call's matter is written down however it ends, and who calls is known before the first word."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.sessions.conftest import Exchange, Line
from voicebot.events import CallAnswered, CallStarted, MatterNoted
from voicebot.sessions.voice_services import VoiceServices
from voicebot.telephony._api import LegInfo
from voicebot.types import Json, Matter, Outcome

FLOW = """\
start: greet
steps:
  greet:
    branch:
      - if: history.open.about == 'fruit'
        next: about_fruit
      - else: question
  about_fruit:
    ask: Is it about the {history.open.name}?
    keys: {"1": true, "2": false}
    next: {"true": tell, "false": question}
  question:
    matter: {about: fruit}
    ask: Which fruit?
    keys: {"1": apple, "2": pear}
    store: fruit
    next: known
  known:
    matter: {about: fruit, name: "{fruit}"}
    set: {customer: {id: 17}}
    next: tell
  tell:
    say: It costs three, and that is a very long story to tell.
    served: true
    next: more
  more:
    ask: Anything else?
    keys: {"1": true}
    next: bye
  bye:
    say: Goodbye.
    hangup: auto
"""
OPEN: Json = {"contacts": 1, "open": {"about": "fruit", "name": "apple"}}


@pytest.fixture
def fruit(exchange: Exchange) -> Exchange:
    (exchange.application / "flows" / "main.yaml").write_text(FLOW)
    return exchange


def matters(line: Line) -> list[tuple[Matter | None, str]]:
    return [
        (event.matter, event.customer) for event in line.events if isinstance(event, MatterNoted)
    ]


async def test_a_caller_who_hangs_up_half_way_leaves_an_open_matter(fruit: Exchange) -> None:
    line = await fruit.call()
    await line.hear_out()
    await line.hang_up()
    assert matters(line) == [(Matter("fruit", {}, open=True), "")]
    assert line.end.outcome is Outcome.ABANDONED_IN_FLOW


async def test_a_matter_is_closed_when_the_answer_was_heard(fruit: Exchange) -> None:
    line = await fruit.call()
    await line.hear_out()
    line.caller.press("1")
    await line.hear_out()
    await line.hang_up()
    apple = {"name": "apple"}
    assert matters(line) == [
        (Matter("fruit", {}, open=True), ""),
        (Matter("fruit", apple, open=True), "17"),
        (Matter("fruit", apple, open=False), "17"),
    ]
    assert line.end.outcome is Outcome.SELF_SERVED


async def test_a_matter_stays_open_when_the_answer_was_not_heard(fruit: Exchange) -> None:
    line = await fruit.call()
    await line.hear_out()
    line.caller.press("1")
    await line.caller.listen(200)
    await line.hang_up()
    assert matters(line)[-1] == (Matter("fruit", {"name": "apple"}, open=True), "17")
    assert line.end.outcome is Outcome.ABANDONED_IN_FLOW


def known(fruit: Exchange, facts: Mapping[str, Json], gate: asyncio.Event | None = None) -> None:
    async def who_calls(info: LegInfo) -> Mapping[str, Json]:
        if gate is not None:
            await gate.wait()
        return facts

    def adapt(services: VoiceServices) -> VoiceServices:
        return replace(services, who_calls=who_calls)

    fruit.adapt = adapt


async def test_a_returning_caller_is_greeted_with_the_open_matter(fruit: Exchange) -> None:
    known(fruit, {"history": OPEN})
    line = await fruit.call()
    await line.hear_out()
    line.caller.press("1")
    await line.hear_out()
    await line.hang_up()
    assert line.turns[0].prompt == "Is it about the apple?"
    assert line.turns[1].prompt.startswith("It costs three")


async def test_a_call_is_answered_while_its_caller_is_looked_up(fruit: Exchange) -> None:
    gate = asyncio.Event()
    known(fruit, {"history": OPEN}, gate)
    line = await fruit.call()
    await line.caller.listen(200)
    assert [type(event) for event in line.events] == [CallStarted, CallAnswered]
    gate.set()
    await line.hear_out()
    await line.hang_up()
    assert line.turns[0].prompt == "Is it about the apple?"


async def test_a_caller_who_is_gone_is_not_looked_up_any_more(fruit: Exchange) -> None:
    gate = asyncio.Event()
    known(fruit, {}, gate)
    line = await fruit.call()
    await line.caller.listen(200)
    await line.hang_up()
    assert line.end.outcome is Outcome.ABANDONED_IN_FLOW
    assert matters(line) == []
