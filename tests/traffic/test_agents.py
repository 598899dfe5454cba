"""Made-up people answer the real queues, on virtual time."""

from __future__ import annotations

from datetime import date
from functools import partial
from random import Random
from zoneinfo import ZoneInfo

import pytest

from voicebot.acd.model import Contact, ContactId, Overflow, QueueRules, Spill
from voicebot.queues.reader import QueueFile
from voicebot.traffic.agents import Agents, Came, GaveUp, SentAway, Served
from voicebot.traffic.timeline import Timeline

UTC = ZoneInfo("UTC")
MONDAY = date(2026, 11, 16)
MIDNIGHT = 1_794_787_200.0
"""2026-11-16T00:00Z"""
NOON = MIDNIGHT + 11 * 3600
NIGHT = MIDNIGHT + 3 * 3600


class Line:
    """One queue, and who is told what came of a wait."""

    def __init__(self, *rules: QueueRules) -> None:
        self.timeline = Timeline()
        self.agents = Agents(QueueFile(queues=rules), self.timeline, Random(3))
        self.came: dict[str, tuple[Came, float]] = {}

    def caller(self, name: str, at: float, patience_s: float) -> None:
        async def told(came: Came, now: float) -> None:
            self.came[name] = (came, now)

        contact = Contact(ContactId(name), "support")
        self.timeline.at(at, partial(self.agents.enter, contact, patience_s, told))


@pytest.fixture
def line() -> Line:
    return Line(QueueRules("support", wrap_up_s=15))


async def test_by_day_callers_are_served_and_the_work_after_it_counts(line: Line) -> None:
    line.agents.hire(50, [MONDAY], UTC)
    line.caller("a", NOON, 300)
    await line.timeline.run()
    came, at = line.came["a"]
    assert isinstance(came, Served)
    assert (came.queue, came.wrapped_s) == ("support", 15)
    assert at == pytest.approx(NOON + came.waited_s + came.seconds)


async def test_by_night_callers_wait_in_vain_and_hang_up(line: Line) -> None:
    line.agents.hire(50, [MONDAY], UTC)
    line.caller("a", NIGHT, 90)
    await line.timeline.run()
    assert line.came["a"] == (GaveUp("support", 90.0), NIGHT + 90)


async def test_a_queue_without_agents_may_send_callers_away() -> None:
    line = Line(QueueRules("support", overflow=(Overflow(Spill.NO_AGENT, to="try_later"),)))
    line.caller("a", NIGHT, 90)
    await line.timeline.run()
    came, at = line.came["a"]
    assert isinstance(came, SentAway)
    assert (came.effect.to, came.waited_s, at) == ("try_later", 0.0, NIGHT)


async def test_agents_are_at_work_but_for_their_breaks(line: Line) -> None:
    line.agents.hire(50, [MONDAY], UTC)
    await line.timeline.run()
    at_work = line.agents.times.unwritten(NIGHT + 5 * 86_400)
    for agent in {each.agent for each in at_work}:
        spans = [each for each in at_work if each.agent == agent]
        hours = sum(each.ended_at - each.began_at for each in spans) / 3600
        assert len(spans) == 2
        assert 6.5 < hours < 9
        assert spans[0].ended_at < spans[1].began_at


async def test_flows_are_told_of_the_queues(line: Line) -> None:
    seen: list[object] = []

    async def look(now: float) -> None:
        seen.append(line.agents.facts(now)["queues"])

    line.agents.hire(50, [MONDAY], UTC)
    line.timeline.at(NIGHT, look)
    line.timeline.at(NOON, look)
    await line.timeline.run()
    night, noon = seen
    assert night == {
        "support": {"waiting": 0, "wait_s": None, "open": True, "agents": 0, "free": 0}
    }
    assert isinstance(noon, dict)
    assert noon["support"]["agents"] > 0


async def test_without_queues_nobody_is_hired() -> None:
    line = Line()
    line.agents.hire(50, [MONDAY], UTC)
    await line.timeline.run()
    assert line.agents.times.unwritten(NOON) == ()
    assert line.agents.facts(NOON) == {}
