"""Calls as they happen, for whoever watches inside this process.

The session publishes, the web room streams. Live events are finer than the recorded ones: what is
said is told when its first packet leaves, not when the turn is over. Nothing is kept: what was
published before a watcher came is in the archive.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self, TypeAlias

from voicebot.errors import CallError
from voicebot.events import CallAnswered, CallEnded, CallStarted, TurnResult
from voicebot.types import CallId, Heard


@dataclass(frozen=True, slots=True)
class PromptSpoken:
    """The first packet of a prompt has left for the caller; ``latency_ms`` as in a turn. ``turn``
    is the number of the turn that it belongs to."""

    call_id: CallId
    at: float
    step: str
    prompt: str
    latency_ms: float | None = None
    turn: int = 0


@dataclass(frozen=True, slots=True)
class PartHeard:
    """What the caller has said so far, for captions: told in each pause, and soon outdated.
    ``text`` is in words, along the grammar where it holds them."""

    call_id: CallId
    at: float
    step: str
    text: str


@dataclass(frozen=True, slots=True)
class InputHeard:
    """The caller's side of a turn is over; ``heard`` is None where nothing was understood."""

    call_id: CallId
    at: float
    step: str
    result: TurnResult
    heard: Heard | None
    turn: int = 0


@dataclass(frozen=True, slots=True)
class TurnHidden:
    """What was told of a turn holds a piece of a number that is known to be a secret by now: it
    reads ``prompt`` (all of them together) and ``heard`` instead."""

    call_id: CallId
    at: float
    turn: int
    prompt: str
    heard: Heard | None


QueueChange: TypeAlias = Literal[
    "waiting",
    "told",
    "offered",
    "withdrawn",
    "answered",
    "handed_over",
    "released",
    "free",
    "sent_away",
    "moved",
    "left",
    "callback_booked",
    "callback_due",
    "callback_off",
]


@dataclass(frozen=True, slots=True)
class QueueMoved:
    """Something happened to a call in the queues.

    It is ``waiting`` at a ``position`` (1 is next) with an estimated ``wait_s``, ``told`` these
    anew, ``offered`` to an ``agent`` after ``waited_s``, ``withdrawn`` from them, ``answered``,
    ``handed_over`` to a colleague, ``released`` by them and the agent ``free`` of its work,
    ``sent_away`` (also to another queue, where it is ``waiting`` next), ``moved`` to voice or text
    (the ``reason``) at its place, or has ``left``. ``reason`` is a short word for people. ``queue``
    is empty where it is known no longer.
    """

    call_id: CallId
    at: float
    change: QueueChange
    queue: str
    agent: str = ""
    position: int | None = None
    wait_s: float | None = None
    waited_s: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AgentMoved:
    """An agent took up another state. It belongs to no call: who follows one is not told."""

    agent: str
    at: float
    state: str
    reason: str

    @property
    def call_id(self) -> CallId:
        return CallId("")


LiveEvent: TypeAlias = (
    CallStarted
    | CallAnswered
    | PromptSpoken
    | PartHeard
    | InputHeard
    | TurnHidden
    | QueueMoved
    | AgentMoved
    | CallEnded
)


class EventFeed:
    """Publishes live events inside this process to a bounded number of watchers.

    Nobody waits for a watcher: one whose backlog is full is cut off and counted in ``cut_off``.
    Publishing and watching are of one event loop.
    """

    def __init__(self, *, watchers: int = 32, backlog: int = 256) -> None:
        self._limit = watchers
        self.backlog = backlog
        self._subscriptions: set[Subscription] = set()
        self.cut_off = 0

    def publish(self, event: LiveEvent) -> None:
        """Hand ``event`` to every watcher; returns at once and never raises."""
        for subscription in tuple(self._subscriptions):
            if subscription.wants(event) and not subscription.offer(event):
                self.cut_off += 1

    def subscribe(self, call_id: CallId | None = None) -> Subscription:
        """Watch one call until it ends, or all calls. Raises CallError when too many watch."""
        if len(self._subscriptions) >= self._limit:
            raise CallError(f"too many watchers: at most {self._limit} may follow calls live")
        subscription = Subscription(self, call_id, self.backlog)
        self._subscriptions.add(subscription)
        return subscription

    @property
    def watchers(self) -> int:
        return len(self._subscriptions)

    def close(self) -> None:
        """End every subscription: the server is stopping."""
        for subscription in tuple(self._subscriptions):
            subscription.close()

    def _forget(self, subscription: Subscription) -> None:
        self._subscriptions.discard(subscription)


class Subscription:
    """One watcher's view of an `EventFeed`: iterate it; close it, or use it in ``with``.

    ``lost`` is true when the iteration ended because the reader was too slow.
    """

    def __init__(self, feed: EventFeed, call_id: CallId | None, backlog: int) -> None:
        self._feed = feed
        self._call_id = call_id
        self._backlog = backlog
        self._events: deque[LiveEvent] = deque()
        self._stirred = asyncio.Event()
        self._open = True
        self.lost = False

    def wants(self, event: LiveEvent) -> bool:
        return self._call_id is None or event.call_id == self._call_id

    def offer(self, event: LiveEvent) -> bool:
        """Take ``event``; false when the backlog is full, which ends the subscription."""
        if len(self._events) >= self._backlog:
            self.lost = True
            self.close()
            return False
        self._events.append(event)
        self._stirred.set()
        if self._call_id is not None and isinstance(event, CallEnded):
            self.close()
        return True

    def close(self) -> None:
        """Take nothing more; what is waiting can still be read."""
        self._open = False
        self._stirred.set()
        self._feed._forget(self)

    async def __aiter__(self) -> AsyncIterator[LiveEvent]:
        while True:
            while self._events:
                yield self._events.popleft()
            if not self._open:
                return
            self._stirred.clear()
            await self._stirred.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
