"""Sends what was written down, each channel by itself, until it has arrived.

Letters of a channel go out in order, one at a time: a receiver that is slow or gone keeps its own
letters waiting and nobody else's. One that was being sent when the process ended is sent again.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial

import structlog

from voicebot.letters.letter import Channel, Letter, LetterBook, Sender
from voicebot.sending.rounds import LONGEST_SLEEP_S, keep_sending

log = structlog.get_logger(__name__)


class Courier:
    """``senders`` by channel. ``clock`` gives UTC epoch seconds."""

    def __init__(
        self,
        book: LetterBook,
        senders: Mapping[Channel, Sender],
        clock: Callable[[], float] = time.time,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._book = book
        self._senders = senders
        self._clock = clock
        self._jitter = jitter
        self._stirred = {channel: asyncio.Event() for channel in senders}
        self._tasks: list[asyncio.Task[None]] = []
        self.counts: Counter[tuple[Channel, str]] = Counter()
        """Since the start, by channel and what came of it: sent, failed (a try), given_up."""

    @property
    def channels(self) -> tuple[Channel, ...]:
        return tuple(self._senders)

    def start(self) -> None:
        """Begin with what an earlier process left."""
        self._tasks = [
            asyncio.create_task(self._run(channel), name=f"notices by {channel}")
            for channel in self._senders
        ]

    def stir(self) -> None:
        """There is something new."""
        for each in self._stirred.values():
            each.set()

    async def stop(self) -> None:
        """End; what has not arrived stays written down."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, channel: Channel) -> None:
        await keep_sending(
            partial(self._send_due, channel), self._stirred[channel], f"notices by {channel}"
        )

    async def _send_due(self, channel: Channel) -> float:
        """Send in order what is due; how long until there is something to do again."""
        for letter in await self._book.letters(channel):
            if (wait_s := letter.due_at - self._clock()) > 0:
                return wait_s
            problem = await self._sent(letter)
            if problem:
                return await self._failed(letter, problem)
            await self._book.drop(letter)
            self.counts[channel, "sent"] += 1
        return LONGEST_SLEEP_S

    async def _sent(self, letter: Letter) -> str:
        """What went wrong (`Sender.send`). A sender that breaks its word counts as one more
        failure: the letter waits, and is given up one day."""
        try:
            return await self._senders[letter.channel].send(letter)
        except Exception as error:
            log.exception("notice_broke_its_sender", channel=letter.channel)
            return f"it cannot be sent ({type(error).__name__})"

    async def _failed(self, letter: Letter, problem: str) -> float:
        self.counts[letter.channel, "failed"] += 1
        log.warning("notice_not_sent", channel=letter.channel, tries=letter.tries + 1, why=problem)
        now = self._clock()
        due_at = letter.due_again(now, self._jitter())
        if due_at is None:
            self.counts[letter.channel, "given_up"] += 1
            await self._book.drop(letter)
            return 0.0
        await self._book.postpone(letter, due_at)
        return due_at - now
