"""Takes messages in, keeps them, and sees each through to its end.

A message is durable when `submit` returns: a restart goes on with it. One task sends what is due, a
few at a time, one recipient's messages in order, and no faster than the operator allows. What may
not go out at all is refused at the door: to those who want none, to those who got many today, and
when too many wait already. Neither a number nor a text is logged.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import structlog

from voicebot.errors import StorageError, TextUnavailable
from voicebot.sending.attempt import Attempt, Refused
from voicebot.sending.rounds import LONGEST_SLEEP_S, keep_sending
from voicebot.texting.gateway import Gateway
from voicebot.texting.message import SMS, MessageState, TextMessage
from voicebot.texting.opt_out import Wish, wish_of
from voicebot.texting.retry import RetryPolicy, after
from voicebot.texting.store import MessageStore

DAY_S = 86_400.0
BATCH = 8
"""Messages that are sent at a time."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DispatchPolicy:
    """``per_minute`` bounds what goes out, ``per_number`` what one number gets in a day,
    ``max_waiting`` what is taken in."""

    retry: RetryPolicy = field(default_factory=RetryPolicy)
    per_minute: int = 60
    per_number: int = 5
    max_waiting: int = 1000


@dataclass(slots=True)
class DispatchCounters:
    """Since the start; ``ended`` by the state that an attempt led to."""

    taken: int = 0
    refused: int = 0
    ended: dict[str, int] = field(default_factory=dict)
    opt_outs: int = 0


class Pace:
    """At most ``per_minute`` in any minute. Pure; times in seconds, never going back."""

    def __init__(self, per_minute: int) -> None:
        self._most = per_minute
        self._times: deque[float] = deque(maxlen=per_minute)

    def room(self, now: float) -> int:
        """How many may go out now."""
        return self._most - sum(at > now - 60 for at in self._times)

    def took(self, now: float) -> None:
        self._times.append(now)

    def free_at(self) -> float:
        """When the oldest of a full minute is a minute old."""
        return self._times[0] + 60 if len(self._times) == self._most else 0.0


