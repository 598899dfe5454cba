"""'Call me' from a conversation in text: numbers, limits, who answers, and what is said then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from tests.sessions.chat_house import House, house, message, told
from voicebot.errors import DialRefused, StorageError, TextRefused
from voicebot.events import CallEnded, TurnResult
from voicebot.sessions.call_limits import DAY_S, HOUR_S, CallAsked, CallLimits
from voicebot.sessions.call_me import CallMe, CallMePolicy
from voicebot.sessions.chat_records import Who
from voicebot.sessions.chats import Chats
from voicebot.sessions.feed import InputHeard, PromptSpoken
from voicebot.sessions.invitation import ConversationId, TextFrom
from voicebot.sessions.outbound import DialOrder, DialReport
from voicebot.sessions.spoken_lines import BACKLOG, SpokenLine, SpokenLines
from voicebot.telephony._api import LegInfo
from voicebot.texting.numbers import as_e164
from voicebot.types import CallId, Heard, Mode, Outcome

NUMBER = "+15550142"


@dataclass
class Lines:
    """Takes orders of calls; ``full`` has no line free."""

    orders: list[DialOrder] = field(default_factory=list)
    full: bool = False

    def order(self, order: DialOrder) -> DialReport:
        if self.full:
            raise DialRefused("no line is free")
        self.orders.append(order)
        return DialReport(CallId(f"call{len(self.orders)}"))


@dataclass
class Desk:
    chats: Chats
    lines: Lines
    calls: CallMe
    talk: ConversationId

    async def state(self) -> str:
        return (await self.chats.view(self.talk, 0)).call

    async def refusal(self, number: str = NUMBER) -> TextRefused:
        with pytest.raises(TextRefused) as refused:
            await self.calls.call(self.talk, number)
        return refused.value


@pytest.fixture
def shop(tmp_path: Path) -> House:
    return house(tmp_path)


@dataclass
class Asked:
    """Calls that were asked for, in memory."""

    calls: list[CallAsked] = field(default_factory=list)

    async def since(self, at: float) -> list[CallAsked]:
        return [call for call in self.calls if call.at >= at]

    async def add(self, call: CallAsked, forget_before: float) -> None:
        self.calls = [*await self.since(forget_before), call]


def calls_of(
    chats: Chats,
    lines: Lines,
    prefixes: tuple[str, ...] = ("+1", "+49"),
    asked: Asked | None = None,
) -> CallMe:
    policy = CallMePolicy(prefixes, partial(as_e164, country_code="1"), "100")
    return CallMe(chats, lines.order, policy, CallLimits(2, 3, 2), asked or Asked(), lambda: 0.0)


@pytest.fixture
async def desk(shop: House) -> AsyncIterator[Desk]:
    async with shop.running() as chats:
        lines = Lines()
        talk = (await chats.begin()).conversation
        await chats.say(talk, message("delivery"))
        yield Desk(chats, lines, calls_of(chats, lines), talk)


def answered(by: str = "person", call: str = "call1") -> LegInfo:
    return LegInfo(CallId(call), "sip", "100", NUMBER, direction="outbound", answered_by=by)


# Numbers


@pytest.mark.parametrize("written", [NUMBER, "001 (555) 0142", "555-0142"])
async def test_a_number_is_called_as_e164_and_the_page_is_told(desk: Desk, written: str) -> None:
    await desk.calls.call(desk.talk, written)
    (order,) = desk.lines.orders
    assert (order.target, order.flow, order.caller) == (NUMBER, "main", "100")
    assert await desk.state() == "dialling"


@pytest.mark.parametrize("written", ["", "sip:bob@192.0.2.7", "trunk/5550142", "12", "+1 555 abc"])
async def test_only_numbers_are_called(desk: Desk, written: str) -> None:
    assert (await desk.refusal(written)).code == "number"
    assert not desk.lines.orders


async def test_numbers_of_other_prefixes_are_not_called(desk: Desk) -> None:
    assert (await desk.refusal("+8825550142")).code == "elsewhere"
    assert not desk.lines.orders


async def test_the_number_that_is_known_needs_not_be_typed(shop: House) -> None:
    async with shop.running() as chats:
        await chats.take(TextFrom("sms", NUMBER, "1", "delivery"))
        talk = next(iter(chats._shelf._sessions))
        lines = Lines()
        calls = calls_of(chats, lines)
        assert await calls.ending(talk) == "42"
        await calls.call(talk, "")
        assert lines.orders[0].target == NUMBER
        assert await calls_of(chats, lines, ("+49",)).ending(talk) == ""


async def test_nobody_is_called_where_no_prefix_is_allowed(desk: Desk) -> None:
    desk.calls = calls_of(desk.chats, desk.lines, ())
    assert not desk.calls.is_offered
    assert (await desk.refusal()).code == "voice"


# Limits


async def test_one_call_rings_at_a_time_for_a_conversation(desk: Desk) -> None:
    await desk.calls.call(desk.talk, NUMBER)
    assert (await desk.refusal("+15550143")).code == "calling"


async def test_a_number_is_called_so_often_and_no_more(desk: Desk) -> None:
    for call in ("call1", "call2"):
        await desk.calls.call(desk.talk, NUMBER)
        desk.calls.over(DialReport(CallId(call), "no answer"))
    refused = await desk.refusal()
    assert (refused.code, refused.retry_after_s) == ("rate", DAY_S)
    await desk.calls.call(desk.talk, "+15550143")


async def test_one_address_gets_few_calls_to_whatever_numbers(desk: Desk) -> None:
    for last, call in ((1, "call1"), (2, "call2")):
        await desk.calls.call(desk.talk, f"+1555014{last}", "203.0.113.7")
        desk.calls.over(DialReport(CallId(call), "no answer"))
    with pytest.raises(TextRefused) as refused:
        await desk.calls.call(desk.talk, "+15550143", "203.0.113.7")
    assert (refused.value.code, refused.value.retry_after_s) == ("rate", HOUR_S)
    await desk.calls.call(desk.talk, "+15550143", "203.0.113.8")


async def test_limits_outlive_a_restart(desk: Desk) -> None:
    asked = Asked([CallAsked(-10.0, NUMBER, ""), CallAsked(-5.0, NUMBER, "")])
    calls = calls_of(desk.chats, desk.lines, asked=asked)
    await calls.start()
    with pytest.raises(TextRefused, match="too many"):
        await calls.call(desk.talk, NUMBER)
    await calls.call(desk.talk, "+15550143")
    assert [call.number for call in asked.calls] == [NUMBER, NUMBER, "+15550143"]


async def test_calls_that_queues_promise_are_kept_too(desk: Desk) -> None:
    asked = Asked()
    calls = calls_of(desk.chats, desk.lines, asked=asked)
    assert [calls.allowed("5550142") for _ in range(3)] == [NUMBER, NUMBER, None]
    await calls.stop()
    assert asked.calls == [CallAsked(0.0, NUMBER, "")] * 2
    restarted = calls_of(desk.chats, desk.lines, asked=asked)
    await restarted.start()
    assert restarted.allowed(NUMBER) is None
    assert restarted.allowed("+15550143") is not None


async def test_a_promise_that_cannot_be_written_down_holds_nevertheless(desk: Desk) -> None:
    class Away(Asked):
        async def add(self, call: CallAsked, forget_before: float) -> None:
            raise StorageError("the records are away")

    calls = calls_of(desk.chats, desk.lines, asked=Away())
    assert calls.allowed(NUMBER) == NUMBER
    await calls.stop()


def waits(limits: CallLimits, *calls: tuple[str, float]) -> list[float]:
    return [limits.wait_s(CallAsked(at, number, "")) for number, at in calls]


def test_limits_hold_for_a_number_and_for_all_and_pass_with_time() -> None:
    limits = CallLimits(per_number=2, per_hour=3, per_address=9)
    assert waits(limits, ("a", 0), ("a", 10), ("b", 20)) == [0, 0, 0]
    assert waits(limits, ("a", 30), ("c", 30)) == [DAY_S - 30, HOUR_S - 30]
    assert waits(limits, ("c", HOUR_S + 1), ("a", DAY_S + 5)) == [0, 0]
    assert waits(limits, ("a", DAY_S + 6))[0] > 0


def test_limits_remember_no_more_than_a_day() -> None:
    limits = CallLimits(per_number=1, per_hour=10, per_address=1)
    for hour in range(100):
        for number in range(10):
            name = f"{hour}.{number}"
            assert limits.wait_s(CallAsked(hour * HOUR_S, name, name)) == 0
    assert len(limits._numbers._times) <= 250
    assert len(limits._addresses._times) <= 20


async def test_no_line_is_told_as_such(desk: Desk) -> None:
    desk.lines.full = True
    refused = await desk.refusal()
    assert (refused.code, refused.retry_after_s) == ("voice", 10)
    assert await desk.state() == ""


# Who answers


@pytest.mark.parametrize(
    ("came", "state"),
    [("no answer", "no_answer"), ("busy", "busy"), ("answered", "declined"), ("failed", "failed")],
)
async def test_where_nobody_answers_the_text_goes_on(desk: Desk, came: str, state: str) -> None:
    await desk.calls.call(desk.talk, NUMBER)
    desk.calls.over(DialReport(CallId("call1"), came))
    assert await desk.state() == state
    await desk.chats.say(desk.talk, message("friday"))
    assert (await told(desk.chats, desk.talk))[-1] == "Which size?"
    await desk.calls.call(desk.talk, NUMBER)


async def test_a_machine_gets_nothing_of_the_conversation(desk: Desk) -> None:
    await desk.calls.call(desk.talk, NUMBER)
    assert await desk.calls.goes_on(answered("machine")) is None
    assert await desk.state() == "machine"
    assert not (await desk.chats.view(desk.talk, 0)).over


async def test_a_person_goes_on_where_the_text_stands_by_then(desk: Desk, shop: House) -> None:
    await desk.calls.call(desk.talk, NUMBER)
    await desk.chats.say(desk.talk, message("friday"))
    assert desk.calls.has_ordered(CallId("call1"))
    record = await desk.calls.goes_on(answered())
    assert record is not None
    variables = record.state["variables"]
    assert isinstance(variables, dict)
    assert variables["day"] == "Friday"
    view = await desk.chats.view(desk.talk, 0)
    assert (view.over, view.call) == (True, "on")
    assert shop.witness.stages[-1] == "came back"
    assert record.sender == NUMBER, "what is kept is found by the number, to be forgotten"
    assert not desk.calls.has_ordered(CallId("call1"))
    desk.calls.over(DialReport(CallId("call1"), "answered"))
    assert await desk.state() == "on", "the end of the call is told by the call"


async def test_a_conversation_that_ended_meanwhile_is_not_taken_up(desk: Desk) -> None:
    await desk.calls.call(desk.talk, NUMBER)
    for words in ("friday", "small", "good bye"):
        await desk.chats.say(desk.talk, message(words))
    assert await desk.calls.goes_on(answered()) is None
    assert (await desk.refusal()).code == "over"


# What is said in the call


def said(call: str, words: str, at: float = 5.0) -> PromptSpoken:
    return PromptSpoken(CallId(call), at, "menu", words)


def heard(call: str, words: str) -> InputHeard:
    taken = Heard(words, None, 1.0, Mode.SPEECH)
    return InputHeard(CallId(call), 6.0, "menu", TurnResult.MATCH, taken)


async def test_what_is_said_in_the_call_joins_the_one_history(desk: Desk) -> None:
    await desk.chats.leave_for_voice(desk.talk)
    spoken = SpokenLines(desk.chats)
    spoken.follow(CallId("call1"), desk.talk)
    for event in (
        said("other", "Not ours."),
        said("call1", "Which day?"),
        heard("call1", "friday"),
        InputHeard(CallId("call1"), 7.0, "menu", TurnResult.NOINPUT, None),
        CallEnded(CallId("call1"), 8.0, Outcome.SELF_SERVED, "done"),
        said("call1", "Too late."),
    ):
        spoken.publish(event)
    await spoken.stop()
    view = await desk.chats.view(desk.talk, 0)
    assert [(line.channel, line.who, line.text, line.at) for line in view.lines[-2:]] == [
        ("voice", "bot", "Which day?", 5.0),
        ("voice", "caller", "friday", 6.0),
    ]
    assert [line.cursor for line in view.lines] == list(range(1, len(view.lines) + 1))
    assert view.call == "over"


async def test_a_page_that_asks_waits_for_what_is_said_in_the_call(desk: Desk) -> None:
    await desk.chats.leave_for_voice(desk.talk)
    cursor = (await desk.chats.view(desk.talk, 0)).cursor
    asking = asyncio.create_task(desk.chats.changed(desk.talk, cursor, 25))
    await asyncio.sleep(0)
    await desk.chats.spoken(desk.talk, [SpokenLine(Who.BOT, "Which day?", 5.0)])
    async with asyncio.timeout(20):
        view = await asking
    assert [line.text for line in view.lines] == ["Which day?"]


@dataclass
class Stuck:
    """A store that is slow, then broken."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    states: list[str] = field(default_factory=list)
    kept: int = 0

    async def spoken(self, conversation: ConversationId, lines: object) -> None:
        await self.gate.wait()
        self.kept += 1
        raise StorageError("away")

    def call_is(self, conversation: ConversationId, state: str) -> None:
        self.states.append(state)


async def test_lines_that_cannot_be_kept_hold_no_call_up() -> None:
    keeper = Stuck()
    spoken = SpokenLines(keeper)
    spoken.follow(CallId("call1"), ConversationId("talk"))
    for _ in range(BACKLOG + 10):
        spoken.publish(said("call1", "Hello."))
    spoken.publish(CallEnded(CallId("call1"), 8.0, Outcome.FAILED, ""))
    assert spoken.dropped == 10
    keeper.gate.set()
    async with asyncio.timeout(20):
        await spoken.stop()
    assert keeper.states == ["over"]
    assert spoken.dropped == BACKLOG + 10
