"""The ledger counts what the definitions say, kept or not, on both databases."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, func, insert, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.storage.back_and_forth import back_and_forth
from tests.storage.facts import answered, ended, noted, started
from tests.storage.made_up import MadeUp, counted, store
from voicebot.acd.model import AgentId
from voicebot.analytics.history import Every, HistoryQuery, Span, Split, gather, read_history
from voicebot.analytics.measures import AgentSeconds
from voicebot.analytics.totals import DAY_S, HOUR_S, Rules, Totals
from voicebot.errors import StorageError
from voicebot.events import CallEvent, QueueNoted
from voicebot.sessions.ready_times import Stretch
from voicebot.storage.database import open_database
from voicebot.storage.journal import SqlJournal
from voicebot.storage.ledger import SqlLedger
from voicebot.storage.schema import CUTS, agent_time, ledger_hours, stale_hours
from voicebot.types import CallId, Matter, Outcome

BEGIN = 500_000 * HOUR_S
RULES = Rules(repeat_days=2, short_s=5.0, target_s=20.0)
NOW = BEGIN + 9 * DAY_S
WHOLE = Span(BEGIN, NOW)
WITHIN = Span(BEGIN + 1.5 * HOUR_S, BEGIN + 5 * DAY_S + 0.25 * HOUR_S)
"""From the middle of an hour to the middle of another."""


def _made_up(seed: int, contacts: int = 150) -> list[MadeUp]:
    """Contacts of a few people over a week; times are multiples of a quarter, so that sums of them
    are the same in any order."""
    dice = random.Random(seed)
    found = []
    for _ in range(contacts):
        outcome = dice.choice(list(Outcome))
        waits = dice.random() < 0.4
        served = waits and dice.random() < 0.6
        found.append(
            MadeUp(
                at=BEGIN + dice.randrange(7 * DAY_S * 4) / 4,
                outcome=outcome,
                answered=outcome not in {Outcome.REFUSED, Outcome.NOT_REACHED},
                duration_s=dice.choice([1.0, 4.75, 5.0, 80.25]),
                number=dice.choice([None, *(f"+{each}" for each in range(12))]),
                customer=dice.choice([*[None] * 9, "17", "18"]),
                matter=dice.choice([None, "return", "order"]),
                door=dice.choice(["sip", "webrtc"]),
                flow=dice.choice(["main", "sales"]),
                queue=dice.choice(["support", "returns"]) if waits else None,
                agent=dice.choice(["ann", "bob"]) if served else None,
                waited_s=dice.choice([2.0, 5.0, 20.0, 20.25]) if waits else None,
                handled_s=100.5 if served else 0.0,
                called_back=served and dice.random() < 0.3,
            )
        )
    return found


async def _whole(ledger: SqlLedger, span: Span = WHOLE, now: float = NOW) -> Totals:
    found = await ledger.sums(span, {}, None, hourly=False, now=now)
    return sum((each.totals for each in found), Totals())


@pytest.mark.parametrize("seed", range(3))
async def test_sums_are_those_of_the_definitions_before_and_after_they_are_kept(
    either: AsyncEngine, seed: int
) -> None:
    made_up = _made_up(seed)
    await store(either, made_up)
    ledger = SqlLedger(either, RULES)
    expected = counted(made_up, made_up, RULES, NOW)
    assert expected.repeats
    assert expected.resolved
    assert await _whole(ledger) == expected
    await ledger.start()
    assert await ledger.fold(NOW, limit=20) == 20
    assert await _whole(ledger) == expected, "some hours are kept and some are not"
    while await ledger.fold(NOW):
        pass
    assert await _whole(ledger) == expected


async def _partly_kept(engine: AsyncEngine, made_up: list[MadeUp]) -> SqlLedger:
    """A ledger that keeps the sums of some hours, and has to count the others."""
    await store(engine, made_up)
    ledger = SqlLedger(engine, RULES)
    await ledger.start()
    await ledger.fold(NOW, limit=60)
    return ledger


async def test_the_sums_of_every_split_add_up_to_the_whole(either: AsyncEngine) -> None:
    made_up = _made_up(7)
    ledger = await _partly_kept(either, made_up)
    inside = [each for each in made_up if WITHIN.since <= each.at < WITHIN.until]
    expected = counted(inside, made_up, RULES, NOW)
    assert await _whole(ledger, WITHIN) == expected
    for split, hourly in itertools.product(Split, (False, True)):
        found = await ledger.sums(WITHIN, {}, split, hourly=hourly, now=NOW)
        for value in {each.value(split.value) for each in inside}:
            chosen = [each for each in inside if each.value(split.value) == value]
            part = sum((each.totals for each in found if each.value == value), Totals())
            assert part == counted(chosen, made_up, RULES, NOW), (split, hourly, value)
        whole = sum((each.totals for each in found), Totals())
        assert whole == expected, (split, hourly)


async def test_periods_put_together_by_the_database_are_those_of_their_hours(
    engine: AsyncEngine,
) -> None:
    ledger = await _partly_kept(engine, _made_up(9))
    hours = await ledger.sums(WITHIN, {}, Split.AGENT, hourly=True, now=NOW)
    zones = [ZoneInfo(each) for each in ("UTC", "America/New_York", "Asia/Kolkata")]
    for every, zone in itertools.product((Every.DAY, Every.WEEK, Every.MONTH), zones):
        found = await read_history(ledger, HistoryQuery(WITHIN, zone, {}, Split.AGENT, every), NOW)
        rows = {(row.period, row.value): row.totals for row in found.rows}
        assert rows == gather(hours, every, zone), (every, zone)


async def test_contacts_are_chosen_by_several_values_at_once(either: AsyncEngine) -> None:
    made_up = _made_up(8)
    await store(either, made_up)
    ledger = SqlLedger(either, RULES)
    await ledger.start()
    await ledger.fold(NOW, limit=1000)
    for where in (
        {Split.DOOR: "sip", Split.FLOW: "main"},
        {Split.AGENT: "ann", Split.QUEUE: "support"},
        {Split.AGENT: "ann", Split.DOOR: "sip"},
        {Split.QUEUE: ""},
    ):
        chosen = [
            each
            for each in made_up
            if all(each.value(split.value) == value for split, value in where.items())
        ]
        assert chosen
        found = await ledger.sums(WHOLE, where, Split.INTENT, hourly=False, now=NOW)
        whole = sum((each.totals for each in found), Totals())
        assert whole == counted(chosen, made_up, RULES, NOW)


async def test_a_matter_is_resolved_when_its_days_are_over(either: AsyncEngine) -> None:
    one = MadeUp(BEGIN + 100, number="+1", matter="return")
    await store(either, [one])
    ledger = SqlLedger(either, RULES)
    await ledger.start()
    await ledger.fold(NOW)
    settled_at = BEGIN + HOUR_S + 2 * DAY_S
    before = await _whole(ledger, now=settled_at - 1)
    assert (before.settled, before.resolved) == (0, 0)
    after = await _whole(ledger, now=settled_at)
    assert (after.settled, after.resolved) == (1, 1)


def _call(call: str, at: float, matter: str = "return") -> list[CallEvent]:
    return [
        started(call, at=at, caller="+15550117"),
        answered(call, at=at + 1),
        noted(call, Matter(matter, {}, open=False)),
        ended(call, at=at + 30),
    ]


async def _write(engine: AsyncEngine, *events: CallEvent) -> None:
    journal = SqlJournal(engine)
    await journal.start()
    for event in events:
        journal.append(event)
    await journal.stop()
    assert journal.stats.failed == 0


async def test_a_contact_that_comes_back_changes_what_was_kept_of_the_first(
    either: AsyncEngine,
) -> None:
    ledger = SqlLedger(either, RULES)
    await ledger.start()
    await _write(either, *_call("a", BEGIN), *_call("other", BEGIN + HOUR_S, "order"))
    await ledger.fold(NOW)
    assert (await _whole(ledger)).resolved == 2
    await _write(either, *_call("b", BEGIN + DAY_S))
    found = await _whole(ledger)
    assert (found.resolved, found.settled, found.repeats, found.undone) == (1, 2, 1, 1)
    await ledger.fold(NOW)
    assert await _whole(ledger) == found


async def test_work_after_the_call_is_counted_when_it_is_told(either: AsyncEngine) -> None:
    ledger = SqlLedger(either, RULES)
    await ledger.start()
    talk = QueueNoted(CallId("a"), BEGIN + 20, "support", 12.0, "ann", 100.0)
    await _write(either, *_call("a", BEGIN), talk)
    await ledger.fold(NOW)
    assert (await _whole(ledger)).wrapped_s == 0.0
    await _write(either, replace(talk, wrapped_s=30.0))
    found = await ledger.sums(WHOLE, {}, Split.AGENT, hourly=False, now=NOW)
    (ann,) = found
    assert (ann.value, ann.totals.answered, ann.totals.within) == ("ann", 1, 1)
    assert (ann.totals.handled_s, ann.totals.wrapped_s) == (100.0, 30.0)


async def test_calls_that_were_cut_off_by_a_kill_are_counted(either: AsyncEngine) -> None:
    ledger = SqlLedger(either, RULES)
    await ledger.start()
    await _write(either, *_call("a", BEGIN), *_call("b", BEGIN + 60)[:2])
    await ledger.fold(NOW)
    await _write(either)  # the next process closes what the last one left open
    found = await _whole(ledger)
    assert (found.contacts, found.failed) == (2, 1)


async def test_the_hour_that_runs_is_not_kept(either: AsyncEngine) -> None:
    ledger = SqlLedger(either, RULES)
    await ledger.start()
    await _write(either, *_call("a", BEGIN))
    assert await ledger.fold(BEGIN + HOUR_S - 1) == 0
    assert (await _whole(ledger)).contacts == 1
    assert await ledger.fold(BEGIN + HOUR_S) == 1
    assert (await _whole(ledger)).contacts == 1


async def test_other_rules_count_anew(either: AsyncEngine) -> None:
    made_up = _made_up(9)
    await store(either, made_up)
    first = SqlLedger(either, RULES)
    await first.start()
    await first.fold(NOW, limit=1000)
    rules = Rules(repeat_days=1, short_s=2.0, target_s=2.0)
    expected = counted(made_up, made_up, rules, NOW)
    assert expected != counted(made_up, made_up, RULES, NOW)
    second = SqlLedger(either, rules)
    assert await _whole(second) == expected, "before anybody has told the database"
    await second.start()
    assert await _whole(second) == expected
    await second.fold(NOW, limit=1000)
    assert await _whole(second) == expected


async def test_rebuilding_mends_sums_that_somebody_changed(either: AsyncEngine) -> None:
    made_up = _made_up(10)
    await store(either, made_up)
    ledger = SqlLedger(either, RULES)
    await ledger.start()
    await ledger.fold(NOW, limit=1000)
    async with either.begin() as connection:
        await connection.execute(text("UPDATE ledger_hours SET contacts = contacts + 1"))
    expected = counted(made_up, made_up, RULES, NOW)
    assert await _whole(ledger) != expected
    await ledger.rebuild()
    assert await _whole(ledger) == expected
    await ledger.fold(NOW, limit=1000)
    assert await _whole(ledger) == expected


async def test_agents_are_ready_in_the_part_of_their_time_that_was_asked(
    either: AsyncEngine,
) -> None:
    ledger = SqlLedger(either, RULES)
    ann, bob, eve = AgentId("ann"), AgentId("bob"), AgentId("eve")
    await ledger.note_agent_times(
        [Stretch(ann, BEGIN - 100, BEGIN + 50, True), Stretch(ann, BEGIN + 100, BEGIN + 110, False)]
    )
    await ledger.note_agent_times([Stretch(ann, BEGIN + 100, BEGIN + 120, False)])
    await ledger.note_agent_times([])
    await ledger.note_agent_times(
        [Stretch(bob, NOW - 10, NOW + 10, False), Stretch(eve, NOW, NOW + 10, True)]
    )
    assert dict(await ledger.agent_seconds(WHOLE)) == {
        "ann": AgentSeconds(70.0, 50.0),
        "bob": AgentSeconds(10.0, 0.0),
    }


async def test_time_of_which_nobody_knows_whether_it_was_busy_is_not_counted(
    either: AsyncEngine,
) -> None:
    ledger = SqlLedger(either, RULES)
    old = {"agent": "ann", "began_at": BEGIN, "ended_at": BEGIN + 50}
    async with either.begin() as connection:
        await connection.execute(insert(agent_time).values(old))
    assert dict(await ledger.agent_seconds(WHOLE)) == {}


async def test_busy_time_goes_and_comes_with_its_migration(either: AsyncEngine) -> None:
    def before(connection: Connection) -> None:
        assert "busy" not in {
            each["name"] for each in inspect(connection).get_columns("agent_time")
        }

    ledger = SqlLedger(either, RULES)
    await ledger.note_agent_times([Stretch(AgentId("ann"), BEGIN, BEGIN + 50, True)])
    async with either.begin() as connection:
        await connection.run_sync(back_and_forth, "0023", before)
    assert dict(await ledger.agent_seconds(WHOLE)) == {}


async def test_hours_far_apart_are_read_as_one_stretch(engine: AsyncEngine) -> None:
    made_up = [MadeUp(BEGIN + number * 2 * HOUR_S) for number in range(420)]
    await store(engine, made_up)
    ledger = SqlLedger(engine, RULES)
    await ledger.start()
    span = Span(BEGIN, BEGIN + 900 * HOUR_S)
    assert (await _whole(ledger, span)).contacts == 420
    await ledger.fold(BEGIN + 900 * HOUR_S, limit=100)
    assert (await _whole(ledger, span)).contacts == 420


async def test_what_is_kept_stays_small(engine: AsyncEngine) -> None:
    await store(engine, [MadeUp(BEGIN + number / 4) for number in range(1000)])
    ledger = SqlLedger(engine, RULES)
    await ledger.start()
    await ledger.fold(NOW)
    async with engine.connect() as connection:
        for table, rows in ((ledger_hours, len(CUTS)), (stale_hours, 0)):
            count = await connection.execute(select(func.count()).select_from(table))
            assert count.scalar_one() == rows


async def test_a_ledger_without_its_database_is_told(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("empty")
    engine = open_database(f"sqlite:///{folder}/calls.db")
    with pytest.raises(StorageError, match="cannot be read"):
        await _whole(SqlLedger(engine, RULES))
    with pytest.raises(StorageError, match="cannot be written"):
        await SqlLedger(engine, RULES).rebuild()
    await engine.dispose()


async def test_the_migration_marks_hours_of_old_calls_and_goes_back(either: AsyncEngine) -> None:
    await store(either, [MadeUp(BEGIN), MadeUp(BEGIN + 1), MadeUp(BEGIN + 2 * HOUR_S - 0.25)])
    async with either.begin() as connection:
        await connection.run_sync(back_and_forth, "0011", _without_hours)
        marked = await connection.execute(select(stale_hours.c.hour).order_by(stale_hours.c.hour))
        assert marked.scalars().all() == [BEGIN // HOUR_S, BEGIN // HOUR_S + 1]
    assert (await _whole(SqlLedger(either, RULES))).contacts == 3


def _without_hours(connection: Connection) -> None:
    assert "ledger_hours" not in inspect(connection).get_table_names()
