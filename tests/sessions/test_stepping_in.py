"""A supervisor takes over a call that the bot holds, or sends it to a queue; nobody is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np
import pytest

from tests.sessions.agents_at_work import settle
from tests.sessions.conftest import VOICE, Exchange, Line
from tests.sessions.test_meanwhile_in_a_queue import FLOW as MEANWHILE
from tests.sessions.test_waiting_in_a_queue import MUSIC, Desk
from voicebot.acd.model import ContactId
from voicebot.errors import UsageError
from voicebot.sessions.open_call import OpenCall
from voicebot.sessions.stepping_in import SendOn, TakeOver
from voicebot.telephony._api import CallLeg, LegInfo
from voicebot.telephony.loopback import LoopbackCaller, pair
from voicebot.types import HIDDEN, CallId, Outcome

IN_QUEUE = """
start: to_agent
steps:
  to_agent: {transfer: queue:support, on_failure: nobody, next: afterwards}
  nobody: {say: Nobody., hangup: auto}
  afterwards: {ask: "Was {transfer.left} good?", grammar: fruit, next: bye}
  bye: {say: Bye., hangup: auto}
"""
SECRET = """
start: card
steps:
  card: {ask: Which fruit?, keys: {"22": pear}, sensitive: true, store: card, next: more}
  more: {ask: More?, grammar: fruit, next: bye}
  bye: {say: Bye., hangup: auto}
