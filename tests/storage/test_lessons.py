"""What calls teach is told of the contacts that were chosen; the parts of a split are the whole."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.storage.facts import ORDER, ended, noted, started, turn
from voicebot.action_result import ActionResult
from voicebot.analytics.deflection import deflection
from voicebot.analytics.history import Span, Split
from voicebot.events import (
    ActionRan,
    CallEvent,
    DeflectionReached,
    DeflectionStage,
    QueueNoted,
    TurnResult,
)
from voicebot.sessions.records import CallQuery
from voicebot.storage.action_runs import SqlActionRuns
from voicebot.storage.archive import SqlCallArchive
from voicebot.storage.deflections import SqlDeflections
from voicebot.storage.journal import SqlJournal
from voicebot.storage.misheard import SqlMisheard
from voicebot.types import CallId, Language, Matter

SPAN = Span(1000.0, 3000.0)
VALUES: Mapping[Split, tuple[str, ...]] = {
    Split.DIRECTION: ("inbound", "outbound"),
    Split.DOOR: ("sip", "webrtc"),
    Split.FLOW: ("main", "sales"),
    Split.LANGUAGE: ("en-US", "zh-CN"),
    Split.INTENT: ("", "order", "return"),
    Split.QUEUE: ("", "support"),
    Split.AGENT: ("", "ann", "bob"),
}


def _contacts() -> Iterator[CallEvent]:
    dice = random.Random(3)
    for number in range(60):
        call, at = f"call-{number}", 1000.0 + 30 * number
        begun = replace(
            started(call, at=at),
            direction=dice.choice(["inbound", "outbound"]),
            transport=dice.choice(["sip", "webrtc"]),
            flow=dice.choice(["main", "sales"]),
            language=Language(dice.choice(["en-US", "zh-CN"])),
        )
        yield begun
        for index in range(1, 2 + dice.randrange(3)):
            heard = replace(ORDER, text=f"words {index}", semantics=None)
            yield replace(turn(call, index, at=at, heard=heard), result=TurnResult.NOMATCH)
        for action in dice.sample(["find_order", "open_return"], dice.randrange(3)):
            result = dice.choice(list(ActionResult))
            yield ActionRan(CallId(call), at + 5, "look", action, result, dice.uniform(5, 900))
        if about := dice.choice(["", "order", "return"]):
            yield noted(call, Matter(about, {}, True), at=at)
        if agent := dice.choice(["", "ann", "bob"]):
            yield QueueNoted(CallId(call), at, "support", 3.0, agent, 9.0)
        yield from _offered(dice, CallId(call), at)
        yield ended(call, at=at + 20)


def _offered(dice: random.Random, call: CallId, at: float) -> Iterator[CallEvent]:
    """None, one or both offers of text, and what came of the one that was accepted."""
    offers = dice.sample(["tracking", "label"], dice.randrange(3))
    for intent in offers:
        yield DeflectionReached(call, at + 6, DeflectionStage.OFFERED, intent)
    if offers and dice.random() < 0.7:
        yield DeflectionReached(call, at + 7, DeflectionStage.ACCEPTED, offers[-1])
        yield DeflectionReached(call, at + 8, dice.choice([*_IN_TEXT]))


_IN_TEXT = (DeflectionStage.SERVED, DeflectionStage.HANDED_ON, DeflectionStage.GAVE_UP)


@pytest.fixture
async def told(either: AsyncEngine) -> AsyncEngine:
    journal = SqlJournal(either)
    await journal.start()
    for event in _contacts():
        journal.append(event)
    await journal.stop()
    assert journal.stats.failed == 0
    return either


async def _misheard(engine: AsyncEngine, where: Mapping[Split, str]) -> list[tuple[str, str]]:
    found = await SqlMisheard(engine).misheard(SPAN, where, unsure=0.6, limit=1000)
    assert found.complete
    return [(turn.call_id, turn.text) for turn in found.turns]


async def _ran(engine: AsyncEngine, where: Mapping[Split, str]) -> list[tuple[str, str, float]]:
    found = await SqlActionRuns(engine).runs(SPAN, where)
    assert found.complete
    return [(run.call_id, run.action, run.ms) for run in found.runs]


async def _stages(engine: AsyncEngine, where: Mapping[Split, str]) -> list[tuple[str, str]]:
    found = await SqlDeflections(engine).chosen(SPAN, where)
    assert found.complete
    return [(fact.call_id, fact.stage) for fact in found.facts]


async def _followed(engine: AsyncEngine, where: Mapping[Split, str]) -> list[str]:
    values = {split.value: value for split, value in where.items()}
    query = CallQuery(since=SPAN.since, until=SPAN.until, where=values)
    return [call.id for call in (await SqlCallArchive(engine).list_calls(query, limit=1000)).calls]


async def test_the_parts_of_every_split_are_the_whole(told: AsyncEngine) -> None:
    misheard, followed = await _misheard(told, {}), await _followed(told, {})
    assert len(misheard) > len(followed) == 60
    for split, values in VALUES.items():
        parts = [await _misheard(told, {split: value}) for value in values]
        assert all(parts), split
        assert sorted(chain(*parts)) == sorted(misheard), split
        runs = [await _ran(told, {split: value}) for value in values]
        assert sorted(chain(*runs)) == sorted(await _ran(told, {})) != [], split
        stages = [await _stages(told, {split: value}) for value in values]
        assert sorted(chain(*stages)) == sorted(await _stages(told, {})) != [], split
        calls = [await _followed(told, {split: value}) for value in values]
        assert sorted(chain(*calls)) == sorted(followed), split


async def test_several_values_choose_what_has_them_all(told: AsyncEngine) -> None:
    both = await _followed(told, dict(_ANN_IN_MAIN))
    ann, main = [await _followed(told, {name: value}) for name, value in _ANN_IN_MAIN]
    assert set(both) == set(ann) & set(main) != set()
    assert {call for call, _ in await _misheard(told, dict(_ANN_IN_MAIN))} == set(both)


_ANN_IN_MAIN = ((Split.AGENT, "ann"), (Split.FLOW, "main"))


async def test_calls_are_chosen_by_the_actions_that_ran_in_them(told: AsyncEngine) -> None:
    archive = SqlCallArchive(told)
    runs = (await SqlActionRuns(told).runs(SPAN, {})).runs
    for result in (None, ActionResult.TIMED_OUT):
        query = CallQuery(action=("find_order", result))
        found = {call.id for call in (await archive.list_calls(query, limit=1000)).calls}
        assert found == {
            run.call_id
            for run in runs
            if run.action == "find_order" and result in {None, run.result}
        }
        assert 0 < len(found) < 60


async def test_every_number_of_the_offers_leads_to_so_many_calls(told: AsyncEngine) -> None:
    archive = SqlCallArchive(told)
    found = deflection((await SqlDeflections(told).chosen(SPAN, {})).facts)
    assert set(found.by_intent) == {"tracking", "label"}
    for intent, funnel in found.by_intent.items():
        for stage in DeflectionStage:
            query = CallQuery(text_stage=(stage, intent))
            listed = (await archive.list_calls(query, limit=1000)).calls
            assert len(listed) == funnel.reached[stage], (intent, stage)
    assert found.by_intent["label"].reached[DeflectionStage.SERVED] > 0
    served = CallQuery(text_stage=(DeflectionStage.SERVED, None))
    listed = (await archive.list_calls(served, limit=1000)).calls
    assert len(listed) == found.whole.reached[DeflectionStage.SERVED]


async def test_calls_are_chosen_by_their_ids(told: AsyncEngine) -> None:
    query = CallQuery(ids=(CallId("call-3"), CallId("call-7"), CallId("none")))
    page = await SqlCallArchive(told).list_calls(query)
    assert [call.id for call in page.calls] == ["call-7", "call-3"]
