"""A caller who does something else while a queue keeps the place: on virtual time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.sessions.agents_at_work import settle
from tests.sessions.conftest import Exchange, Line
from tests.sessions.test_waiting_in_a_queue import MUSIC, Desk
from voicebot.acd.model import NOBODY, AgentId, Contact, ContactId, Presence
from voicebot.errors import DialFailed
from voicebot.sessions.briefing import Briefing
from voicebot.types import Outcome

FLOW = """
start: to_agent
steps:
  to_agent:
    transfer: queue:support
    while_waiting:
      offer:
        ask: Fruit meanwhile?
        grammar: fruit
        keys: {"1": apple, "2": pear}
        steps: {apple: ask, pear: elsewhere, nothing: book}
        ready: Now.
    on_failure: nobody
    overflow: leave_word
  ask: {ask: Which fruit?, grammar: fruit, store: fruit, next: price}
  price: {act: price, arguments: {fruit: "{fruit}"}, store: price, next: tell, on_error: back}
  tell: {say: "It costs {price|number}.", served: true, next: again}
  again: {ask: More?, keys: {"1": back, "2": bye}, next: {back: back, bye: bye}}
  elsewhere: {transfer: nowhere, on_failure: nobody}
  book: {transfer: queue:support, callback: "1001", on_failure: back, next: bye}
  nobody: {say: Nobody., hangup: auto}
  leave_word: {say: "Way out {transfer.to}.", hangup: auto}
  bye: {say: Bye., hangup: auto}
  back: {return: true}
"""


@pytest.fixture
def desk(exchange: Exchange) -> Desk:
    desk = Desk(exchange)
    (exchange.application / "flows" / "main.yaml").write_text(FLOW)
    return desk


async def listened(line: Line, until: Callable[[], bool]) -> None:
    """Listen until it is so, however late other threads bring the words."""
    for _ in range(300):
        if until():
            return
        await line.caller.listen(100)
    raise AssertionError([turn.prompt for turn in line.turns])


async def chosen(exchange: Exchange, key: str = "1") -> Line:
    """A caller who pressed ``key`` while they waited."""
    line = await exchange.call()
    await line.caller.listen(100)
    line.caller.press(key)
    await line.caller.listen(100)
    return line


async def test_the_place_is_kept_and_the_turn_takes_the_caller_back(
    exchange: Exchange, desk: Desk
) -> None:
    line = await chosen(exchange)
    (place,) = desk.service.contacts()
    await desk.clock.advance(90)
    await line.caller.listen(500)
    assert [turn.prompt for turn in line.turns] == ["Fruit meanwhile?"], "no place is told"
    desk.sign_in()
    await settle()
    assert desk.phones.last.contact.waited_s == 90
    await listened(line, lambda: int(line.caller.heard[-1][0]) == MUSIC)
    person = await desk.phones.last.answer()
    await line.caller.listen(100)
    person.hang_up()
    assert (await line.over()).outcome is Outcome.TRANSFERRED
    assert line.turns[-1].prompt.endswith("Which fruit? Now.")
    assert str(place.contact.contact_id) == str(line.session.call_id)


async def test_words_choose_too_and_a_return_is_back_in_line(
    exchange: Exchange, desk: Desk
) -> None:
    line = await exchange.call()
    await line.caller.listen(100)
    await line.say("apple")
    await line.caller.listen(1500)
    await line.say("pear")
    await line.caller.listen(2000)
    assert line.turns[-1].heard is not None
    line.caller.press("1")
    await listened(line, lambda: int(line.caller.heard[-1][0]) == MUSIC)
    assert len(list(desk.service.contacts())) == 1
    await line.hang_up()
    assert line.end.outcome is Outcome.ABANDONED_IN_QUEUE
    assert desk.service.tally.of("support").abandoned == 1
    assert list(desk.service.contacts()) == []


async def test_who_is_served_meanwhile_has_not_given_up(exchange: Exchange, desk: Desk) -> None:
    line = await chosen(exchange)
    await line.say("pear")
    await line.caller.listen(2000)
    await line.hang_up()
    assert line.end.outcome is Outcome.SELF_SERVED
    assert desk.service.tally.of("support").abandoned == 0
    assert list(desk.service.contacts()) == []


async def test_an_agent_who_does_not_answer_leaves_the_caller_in_line(
    exchange: Exchange, desk: Desk
) -> None:
    line = await chosen(exchange)
    desk.sign_in()
    await line.caller.listen(500)
    await desk.phones.last.fail(DialFailed("anna", "unreachable"))
    await line.caller.listen(200)
    (place,) = desk.service.contacts()
    assert place.agent_id == NOBODY
    line.caller.press("1")
    await listened(line, lambda: line.turns[-1].prompt == "Which fruit? Now.")
    await line.hang_up()


async def test_an_agent_who_answers_at_once_waits_for_the_words_alone(
    exchange: Exchange, desk: Desk
) -> None:
    line = await chosen(exchange)
    desk.sign_in()
    await settle()
    person = await desk.phones.last.answer()
    await line.caller.listen(500)
    talking = desk.service.standing(ContactId(line.session.call_id))
    assert talking is not None
    assert person.ended is None
    await line.hang_up()
    assert line.end.outcome is Outcome.TRANSFERRED
    assert person.ended == "the caller has left"


async def test_a_transfer_elsewhere_gives_the_place_up(exchange: Exchange, desk: Desk) -> None:
    line = await chosen(exchange, "2")
    await line.over()
    assert list(desk.service.contacts()) == []
    assert desk.service.agents() == {}


async def test_a_callback_is_booked_at_the_place_that_is_kept(exchange: Exchange) -> None:
    called: list[str] = []

    async def call_back(number: str, *rest: object) -> None:
        called.append(number)

    desk = Desk(exchange, call_back=call_back)
    (exchange.application / "flows" / "main.yaml").write_text(FLOW)
    line = await exchange.call()
    await line.caller.listen(100)
    (before,) = desk.service.contacts()
    await desk.clock.advance(30)
    desk.service.enter(Contact(ContactId("later"), "support"), Briefing())
    await line.say("nothing")
    assert (await line.over()).outcome is Outcome.CALLBACK_BOOKED
    desk.sign_in()
    await settle()
    offered = desk.phones.last.contact
    assert (offered.callback, offered.contact_id) == (True, before.contact.contact_id)
    await desk.phones.last.answer()
    assert called == ["1001"]


async def test_who_hangs_up_meanwhile_leaves_the_agent_in_peace(
    exchange: Exchange, desk: Desk
) -> None:
    line = await chosen(exchange)
    desk.sign_in()
    await settle()
    await line.hang_up()
    await settle()
    assert line.end.outcome is Outcome.ABANDONED_IN_QUEUE
    assert desk.phones.last.cancelled
    assert desk.service.agents()[AgentId("anna")].presence is Presence.AVAILABLE


async def test_an_overflow_meanwhile_is_told_on_coming_back(exchange: Exchange, desk: Desk) -> None:
    line = await chosen(exchange)
    await desk.clock.advance(121)
    await line.caller.listen(200)
    assert not line.task.done()
    await line.say("pear")
    await line.caller.listen(2000)
    line.caller.press("1")
    await line.over()
    assert line.turns[-1].prompt == "Way out voicemail."
