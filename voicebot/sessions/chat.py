"""A conversation in text from one message to the next.

The same interpreter as in a call; what differs is that nothing is lost. A message and all that
answers it become durable in one piece, before anybody is shown the answer. An action of the flow is
the one thing that cannot be undone: what led to it is committed first, and where the process dies
while it runs the flow is told that it failed, rather than running it twice.

One `ChatSession` is the only writer of its conversation; its lock is held from a message to the end
of its answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import structlog

from voicebot.acd.model import ContactId
from voicebot.errors import ActionError, TextRefused, UsageError
from voicebot.events import CallEvent, QueueNoted
from voicebot.flows.cards import Card
from voicebot.flows.commands import (
    ANSWER,
    Act,
    ActionDone,
    ActionFailed,
    ChangeLanguage,
    Command,
    FlowEvent,
    HangUp,
    InputMatched,
    Listen,
    Say,
    SendText,
    Show,
    TextNotSent,
    Transfer,
    TransferRefused,
)
from voicebot.flows.form_questions import FORM_GRAMMAR
from voicebot.flows.interpreter import Interpreter
from voicebot.flows.rejoin import still_transfers
from voicebot.flows.state import FlowState, Waiting
from voicebot.logs import discretion
from voicebot.personal_numbers import masked
from voicebot.sessions.answering import unanswered
from voicebot.sessions.cards import shown
from voicebot.sessions.chat_records import (
    MAX_LINES,
    MAX_TEXT,
    ChatChange,
    ChatLine,
    ChatRecord,
    ChatStore,
    Stand,
    Who,
)
from voicebot.sessions.invitation import ConversationId
from voicebot.sessions.known_facts import Fact, editable_slots, facts_known
from voicebot.sessions.last_words import OUR_FAULT, in_language
from voicebot.sessions.queue_handoff import Queueing
from voicebot.sessions.quick_replies import QuickReplies
from voicebot.sessions.spoken_lines import SpokenLine
from voicebot.sessions.typed import TypedInput
from voicebot.speech.spoken import text
from voicebot.types import HIDDEN, Heard, Json, Language, Mode, Outcome, Prompt

log = structlog.get_logger(__name__)

CHANNEL = "text"
"""The variable ``channel`` of a flow that talks in text."""
VOICE = "voice"
"""The channel of a line that was spoken."""
ON_CALL = "on"
INTERRUPTED = "interrupted by a restart"
NOBODY_WRITES = "nobody in text"
IN_TEXT = "the contact is in text already"
MAX_DEEDS = 30
"""Actions and transfers between two answers of the caller: more is a loop."""


@dataclass(frozen=True, slots=True)
class ChatApplication:
    """What one version of the application gives to its conversations."""

    version: str
    interpreter: Callable[[str], Interpreter]
    typed: TypedInput
    replies: QuickReplies
    act: Callable[[str, Mapping[str, Json]], Awaitable[Json]]
    append: Callable[[CallEvent], None] = lambda event: None
    """Writes down facts of the call that a conversation goes on with."""
    queueing: Queueing | None = None
    """The queues; without them nobody takes a conversation over."""
    world: Callable[[], Mapping[str, Json]] = dict
    """Gives variables that change without the contact (`Conversation`)."""


@dataclass(frozen=True, slots=True)
class InLine:
    """Where a conversation stands in the line of ``queue``: ``position`` (1 is next) is None while
    an agent is asked, ``wait_s`` where nobody knows."""

    position: int | None
    wait_s: int | None
    queue: str


@dataclass(frozen=True, slots=True)
class ChatView:
    """What a page shows: ``lines`` after the cursor it knew, the place it is now at, and what may
    be done next. ``typing``: the bot is at it. ``language`` is what is spoken now;
    ``call`` how it stands with a call that goes on with the conversation (`ChatSession.call`)."""

    lines: tuple[ChatLine, ...]
    cursor: int
    facts: tuple[Fact, ...]
    replies: tuple[str, ...]
    typing: bool
    over: bool
    language: Language
    call: str = ""
    secret: bool = False
    """Whether what is asked for is a secret, which a page does not show as it is typed."""
    waiting: InLine | None = None
    agent: str = ""
    """The name of the agent who has the conversation, empty for none."""
    agent_typing: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody writes: ``text`` as an answer, or as the new value of a ``fact``."""

    client_id: str
    text: str
    channel: str = "web"
    fact: str = ""


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
        self.record = record
        self.lines = list(lines)
        self.lock = asyncio.Lock()
        self.typing = False
        self.call = ""
        """How it stands with a call: '', 'dialling', `ON_CALL`, 'over', or why none came."""
        self.told_end = record.ended_at is not None
        self.watchers: set[asyncio.Event] = set()
        self.wants: Transfer | None = None
        """The transfer to a queue that the flow waits at."""
        self.is_new_in_line = False
        """Whether that is one more, and no place from before is kept."""
        self._store = store
        self._stirred = stirred
        self._known = _ids_of(lines)
        self._listen: Listen | None = None
        self._facts: tuple[Fact, ...] = ()
        self._replies: tuple[str, ...] = ()
        self._fresh: list[ChatLine] = []
        self._stood: tuple[Mapping[str, Json], FlowState] | None = None
        """A state as it was written down, and as it was: with the secrets of the caller."""

    @property
    def over(self) -> bool:
        return self.record.ended_at is not None

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

    @property
    def left_at(self) -> float:
        """When somebody last wrote, or was answered."""
        return self.lines[-1].at if self.lines else self.record.started_at

    def view(self, after: int) -> ChatView:
        """What is to be shown to a page that knows the lines up to ``after``."""
        lines = tuple(self.lines[max(0, after) :])
        return ChatView(
            lines,
            self.record.cursor,
            self._facts,
            self._replies,
            self.typing,
            self.over,
            self.record.language,
            self.call,
            self._listen is not None and self._listen.sensitive and not self.over,
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
            self.record = replace(self.record, opened_at=now)
            await self._join(application, now, say=True)
        else:
            await self.wake(application, now)

    async def wake(self, application: ChatApplication, now: float) -> None:
        """Know again what the flow waits for, after a restart or in a newer version of it."""
        if self.over or self.record.opened_at is None or self.wants is not None:
            return
        is_other = application.version != self.record.version
        if self._listen is None or is_other:
            await self._join(application, now, say=is_other)

    async def take(self, message: Message, application: ChatApplication, now: float) -> int:
        """Add a message and answer it; gives its cursor. One that is known changes nothing.

        Raises TextRefused ('over', 'long', 'size', 'empty', 'fact', 'moved'), StorageError.
        """
        if (known := self._known.get((Who.CALLER, message.client_id))) is not None:
            return known
        if self.over:
            raise TextRefused("over", "this conversation has ended")
        words = self._checked(message.text)
        await self.wake(application, now)
        if self.wants is not None:
            return await self._keep(message, words, application, now)
        listen = self._listen
        if listen is None:
            raise TextRefused("over", "this conversation has ended")
        event = await self._understood(message, words, listen, application.typed)
        told = HIDDEN if listen.sensitive else masked(words)
        shown = f"{self._label(message.fact)}: {told}" if message.fact else told
        cursor = self._add(message.channel, Who.CALLER, shown, now, client_id=message.client_id)
        await self._go_on(application, event, now)
        return cursor

    async def _keep(
        self, message: Message, words: str, application: ChatApplication, now: float
    ) -> int:
        """Take what is written to a person, who may yet have to come."""
        if message.fact:
            raise TextRefused("fact", "this cannot be changed now")
        add, channel, stand = self._add, message.channel, self.record.stand
        cursor = add(channel, Who.CALLER, masked(words), now, client_id=message.client_id)
        if stand is not None and not stand.agent and not stand.thanked and application.queueing:
            contact_id = ContactId(self.record.contact_id)
            thanks = application.queueing.thanks(contact_id, self.record.language)
            add(channel, Who.BOT, text(thanks, self.record.language, date.today()), now)
            stand = replace(stand, thanked=True)
        await self._commit(replace(self.record, stand=stand), now)
        return cursor

    async def add_of_agent(self, words: str, key: str, name: str, now: float) -> int:
        """Add what an agent writes; gives its cursor. The same ``key`` again changes nothing.
        Raises TextRefused ('over', 'long', 'size', 'empty'), StorageError."""
        if (known := self._known.get((Who.AGENT, key))) is not None:
            return known
        if self.over:
            raise TextRefused("over", "this conversation has ended")
        told = masked(self._checked(words))
        cursor = self._add(self.record.channel, Who.AGENT, told, now, key, name)
        await self._commit(self.record, now)
        return cursor

    async def add_notice(self, prompt: Prompt, now: float, **fields: Any) -> None:
        """Say something beside the flow, and change fields of the record. Raises StorageError."""
        words = text(prompt, self.record.language, date.today())
        self._add(self.record.channel, Who.BOT, words, now)
        await self._commit(replace(self.record, **fields), now)

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
        self.record = replace(self.record, stand=None, noted=noted or self.record.noted)
        flows = application.interpreter(self.record.flow).flows
        if state is not None and still_transfers(flows, state):
            await self._go_on(application, event, now)
        else:
            await self._join(application, now, say=True)

    async def change(self, **fields: Any) -> None:
        """Change fields of the record that are not the flow's. Raises StorageError."""
        await self._commit(replace(self.record, **fields), self.record.active_at)

    async def end(self, outcome: Outcome | None, reason: str, now: float) -> None:
        """End it from outside; None where the contact goes on elsewhere. Raises StorageError."""
        if not self.over:
            self.wants = None
            await self._commit(_ended(self.record, outcome, reason, now), now)

    async def give_up(self, now: float) -> None:
        """The flow goes in circles: say that it ends. Raises StorageError."""
        log.error("chat_went_in_circles", conversation=self.record.id)
        self._listen, self._replies, self.wants = None, (), None
        sorry = in_language(OUR_FAULT, self.record.language)
        written = text(sorry, self.record.language, date.today())
        self._add(self.record.channel, Who.BOT, written, now)
        await self._commit(_ended(self.record, Outcome.FAILED, "went in circles", now), now)

    async def add_spoken(self, lines: Sequence[SpokenLine], now: float) -> None:
        """Add what was said in a call that goes on with it. Raises TextRefused, StorageError."""
        for line in lines[: max(0, MAX_LINES - len(self.lines))]:
            self._add(VOICE, line.who, line.text, line.at)
        await self._commit(self.record, now)

    @property
    def state(self) -> FlowState | None:
        """Where the flow stands; None for a state that no version of ours can read. Secrets are in
        it as long as it is in memory."""
        if self._stood is not None and self._stood[0] is self.record.state:
            return self._stood[1]
        try:
            return FlowState.from_json(self.record.state)
        except UsageError:
            return None

    # The flow

    async def _join(self, application: ChatApplication, now: float, *, say: bool) -> None:
        interpreter = application.interpreter(self.record.flow)
        state = self.state or interpreter.begin(self.record.id)
        if state.waiting is Waiting.ACTION and not say:
            await self._go_on(application, ActionFailed(INTERRUPTED), now)
            return
        facts = {**application.world(), "channel": CHANNEL, "text": None}
        state, commands = interpreter.rejoin(state, facts)
        if not say and isinstance(commands[-1], Listen | Transfer):
            commands = commands[-1:]  # what is said is among the lines
        await self._carry_out(application, state, commands, now)

    async def _go_on(self, application: ChatApplication, event: FlowEvent, now: float) -> None:
        interpreter = application.interpreter(self.record.flow)
        state = self.state or interpreter.begin(self.record.id)
        state = replace(state, variables={**state.variables, **application.world()})
        state, commands = interpreter.receive(state, event)
        await self._carry_out(application, state, commands, now)

    async def _carry_out(
        self,
        application: ChatApplication,
        state: FlowState,
        commands: list[Command],
        now: float,
    ) -> None:
        """Do what the flow wants until it waits for the caller or ends; then commit."""
        interpreter = application.interpreter(self.record.flow)
        asked: set[str] = set()
        self.wants = None
        for _ in range(MAX_DEEDS):
            for command in commands:
                if isinstance(command, ChangeLanguage):
                    self.record = replace(self.record, language=command.language)
                elif isinstance(command, Say):
                    shown = command.prompt.masked()
                    words = masked(text(shown, self.record.language, date.today()))
                    self._add(self.record.channel, Who.BOT, words, now)
                elif isinstance(command, Show):
                    self._show(command.card, now)
            self._stood = (state.to_json(), state)
            record = replace(
                self.record, state=self._stood[0], version=application.version, active_at=now
            )
            match commands[-1]:
                case Act(action, arguments) as act:
                    await self._commit(record, now, typing=True)
                    event: FlowEvent = await _acted(application, act)
                    if action == ANSWER and isinstance(event, ActionDone) and not act.secret:
                        self._looked_up(application, arguments, event.value, now)
                case SendText():
                    event = TextNotSent(IN_TEXT)
                case Transfer() as transfer if transfer.queue and application.queueing:
                    self._listen, self._replies, self.wants = None, (), transfer
                    self._facts = facts_known(interpreter.flows, state, None)
                    self.is_new_in_line = record.stand is None
                    await self._commit(replace(record, stand=record.stand or Stand(now, now)), now)
                    return
                case Transfer():
                    if state.step in asked:
                        break  # where nobody comes, asking again and again is no way out
                    asked.add(state.step)
                    event = TransferRefused(NOBODY_WRITES)
                case HangUp(outcome, reason):
                    self._listen, self._replies = None, ()
                    await self._commit(_ended(record, outcome, reason, now), now)
                    return
                case Listen() as listen:
                    self._replies = await application.replies.of(listen)
                    self._listen = listen
                    self._facts = facts_known(interpreter.flows, state, listen)
                    await self._commit(replace(record, stand=None), now)
                    return
            state, commands = interpreter.receive(state, event)
        await self.give_up(now)

    async def _understood(
        self, message: Message, words: str, listen: Listen, typed: TypedInput
    ) -> FlowEvent:
        if not message.fact:
            return await asyncio.to_thread(typed.event, words, listen)
        slot = next((slot for slot in editable_slots(listen) if slot.name == message.fact), None)
        if slot is None:
            raise TextRefused("fact", "this cannot be changed now")
        heard = await asyncio.to_thread(typed.slot, words, slot)
        if heard is None:
            raise TextRefused("fact", f"this is not understood as {self._label(slot.name)}")
        meaning: Json = {
            "filled": {slot.name: heard.semantics}, "denied": {}, "corrected": False
        }  # fmt: skip
        return InputMatched(Heard(heard.text, meaning, 1.0, Mode.TEXT, FORM_GRAMMAR))

    def _looked_up(
        self, application: ChatApplication, arguments: Mapping[str, Json], found: Json, now: float
    ) -> None:
        """What nothing answers is a gap in the knowledge; gaps are kept by call."""
        if self.record.contact:
            gap = unanswered(self.record.contact, now, arguments, found)
            if gap is not None:
                application.append(gap)

    # Lines

    def _checked(self, message: str) -> str:
        # A message written before the limits were hit is still idempotent: those are known.
        words = " ".join("".join(c if c.isprintable() else " " for c in message).split())
        if len(message) > MAX_TEXT:
            raise TextRefused("size", f"a message has at most {MAX_TEXT} characters")
        if not words:
            raise TextRefused("empty", "there is nothing in this message")
        if len(self.lines) >= MAX_LINES:
            raise TextRefused("long", "this conversation is too long; please begin another one")
        return words

    def _label(self, fact: str) -> str:
        return next((known.label for known in self._facts if known.name == fact), fact)

    def _add(
        self, channel: str, who: Who, words: str, now: float, client_id: str = "", name: str = ""
    ) -> int:
        if not words:
            return 0
        cursor = self.record.cursor + len(self._fresh) + 1
        self._fresh.append(ChatLine(cursor, now, channel, who, words, client_id, name=name))
        return cursor

    def _show(self, card: Card, now: float) -> None:
        seen = shown(card, self.record.language, date.today())
        cursor = self.record.cursor + len(self._fresh) + 1
        channel = self.record.channel
        self._fresh.append(ChatLine(cursor, now, channel, Who.BOT, seen.as_text(), card=seen))

    async def _commit(self, record: ChatRecord, now: float, *, typing: bool = False) -> None:
        after = self.record.cursor
        lines, self._fresh = tuple(self._fresh), []
        record = replace(record, cursor=after + len(lines), active_at=now)
        if not await self._store.commit(ChatChange(record, after, lines)):
            raise TextRefused("moved", "this conversation is open elsewhere; please reload")
        self.record = record
        self.lines += lines
        self._known |= _ids_of(lines)
        self.typing = typing
        self.tell()

    def tell(self) -> None:
        """Let everybody look again who follows it."""
        for watcher in self.watchers:
            watcher.set()
        self._stirred(self.record.id)


def _ids_of(lines: Sequence[ChatLine]) -> dict[tuple[Who, str], int]:
    """Where messages stand that may come again, by who sent them and the sender's id."""
    return {(line.who, line.client_id): line.cursor for line in lines if line.client_id}


def _ended(record: ChatRecord, outcome: Outcome | None, reason: str, now: float) -> ChatRecord:
    return replace(record, ended_at=now, outcome=outcome, reason=reason, stand=None)


async def _acted(application: ChatApplication, act: Act) -> FlowEvent:
    with discretion(act.secret):
        try:
            return ActionDone(await application.act(act.action, act.arguments))
        except ActionError as error:
            log.warning("action_failed", action=error.action, problem=error.problem)
            return ActionFailed(error.problem)
