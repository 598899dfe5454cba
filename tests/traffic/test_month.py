"""A month of made-up contacts gives the facts that real ones give."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.traffic.small_shop import make_small_shop
from voicebot.cli.try_ import typed_input
from voicebot.events import (
    CallAnswered,
    CallEnded,
    CallEvent,
    CallStarted,
    DeflectionReached,
    MatterNoted,
    QueueNoted,
    TurnFinished,
)
from voicebot.flows.interpreter import Interpreter
from voicebot.flows.reader import load_flows
from voicebot.grammar.store import GrammarStore
from voicebot.queues.reader import load_queues
from voicebot.traffic.hearing import Hearing
from voicebot.traffic.month import Month, Plan
from voicebot.traffic.talk import House
from voicebot.types import Json, Outcome

MIDNIGHT = 1_795_392_000.0
"""2026-11-23T00:00Z, a Monday."""


async def no_action(name: str, arguments: Mapping[str, Json], today: date) -> Json:
    raise AssertionError(f"the small shop has no action {name}")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return make_small_shop(tmp_path)


async def play(
    shop: Path, contacts: int, seed: int = 1, over_by: float = MIDNIGHT
) -> tuple[list[CallEvent], float]:
    """The facts of five days, and how long agents were at work."""
    facts: list[CallEvent] = []

    async def drain() -> None:
        """Nothing is written."""

    typed = typed_input(GrammarStore(shop / "grammars", None))
    interpreter = Interpreter(load_flows(shop / "flows"), "main", {})
    house = House(interpreter, Hearing(typed), no_action, ZoneInfo("UTC"))
    plan = Plan(contacts, 5, MIDNIGHT, over_by, seed, "main", ("en-US",), "v1")
    at_work = await Month(plan, house, load_queues(shop), facts.append, drain).play()
    return facts, sum(each.ended_at - each.began_at for each in at_work)


async def test_every_contact_begins_and_ends_once_with_its_turns_between(shop: Path) -> None:
    facts, worked_s = await play(shop, 400)
    assert worked_s > 0
    calls: dict[str, list[CallEvent]] = {}
    for fact in facts:
        calls.setdefault(fact.call_id, []).append(fact)
    assert len(calls) == 400
    for told in calls.values():
        kinds = [type(each) for each in told]
        assert kinds[0] is CallStarted
        assert (kinds.count(CallEnded), kinds.count(CallStarted)) == (1, 1)
        turns = [each.index for each in told if isinstance(each, TurnFinished)]
        assert turns == list(range(1, len(turns) + 1))
        times = [each.at for each in told if not isinstance(each, DeflectionReached)]
        assert (min(times), max(times)) == (told[0].at, told[-1].at)


async def test_the_month_has_something_of_everything(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicebot.traffic.month.REFUSED", 0.02)  # or luck decides
    facts, _ = await play(shop, 800)
    ends = [each for each in facts if isinstance(each, CallEnded)]
    assert {each.outcome for each in ends} >= {
        Outcome.SELF_SERVED,
        Outcome.TRANSFERRED,
        Outcome.ABANDONED_IN_FLOW,
        Outcome.ABANDONED_IN_QUEUE,
        Outcome.MOVED_TO_TEXT,
        Outcome.REFUSED,
    }
    queued = [each for each in facts if isinstance(each, QueueNoted)]
    assert any(each.agent and each.handled_s > 0 for each in queued)
    assert any(not each.agent and (each.waited_s or 0) > 0 for each in queued)
    assert len({each.transport for each in facts if isinstance(each, CallStarted)}) == 4
    callers = [each.caller for each in facts if isinstance(each, CallStarted)]
    assert len(set(callers)) < len(callers)
    assert any(isinstance(each, MatterNoted) for each in facts)
    assert any(isinstance(each, CallAnswered) for each in facts)
    spoken = [each for each in facts if isinstance(each, TurnFinished) and each.said_at is not None]
    assert any((each.said_at or 0) < (each.heard_from or 0) < each.at for each in spoken)


async def test_a_month_that_is_not_over_yet_ends_now(shop: Path) -> None:
    noon = MIDNIGHT - 1.5 * 86_400
    (facts, worked_s), (_, whole_s) = await play(shop, 200, over_by=noon), await play(shop, 200)
    begins = [each.at for each in facts if isinstance(each, CallStarted)]
    assert noon - 86_400 < max(begins) < noon
    assert len([each for each in facts if isinstance(each, CallEnded)]) == len(begins)
    assert 0 < worked_s < whole_s


async def test_the_same_seed_makes_the_same_month(shop: Path) -> None:
    first, again, other = [(await play(shop, 60, seed))[0] for seed in (1, 1, 2)]
    assert first == again
    assert first != other
