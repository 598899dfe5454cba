"""Recorded calls, taken through an edited application: what each turn would be now.

The caller's part is as it was recorded: words (or the sound of them), keys, silences. What comes of
transfers is taken from the call's outcome. Where the flow now asks something else, the answers that
follow were given to other questions: the first difference of a call tells most.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from voicebot.errors import ActionError
from voicebot.events import TurnResult
from voicebot.flows.commands import Act, Command, FormGrammar, HangUp, Listen, Transfer
from voicebot.flows.events import (
    ActionDone,
    ActionFailed,
    ContactStarted,
    FlowEvent,
    InputMatched,
    NoInput,
    NoMatch,
    RecognitionFailed,
    TransferDone,
    TransferRefused,
)
from voicebot.flows.interpreter import Interpreter
from voicebot.rehearsal.judge import result_of
from voicebot.rehearsal.recorded_offers import RecordedOffers
from voicebot.rehearsal.stage import RunAction, Unanswered
from voicebot.rehearsal.witness import Witness, meaning, requested, unanswered
from voicebot.sessions.recording import STEP as CONSENT_STEP
from voicebot.sessions.records import CallRecord, TurnRecord
from voicebot.types import HIDDEN, TEXT_DOORS, Json, Outcome

NOTHING_OFFERED: Final = RecordedOffers()

Hear: TypeAlias = Callable[[TurnRecord, Listen], Awaitable[FlowEvent]]
"""What a recorded turn would be heard as now, by the grammars of the question that is asked now."""


@dataclass(frozen=True, slots=True)
class Understood:
    """One turn of the caller's: asked at ``step``, taken for ``result`` with this ``meaning``, and
    then ``next``: the step that asked next, or empty at the end."""

    step: str
    result: TurnResult
    meaning: Json
    next: str = ""


@dataclass(frozen=True, slots=True)
class Course:
    """How a call went. ``stopped`` says why it could not be followed further; then ``outcome`` is
    None."""

    turns: tuple[Understood, ...]
    outcome: Outcome | None
    stopped: str = ""

    @property
    def route(self) -> tuple[str, ...]:
        """The questions in order."""
        return tuple(turn.step for turn in self.turns)

    @property
    def heard(self) -> tuple[tuple[str, TurnResult, Json], ...]:
        """What was asked and what was understood, turn by turn."""
        return tuple((turn.step, turn.result, turn.meaning) for turn in self.turns)

    @property
    def recognised(self) -> int:
        return sum(turn.result is TurnResult.MATCH for turn in self.turns)


def as_recorded(call: CallRecord) -> Course:
    """The course that a call took."""
    turns = [turn for turn in _told(call) if turn.step != CONSENT_STEP]
    steps = [turn.step for turn in turns[1:]] + [""]
    return Course(
        tuple(
            Understood(turn.step, turn.result, requested(turn.heard) if turn.heard else None, step)
            for turn, step in zip(turns, steps, strict=True)
            if turn.result is not TurnResult.SAID
        ),
        call.outcome,
    )


def answers_of(call: CallRecord) -> list[TurnRecord]:
    """The turns in which the bot listened to the caller."""
    passed_over = {TurnResult.SAID, TurnResult.HANGUP}
    return [
        turn for turn in _told(call) if turn.step != CONSENT_STEP and turn.result not in passed_over
    ]


def _told(call: CallRecord) -> Sequence[TurnRecord]:
    """What is replayed: a call ends where its contact goes on in text."""
    return call.turns if call.transport in TEXT_DOORS else call.spoken


async def replay(
    call: CallRecord,
    interpreter: Interpreter,
    act: RunAction,
    hear: Hear,
    known: Mapping[str, Json] | None = None,
    offers: RecordedOffers = NOTHING_OFFERED,
) -> Course:
    """Take ``call`` through the flows of ``interpreter``; ``known`` are variables about its caller
    as they were then, ``offers`` what it was offered of text."""
    return await _Replay(call, interpreter, act, hear, known or {}, offers).run()


class _Replay:
    def __init__(
        self,
        call: CallRecord,
        interpreter: Interpreter,
        act: RunAction,
        hear: Hear,
        known: Mapping[str, Json],
        offers: RecordedOffers,
    ) -> None:
        self._call = call
        self._recorded = as_recorded(call)
        self._answers = answers_of(call)
        facts = {**facts_of(call), "text": offers.fact, **known}
        self._witness = Witness(interpreter, facts=facts, transfer=self._transfer, text=offers.sent)
        self._act = act
        self._hear = hear
        self._turns: list[Understood] = []

    async def run(self) -> Course:
        command = await self._settle(ContactStarted())
        for answer in self._answers:
            listen = command.choices if isinstance(command, Transfer) else command
            if not isinstance(listen, Listen):
                break
            step = self._witness.step
            seen = len(self._witness.passages)
            event = await self._hear(answer, listen)
            if isinstance(command, Transfer) and not isinstance(event, InputMatched):
                break  # what the waiting caller chose is no choice any more
            command = await self._settle(event)
            if len(self._witness.passages) == seen:
                break  # stopped: a flow that acts without end
            heard = self._witness.passages[seen]
            known = not unanswered(self._witness.passages[seen:])
            result = (result_of(heard) if known else None) or TurnResult.NOMATCH
            onward = "" if isinstance(command, HangUp) else self._witness.step
            self._turns.append(
                Understood(step, result, meaning(heard.event) if known else None, onward)
            )
        if isinstance(command, Act):
            return Course(tuple(self._turns), None, f"at the action '{command.action}'")
        return Course(tuple(self._turns), self._outcome(command))

    async def _settle(self, event: FlowEvent) -> Command:
        """Tell the flow, run its actions; give what it then waits for. An `Act` that comes back is
        one that nobody can run here."""
        while True:
            command = self._witness.receive(event)[-1]
            if not isinstance(command, Act):
                return command
            try:
                event = ActionDone(await self._act(command.action, command.arguments))
            except Unanswered:
                return command
            except ActionError as error:
                event = ActionFailed(error.problem)

    def _transfer(self, transfer: Transfer) -> FlowEvent | None:
        """As it was: taken, or refused where the recorded call went on after the same way; None
        where the caller waited and chose something else."""
        if transfer.choices is not None and self._chose_next():
            return None
        goes_on = len(self._turns) + 1 < len(self._answers)
        same = tuple(self._recorded.turns[: len(self._turns)]) == tuple(self._turns)
        if goes_on and same and self._call.outcome is not Outcome.TRANSFERRED:
            return TransferRefused("no answer")
        return TransferDone()

    def _chose_next(self) -> bool:
        """Whether the next turn of the record was at the transfer itself."""
        coming = self._answers[len(self._turns) + 1 :][:1]
        return [turn.step for turn in coming] == [self._witness.step]

    def _outcome(self, command: Command) -> Outcome:
        if isinstance(command, HangUp):
            waited = self._call.outcome is Outcome.ABANDONED_IN_QUEUE
            if command.outcome is Outcome.TRANSFERRED and waited:
                return Outcome.ABANDONED_IN_QUEUE
            return command.outcome
        ends = {self._witness.outcome_if_hung_up, self._witness.outcome_if_cut_off}
        same = self._recorded.heard == Course(tuple(self._turns), None).heard
        # How much of the last words the caller heard is known to the record alone, and whether an
        # agent came for a caller who kept a place in a queue.
        if same and self._witness.state.queued and self._call.outcome is Outcome.TRANSFERRED:
            return self._call.outcome
        if same and self._call.outcome in ends:
            return self._call.outcome
        return self._witness.outcome_if_hung_up


def facts_of(call: CallRecord) -> dict[str, Json]:
    """What the flow knew of the call from the beginning."""
    headers: dict[str, Json] = {
        name.replace("-", "_"): value for name, value in call.headers.items()
    }
    return {
        "caller": call.caller,
        "callee": call.callee,
        "channel": "text" if call.transport in TEXT_DOORS else "voice",
        "language": str(call.language),
        "direction": call.direction,
        "answered_by": call.answered_by or None,
        "headers": headers,
    }


def unheard(turn: TurnRecord) -> FlowEvent | None:
    """The event of a turn in which the caller was not heard at all; None for any other."""
    if turn.result is TurnResult.NOINPUT:
        return NoInput()
    if turn.heard is None:
        return RecognitionFailed()
    return None


def secret(turn: TurnRecord, listen: Listen) -> FlowEvent | None:
    """The event of a turn whose words were a secret: what stands for them, as the answer to what is
    asked now; None for any other."""
    if turn.heard is None or turn.heard.text != HIDDEN:
        return None
    if turn.heard.semantics is None:
        return NoMatch()
    meaning = turn.heard.semantics
    for grammar in listen.grammars:
        if isinstance(grammar, FormGrammar) and grammar.slots:
            meaning = {"filled": {grammar.slots[0].name: HIDDEN}, "denied": {}, "corrected": False}
    return InputMatched(replace(turn.heard, semantics=meaning))


@dataclass(frozen=True, slots=True)
class Compared:
    """One call, before and after."""

    call: CallRecord
    before: Course
    after: Course

    @property
    def first_difference(self) -> int | None:
        """The index of the first turn that differs, None where all are the same. A call that ends
        earlier or later differs at its end."""
        before, after = self.before.turns, self.after.turns
        for index, (old, new) in enumerate(zip(self.before.heard, self.after.heard, strict=False)):
            # Where the record ends, it cannot tell where the caller was led.
            led = index < len(before) - 1 and before[index].next != after[index].next
            if old != new or led:
                return index
        if len(before) != len(after) and not self.after.stopped:
            return min(len(before), len(after))
        return None

    @property
    def is_changed(self) -> bool:
        differs = not self.after.stopped and self.before.outcome != self.after.outcome
        return differs or self.first_difference is not None


@dataclass(frozen=True, slots=True)
class Totals:
    """Figures of the calls that could be followed to their end."""

    calls: int
    turns: int
    recognised: int
    contained: int
    outcomes: dict[str, int]


CONTAINED = frozenset({Outcome.SELF_SERVED, Outcome.MOVED_TO_TEXT})
"""Served without a person."""


def totals(courses: Sequence[Course]) -> Totals:
    """Add up."""
    outcomes = [course.outcome for course in courses if course.outcome is not None]
    return Totals(
        calls=len(courses),
        turns=sum(len(course.turns) for course in courses),
        recognised=sum(course.recognised for course in courses),
        contained=sum(outcome in CONTAINED for outcome in outcomes),
        outcomes={str(each): outcomes.count(each) for each in Outcome if each in outcomes},
    )
