"""The flow of a conversation in text: the same interpreter as in a call, and what it waits for.

An action is the one thing that cannot be undone: what led to it is committed first, and where the
process dies while it runs the flow is told that it failed, rather than running it twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import structlog

from voicebot.action_result import ActionResult
from voicebot.errors import ActionError, UsageError
from voicebot.events import ActionRan
from voicebot.flows.commands import (
    ANSWER,
    Act,
    ChangeLanguage,
    Command,
    HangUp,
    Listen,
    Say,
    SendText,
    Show,
    Transfer,
)
from voicebot.flows.events import ActionDone, ActionFailed, FlowEvent, TextNotSent, TransferRefused
from voicebot.flows.queue_steps import choices_in_text
from voicebot.flows.state import FlowState, Waiting
from voicebot.logs import discretion
from voicebot.personal_numbers import masked
from voicebot.sessions.answering import unanswered
from voicebot.sessions.chat_application import ChatApplication
from voicebot.sessions.chat_records import ChatRecord, Stand
from voicebot.sessions.chat_written import WrittenChat
from voicebot.sessions.known_facts import Fact, facts_known
from voicebot.sessions.last_words import OUR_FAULT, in_language
from voicebot.speech.spoken import text
from voicebot.types import CallId, Json, Outcome

log = structlog.get_logger(__name__)

CHANNEL = "text"
"""The variable ``channel`` of a flow that talks in text."""
INTERRUPTED = "interrupted by a restart"
NOBODY_WRITES = "nobody in text"
IN_TEXT = "the contact is in text already"
MAX_DEEDS = 30
"""Actions and transfers between two answers of the caller: more is a loop."""


class ChatFlow:
    """Where the flow of one conversation stands. What it says and where it is go to ``written``,
    committed once it waits or ends."""

    def __init__(self, written: WrittenChat) -> None:
        self.wants: Transfer | None = None
        """The transfer to a queue that the flow waits at."""
        self.is_new_in_line = False
        """Whether that is one more, and no place from before is kept."""
        self.listen: Listen | None = None
        self.facts: tuple[Fact, ...] = ()
        self.replies: tuple[str, ...] = ()
        self._written = written
        self._stood: tuple[Mapping[str, Json], FlowState] | None = None
        """A state as it was written down, and as it was: with the secrets of the caller."""

    @property
    def state(self) -> FlowState | None:
        """Where the flow stands; None for a state that no version of ours can read. Secrets are in
        it as long as it is in memory."""
        kept = self._written.record.state
        if self._stood is not None and self._stood[0] is kept:
            return self._stood[1]
        try:
            return FlowState.from_json(kept)
        except UsageError:
            return None

    @property
    def step(self) -> str:
        """The step that waits."""
        return "" if self.state is None else self.state.step

    def stand_at(self, state: FlowState) -> FlowState:
        """Go to ``state``, which is not committed by this; gives it."""
        self._stood = (state.to_json(), state)
        self._written.record = replace(self._written.record, state=self._stood[0])
        return state

    async def join(self, application: ChatApplication, now: float, *, say: bool) -> None:
        """Take the flow up where it stood, or at its beginning; ``say`` where what it says is not
        among the lines."""
        record = self._written.record
        interpreter = application.interpreter(record.flow)
        state = self.state or interpreter.begin(record.id)
        if state.waiting is Waiting.ACTION and not say:
            await self.receive(application, ActionFailed(INTERRUPTED), now)
            return
        facts = {**application.world(), "channel": CHANNEL, "text": None}
        kept = record.stand is not None
        state, commands = interpreter.rejoin(state, facts, keeps_place=kept)
        if not say and isinstance(commands[-1], Listen | Transfer):
            commands = commands[-1:]  # what is said is among the lines
        await self._carry_out(application, state, commands, now)

    async def receive(self, application: ChatApplication, event: FlowEvent, now: float) -> None:
        """Go on with ``event``."""
        record = self._written.record
        interpreter = application.interpreter(record.flow)
        state = self.state or interpreter.begin(record.id)
        state = replace(state, variables={**state.variables, **application.world()})
        state, commands = interpreter.receive(state, event)
        await self._carry_out(application, state, commands, now)

    async def give_up(self, now: float) -> None:
        """The flow goes in circles: say that it ends. Raises StorageError."""
        written = self._written
        log.error("chat_went_in_circles", conversation=written.record.id)
        self._wait_for_nothing()
        sorry = in_language(OUR_FAULT, written.record.language)
        written.say(text(sorry, written.record.language, date.today()), now)
        await written.end(written.record, Outcome.FAILED, "went in circles", now)

    async def _carry_out(
        self, application: ChatApplication, state: FlowState, commands: list[Command], now: float
    ) -> None:
        """Do what the flow wants until it waits for the caller or ends; then commit."""
        interpreter = application.interpreter(self._written.record.flow)
        asked: set[str] = set()
        self.wants = None
        for _ in range(MAX_DEEDS):
            self._tell(commands, now)
            self._stood = (state.to_json(), state)
            record = replace(
                self._written.record,
                state=self._stood[0],
                version=application.version,
                active_at=now,
            )
            match commands[-1]:
                case Act() as act:
                    await self._written.commit(record, now, typing=True)
                    event: FlowEvent = await self._acted(application, act, state.step, now)
                case SendText():
                    event = TextNotSent(IN_TEXT)
                case Transfer() as transfer if transfer.queue and application.queueing:
                    self._wait_for_nothing()
                    self.facts = facts_known(interpreter.flows, state, None)
                    top = state.frames[-1]
                    wanted = choices_in_text(transfer, interpreter.flows[top.flow], top.step)
                    if wanted.choices is not None:
                        self.replies = await application.replies.of(wanted.choices)
                    await self._wait_in_line(wanted, record, now)
                    return
                case Transfer():
                    if state.step in asked:
                        break  # where nobody comes, asking again and again is no way out
                    asked.add(state.step)
                    event = TransferRefused(NOBODY_WRITES)
                case HangUp(outcome, reason):
                    self._wait_for_nothing()
                    await self._written.end(record, outcome, reason, now)
                    return
                case Listen() as listen:
                    self.replies = await application.replies.of(listen)
                    self.listen = listen
                    self.facts = facts_known(interpreter.flows, state, listen)
                    stand = record.stand if state.queued else None
                    await self._written.commit(replace(record, stand=stand), now)
                    return
            state, commands = interpreter.receive(state, event)
        await self.give_up(now)

    def _tell(self, commands: list[Command], now: float) -> None:
        """Add what the flow says and shows to the lines."""
        written = self._written
        for command in commands:
            if isinstance(command, ChangeLanguage):
                written.record = replace(written.record, language=command.language)
            elif isinstance(command, Say):
                prompt, language = command.prompt.masked(), written.record.language
                written.say(masked(text(prompt, language, date.today())), now)
            elif isinstance(command, Show):
                written.show(command.card, now)

    def _wait_for_nothing(self) -> None:
        self.listen, self.replies, self.wants = None, (), None

    async def _wait_in_line(self, transfer: Transfer, record: ChatRecord, now: float) -> None:
        self.wants = transfer
        self.is_new_in_line = record.stand is None
        await self._written.commit(replace(record, stand=record.stand or Stand(now, now)), now)

    async def _acted(
        self, application: ChatApplication, act: Act, step: str, now: float
    ) -> FlowEvent:
        contact = self._written.record.contact or CallId(self._written.record.id)
        time = asyncio.get_running_loop().time
        began, result = time(), ActionResult.GIVEN_UP
        with discretion(act.secret):
            try:
                value = await application.act(act.action, act.arguments)
                result = ActionResult.DONE
            except ActionError as error:
                result = error.result
                log.warning("action_failed", action=error.action, problem=error.problem)
                return ActionFailed(error.problem)
            finally:
                took = time() - began
                application.append(
                    ActionRan(contact, now + took, step, act.action, result, 1000 * took)
                )
        if act.action == ANSWER and not act.secret:
            self._looked_up(application, act.arguments, value, now)
        return ActionDone(value)

    def _looked_up(
        self, application: ChatApplication, arguments: Mapping[str, Json], found: Json, now: float
    ) -> None:
        """What nothing answers is a gap in the knowledge, and was not understood. Gaps are kept by
        call."""
        contact = self._written.record.contact
        gap = unanswered(contact or CallId(""), now, arguments, found)
        if gap is None:
            return
        self._written.not_answered(self.step)
        if contact:
            application.append(self._written.asked(gap))
