"""A conversation in text from one message to the next.

The same interpreter as in a call; what differs is that nothing is lost. A message and all that
answers it become durable in one piece, before anybody is shown the answer. What is stored is
`chat_written`, what the flow does `chat_flow`; this is what happens to a conversation from outside.

One `ChatSession` is the only writer of its conversation; its lock is held from a message to the end
of its answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from voicebot.acd.model import Channel, ContactId, ContactState
from voicebot.errors import TextRefused
from voicebot.events import QueueNoted
from voicebot.flows import meanwhile
from voicebot.flows.commands import Listen, Transfer
from voicebot.flows.events import FlowEvent, InputMatched, TurnCame
from voicebot.flows.rejoin import still_transfers
from voicebot.flows.state import FlowState, Frames
from voicebot.personal_numbers import masked
from voicebot.sessions.chat_application import ChatApplication
from voicebot.sessions.chat_flow import ChatFlow
from voicebot.sessions.chat_meaning import Message, label_of, understood
from voicebot.sessions.chat_reading import Reading
from voicebot.sessions.chat_records import MAX_LINES, ChatLine, ChatRecord, ChatStore, Stand, Who
from voicebot.sessions.chat_turns import VOICE
from voicebot.sessions.chat_view import ChatView
from voicebot.sessions.chat_written import WrittenChat
from voicebot.sessions.invitation import ConversationId
from voicebot.sessions.spoken_lines import SpokenLine
from voicebot.speech.spoken import text
from voicebot.types import HIDDEN, Outcome, Prompt

ON_CALL = "on"


class ChatSession:
    """One conversation in memory. Its record and lines are never ahead of what is stored."""

    def __init__(
        self,
        record: ChatRecord,
        lines: Sequence[ChatLine],
        store: ChatStore,
        stirred: Callable[[ConversationId], None] = lambda conversation: None,
    ) -> None:
        """``stirred`` is told of every change."""
        self.lock = asyncio.Lock()
        self.call = ""
        """How it stands with a call: '', 'dialling', `ON_CALL`, 'over', or why none came."""
        self.told_end = record.ended_at is not None
        self.watchers: set[asyncio.Event] = set()
        self._stirred = stirred
        self._written = WrittenChat(record, lines, store, self.tell)
        self._flow = ChatFlow(self._written)

    @property
    def record(self) -> ChatRecord:
        return self._written.record

    @property
    def lines(self) -> Sequence[ChatLine]:
        return self._written.lines

    @property
    def over(self) -> bool:
        return self._written.over

    @property
    def state(self) -> FlowState | None:
        """See `ChatFlow.state`."""
        return self._flow.state

    @property
    def wants(self) -> Transfer | None:
        """The transfer to a queue that the flow waits at."""
        return self._flow.wants

    @property
    def is_new_in_line(self) -> bool:
        """Whether that is one more, and no place from before is kept."""
        return self._flow.is_new_in_line

    @property
    def is_still(self) -> bool:
        """Whether there will be no more lines."""
        return self.over and self.call != ON_CALL

    @property
    def outcome_if_left(self) -> Outcome:
        """How it counts if the caller writes no more."""
        if self.record.stand is not None and self.record.stand.agent:
            return Outcome.TRANSFERRED
        state = self.state
        return Outcome.ABANDONED_IN_FLOW if state is None else state.outcome_if_hung_up

    def view(self, after: int) -> ChatView:
        """What is to be shown to a page that knows the lines up to ``after``."""
        flow, listen = self._flow, self._flow.listen
        return ChatView(
            tuple(self.lines[max(0, after) :]),
            self.record.cursor,
            flow.facts,
            flow.replies,
            self._written.typing,
            self.over,
            self.record.language,
            self.call,
            listen is not None and listen.sensitive and not self.over,
            reworded=self._written.reworded(after),
        )

    def answers_to(self, cursor: int) -> list[ChatLine]:
        """Our lines between the line at ``cursor`` and the next that somebody wrote."""
        answers = []
        for line in self.lines[cursor:]:
            if line.who is Who.CALLER:
                break
            answers.append(line)
        return answers

    # What happens to it; all of it with the lock held

    async def open(self, application: ChatApplication, now: float) -> None:
        """Somebody opened it: the flow takes it up, unless it did before. Raises StorageError."""
        if self.record.opened_at is None:
            self._written.record = replace(self.record, opened_at=now)
            await self._flow.join(application, now, say=True)
        else:
            await self.wake(application, now)

    async def wake(self, application: ChatApplication, now: float) -> None:
        """Know again what the flow waits for, after a restart or in a newer version of it."""
        if self.over or self.record.opened_at is None or self.wants is not None:
            return
        is_other = application.version != self.record.version
        if self._flow.listen is None or is_other:
            await self._flow.join(application, now, say=is_other)

    async def take(self, message: Message, application: ChatApplication, now: float) -> int:
        """Add a message and answer it; gives its cursor. One that is known changes nothing.

        Raises TextRefused ('over', 'long', 'size', 'empty', 'fact', 'moved'), StorageError.
        """
        if (known := self._written.known(Who.CALLER, message.client_id)) is not None:
            return known
        if self.over:
            raise TextRefused("over", "this conversation has ended")
        words = self._written.checked(message.text)
        await self.wake(application, now)
        listen, facts = self._flow.listen, self._flow.facts
        if self.wants is not None:
            listen = self._choices(self.wants, application)
            if listen is None or message.fact:
                return await self._keep(message, words, application, now)
        if listen is None:
            raise TextRefused("over", "this conversation has ended")
        event = await understood(message, words, listen, application.typed, facts)
        if self.wants is not None and not isinstance(event, InputMatched):
            return await self._keep(message, words, application, now)
        told = HIDDEN if listen.sensitive else masked(words)
        shown = f"{label_of(message.fact, facts)}: {told}" if message.fact else told
        reading = Reading.of(event, self._flow.step, secret=listen.sensitive)
        cursor = self._written.add(
            message.channel, Who.CALLER, shown, now, message.client_id, reading
        )
        await self._flow.receive(application, event, now)
        for gap in self._written.masked_gaps():
            application.append(gap)
        return cursor

    def _choices(self, transfer: Transfer, application: ChatApplication) -> Listen | None:
        """What the caller may choose instead of the wait for ``transfer``. None while an agent
        rings or has it, who came for that, and while the place is that of a call."""
        queueing = application.queueing
        contact_id = ContactId(self.record.contact_id)
        standing = None if queueing is None else queueing.service.standing(contact_id)
        if standing is None or standing.state is not ContactState.WAITING:
            return None
        return transfer.choices if standing.contact.channel is Channel.TEXT else None

    async def _keep(
        self, message: Message, words: str, application: ChatApplication, now: float
    ) -> int:
        """Take what is written to a person, who may yet have to come."""
        if message.fact:
            raise TextRefused("fact", "this cannot be changed now")
        add, channel, stand = self._written.add, message.channel, self.record.stand
        cursor = add(channel, Who.CALLER, masked(words), now, client_id=message.client_id)
        if stand is not None and not stand.agent and not stand.thanked and application.queueing:
            contact_id = ContactId(self.record.contact_id)
            thanks = application.queueing.thanks(contact_id, self.record.language)
            add(channel, Who.BOT, text(thanks, self.record.language, date.today()), now)
            stand = replace(stand, thanked=True)
        await self._written.commit(replace(self.record, stand=stand), now)
        return cursor

    async def add_of_agent(self, words: str, key: str, name: str, now: float) -> int:
        """Add what an agent writes; gives its cursor. The same ``key`` again changes nothing.
        Raises TextRefused ('over', 'long', 'size', 'empty'), StorageError."""
        if (known := self._written.known(Who.AGENT, key)) is not None:
            return known
        if self.over:
            raise TextRefused("over", "this conversation has ended")
        told = masked(self._written.checked(words))
        cursor = self._written.add(self.record.channel, Who.AGENT, told, now, key, name=name)
        await self._written.commit(self.record, now)
        return cursor

    async def add_notice(self, prompt: Prompt, now: float, **fields: Any) -> None:
        """Say something beside the flow, and change fields of the record. Raises StorageError."""
        words = text(prompt, self.record.language, date.today())
        self._written.say(words, now)
        await self._written.commit(replace(self.record, **fields), now)

    async def go_on(
        self,
        event: FlowEvent,
        application: ChatApplication,
        noted: QueueNoted | None,
        now: float,
    ) -> None:
        """The queue is done with the contact, of whom it ``noted`` this: the flow goes on. Raises
        StorageError."""
        state = self.state
        if self.keeps_place and state is not None and state.queued:
            state = self._flow.stand_at(meanwhile.at_transfer(state))
        self._written.record = replace(self.record, stand=None, noted=noted or self.record.noted)
        flows = application.interpreter(self.record.flow).flows
        if state is not None and still_transfers(flows, state):
            await self._flow.receive(application, event, now)
        else:
            await self._flow.join(application, now, say=True)

    # A place in a queue that is kept while the caller does something else

    @property
    def keeps_place(self) -> bool:
        """Whether a queue keeps a place for it, and its flow listens meanwhile."""
        return self.record.stand is not None and self.wants is None and not self.over

    def kept_transfer(self, application: ChatApplication) -> Transfer | None:
        """The transfer whose queue keeps that place; None where the flow has it no longer."""
        state = self.state
        if state is None:
            return None
        return application.interpreter(self.record.flow).kept_transfer(state)

    async def keep_place(
        self, frames: Frames, stand: Stand, words: str, application: ChatApplication, now: float
    ) -> None:
        """It has a place in a queue from now on (``stand``), for which its flow waits at
        ``frames``; ``words`` say so. Raises TextRefused 'place' where the flow has no such
        transfer, StorageError."""
        state = self.state
        if self.wants is None:
            interpreter = application.interpreter(self.record.flow)
            state = None if state is None else interpreter.with_place(state, frames)
            if state is None or not state.queued:
                raise TextRefused("place", "the flow leads to no queue there")
            self._flow.stand_at(state)
        self._written.say(words, now)
        await self._written.commit(replace(self.record, stand=stand), now)

    async def back_in_line(self, application: ChatApplication, now: float) -> None:
        """An agent has answered: the flow does nothing else any more. Raises StorageError."""
        await self._flow.receive(application, TurnCame(answered=True), now)

    async def leave_place(self, now: float) -> None:
        """The caller goes on with what they do, and keeps no place. Raises StorageError."""
        if self.state is not None:
            self._flow.stand_at(meanwhile.without_place(self.state))
        await self._written.commit(replace(self.record, stand=None), now)

    async def begin_wait(self, now: float) -> None:
        """The flow leads to another queue than before: a place of its own. Raises StorageError."""
        self._flow.is_new_in_line = True
        await self.change(stand=Stand(now, now))

    async def change(self, **fields: Any) -> None:
        """Change fields of the record that are not the flow's. Raises StorageError."""
        await self._written.commit(replace(self.record, **fields), self.record.active_at)

    async def end(self, outcome: Outcome | None, reason: str, now: float) -> None:
        """End it from outside; None where the contact goes on elsewhere. Raises StorageError."""
        if not self.over:
            self._flow.wants = None
            await self._written.end(self.record, outcome, reason, now)

    async def give_up(self, now: float) -> None:
        """See `ChatFlow.give_up`."""
        await self._flow.give_up(now)

    async def add_spoken(self, lines: Sequence[SpokenLine], now: float) -> None:
        """Add what was said in a call that goes on with it. Raises TextRefused, StorageError."""
        for line in lines[: max(0, MAX_LINES - len(self.lines))]:
            self._written.add(VOICE, line.who, line.text, line.at)
        await self._written.commit(self.record, now)

    def tell(self) -> None:
        """Let everybody look again who follows it."""
        for watcher in self.watchers:
            watcher.set()
        self._stirred(self.record.id)
