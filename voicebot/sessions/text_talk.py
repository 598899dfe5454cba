"""A caller and the agent who write to each other, and what the agent may do: write, leave, hand on.

A `TextTalk` lasts from the moment the agent has taken the contact until they leave it, send it on
or are lost, or the caller's side ends. `TextAgents` makes it; who works at a desk has it from
`TextAgents.talking`. Left out on purpose: who may do this (the desk's), and where queues are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from voicebot.acd.model import AgentId, ContactId
from voicebot.errors import UsageError
from voicebot.sessions.chat_records import ChatLine
from voicebot.sessions.invitation import ConversationId
from voicebot.sessions.waking import CallLater, Timer

WRITES_S: Final = 8.0
"""How long somebody counts as writing who was last seen to."""


class Blink:
    """Something that holds for `WRITES_S` after it was last said. ``changed`` is called when it
    begins to hold, and when it does no longer."""

    def __init__(self, call_later: CallLater, changed: Callable[[], None]) -> None:
        self._call_later = call_later
        self._changed = changed
        self._timer: Timer | None = None

    def __bool__(self) -> bool:
        return self._timer is not None

    def set(self, on: bool) -> None:
        before, self._timer = self._timer, None
        if before is not None:
            before.cancel()
        if on:
            self._timer = self._call_later(WRITES_S, lambda: self.set(False))
        if (before is None) is on:
            self._changed()


class TextSide(Protocol):
    """Who holds the conversation (`TextAgents`). What is awaited may raise TextRefused,
    StorageError."""

    async def say(self, talk: TextTalk, text: str, key: str) -> int: ...

    async def agent_left(self, talk: TextTalk, way: str) -> None: ...

    async def agent_sent_on(self, talk: TextTalk) -> None: ...

    def agent_lost(self, talk: TextTalk) -> None: ...


class Pages(Protocol):
    """The caller's pages, and what stands on them (`TextPages`)."""

    def lines(self, conversation: ConversationId) -> Sequence[ChatLine]:
        """All lines so far."""
        ...

    def show(self, conversation: ConversationId) -> None:
        """Let the caller's pages look again."""
        ...


class TextTalk:
    """One conversation. What makes no sense as it stands raises UsageError and changes nothing.

    ``began_at`` is UTC epoch seconds. ``changed`` is called whenever something has changed: a line,
    who writes, whether the caller's page is ``there``, or that it is ``over``; whoever watches sets
    it. It must return at once.
    """

    def __init__(
        self,
        contact_id: ContactId,
        conversation: ConversationId,
        agent: AgentId,
        began_at: float,
        side: TextSide,
        pages: Pages,
        call_later: CallLater,
    ) -> None:
        self.contact_id = contact_id
        self.conversation = conversation
        self.agent = agent
        self.began_at = began_at
        self.over = False
        self.there = True
        self.changed: Callable[[], None] = lambda: None
        self.agent_writes = Blink(call_later, lambda: pages.show(conversation))
        self.caller_writes = Blink(call_later, lambda: self.changed())
        self._side = side
        self._pages = pages

    def lines(self, after: int) -> Sequence[ChatLine]:
        """The lines from the one at the cursor ``after`` on."""
        return self._pages.lines(self.conversation)[after:]

    async def say(self, text: str, key: str) -> int:
        """Write to the caller; gives the line's cursor. The same ``key`` again changes nothing.
        Raises TextRefused for what cannot be taken, StorageError."""
        self._check()
        self.agent_writes.set(False)
        return await self._side.say(self, text, key)

    def write(self, on: bool) -> None:
        """The agent is typing, or is not."""
        self._check()
        self.agent_writes.set(on)

    async def leave(self, way: str = "") -> None:
        """Leave the caller, who goes on in the flow, which finds ``way`` in `transfer.to`."""
        self.end()
        await self._side.agent_left(self, way)

    async def send_on(self, hand: Callable[[], None]) -> None:
        """Let the caller wait for somebody else: ``hand`` tells the distribution, and raises
        RoutingError, with nothing changed, where that cannot be."""
        self._check()
        hand()
        self.end()
        await self._side.agent_sent_on(self)

    def lose(self) -> None:
        """The agent is gone: the caller waits again, at the head of the line."""
        if not self.over:
            self.end()
            self._side.agent_lost(self)

    def end(self) -> None:
        """It is over."""
        self._check()
        self.over = True
        self.agent_writes.set(False)
        self.caller_writes.set(False)
        self.changed()

    def _check(self) -> None:
        if self.over:
            raise UsageError("the conversation is over")
