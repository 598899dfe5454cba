"""Who speaks when: the state machine of one call's turns.

Events go in with the time, effects come out; nothing is read, awaited or played here. One listen
gives exactly one result (`SpeechEnded`, `KeysEntered` or `NoInput`), unless it is cancelled.

- A prompt with ``bargein=False`` cannot be interrupted: what is said or keyed meanwhile is lost,
  and so are keys pressed ahead of it (VoiceXML 2.0, 4.1.5).
- Keys win over speech. Keys pressed while nobody listens answer the next listen.
- ``timeout`` counts from the end of the prompt or the beginning of the listen, the later of both.

How much speech is speech stands in `turns.barge_in`, how much silence is an end in
`turns.endpointing`, what makes an entry in `turns.digits`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final, Literal, TypeAlias

from voicebot.errors import VoicebotError
from voicebot.turns.barge_in import (
    BARGE_IN,
    ONSET,
    RESUMED,
    STIRRING,
    SUSTAINED,
    RecentSpeech,
)
from voicebot.turns.digits import DigitCollector, SpareTermchar, TypeAhead
from voicebot.turns.endpointing import Patience, Utterance, Verdict
from voicebot.turns.signals import (
    DecodeArrived,
    DropDecode,
    Effect,
    FrameHeard,
    HoldChanged,
    KeyPressed,
    KeysEntered,
    ListenCancelled,
    ListenStarted,
    NoInput,
    PromptFinished,
    PromptStarted,
    Result,
    SpeechEnded,
    SpeechStarted,
    StartDecode,
    StopPrompt,
    TimePassed,
    TurnEvent,
)
from voicebot.types import KEYS

STIRRING_GRACE_S: Final = 0.2
"""How long a noinput is put off for a caller who may just be beginning to speak."""


class State(StrEnum):
    IDLE = "idle"
    """Nobody listens."""
    WAITING = "waiting"
    """Listening; nothing heard yet. A prompt may be playing."""
    SPEAKING = "speaking"
    """The caller speaks."""
    PAUSING = "pausing"
    """The caller paused, and the words so far are being decoded."""
    KEYING = "keying"
    """The caller is entering keys."""


class IllegalTurnEvent(VoicebotError):
    """An event that makes no sense in the turn-taker's state; it changed nothing."""


