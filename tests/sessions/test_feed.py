"""The feed tells watchers what happens, in order, and waits for none of them."""

from __future__ import annotations

import asyncio

import pytest

from voicebot.errors import CallError
from voicebot.events import CallAnswered, CallEnded
from voicebot.sessions.feed import EventFeed, LiveEvent, Subscription
from voicebot.types import CallId, Outcome


def _answered(call: str, at: float = 0.0) -> CallAnswered:
    return CallAnswered(CallId(call), at)


def _ended(call: str) -> CallEnded:
    return CallEnded(CallId(call), 9.0, Outcome.SELF_SERVED, "goodbye")


async def _read(subscription: Subscription) -> list[LiveEvent]:
    return [event async for event in subscription]


async def test_every_watcher_gets_every_event_in_order() -> None:
    feed = EventFeed()
    one, other = feed.subscribe(), feed.subscribe()
    events: list[LiveEvent] = [_answered("a", 1.0), _answered("b", 2.0), _ended("a")]
    for event in events:
        feed.publish(event)
    feed.close()
    assert await _read(one) == await _read(other) == events


async def test_a_watcher_of_one_call_gets_its_events_until_it_ends() -> None:
    feed = EventFeed()
    subscription = feed.subscribe(CallId("a"))
    published: list[LiveEvent] = [_answered("b"), _answered("a"), _ended("b"), _ended("a")]
    for event in [*published, _answered("a")]:
        feed.publish(event)
    assert await _read(subscription) == [_answered("a"), _ended("a")]
    assert feed.watchers == 0


async def test_a_waiting_watcher_is_woken() -> None:
    feed = EventFeed()
    reading = asyncio.create_task(_read(feed.subscribe(CallId("a"))))
    await asyncio.sleep(0)  # let it begin to wait
    feed.publish(_ended("a"))
    assert await reading == [_ended("a")]


async def test_a_slow_watcher_is_cut_off_and_the_others_stay() -> None:
    feed = EventFeed(backlog=2)
    slow = feed.subscribe()
    feed.publish(_answered("a", 1.0))
    quick = feed.subscribe()
    for at in (2.0, 3.0):
        feed.publish(_answered("a", at))
    assert (feed.watchers, feed.cut_off) == (1, 1)
    assert [event.at for event in await _read(slow)] == [1.0, 2.0]
    assert slow.lost
    feed.close()
    assert [event.at for event in await _read(quick)] == [2.0, 3.0]
    assert not quick.lost


async def test_only_so_many_may_watch() -> None:
    feed = EventFeed(watchers=1)
    with feed.subscribe(), pytest.raises(CallError, match="at most 1"):
        feed.subscribe()
    feed.subscribe()  # the first has gone


def test_publishing_to_nobody_is_fine() -> None:
    EventFeed().publish(_answered("a"))
