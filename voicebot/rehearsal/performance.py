"""Plays one test: moves of the caller, one after the other, each followed by its checks.

What plays the caller is a `Channel`: typed (`typed.py`) or spoken over a line (`spoken_call.py`).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from voicebot.errors import CallError
from voicebot.rehearsal.judge import Played, judge
from voicebot.rehearsal.model import (
    Check,
    ConversationTest,
    Failure,
    Move,
    MoveKind,
    Turn,
)
from voicebot.rehearsal.stage import Stage
from voicebot.rehearsal.transcript import Line, lines, move_line
from voicebot.rehearsal.witness import Passage, Witness
from voicebot.types import Outcome


class Channel(Protocol):
    """A line to the flow, with the caller at the other end."""

    @property
    def witness(self) -> Witness: ...

    @property
    def outcome(self) -> Outcome | None:
        """How the call ended, None while it runs."""
        ...

    @property
    def voice(self) -> str:
        """Who speaks; empty for a caller who types."""
        ...

    @property
    def seconds(self) -> float:
        """How long the call took on its own clock; 0 for a caller who types."""
        ...

    async def begin(self) -> None:
        """The call comes in; returns when the bot listens or the call is over."""
        ...

    async def make(self, move: Move) -> None:
        """The caller does this; returns when the bot listens again or the call is over.

        Raises CallError where that does not come about.
        """
        ...

    async def close(self) -> None:
        """Leave nothing behind, wherever the call stands."""
        ...


@dataclass(slots=True)
class Result:
    """What came of one test."""

    test: ConversationTest
    failures: list[Failure] = field(default_factory=list)
    transcript: list[Line] = field(default_factory=list)
    passages: Sequence[Passage] = ()
    outcome: Outcome | None = None
    seconds: float = 0.0
    call_seconds: float = 0.0
    """How long the call took on its own clock; 0 where it was typed."""

    @property
    def passed(self) -> bool:
        return not self.failures


async def perform(test: ConversationTest, channel: Channel, stage: Stage, today: date) -> Result:
    """Play ``test`` until it is over or a turn was not as expected."""
    performance = _Performance(test, channel, stage, today)
    began = time.perf_counter()
    try:
        await performance.play()
    finally:
        await channel.close()
    performance.result.passages = channel.witness.passages
    performance.result.outcome = channel.outcome
    performance.result.call_seconds = channel.seconds
    performance.result.seconds = time.perf_counter() - began
    return performance.result


class _Performance:
    def __init__(
        self,
        test: ConversationTest,
        channel: Channel,
        stage: Stage,
        today: date,
    ) -> None:
        self.result = Result(test)
        self._test = test
        self._channel = channel
        self._stage = stage
        self._today = today
        self._mark = 0
        """Where the passages of the present turn begin."""

    async def play(self) -> None:
        await self._channel.begin()
        self._tell(())
        for turn in self._test.talk:
            if turn.move is not None and not await self._move(turn.move):
                return
            if not self._check(turn):
                return
        if self._channel.outcome is None:
            await self._channel.make(Move(MoveKind.HANGS_UP, self._test.place))
            self.result.transcript.append(Line("caller", f"hangs up ({self._channel.outcome})"))
        if self._test.outcome is not None:
            self._judge((self._test.outcome,))

    async def _move(self, move: Move) -> bool:
        """Make the move; whether it could be made."""
        if self._channel.outcome is not None:
            problem = f"the call was over already ({self._channel.outcome})"
            self.result.failures.append(Failure(move.place, problem))
            return False
        self._mark = len(self._channel.witness.passages)
        try:
            await self._channel.make(move)
        except CallError as error:
            self.result.failures.append(Failure(move.place, str(error)))
        self._tell((move_line(move, self._channel.voice),))
        return not self.result.failures

    def _check(self, turn: Turn) -> bool:
        """Whether the turn was as expected, and the test can go on."""
        if self._stage.unanswered is not None:
            name = self._stage.unanswered
            self.result.failures.append(
                Failure(
                    turn.place,
                    f"nothing answers the action '{name}' here. Under setup, actions, write "
                    f"'{name}: {{result: …}}', or let a 'when' fit its arguments",
                )
            )
            return False
        return self._judge(turn.checks)

    def _judge(self, checks: Sequence[Check]) -> bool:
        played = Played(
            self._channel.witness.passages[self._mark :],
            self._channel.witness.state,
            self._channel.witness.flows,
            self._today,
            self._channel.outcome,
        )
        failures = judge(checks, played)
        self.result.failures += failures
        return not failures

    def _tell(self, before: Sequence[Line]) -> None:
        fresh = self._channel.witness.passages[self._mark :]
        self.result.transcript += [*before, *lines(fresh, self._today)]
