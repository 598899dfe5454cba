"""Supervisors in calls that the bot holds: they hear both, take over, and send callers on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import numpy as np
import pytest

from tests.desk.office import Pages
from tests.sessions.agents_at_work import settle
from tests.sessions.conftest import VOICE, Exchange, Line, exchange
from tests.sessions.test_waiting_in_a_queue import MUSIC, Desk
from voicebot.desk.overhearing import Overhearing, Standing
from voicebot.desk.supervision import LAPSE_S, Conversation, Stage, Supervision
from voicebot.errors import UsageError
from voicebot.sessions.open_call import OpenCall
from voicebot.sessions.voice_services import VoiceServices
from voicebot.telephony.loopback import LoopbackCaller
from voicebot.types import CallId, Outcome

__all__ = ["exchange"]


@dataclass
class House:
    """A line with a flow and queues, and a supervisor's side."""

    exchange: Exchange
    desk: Desk
    pages: Pages
    supervision: Supervision

    async def call(self) -> Line:
        """A caller who has been asked which fruit they want."""
        line = await self.exchange.call()
        await line.hear_out()
        return line

    async def sit_in(self, line: Line, who: str = "sue") -> tuple[Overhearing, LoopbackCaller]:
        """A supervisor's page opens the call, and calls."""
        coming, right = self.supervision.begin(line.session.call_id, who)
        page = await self.pages.call(str(right["token"]))
        await settle()
        return coming, page

    async def order_while_busy(self) -> tuple[Line, Overhearing, LoopbackCaller]:
        """A supervisor wants the caller while an action runs; it ends with `prices.gate`."""
        line = await self.call()
        sue, page = await self.sit_in(line)
        self.exchange.prices.gate.clear()
        await line.say("apple")
        await line.caller.listen(1500)
        await sue.become(Standing.TALKING)
        return line, sue, page


@pytest.fixture
async def house(exchange: Exchange) -> AsyncIterator[House]:
    file = exchange.application / "flows" / "main.yaml"
    text = file.read_text()
    desk, pages = Desk(exchange), Pages()
    file.write_text(text)

    def open_calls() -> dict[CallId, OpenCall]:
        return exchange.lines[-1].registry.open_calls() if exchange.lines else {}

    supervision = Supervision(
        pages, lambda: desk.service, open_calls, desk.clock, desk.clock.call_later
    )  # fmt: skip
    adapt = exchange.adapt

    def and_tell(services: VoiceServices) -> VoiceServices:
        services = adapt(services)
        return replace(services, handoffs=replace(services.handoffs, talking=supervision.talking))

    exchange.adapt = and_tell
    yield House(exchange, desk, pages, supervision)
    for task in pages.tasks:
        task.cancel()


def standing_of(there: Overhearing) -> Standing:
    """A call, so that mypy does not think it stays."""
    return there.standing


async def talk(line: Line, *others: LoopbackCaller, frames: int = 10) -> list[int]:
    """All speak, each at a level of their own (10, 100, ...); what each of them hears last."""
    people = [line.caller, *others]
    for _ in range(frames):
        for place, person in enumerate(people):
            if not person.ended:
                await person.step(np.full(160, 10 ** (1 + place), np.int16))
    return [0 if person.ended else int(person.heard[-1][0]) for person in people]


async def test_who_listens_hears_the_caller_and_the_bot_and_nobody_hears_them(
    house: House,
) -> None:
    file = house.exchange.application / "flows" / "main.yaml"
    file.write_text(file.read_text().replace("Hello.", "Hello and welcome to the greengrocer's."))
    line = await house.exchange.call()
    sue, page = await house.sit_in(line)
    await line.caller.listen(40)
    assert sue.standing is Standing.LISTENING
    assert await talk(line, page, frames=4) == [VOICE, VOICE + 10], "no longer: a barge-in"
    await line.caller.listen(3000)
    assert await talk(line, page) == [0, 10]
    await line.hang_up()
    await settle()
    assert page.ended


