"""What is said in a call that goes on with a conversation becomes lines of that conversation.

One contact, one history: each line with the channel that it came by. Lines are written one after
the other by a task of the call's own, which never holds the call up; what does not fit into its
backlog is dropped and counted, and stands in the call's record all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

import structlog

from voicebot.errors import StorageError, TextRefused
from voicebot.events import CallEnded
from voicebot.sessions.chat_records import Who
from voicebot.sessions.feed import InputHeard, LiveEvent, PromptSpoken
from voicebot.sessions.invitation import ConversationId
from voicebot.types import CallId

log = structlog.get_logger(__name__)

BACKLOG: Final = 200
CALL_OVER: Final = "over"


@dataclass(frozen=True, slots=True)
class SpokenLine:
    """``at`` is UTC epoch seconds."""

    who: Who
    text: str
    at: float


class LineKeeper(Protocol):
    """Who keeps the lines; `voicebot.sessions.chats.Chats` is one."""

    async def spoken(self, conversation: ConversationId, lines: Sequence[SpokenLine]) -> None: ...

    def call_is(self, conversation: ConversationId, state: str) -> None: ...


_Queue: TypeAlias = "asyncio.Queue[SpokenLine | None]"


class SpokenLines:
    """Writes calls into the conversations of ``keeper``."""

    def __init__(self, keeper: LineKeeper) -> None:
        self._keeper = keeper
        self._queues: dict[CallId, _Queue] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.dropped = 0

    def follow(self, call: CallId, conversation: ConversationId) -> None:
        """The call goes on with the conversation, from now to its end."""
        queue: _Queue = asyncio.Queue(BACKLOG + 1)
        self._queues[call] = queue
        task = asyncio.create_task(self._write(conversation, queue), name=f"lines of {call}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def publish(self, event: LiveEvent) -> None:
        """Take what happens in any call. Returns at once and never raises."""
        queue = self._queues.get(event.call_id)
        if queue is None:
            return
        if isinstance(event, CallEnded):
            del self._queues[event.call_id]
            queue.put_nowait(None)  # there is always room for one more
            return
        line = _line(event)
        if line is None:
            return
        if queue.qsize() >= BACKLOG:
            self.dropped += 1
            return
        queue.put_nowait(line)

    async def stop(self) -> None:
        """Write what has come so far; calls that run are followed no more."""
        for queue in self._queues.values():
            queue.put_nowait(None)
        self._queues.clear()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _write(self, conversation: ConversationId, queue: _Queue) -> None:
        ended = False
        while not ended:
            came = [await queue.get()]
            while not queue.empty():
                came.append(queue.get_nowait())
            ended = None in came
            lines = [line for line in came if line is not None]
            try:
                if lines:
                    await self._keeper.spoken(conversation, lines)
            except (StorageError, TextRefused) as error:
                self.dropped += len(lines)
                log.warning("spoken_lines_not_kept", problem=str(error))
        self._keeper.call_is(conversation, CALL_OVER)


def _line(event: LiveEvent) -> SpokenLine | None:
    match event:
        case PromptSpoken(at=at, prompt=words) if words:
            return SpokenLine(Who.BOT, words, at)
        case InputHeard(at=at, heard=heard) if heard is not None and heard.text:
            return SpokenLine(Who.CALLER, heard.text, at)
    return None