class TextDispatch:
    """The messages of one voicebot; ``gateways`` by channel. ``clock`` gives UTC epoch seconds."""

    def __init__(
        self,
        store: MessageStore,
        gateways: Mapping[str, Gateway],
        policy: DispatchPolicy | None = None,
        *,
        clock: Callable[[], float] = time.time,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._gateways = gateways
        self._policy = policy or DispatchPolicy()
        self._clock = clock
        self._jitter = jitter
        self._pace = Pace(self._policy.per_minute)
        self._opted_out: frozenset[str] = frozenset()
        self._stirred = asyncio.Event()
        self._sender: asyncio.Task[None] | None = None
        self.counters = DispatchCounters()

    async def start(self) -> None:
        """Take up what an earlier process left, and begin to send. Raises StorageError."""
        await self.recover()
        self._sender = asyncio.create_task(
            keep_sending(self._round, self._stirred, "text messages"), name="text messages"
        )

    async def stop(self) -> None:
        """End; what is queued stays queued."""
        if self._sender is not None:
            self._sender.cancel()
            await asyncio.gather(self._sender, return_exceptions=True)
        for gateway in self._gateways.values():
            await gateway.aclose()

    async def recover(self) -> None:
        """Read who wants no messages, and settle those that were being sent. Raises
        StorageError."""
        self._opted_out = await self._store.opted_out()
        now, problem = self._clock(), "voicebot stopped while it was sent"
        for message in await self._store.in_state(MessageState.SENDING):
            gateway = self._gateways.get(message.channel)
            again = gateway is not None and gateway.repeatable
            state = MessageState.QUEUED if again else MessageState.UNSURE
            await self._store.put(message.becoming(state, now, problem), MessageState.SENDING)

    def wants_none(self, number: str) -> bool:
        """Whether this number has asked for no messages."""
        return number in self._opted_out

    # In

    async def submit(self, message: TextMessage) -> bool:
        """Keep a message for sending; false for an id that was given before.

        Raises TextUnavailable where it will not be sent, StorageError where it cannot be kept.
        """
        try:
            await self._check(message)
        except TextUnavailable:
            self.counters.refused += 1
            raise
        if not await self._store.add(message):
            return False
        self.counters.taken += 1
        self._stirred.set()
        return True

    async def _check(self, message: TextMessage) -> None:
        if message.channel not in self._gateways:
            raise TextUnavailable(f"nothing sends messages of the channel '{message.channel}'")
        if await self._store.waiting() >= self._policy.max_waiting:
            raise TextUnavailable("too many messages are waiting")
        if message.channel != SMS:
            return
        if message.recipient in self._opted_out:
            raise TextUnavailable("this number wants no messages")
        since = message.created_at - DAY_S
        got = await self._store.count_to(message.channel, message.recipient, since)
        if got >= self._policy.per_number:
            raise TextUnavailable("this number got enough messages today")

    async def heard(self, number: str, text: str) -> Wish | None:
        """Take an SMS that ``number`` (E.164) sent; gives what it wished, None for any other
        message. Raises StorageError."""
        wish = wish_of(text)
        if wish is Wish.NO_MORE:
            await self._opt_out(number)
        elif wish is Wish.AGAIN:
            await self._store.opt_in(number)
            self._opted_out -= {number}
        return wish

    async def _opt_out(self, number: str) -> None:
        await self._store.opt_out(number, self._clock())
        self._opted_out |= {number}
        self.counters.opt_outs += 1

    async def reported(self, message_id: str, state: MessageState, problem: str = "") -> bool:
        """Take what the gateway says became of a message; false for one that is not known. What
        comes late or twice changes nothing. Raises StorageError."""
        message = await self._store.get(message_id)
        if message is None:
            return False
        if message.can_become(state):
            reported = message.becoming(state, self._clock(), problem)
            await self._store.put(reported, message.state)
        return True

    # Out

    async def _round(self) -> float:
        """One round (`keep_sending`)."""
        if await self.send_due():
            return 0.0
        await self._store.forget_bodies(self._clock())
        return await self._pause_s()

    async def _pause_s(self) -> float:
        now = self._clock()
        due_at = await self._store.next_due_at()
        if due_at is None:
            return LONGEST_SLEEP_S
        # Something that is due and was not sent waits for the pace, or for the one before it.
        due_at = max(due_at, self._pace.free_at(), now + 0.5)
        return due_at - now

    async def send_due(self) -> int:
        """Send what is due now, as far as the pace allows; give how many were seen to. Raises
        StorageError."""
        now = self._clock()
        room = min(BATCH, self._pace.room(now))
        messages = await self._store.due(now, room) if room > 0 else ()
        async with asyncio.TaskGroup() as group:
            for message in messages:
                self._pace.took(now)
                group.create_task(self._see_to(message))
        return len(messages)

    async def _see_to(self, message: TextMessage) -> None:
        try:
            await self._send(message)
        except StorageError as error:
            # It is found as it is now: queued, or being sent, which the next start settles.
            log.warning("text_message_not_kept", problem=str(error))

    async def _send(self, message: TextMessage) -> None:
        now = self._clock()
        gateway = self._gateways.get(message.channel)
        useless = self._useless(message, gateway, now)
        if useless is not None or gateway is None:
            await self._settle(useless or message, MessageState.QUEUED, keeps_body=False)
            return
        sending = message.becoming(MessageState.SENDING, now)
        if not await self._store.put(sending, MessageState.QUEUED):
            return
        attempt: Attempt = await gateway.send(sending)
        result = after(
            sending,
            attempt,
            self._clock(),
            repeatable=gateway.repeatable,
            policy=self._policy.retry,
            jitter=self._jitter(),
        )
        await self._settle(result, MessageState.SENDING, keeps_body=gateway.keeps_body)
        if isinstance(attempt, Refused) and attempt.opted_out:
            await self._opt_out(message.recipient)

    def _useless(
        self, message: TextMessage, gateway: Gateway | None, now: float
    ) -> TextMessage | None:
        """The message as it ends without being sent; None where it is to be sent."""
        if message.expires_at <= now:
            return message.becoming(MessageState.EXPIRED, now, "it waited too long")
        if gateway is None:
            return message.becoming(MessageState.FAILED, now, "its channel is switched off")
        if message.channel == SMS and message.recipient in self._opted_out:
            return message.becoming(MessageState.FAILED, now, "this number wants no messages")
        return None

    async def _settle(self, message: TextMessage, before: MessageState, keeps_body: bool) -> None:
        if message.state is not MessageState.QUEUED:
            ended = self.counters.ended
            ended[message.state.value] = ended.get(message.state.value, 0) + 1
            if not keeps_body:
                message = replace(message, body="")
        await self._store.put(message, before)
        log.info(
            "text_message",
            message=message.id,
            state=message.state.value,
            tries=message.tries,
            problem=message.problem,
        )