async def test_calls_are_told_with_their_stage(house: House) -> None:
    line = await house.call()
    (told,) = house.supervision.conversations()
    opened = line.session.open_call
    assert opened is not None
    assert told == Conversation(
        line.session.call_id, opened.since, "", "", False, Stage.BOT, opened.caller, "main"
    )
    sue, _ = await house.sit_in(line)
    await sue.send_on("support")
    await line.caller.listen(60)
    (told,) = house.supervision.conversations()
    assert (told.stage, told.queue, told.agent) == (Stage.WAITING, "support", "")
    assert house.supervision.with_agents() == {}
    seen = house.supervision.so_far(line.session.call_id)
    assert seen is not None
    assert seen.lines[0].text == "Hello. Which fruit?"
    await line.hang_up()
    assert house.supervision.conversations() == ()


async def test_nobody_whispers_to_the_bot(house: House) -> None:
    line = await house.call()
    sue, _ = await house.sit_in(line)
    with pytest.raises(UsageError, match="nobody is there to whisper to"):
        await sue.become(Standing.WHISPERING)
    assert sue.standing is Standing.LISTENING
    await line.hang_up()


async def test_who_takes_over_talks_and_another_hears_them_on(house: House) -> None:
    line = await house.exchange.call()
    sue, page = await house.sit_in(line)
    _, other = await house.sit_in(line, "tom")
    await line.caller.listen(40)
    await sue.become(Standing.TALKING)
    await settle()
    assert sue.standing is Standing.TALKING
    assert house.supervision.with_people() == {line.session.call_id}
    (told,) = house.supervision.conversations()
    assert (told.stage, told.supervisor, told.agent) == (Stage.PERSON, "sue", "")
    assert await talk(line, page, other) == [100, 10, 110]
    with pytest.raises(UsageError, match="yours now"):
        await sue.become(Standing.LISTENING)
    page.hang_up()
    await line.hear_out()
    assert house.supervision.seen(sue.id, "sue") is None
    assert house.supervision.with_people() == frozenset()
    assert (await talk(line, other))[1] == 10, "tom hears the bot's call again"
    await line.hang_up()
    assert line.end.outcome is Outcome.TRANSFERRED


async def test_another_supervisor_takes_over_from_the_first(house: House) -> None:
    line = await house.call()
    sue, page = await house.sit_in(line)
    await sue.become(Standing.TALKING)
    await settle()
    tom, other = await house.sit_in(line, "tom")
    await tom.become(Standing.TALKING)
    await settle()
    assert page.ended
    assert [each.supervisor for each in house.supervision.conversations()] == ["tom"]
    assert house.supervision.seen(sue.id, "sue") is None, "the caller is not hers any more"
    with pytest.raises(UsageError, match="over"):
        await sue.end_call()
    assert await talk(line, other) == [100, 10]
    other.hang_up()
    await line.hear_out()
    await line.hang_up()


async def test_who_has_taken_over_ends_the_call(house: House) -> None:
    line = await house.call()
    sue, page = await house.sit_in(line)
    with pytest.raises(UsageError, match="take the caller over first"):
        await sue.end_call()
    await sue.become(Standing.TALKING)
    await settle()
    assert await talk(line, page) == [100, 10]
    await sue.end_call()
    await line.over()
    assert page.ended
    assert (line.end.outcome, line.end.reason) == (
        Outcome.TRANSFERRED,
        "a supervisor ended the call",
    )
    assert line.turns[-1].prompt.endswith("Which fruit?"), "the bot says nothing after it"


async def test_who_wants_the_caller_may_think_better_of_it(house: House) -> None:
    line, sue, page = await house.order_while_busy()
    assert standing_of(sue) is Standing.STEPPING_IN
    await sue.become(Standing.LISTENING)
    house.exchange.prices.gate.set()
    await line.hear_out()
    assert standing_of(sue) is Standing.LISTENING
    assert (await talk(line, page))[1] == 10
    await line.hang_up()


