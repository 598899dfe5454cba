"""The account that a call gives of itself: turns numbered and timed, told as they happen.

Pure bookkeeping: it collects what was said since the caller was last heard, and turns it into the
facts of `voicebot.events` for the journal and into live events for those who watch. Secrets and
card and identity numbers do not get past it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from voicebot.action_result import ActionResult
from voicebot.events import (
    ActionRan,
    CallAnswered,
    CallEnded,
    CallRecorded,
    CallStarted,
    DeflectionReached,
    DeflectionStage,
    MatterNoted,
    TurnFinished,
    TurnMasked,
    TurnResult,
)
from voicebot.flows.events import FREE
from voicebot.personal_numbers import masked, masked_heard, masked_values
from voicebot.sessions.answering import unanswered
from voicebot.sessions.feed import InputHeard, LiveEvent, PartHeard, PromptSpoken, TurnHidden
from voicebot.sessions.hiding import hidden
from voicebot.sessions.pieces import Pieces
from voicebot.sessions.records import Journal
from voicebot.sessions.sound_marks import SoundMarks
from voicebot.telephony._api import LegInfo
from voicebot.types import HIDDEN, Heard, Json, Language, Matter, Outcome

KEPT_TURNS = 200
"""Turns that are kept for who goes on with the contact elsewhere, the newest."""


@dataclass(slots=True)
class CallAccount:
    """One call's account. ``clock`` gives UTC seconds since the epoch."""

    info: LegInfo
    journal: Journal
    publish: Callable[[LiveEvent], None]
    clock: Callable[[], float] = time.time
    marks: SoundMarks = field(default_factory=SoundMarks)
    """Where its turns lie in the recording."""
    _turns: int = 0
    _step: str = ""
    _prompts: list[str] = field(default_factory=list)
    _spoken: int = 0
    """How many of the prompts the watchers have been told of."""
    _said_at: float | None = None
    """When the first packet of what was said since left."""
    _about: tuple[Matter | None, str] = (None, "")
    _unsettled: TurnFinished | None = None
    """A turn of free words: it is a nomatch if the knowledge has no answer to them."""
    _pieces: Pieces = field(default_factory=Pieces)
    _said_a_number: bool = False
    """Whether the prompts hold what nobody shall hear."""
    _has_started: bool = False
    _has_answered: bool = False
    turns: deque[TurnFinished] = field(default_factory=lambda: deque(maxlen=KEPT_TURNS))
    """What was said and heard so far."""
    partial: str = ""
    """What the caller has said so far in the turn that is under way, as far as others may know."""
    discreet: bool = False
    """Whether what is heard now is a secret: only that it was heard is told."""
    is_over: bool = False
    """Whether the end was told; nothing may follow it."""

    def started(self, flow: str, language: Language, version: str = "") -> None:
        """The call has come, or is being made; said twice it counts once. ``version`` is that of
        the application."""
        if self._has_started:
            return
        self._has_started = True
        event = CallStarted(
            self.info.call_id,
            self.clock(),
            self.info.transport,
            self.info.caller,
            self.info.callee,
            flow,
            language,
            self.info.direction,
            self.info.headers,
            version,
        )
        self.journal.append(event)
        self.publish(event)

    def answered(self, at: float | None = None, answered_by: str = "") -> None:
        """The call is up, since ``at`` or now; said twice it counts once."""
        if self._has_answered:
            return
        self._has_answered = True
        event = CallAnswered(self.info.call_id, self.clock() if at is None else at, answered_by)
        self.journal.append(event)
        self.publish(event)

    def recorded(self, name: str) -> None:
        """The call is recorded from now on, in the file ``name`` of the folder of recordings."""
        self.journal.append(CallRecorded(self.info.call_id, self.clock(), name))

    def is_about(self, matter: Matter | None, customer: str) -> None:
        """What the call is about by now, and whose it is; taken down where that is news."""
        if (matter, customer) == self._about:
            return
        self._about = (matter, customer)
        if matter is not None:
            details = {
                name: self._pieces.values_without(masked_values(value))
                for name, value in matter.details.items()
            }
            matter = replace(matter, details=details)
        self.journal.append(MatterNoted(self.info.call_id, self.clock(), matter, customer))

    def at_step(self, step: str) -> None:
        """What follows is said and heard at ``step`` of the flow."""
        self._step = step

    def said(self, words: str) -> None:
        """The bot has begun to say (or queued) ``words``."""
        self._settle()
        shown = self._pieces.without(masked(words))
        self._said_a_number |= shown != words
        self._prompts.append(shown)

    def prompt_left(self, latency_ms: float | None) -> None:
        """The first packet of what was said since has left for the caller."""
        fresh = " ".join(self._prompts[self._spoken :])
        self._spoken = len(self._prompts)
        if fresh:
            now = self.clock()
            self._said_at = now if self._said_at is None else self._said_at
            self.marks.said()
            turn = self._turns + 1
            self.publish(PromptSpoken(self.info.call_id, now, self._step, fresh, latency_ms, turn))

    def hearing(self, text: str) -> None:
        """The caller has said ``text`` so far and may go on."""
        self.partial = text = HIDDEN if self.discreet else self._pieces.without(masked(text))
        self.publish(PartHeard(self.info.call_id, self.clock(), self._step, text))

    def heard(
        self,
        result: TurnResult,
        heard: Heard | None,
        *,
        latency_ms: float | None,
        barged_in: bool = False,
        spoke: tuple[float, float] | None = None,
    ) -> None:
        """The turn is over: the caller was heard, or was not. ``spoke`` is how many seconds ago
        they began and ended to speak."""
        self.prompt_left(latency_ms)
        self._settle()
        plain = heard
        self.partial = ""
        if heard is not None:
            heard = hidden(heard) if self.discreet else self._pieces.of_heard(masked_heard(heard))
        self._turns += 1
        self.marks.heard(self._turns, spoke)
        now = self.clock()
        turn = TurnFinished(
            self.info.call_id,
            now,
            self._turns,
            self._step,
            " ".join(self._prompts),
            result,
            heard,
            latency_ms,
            barged_in,
            self._said_at,
            None if spoke is None else now - spoke[0],
            None if spoke is None else now - spoke[1],
        )
        is_hidden = heard is not plain and not self.discreet
        self._unsettled = turn = self._without_numbers(turn, is_hidden)
        heard = turn.heard
        if heard is None or heard.grammar != FREE:
            self._settle()
        if result is not TurnResult.SAID:
            self.publish(InputHeard(self.info.call_id, now, self._step, result, heard, self._turns))
        self._prompts.clear()
        self._spoken = 0
        self._said_at = None
        self._said_a_number = False

    def so_far(self) -> tuple[tuple[TurnFinished, ...], str, float | None]:
        """The turns that are kept, what has begun to be said since, and when that began."""
        unsettled = () if self._unsettled is None else (self._unsettled,)
        saying = " ".join(self._prompts[: self._spoken])
        return (*self.turns, *unsettled), saying, self._said_at

    def looked_up(self, arguments: Mapping[str, Json], found: Json) -> None:
        """A question was looked up in the knowledge; what nothing answers is a gap in it."""
        gap = unanswered(self.info.call_id, self.clock(), arguments, found)
        if gap is None:
            self._settle()
            return
        turn = self._unsettled
        if turn is not None and turn.heard is not None:
            missed = replace(turn.heard, semantics=None)
            self._unsettled = replace(turn, result=TurnResult.NOMATCH, heard=missed)
        self._settle()
        self.journal.append(self._pieces.asked(gap))

    def _settle(self) -> None:
        """Write down the turn that was held back, if any."""
        if self._unsettled is not None:
            self.turns.append(self._unsettled)
            self.journal.append(self._unsettled)
            self._unsettled = None

    def acted(self, action: str, result: ActionResult, began: float) -> None:
        """An action that began at ``began`` (by our clock) is over."""
        now = self.clock()
        ms = 1000 * max(0.0, now - began)
        self.journal.append(ActionRan(self.info.call_id, now, self._step, action, result, ms))

    def _without_numbers(self, turn: TurnFinished, is_hidden: bool) -> TurnFinished:
        """Hide the number that ``turn`` completes, if any, in all turns that hold a piece of it,
        and what is hidden already (``is_hidden``: what was heard) in the recording."""
        if is_hidden:
            self.marks.hide_heard(turn.index)
        if self._said_a_number:
            self.marks.hide_said(turn.index)
        turns = [*self.turns, turn]
        changed = self._pieces.reworded(turns)
        for place, now in changed.items():
            if now.heard != turns[place].heard:
                self.marks.hide_heard(now.index)
            if now.prompt != turns[place].prompt:
                self.marks.hide_said(now.index)
            if now.prompt != turns[place].prompt or now.index != turn.index:
                hidden_turn = TurnHidden(
                    now.call_id, self.clock(), now.index, now.prompt, now.heard
                )
                self.publish(hidden_turn)
            if now.index == turn.index:
                turn = now
                continue
            self.turns[place] = now
            masked = TurnMasked(now.call_id, self.clock(), now.index, now.prompt, now.heard)
            self.journal.append(masked)
        if changed:
            for gap in self._pieces.masked_gaps():
                self.journal.append(gap)
            (matter, customer), self._about = self._about, (None, "")
            self.is_about(matter, customer)
        return turn

    def deflected(self, stage: DeflectionStage, intent: str) -> None:
        """The contact came to ``stage`` on its way to text."""
        self.journal.append(DeflectionReached(self.info.call_id, self.clock(), stage, intent))

    def ended(self, outcome: Outcome, reason: str, *, latency_ms: float | None = None) -> None:
        """The call is over; what was said last without an answer is its last turn."""
        if self._prompts:
            self.heard(TurnResult.SAID, None, latency_ms=latency_ms)
        self._settle()
        self.is_over = True
        event = CallEnded(self.info.call_id, self.clock(), outcome, reason)
        self.journal.append(event)
        self.publish(event)
