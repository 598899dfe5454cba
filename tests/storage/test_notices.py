"""Notices are written with the facts that they tell of, and kept until they are settled."""

from __future__ import annotations

import json

from sqlalchemy.ext.asyncio import AsyncEngine

from tests.notices.memory import a_notice
from tests.storage.facts import answered, started
from voicebot.notices.model import Hook, Retry
from voicebot.notices.payload import Teller
from voicebot.storage.journal import SqlJournal
from voicebot.storage.notices import SqlNotices, notice_row
from voicebot.storage.schema import notices

HOOK = Hook("crm", "http://crm.example/", "s" * 32)
LATE = 1e9


async def test_facts_and_notices_are_written_together(either: AsyncEngine) -> None:
    stirred: list[str] = []
    journal = SqlJournal(either, telling=Teller([HOOK], lambda: stirred.append("now")))
    await journal.start()
    for event in (started("a"), answered("a"), started("b")):
        journal.append(event)
    await journal.stop()
    kept = SqlNotices(either)
    first = await kept.due("crm", LATE, 9)
    assert [(each.notice.contact, each.notice.kind) for each in first] == [
        ("a", "call.started"),
        ("b", "call.started"),
    ]
    assert json.loads(first[0].notice.body)["call"] == "a"
    assert stirred
    await kept.settle([each.number for each in first], [])
    assert [each.notice.kind for each in await kept.due("crm", LATE, 9)] == ["call.answered"]


async def test_calls_that_a_kill_cut_off_are_told_as_ended(either: AsyncEngine) -> None:
    journal = SqlJournal(either)
    await journal.start()
    journal.append(started("a"))
    await journal.stop()
    after = SqlJournal(either, telling=Teller([HOOK]))
    assert await after.start() == 1
    await after.stop()
    (waiting,) = await SqlNotices(either).due("crm", LATE, 9)
    told = json.loads(waiting.notice.body)
    assert (told["kind"], told["outcome"], told["call"]) == ("call.ended", "failed", "a")


async def test_the_same_fact_twice_is_kept_once(either: AsyncEngine) -> None:
    journal = SqlJournal(either, telling=Teller([HOOK]))
    await journal.start()
    journal.append(started("a"))
    await journal.flush()
    journal.append(started("a"))
    await journal.stop()
    assert await SqlNotices(either).waiting("crm") == 1


async def test_what_is_later_waits_and_keeps_its_contact_in_order(either: AsyncEngine) -> None:
    kept = SqlNotices(either)
    rows = [a_notice(1, "a"), a_notice(2, "a"), a_notice(3, "b")]
    async with either.begin() as connection:
        await connection.execute(notices.insert(), [notice_row(each) for each in rows])
    first, other = await kept.due("crm", 1.0, 9)
    assert (first.notice, other.notice) == (rows[0], rows[2])
    await kept.settle([other.number], [Retry(first.number, 1, 50.0)])
    assert await kept.due("crm", 1.0, 9) == []
    assert await kept.next_due_at("crm") == 0.0
    (again,) = await kept.due("crm", 50.0, 9)
    assert (again.notice.id, again.tries) == ("n1", 1)
    assert await kept.due("other", 50.0, 9) == []
    assert await kept.give_up("crm", 1.0) == 2
    assert (await kept.waiting("crm"), await kept.next_due_at("crm")) == (0, None)