"""


@pytest.fixture
def desk(exchange: Exchange) -> Desk:
    text = (exchange.application / "flows" / "main.yaml").read_text()
    desk = Desk(exchange)
    (exchange.application / "flows" / "main.yaml").write_text(text)
    return desk


def _flow(exchange: Exchange, change: Callable[[str], str]) -> None:
    file = exchange.application / "flows" / "main.yaml"
    file.write_text(change(file.read_text()))


def _open(line: Line) -> OpenCall:
    found = line.session.open_call
    assert found is not None
    return found


class Supervisor:
    """Somebody who takes over; ``page`` is their end of the line."""

    def __init__(self) -> None:
        info = LegInfo(CallId("supervisor"), "loopback", caller="web", callee="call")
        self.leg, self.page = pair(info, start=asyncio.get_running_loop().time())
        self.is_there = True
        self.order = TakeOver(self._come)

    async def _come(self) -> CallLeg | None:
        return self.leg if self.is_there else None

    @classmethod
    async def at(cls, line: Line) -> Supervisor:
        made = cls()
        await made.leg.answer()
        _open(line).orders.give(made.order)
        await settle()
        return made


async def _asked(exchange: Exchange) -> Line:
    """A caller who has been asked which fruit they want."""
    line = await exchange.call()
    await line.hear_out()
    return line


async def _talk(line: Line, person: LoopbackCaller) -> tuple[int, int]:
    """Both speak; what each heard of the other last."""
    for _ in range(10):
        await line.caller.step(np.full(160, 111, np.int16))
        await person.step(np.full(160, 222, np.int16))
    return int(line.caller.heard[-1][0]), int(person.heard[-1][0])


async def test_who_takes_over_has_the_caller_and_then_the_question_is_asked_again(
    exchange: Exchange, desk: Desk
) -> None:
    line = await exchange.call()
    await line.caller.listen(60)
    assert int(line.caller.heard[-1][0]) == VOICE, "the bot is speaking"
    sue = await Supervisor.at(line)
    assert await _talk(line, sue.page) == (222, 111)
    sue.page.hang_up()
    await line.hear_out()
    assert sue.order.over.is_set()
    assert '"left": "agent"' in _open(line).so_far().facts["transfer"]
    await line.say("apple")
    await line.hear_out()
    assert line.turns[0].prompt.endswith("Which fruit? Hello. Which fruit?")
    assert line.turns[0].heard is not None
    await line.hang_up()
    assert line.end.outcome is Outcome.TRANSFERRED


async def test_the_caller_is_not_lost_when_the_line_of_who_took_over_dies(
    exchange: Exchange, desk: Desk
) -> None:
    line = await _asked(exchange)
    sue = await Supervisor.at(line)
    sue.leg._end("connection lost", failed=True)
    await line.hear_out()
    assert '"left": "line"' in _open(line).so_far().facts["transfer"]
    await line.say("pear")
    await line.hear_out()
    assert line.turns[-1].heard is not None
    await line.hang_up()


async def test_who_hangs_up_on_the_supervisor_was_transferred(
    exchange: Exchange, desk: Desk
) -> None:
    line = await _asked(exchange)
    sue = await Supervisor.at(line)
    assert await _talk(line, sue.page) == (222, 111)
    await line.hang_up()
    assert sue.page.ended is not None
    assert sue.order.over.is_set()
    assert line.end.outcome is Outcome.TRANSFERRED
    assert _open(line).over


async def test_a_secret_is_answered_before_anybody_steps_in(exchange: Exchange, desk: Desk) -> None:
    _flow(
        exchange, lambda text: text.replace("Which fruit?\n", "Which fruit?\n    private: true\n")
    )
    _flow(exchange, lambda text: text.replace("next: question\n  sorry", "next: more\n  sorry"))
    _flow(exchange, lambda text: text + "  more: {ask: More?, grammar: fruit, next: give_up}\n")
    line = await _asked(exchange)
    sue = await Supervisor.at(line)
    await line.caller.listen(500)
    assert _open(line).orders.is_waiting(sue.order)
    await line.say("apple")
    await line.caller.listen(1000)
    assert not _open(line).orders.is_waiting(sue.order)
    assert await _talk(line, sue.page) == (222, 111)
    sue.page.hang_up()
    await line.hang_up()


async def test_nobody_hears_the_rest_of_a_secret_that_was_understood(
    exchange: Exchange, desk: Desk
) -> None:
    _flow(exchange, lambda _: SECRET)
    line = await _asked(exchange)
    sue = await Supervisor.at(line)
    line.caller.press("22")
    await line.caller.listen(900)
    assert _open(line).so_far().step == "more"
    assert _open(line).orders.is_waiting(sue.order)
    await line.caller.listen(2000)
    assert await _talk(line, sue.page) == (222, 111)
    await line.hang_up()


async def test_an_action_is_done_before_anybody_steps_in(exchange: Exchange, desk: Desk) -> None:
    line = await _asked(exchange)
    exchange.prices.gate.clear()
    await line.say("apple")
    await line.caller.listen(1500)
    sue = await Supervisor.at(line)
    assert _open(line).orders.is_waiting(sue.order)
    with pytest.raises(UsageError, match="already"):
        _open(line).orders.give(SendOn("support"))
    exchange.prices.gate.set()
    await line.caller.listen(200)
    assert await _talk(line, sue.page) == (222, 111)
    assert _open(line).so_far().facts["price"] == "3"
    await line.hang_up()


@pytest.mark.parametrize("withdrawn", [True, False])
async def test_the_bot_goes_on_where_the_supervisor_has_gone_meanwhile(
    exchange: Exchange, desk: Desk, withdrawn: bool
) -> None:
    line = await _asked(exchange)
    sue = Supervisor()
    sue.is_there = False
    _open(line).orders.give(sue.order)
    if withdrawn:
        _open(line).orders.withdraw(sue.order)
    await line.say("apple")
    await line.hear_out()
    assert line.turns[0].heard is not None
    again = await Supervisor.at(line)
    assert await _talk(line, again.page) == (222, 111)
    await line.hang_up()


async def test_a_caller_who_waits_is_taken_out_of_the_queue_and_has_not_given_up(
    exchange: Exchange, desk: Desk
) -> None:
    _flow(exchange, lambda text: IN_QUEUE)
    line = await exchange.call()
    await line.caller.listen(100)
    assert int(line.caller.heard[-1][0]) == MUSIC
    desk.sign_in()
    await settle()
    sue = await Supervisor.at(line)
    assert desk.phones.last.cancelled, "the agent is left in peace"
    assert await _talk(line, sue.page) == (222, 111)
    assert desk.service.standing(ContactId(line.session.call_id)) is None
    assert desk.service.tally.of("support").abandoned == 0
    sue.page.hang_up()
    await line.hear_out()
    await line.say("apple")
    assert (await line.over()).outcome is Outcome.TRANSFERRED
    assert line.turns[-2].prompt == "Was agent good?"


async def test_a_caller_is_sent_to_a_queue_by_hand_and_comes_back(
    exchange: Exchange, desk: Desk
) -> None:
    line = await exchange.call()
    await line.caller.listen(60)
    _open(line).orders.give(SendOn("support"))
    await line.caller.listen(60)
    assert int(line.caller.heard[-1][0]) == MUSIC
    desk.sign_in()
    await settle()
    assert desk.phones.last.contact.briefing.facts["channel"] == "voice"
    person = await desk.phones.last.answer()
    assert await _talk(line, person) == (222, 111)
    person.hang_up()
    await line.hear_out()
    await line.hang_up()
    assert line.end.outcome is Outcome.TRANSFERRED
    assert line.turns[-1].prompt.endswith("Which fruit?")


async def test_a_queue_that_takes_nobody_leaves_the_caller_with_the_bot(
    exchange: Exchange,
) -> None:
    text = (exchange.application / "flows" / "main.yaml").read_text()
    Desk(exchange, "hours: {never: {zone: UTC}}\nqueues: {support: {hours: never}}")
    _flow(exchange, lambda _: text)
    line = await _asked(exchange)
    _open(line).orders.give(SendOn("support"))
    await line.hear_out()
    assert '"why": "closed"' in _open(line).so_far().facts["transfer"]
    await line.say("apple")
    await line.hear_out()
    assert line.turns[-1].heard is not None
    await line.hang_up()


async def test_who_took_over_can_leave_the_caller_to_a_queue(
    exchange: Exchange, desk: Desk
) -> None:
    line = await _asked(exchange)
    sue = await Supervisor.at(line)
    await _talk(line, sue.page)
    sue.order.onward = "support"
    sue.page.hang_up()
    await line.caller.listen(60)
    assert int(line.caller.heard[-1][0]) == MUSIC
    (place,) = desk.service.contacts()
    assert place.contact.contact_id == ContactId(line.session.call_id)
    await line.hang_up()


async def test_a_place_that_is_kept_goes_with_the_supervisor(
    exchange: Exchange, desk: Desk
) -> None:
    _flow(exchange, lambda _: MEANWHILE)
    line = await exchange.call()
    await line.caller.listen(100)
    line.caller.press("1")
    await line.caller.listen(100)
    sue = await Supervisor.at(line)
    assert list(desk.service.contacts()) == []
    sue.page.hang_up()
    await line.hear_out()
    assert [line.turns[0].prompt, _open(line).so_far().step] == ["Fruit meanwhile?", "main.ask"]
    await line.hang_up()


# What supervisors see


async def test_words_and_facts_are_shown_as_they_come(exchange: Exchange) -> None:
    line = await _asked(exchange)
    await line.say("apple")
    await line.hear_out()
    await line.say("banana")
    await line.caller.listen(1500)
    seen = _open(line).so_far()
    assert [(each.who, each.text, each.understood) for each in seen.lines] == [
        ("bot", "Hello. Which fruit?", True),
        ("caller", "apple", True),
        ("bot", "It costs three. Which fruit?", True),
        ("caller", "banana", False),
        ("bot", "Which fruit please?", True),
    ]
    assert (seen.step, seen.secret) == ("question", False)
    assert (seen.facts["fruit"], seen.facts["price"]) == ("apple", "3")
    assert "answer" in seen.facts
    await line.hang_up()
    assert _open(line).over


async def test_no_secret_is_shown_or_heard(exchange: Exchange) -> None:
    _flow(
        exchange,
        lambda text: text.replace("Which fruit?\n", "Which fruit?\n    sensitive: true\n").replace(
            "It costs", "An {fruit} costs"
        ),
    )
    line = await exchange.call()
    seat = _open(line).join(8000)
    heard: list[int] = []
    assert _open(line).so_far().secret
    for _ in range(10):
        frame = seat.next_frame(0.0)
        heard.append(0 if frame is None else int(np.abs(frame).max()))
        await line.caller.step(np.full(160, VOICE, np.int16))
    assert set(heard) == {0}
    line.caller.press("22")
    await line.caller.listen(3000)
    so_far = _open(line).so_far()
    seen = repr(([each.text for each in so_far.lines], so_far.hearing, so_far.facts))
    assert HIDDEN in seen
    for secret in ("pear", "22"):
        assert secret not in seen
    await line.hang_up()


async def test_card_numbers_among_the_facts_are_masked(exchange: Exchange) -> None:
    _flow(
        exchange,
        lambda text: text.replace("start: welcome", "start: note").replace(
            "  welcome:", '  note: {set: {said: "4111 1111 1111 1111"}, next: welcome}\n  welcome:'
        ),
    )
    line = await exchange.call()
    assert "4111 1111" not in repr(_open(line).so_far())
    assert "said" in _open(line).so_far().facts
    await line.hang_up()


async def test_a_call_can_be_opened_until_it_is_over(exchange: Exchange) -> None:
    line = await exchange.call()
    assert list(line.registry.open_calls()) == [line.session.call_id]
    await line.hang_up()
    assert line.registry.open_calls() == {}