class TurnTaker:
    """The turns of one call. See the module for the rules, `turns.signals` for the vocabulary."""

    def __init__(self) -> None:
        self._state = State.IDLE
        self._now = float("-inf")
        self._listen: ListenStarted | None = None
        self._bargein: bool | None = None  # of the prompt that plays; None where none does
        self._held = False
        self._waiting_since = 0.0
        self._recent = RecentSpeech()
        self._utterance: Utterance | None = None
        self._generation = 0  # never reused in a call, so that a late decode fits nothing else
        self._digits: DigitCollector | None = None
        self._ahead = TypeAhead()
        self._spare = SpareTermchar()
        self._dropped_keys = 0

    @property
    def state(self) -> State:
        return self._state

    @property
    def dropped_keys(self) -> int:
        """Keys that were lost: pressed against a prompt that forbids it, or beyond a bound."""
        entry = self._digits.dropped if self._digits else 0
        return self._dropped_keys + self._ahead.dropped + entry

    def receive(self, event: TurnEvent, now: float) -> list[Effect]:
        """Take ``event`` at ``now`` and give what is to be done, in order.

        Raises IllegalTurnEvent for an event that has no place in the present state, an unknown key
        or decode, or a ``now`` before the last one.
        """
        handler = _TRANSITIONS[self._state].get(type(event))
        problem = self._objection(event, now) if handler else "it has no place here"
        if handler is None or problem:
            raise IllegalTurnEvent(f"{type(event).__name__} while {self._state}: {problem}")
        self._now = now
        return handler(self, event, now)

    def next_deadline(self) -> float | None:
        """When `TimePassed` (or a frame) is due at the latest; None where no timer runs."""
        if self._held:
            return None
        if self._utterance:
            return self._utterance.deadline
        if self._digits:
            return self._digits.deadline
        if self._listen is None or self._bargein is not None:
            return None
        deadline = self._waiting_since + self._listen.policy.timeout_ms / 1000
        stirring = self._recent.meets(STIRRING, self._now)
        return deadline + STIRRING_GRACE_S if stirring else deadline

    def _objection(self, event: TurnEvent, now: float) -> str:
        if now < self._now:
            return "time went back"
        match event:
            case PromptStarted() if self._bargein is not None:
                return "another prompt is playing"
            case KeyPressed(key) if len(key) != 1 or key not in KEYS:
                return "no such key"
            case DecodeArrived(generation) if not 1 <= generation <= self._generation:
                return "no such decode was asked for"
        return ""

    # Listening begins and ends

    def _begin(self, event: ListenStarted, now: float) -> list[Effect]:
        self._listen = event
        self._state = State.WAITING
        self._waiting_since = now
        self._recent.clear()
        effects: list[Effect] = []
        while self._ahead and self._listen:
            effects += self._take_key(self._ahead.pop(), now)
        return effects

    def _cancel(self, event: ListenCancelled, now: float) -> list[Effect]:
        effects = self._drop_decode()
        self._stop_listening()
        return effects

    def _finish(self, result: Result) -> list[Effect]:
        self._stop_listening()
        return [result]

    def _stop_listening(self) -> None:
        self._forget_input()
        self._listen = None
        self._state = State.IDLE

    def _forget_input(self) -> None:
        if self._digits:
            self._dropped_keys += self._digits.dropped
        self._digits = None
        self._utterance = None
        self._recent.clear()

    # Prompts

    def _prompt_begins(self, event: PromptStarted, now: float) -> list[Effect]:
        if event.bargein:
            self._bargein = True
            return []
        return self._prompt_takes_over(now)

    def _prompt_after_input(self, event: PromptStarted, now: float) -> list[Effect]:
        """The caller was faster than the prompt."""
        if event.bargein:
            return [StopPrompt("key" if self._state is State.KEYING else "speech")]
        return self._prompt_takes_over(now)

    def _prompt_takes_over(self, now: float) -> list[Effect]:
        """A prompt that may not be interrupted discards what was said and keyed before it."""
        effects = self._drop_decode()
        self._ahead.clear()
        if self._digits:
            self._dropped_keys += self._digits.pressed
        self._forget_input()
        self._bargein = False
        if self._listen:
            self._state = State.WAITING
        return effects

    def _prompt_ends(self, event: PromptFinished, now: float) -> list[Effect]:
        if self._bargein is not None:
            self._bargein = None
            self._waiting_since = now
        return []

    def _stop_prompt(self, reason: Literal["speech", "key"]) -> list[Effect]:
        playing = self._bargein is not None
        self._bargein = None
        return [StopPrompt(reason)] if playing else []

    # Speech

    def _frame_in_silence(self, event: FrameHeard, now: float) -> list[Effect]:
        listen = self._listen
        if listen is None or not listen.speech or self._held or self._bargein is False:
            return self._advance(now)
        self._recent.hear(event.speech, now)
        criterion = ONSET if self._bargein is None else BARGE_IN
        if not self._recent.meets(criterion, now):
            return self._advance(now)
        start = self._recent.since(criterion, now)
        self._utterance = Utterance(start, now, Patience.of(listen.policy))
        self._state = State.SPEAKING
        return [*self._stop_prompt("speech"), SpeechStarted(start)]

    def _frame_in_utterance(self, event: FrameHeard, now: float) -> list[Effect]:
        if self._held or self._utterance is None:
            return []
        self._recent.hear(event.speech, now)
        effects: list[Effect] = []
        enough = SUSTAINED if self._state is State.SPEAKING else RESUMED
        if event.speech and self._recent.meets(enough, now):
            effects = self._drop_decode()
            self._utterance.go_on(now)
            self._state = State.SPEAKING
        return effects + self._advance(now)

    def _decode(self, event: DecodeArrived, now: float) -> list[Effect]:
        if self._utterance and self._utterance.generation == event.generation:
            self._utterance.judge(Verdict(event.matched, event.can_continue))
        return self._advance(now)

    def _drop_decode(self) -> list[Effect]:
        if self._utterance is None or self._utterance.generation is None:
            return []
        return [DropDecode(self._utterance.generation)]

    # Keys

    def _key(self, event: KeyPressed, now: float) -> list[Effect]:
        if self._spare.swallows(event.key, now):
            return []
        if self._bargein is False:
            self._dropped_keys += 1
            return []
        if self._listen is None:
            self._ahead.push(event.key)
            return []
        return self._take_key(event.key, now)

    def _take_key(self, key: str, now: float) -> list[Effect]:
        assert self._listen is not None
        policy = self._listen.policy
        effects: list[Effect] = []
        if self._digits is None:
            effects = [*self._stop_prompt("key"), *self._drop_decode()]
            self._forget_input()
            self._digits = DigitCollector(
                self._listen.keys_progress, policy.termchar, policy.interdigittimeout_ms / 1000
            )
            self._state = State.KEYING
        entry = self._digits.press(key, now)
        if entry is None:
            return effects
        if entry.reason == "complete" and policy.termchar:
            self._spare.expect(policy.termchar, now)
        return effects + self._finish(KeysEntered(entry.keys, entry.reason))

    # Time

    def _hold(self, event: HoldChanged, now: float) -> list[Effect]:
        returned = self._held and not event.held
        self._held = event.held
        self._recent.clear()
        if returned:
            self._waiting_since = now
            if self._utterance:
                self._utterance.restart_clocks(now)
            if self._digits:
                self._digits.restart_clock(now)
        return []

    def _pass_time(self, event: TurnEvent, now: float) -> list[Effect]:
        return self._advance(now)

    def _advance(self, now: float) -> list[Effect]:
        """Do what is due; a late call may find a pause and its end due together."""
        effects: list[Effect] = []
        while (deadline := self.next_deadline()) is not None and deadline <= now:
            effects += self._expire(now)
        return effects

    def _expire(self, now: float) -> list[Effect]:
        if self._digits:
            entry = self._digits.expire()
            return self._finish(KeysEntered(entry.keys, entry.reason))
        utterance = self._utterance
        if utterance is None:
            return self._finish(NoInput())
        if utterance.generation is None:
            self._generation += 1
            utterance.pause(self._generation)
            self._state = State.PAUSING
            return [StartDecode(self._generation, utterance.start, utterance.end)]
        return self._finish(
            SpeechEnded(utterance.generation, utterance.start, utterance.end, utterance.ending(now))
        )