async def test_an_order_goes_with_the_page_that_gave_it(house: House) -> None:
    line, _sue, page = await house.order_while_busy()
    page.hang_up()
    await settle()
    house.exchange.prices.gate.set()
    await line.hear_out()
    await line.say("pear")
    await line.hear_out()
    assert len([turn for turn in line.turns if turn.heard is not None]) == 2
    await line.hang_up()


@pytest.mark.parametrize("how", ["browser", "page"])
async def test_the_caller_is_not_lost_when_the_browser_of_who_took_over_dies(
    house: House, how: str
) -> None:
    line = await house.call()
    sue, page = await house.sit_in(line)
    await sue.become(Standing.TALKING)
    await settle()
    assert await talk(line, page) == [100, 10]
    if how == "browser":
        page.leg._end("connection lost", failed=True)
    else:
        await house.desk.clock.advance(LAPSE_S)  # its script is dead, or its owner signed out
    await line.hear_out()
    assert page.ended
    await line.say("apple")
    await line.hear_out()
    assert line.turns[-1].heard is not None
    await line.hang_up()


async def test_who_has_taken_over_gives_the_caller_to_a_queue(house: House) -> None:
    line = await house.call()
    sue, page = await house.sit_in(line)
    await sue.become(Standing.TALKING)
    await settle()
    house.supervision.check_sending(sue, "support")
    await sue.send_on("support")
    await line.caller.listen(60)
    assert page.ended
    assert int(line.caller.heard[-1][0]) == MUSIC
    await line.hang_up()


async def test_the_supervisor_follows_the_caller_to_the_agent_and_back(house: House) -> None:
    line = await house.call()
    sue, page = await house.sit_in(line)
    await sue.send_on("support")
    await line.caller.listen(60)
    house.desk.sign_in()
    await settle()
    agent = await house.desk.phones.last.answer()
    await settle()
    assert await talk(line, agent, page) == [100, 10, 110]
    await sue.become(Standing.WHISPERING)
    assert await talk(line, agent, page) == [100, 1010, 110]
    with pytest.raises(UsageError, match="a person has the caller"):
        await sue.send_on("lost")
    agent.hang_up()
    await line.hear_out()
    assert sue.standing is Standing.LISTENING
    assert await talk(line, page) == [0, 10]
    await line.hang_up()


@pytest.mark.parametrize(
    "queue, said", [("nowhere", "no such queue"), ("night", "closed"), ("support", "already")]
)
async def test_a_queue_that_makes_no_sense_is_refused_in_words(
    exchange: Exchange, house: House, queue: str, said: str
) -> None:
    hours = "hours: {never: {zone: UTC}}\nqueues: {support: {}, night: {hours: never}}"
    text = (exchange.application / "flows" / "main.yaml").read_text()
    desk = house.desk = Desk(exchange, hours)
    (exchange.application / "flows" / "main.yaml").write_text(text)
    house.supervision._service = lambda: desk.service
    line = await house.call()
    sue, _ = await house.sit_in(line)
    assert house.supervision.queues(sue) == ("support",)
    await sue.send_on("support")
    await line.caller.listen(60)
    assert house.supervision.queues(sue) == ()
    with pytest.raises(UsageError, match=said):
        house.supervision.check_sending(sue, queue)
    await line.hang_up()


async def test_no_secret_reaches_who_listens_or_takes_over(
    exchange: Exchange, house: House
) -> None:
    file = exchange.application / "flows" / "main.yaml"
    asked = "    ask: Which fruit?\n"
    file.write_text(file.read_text().replace(asked, asked + "    sensitive: true\n"))
    line = await house.call()
    sue, page = await house.sit_in(line)
    await sue.become(Standing.TALKING)
    assert sue.standing is Standing.STEPPING_IN
    await talk(line, page, frames=20)
    line.caller.press("2")
    await talk(line, page, frames=20)
    assert len(page.heard) == 40
    assert not any(frame.any() for frame in page.heard)
    assert sue.standing is Standing.STEPPING_IN
    await line.hang_up()
    await settle()
    assert page.ended
