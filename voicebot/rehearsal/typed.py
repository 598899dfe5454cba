"""A caller who types: words and keys go straight to the grammars, and no time passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Protocol

from voicebot.errors import ActionError, CallError
from voicebot.flows.commands import Act, Command, HangUp, Listen, Transfer
from voicebot.flows.events import (
    ActionDone,
    ActionFailed,
    ContactStarted,
    FlowEvent,
    InputMatched,
    NoInput,
    RecognitionFailed,
    TurnCame,
)
from voicebot.rehearsal.model import Move, MoveKind
from voicebot.rehearsal.stage import Stage
from voicebot.rehearsal.witness import Witness
from voicebot.types import Outcome


class Understands(Protocol):
    """Makes typed words and keys what a flow would hear."""

    def said(self, line: str, listen: Listen, *, today: date | None) -> FlowEvent: ...

    def pressed(self, line: str, listen: Listen, *, today: date | None) -> FlowEvent: ...


class TypedCall:
    """One typed conversation; a `Channel`."""

    def __init__(self, witness: Witness, understand: Understands, stage: Stage) -> None:
        self.witness = witness
        self.outcome: Outcome | None = None
        self.voice = ""
        self.seconds = 0.0
        self._understand = understand
        self._stage = stage
        self._listen: Listen | None = None
        self._transfer: Transfer | None = None

    async def begin(self) -> None:
        await self._go_on(ContactStarted({"channel": "text"}))

    async def make(self, move: Move) -> None:
        for _ in range(move.times):
            if move.kind is MoveKind.HANGS_UP:
                self.outcome = self.outcome or self.witness.outcome_if_hung_up
            if self.outcome is not None:
                return
            event = self._in_queue(move) if self._waits else self._heard(move)
            await self._go_on(event)

    async def close(self) -> None:
        """Nothing is open."""

    def _heard(self, move: Move) -> FlowEvent:
        assert self._listen is not None, "a flow that goes on listens"
        if move.kind is not MoveKind.AGENT_RINGS:
            return self._event(move, self._listen)
        if not self.witness.state.queued:
            raise CallError("nobody waits in a queue, or keeps a place in one")
        self._stage.agent_rings()
        return TurnCame()

    def _in_queue(self, move: Move) -> FlowEvent | None:
        """What comes of a move while the caller hears music; None where it is of no account."""
        if move.kind is MoveKind.AGENT_RINGS:
            self._stage.agent_rings()
            assert self._transfer is not None, "they wait"
            return self._stage.transfer(self._transfer)
        if self._listen is None or move.kind not in {MoveKind.SAYS, MoveKind.KEYS}:
            return None
        event = self._event(move, self._listen)
        return event if isinstance(event, InputMatched) else None

    @property
    def _waits(self) -> bool:
        return self._transfer is not None

    def _event(self, move: Move, listen: Listen) -> FlowEvent:
        match move.kind:
            case MoveKind.SILENCE:
                return NoInput()
            case MoveKind.RECOGNIZER_FAILS:
                return RecognitionFailed()
            case MoveKind.KEYS:
                return self._understand.pressed(move.text, listen, today=self._stage.today)
        event = self._understand.said(move.text, listen, today=self._stage.today)
        if isinstance(event, InputMatched):
            # Words that are only near to an item are less sure by themselves.
            sure = event.heard.confidence * move.confidence
            event = InputMatched(replace(event.heard, confidence=sure))
        return event

    async def _go_on(self, event: FlowEvent | None) -> None:
        while event is not None:
            event = await self._answer(self.witness.receive(event)[-1])

    async def _answer(self, command: Command) -> FlowEvent | None:
        """What comes of the command that waits; None where the caller is to answer, or nobody."""
        self._transfer = None
        match command:
            case Listen():
                self._listen = command
            case Transfer(choices=choices):
                self._transfer, self._listen = command, choices
            case HangUp(outcome):
                self.outcome = outcome
            case Act(action, arguments):
                try:
                    return ActionDone(await self._stage.act(action, arguments))
                except ActionError as error:
                    return ActionFailed(error.problem)
        return None
