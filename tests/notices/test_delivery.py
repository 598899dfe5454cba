"""Notices reach a receiver that fails, is slow or goes away: at least once, in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace

import httpx
import pytest

from tests.notices.memory import MemoryNotices, a_notice
from voicebot.errors import StorageError
from voicebot.notices.delivery import LONGEST_PAUSE_S, Delivery
from voicebot.notices.model import Hook, Waiting
from voicebot.sending.signature import fault_in

HOOK = Hook("crm", "http://crm.example/events", "0123456789abcdef0123456789abcdef", give_up_s=3600)


@dataclass
class Receiver:
    """Answers as ``answers`` says of each id, 200 where it says nothing."""

    answers: Callable[[str], int] = lambda id_: 200
    got: list[httpx.Request] = field(default_factory=list)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.got.append(request)
        status = self.answers(request.headers["x-voicebot-id"])
        if status == 0:
            raise httpx.ReadError("the line broke")
        if status < 0:
            await asyncio.sleep(3600)
        return httpx.Response(status)

    @property
    def ids(self) -> list[str]:
        return [request.headers["x-voicebot-id"] for request in self.got]


@dataclass
class Post:
    """A delivery on a clock to set, without jitter."""

    receiver: Receiver
    store: MemoryNotices
    client: httpx.AsyncClient
    hook: Hook = HOOK
    now: float = 100.0

    def __post_init__(self) -> None:
        self.delivery = Delivery(
            self.hook, self.store, self.client, clock=lambda: self.now, jitter=lambda: 0.0
        )

    async def after(self, seconds: float) -> int:
        self.now += seconds
        return await self.delivery.send_due()


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    receiver = Receiver()
    async with httpx.AsyncClient(transport=httpx.MockTransport(receiver)) as client:
        yield Post(receiver, MemoryNotices(), client)


async def test_what_is_taken_is_sent_once_and_signed(post: Post) -> None:
    post.store.add(a_notice(1))
    assert await post.after(0) == 1
    assert await post.after(0) == 0
    (request,) = post.receiver.got
    headers = request.headers
    timestamp, signature = headers["x-voicebot-timestamp"], headers["x-voicebot-signature"]
    assert not fault_in(request.content, timestamp, signature, post.now, HOOK.secret)
    assert fault_in(b"{} ", timestamp, signature, post.now, HOOK.secret)
    assert headers["x-voicebot-event"] == "call.ended"
    assert post.store.rows == {}


@pytest.mark.parametrize("status", [500, 404, 302, 0])
async def test_what_fails_is_sent_again_later(post: Post, status: int) -> None:
    post.receiver.answers = lambda id_: status
    post.store.add(a_notice(1))
    await post.after(0)
    assert await post.after(0.9) == 0
    post.receiver.answers = lambda id_: 204
    assert await post.after(0.2) == 1
    assert post.receiver.ids == ["n1", "n1"]
    counters = post.delivery.counters
    assert (counters.delivered, counters.failed, counters.given_up) == (1, 1, 0)


async def test_a_contact_is_told_in_order_and_holds_up_no_other(post: Post) -> None:
    post.store.add(a_notice(1, "a"), a_notice(2, "a"), a_notice(3, "b"), a_notice(4, "b"))
    post.receiver.answers = lambda id_: 500 if id_ == "n1" else 200
    await post.after(0)
    await post.after(0)
    assert post.receiver.ids == ["n1", "n3", "n4"]
    post.receiver.answers = lambda id_: 200
    await post.after(1.1)
    await post.after(0)
    assert post.receiver.ids[-2:] == ["n1", "n2"]


async def test_a_receiver_that_is_down_is_left_in_peace(post: Post) -> None:
    post.store.add(*(a_notice(number) for number in range(40)))
    post.receiver.answers = lambda id_: 503
    await post.after(0)
    sent = len(post.receiver.got)
    assert sent < 40
    assert await post.after(0.5) == 0
    assert len(post.receiver.got) == sent
    post.receiver.answers = lambda id_: 200
    post.now += 2
    while await post.after(1):
        pass
    assert post.store.rows == {}


async def test_who_answers_too_late_has_not_taken_it(post: Post) -> None:
    slow = Post(post.receiver, post.store, post.client, replace(HOOK, timeout_s=0.01))
    slow.receiver.answers = lambda id_: -1
    slow.store.add(a_notice(1))
    await slow.after(0)
    assert len(slow.store.rows) == 1
    assert slow.delivery.counters.failed == 1


async def test_what_nobody_takes_is_given_up_and_counted(post: Post) -> None:
    post.store.add(a_notice(1, at=post.now), a_notice(2, "c1", at=post.now))
    post.receiver.answers = lambda id_: 500
    await post.after(0)
    await post.after(HOOK.give_up_s - 1)
    assert len(post.store.rows) == 2
    post.store.add(a_notice(3, at=post.now))
    await post.after(LONGEST_PAUSE_S)
    assert [each.id for each, _, _ in post.store.rows.values()] == ["n3"]
    assert post.delivery.counters.given_up == 2


async def test_a_task_sends_what_comes(post: Post) -> None:
    task = asyncio.create_task(post.delivery.run())
    try:
        await asyncio.sleep(0)
        post.store.add(a_notice(1))
        post.delivery.stir()
        async with asyncio.timeout(20):
            while post.store.rows:
                await asyncio.sleep(0.01)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert post.receiver.ids == ["n1"]


async def test_a_database_that_is_away_is_waited_for(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicebot.sending.rounds.STORAGE_PAUSE_S", 0.0)
    problems = iter([StorageError("away"), RuntimeError("a surprise")])
    due = post.store.due

    async def failing(hook: str, now: float, limit: int) -> Sequence[Waiting]:
        problem = next(problems, None)
        if problem is not None:
            raise problem
        return await due(hook, now, limit)

    monkeypatch.setattr(post.store, "due", failing)
    post.store.add(a_notice(1))
    task = asyncio.create_task(post.delivery.run())
    try:
        async with asyncio.timeout(20):
            while post.store.rows:
                await asyncio.sleep(0.01)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert post.receiver.ids == ["n1"]
