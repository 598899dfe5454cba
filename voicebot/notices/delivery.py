"""Brings one receiver its notices: each at least once, those of a contact in their order.

A notice stays in the database until the receiver has answered with 2xx, through restarts and
kills. What fails is tried again, later each time. While nothing gets through, the receiver as a
whole is left in peace; a single notice that it refuses holds up only those of its contact. Each
receiver has a task of its own, so that none waits for another, and no call for any.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import httpx
import structlog

from voicebot.notices.model import Hook, NoticeStore, Retry, Waiting
from voicebot.sending.attempt import Accepted
from voicebot.sending.pauses import pause_s
from voicebot.sending.rounds import LONGEST_SLEEP_S, keep_sending
from voicebot.sending.signed_post import SignedPost

BATCH: Final = 16
"""Notices that are sent to one receiver at a time, each of another contact."""
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 600.0
USER_AGENT: Final = "voicebot"

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Counters:
    """Since the start. ``waiting`` is as it was last looked at, ``late_s`` by how much the oldest
    that was sent last was old then."""

    delivered: int = 0
    failed: int = 0
    given_up: int = 0
    waiting: int = 0
    late_s: float = 0.0


class Delivery:
    """Sends what waits for ``hook``. ``clock`` gives UTC epoch seconds, ``jitter`` 0..1."""

    def __init__(
        self,
        hook: Hook,
        store: NoticeStore,
        client: httpx.AsyncClient,
        *,
        clock: Callable[[], float] = time.time,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.hook = hook
        self.counters = Counters()
        self._store = store
        self._post = SignedPost(hook.url, hook.secret, client, clock, hook.timeout_s)
        self._clock = clock
        self._jitter = jitter
        self._stirred = asyncio.Event()
        self._quiet_until = 0.0
        self._failures = 0

    def stir(self) -> None:
        """There is something to send."""
        self._stirred.set()

    async def run(self) -> None:
        """Send what is due, until cancelled."""
        await keep_sending(self._round, self._stirred, f"notices for {self.hook.name}")

    async def _round(self) -> float:
        """One round (`keep_sending`)."""
        if await self.send_due():
            return 0.0
        self.counters.waiting = await self._store.waiting(self.hook.name)
        quiet_s = self._quiet_until - self._clock()
        if quiet_s > 0:
            await asyncio.sleep(min(quiet_s, LONGEST_PAUSE_S))  # whatever comes meanwhile
            return 0.0
        return await self._sleep_s()

    async def send_due(self) -> int:
        """Send what is due now, a few at a time; gives how many were tried. Raises StorageError."""
        now = self._clock()
        if now < self._quiet_until:
            return 0
        batch = await self._store.due(self.hook.name, now, BATCH)
        if not batch:
            return 0
        problems = await asyncio.gather(*(self._send(each) for each in batch))
        now = self._clock()
        self.counters.late_s = max(0.0, now - batch[0].notice.created_at)
        done = [each.number for each, problem in zip(batch, problems, strict=True) if not problem]
        again: list[Retry] = []
        for each, problem in zip(batch, problems, strict=True):
            if problem and now - each.notice.created_at >= self.hook.give_up_s:
                self._given_up(1, problem)
                done.append(each.number)
            elif problem:
                tries = each.tries + 1
                again.append(Retry(each.number, tries, now + self._pause_s(tries)))
        await self._store.settle(done, again)
        if self._count([problem for problem in problems if problem], len(batch), now):
            too_old = now - self.hook.give_up_s
            self._given_up(await self._store.give_up(self.hook.name, too_old), problems[0])
        return len(batch)

    async def _send(self, waiting: Waiting) -> str:
        """Why the receiver has not taken it; empty where it has."""
        notice = waiting.notice
        headers = {
            "User-Agent": USER_AGENT,
            "X-Voicebot-Event": notice.kind.value,
            "X-Voicebot-Id": notice.id,
        }
        attempt = await self._post.send(notice.body.encode(), headers)
        return "" if isinstance(attempt, Accepted) else attempt.problem

    def _given_up(self, count: int, problem: str) -> None:
        if count:
            self.counters.given_up += count
            log.error("notices_given_up", hook=self.hook.name, count=count, problem=problem)

    def _count(self, failed: list[str], sent: int, now: float) -> bool:
        """Whether the receiver as a whole fails; it is left in peace then for a while."""
        self.counters.delivered += sent - len(failed)
        self.counters.failed += len(failed)
        if len(failed) < sent:
            if self._failures:
                log.info("hook_answers_again", hook=self.hook.name)
            self._failures = 0
            return False
        if not self._failures:
            log.warning("hook_fails", hook=self.hook.name, problem=failed[0])
        self._failures += 1
        self._quiet_until = now + self._pause_s(self._failures)
        return True

    async def _sleep_s(self) -> float:
        due_at = await self._store.next_due_at(self.hook.name)
        if due_at is None:
            return LONGEST_SLEEP_S
        return max(0.05, min(LONGEST_SLEEP_S, due_at - self._clock()))

    def _pause_s(self, tries: int) -> float:
        return pause_s(tries, FIRST_PAUSE_S, LONGEST_PAUSE_S, self._jitter())