_Handler: TypeAlias = Callable[[TurnTaker, Any, float], list[Effect]]
_Row: TypeAlias = Mapping[type[TurnEvent], _Handler]

_ALWAYS: Final[_Row] = {
    PromptFinished: TurnTaker._prompt_ends,
    KeyPressed: TurnTaker._key,
    DecodeArrived: TurnTaker._decode,
    HoldChanged: TurnTaker._hold,
    TimePassed: TurnTaker._pass_time,
}
_IN_UTTERANCE: Final[_Row] = {
    **_ALWAYS,
    ListenCancelled: TurnTaker._cancel,
    PromptStarted: TurnTaker._prompt_after_input,
    FrameHeard: TurnTaker._frame_in_utterance,
}
_TRANSITIONS: Final[Mapping[State, _Row]] = {
    State.IDLE: {
        **_ALWAYS,
        ListenStarted: TurnTaker._begin,
        PromptStarted: TurnTaker._prompt_begins,
        FrameHeard: TurnTaker._pass_time,
    },
    State.WAITING: {
        **_ALWAYS,
        ListenCancelled: TurnTaker._cancel,
        PromptStarted: TurnTaker._prompt_begins,
        FrameHeard: TurnTaker._frame_in_silence,
    },
    State.SPEAKING: _IN_UTTERANCE,
    State.PAUSING: _IN_UTTERANCE,
    State.KEYING: {
        **_ALWAYS,
        ListenCancelled: TurnTaker._cancel,
        PromptStarted: TurnTaker._prompt_after_input,
        FrameHeard: TurnTaker._pass_time,
    },
}
"""What each state makes of each event; an event that is missing is illegal there."""
