"""Notices for receivers that are no longer in the settings do not stay for ever."""

from __future__ import annotations

import asyncio

from tests.notices.memory import MemoryNotices, a_notice
from voicebot.notices.orphans import KEPT_S, Orphans


async def test_they_are_given_up_after_a_day() -> None:
    store = MemoryNotices()
    store.add(a_notice(1, at=0.0), a_notice(2, at=100.0))
    now = 50.0
    orphans = Orphans(["other"], store, clock=lambda: now)
    assert await orphans.give_up() == 2
    now = KEPT_S + 50.0
    assert await orphans.give_up() == 1
    now = KEPT_S + 150.0
    assert await orphans.give_up() == 0
    await asyncio.wait_for(orphans.run(), 20)


async def test_those_of_a_receiver_stay() -> None:
    store = MemoryNotices()
    store.add(a_notice(1))
    await asyncio.wait_for(Orphans(["crm"], store, clock=lambda: 9 * KEPT_S).run(), 20)
    assert len(store.rows) == 1
