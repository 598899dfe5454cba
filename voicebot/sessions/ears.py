"""The bot's ears on one call: audio and keys in, one result for each listen.

Joins voice activity, the turn-taker, the recogniser and the grammars. The utterance is recognised
in the caller's first pause; when that pause is the end, the result is there already.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import structlog

from voicebot.errors import VoicebotError
from voicebot.events import TurnResult
from voicebot.flows.commands import Listen
from voicebot.flows.events import FlowEvent, InputMatched, NoInput, NoMatch, RecognitionFailed
from voicebot.grammar.active import ActiveGrammar, Progress
from voicebot.speech.recognizer import Recognition
from voicebot.turns import signals
from voicebot.turns.digits import KeyProgress
from voicebot.turns.signals import Effect, TurnEvent, TurnPolicy
from voicebot.turns.turn_taker import State, TurnTaker
from voicebot.turns.utterance import UtteranceBuffer
from voicebot.turns.vad import VoiceActivityDetector
from voicebot.types import Heard, Json, Mode, Samples

log = structlog.get_logger(__name__)

_KEY_PROGRESS = {
    Progress.DEAD: KeyProgress.DEAD,
    Progress.PARTIAL: KeyProgress.PARTIAL,
    Progress.COMPLETE_OPEN: KeyProgress.COMPLETE_OPEN,
    Progress.COMPLETE: KeyProgress.COMPLETE,
}


class Recognize(Protocol):
    """Recognises one utterance away from the event loop; raises SpeechError."""

    def __call__(
        self, audio: Samples, rate: int, grammar: ActiveGrammar
    ) -> Awaitable[Recognition]: ...


Detector: TypeAlias = Callable[[Samples], bool]
"""Says of each 20 ms frame in turn whether it is speech."""


def voice_detector(rate: int) -> Detector:
    """The detector for a line of ``rate`` Hz."""
    return VoiceActivityDetector(rate).feed


@dataclass(frozen=True, slots=True)
class Hearing:
    """What came of one listen. ``first_speech_at`` and ``last_speech_at`` are when the caller's
    first and last sound arrived, None where the caller did not speak; ``barged_in`` whether that
    interrupted a prompt."""

    event: FlowEvent
    result: TurnResult
    heard: Heard | None = None
    last_speech_at: float | None = None
    barged_in: bool = False
    first_speech_at: float | None = None


@dataclass(slots=True)
class _Listening:
    """One listen under way."""

    grammar: ActiveGrammar
    keys: Mapping[str, Json]
    result: asyncio.Future[Hearing]
    ended: signals.SpeechEnded | None = None
    barged_in: bool = False


class Ears:
    """Listens on one call. ``stop_prompt`` is called when the caller barges in; ``group`` owns
    the decoding.

    ``partial`` is told what has been said so far, in each pause that is decoded. ``detector``
    makes a voice activity detector for a rate in Hz. Time is the line's, from ``now``
    on.
    """

    def __init__(
        self,
        rate: int,
        recognize: Recognize,
        stop_prompt: Callable[[], None],
        group: asyncio.TaskGroup,
        *,
        policy: TurnPolicy,
        detector: Callable[[int], Detector],
        partial: Callable[[str], None],
        now: float,
    ) -> None:
        self._rate = rate
        self._recognize = recognize
        self._stop_prompt = stop_prompt
        self._group = group
        self._policy = policy
        self._turns = TurnTaker()
        self._is_speech = detector(rate)
        self._partial = partial
        self._buffer = UtteranceBuffer()
        self._listening: _Listening | None = None
        self._decodes: dict[int, asyncio.Task[None]] = {}
        self._decoded: dict[int, Recognition | VoicebotError] = {}
        self._now = now

    # What happens on the line

    def audio(self, samples: Samples, at: float) -> None:
        """20 ms from the caller."""
        self._buffer.feed(samples, at)
        self._tell(signals.FrameHeard(self._is_speech(samples)), at)

    def key(self, key: str, at: float) -> None:
        self._tell(signals.KeyPressed(key), at)

    def hold(self, held: bool, at: float) -> None:
        self._tell(signals.HoldChanged(held), at)

    def prompt_started(self, bargein: bool) -> None:
        self._tell(signals.PromptFinished())
        self._tell(signals.PromptStarted(bargein))

    def prompt_finished(self) -> None:
        self._tell(signals.PromptFinished())

    # Listening

    async def hear(self, listen: Listen, grammar: ActiveGrammar) -> Hearing:
        """Listen until the caller has said or keyed something, or has been silent too long."""
        result: asyncio.Future[Hearing] = asyncio.get_running_loop().create_future()
        listening = _Listening(grammar, listen.keys, result)
        self._listening = listening
        started = signals.ListenStarted(
            policy_for(listen, self._policy),
            lambda keys: keys_progress(keys, listening.grammar, listening.keys),
        )
        try:
            self._tell(started)
            # No timer of our own: a leg gives a frame every 20 ms, and on hold no time passes.
            return await listening.result
        finally:
            if self._turns.state is not State.IDLE:
                self._tell(signals.ListenCancelled())
            self._listening = None
            self._buffer.release()
            self._forget_decodes()

    def ago(self, hearing: Hearing) -> tuple[float, float] | None:
        """How many seconds ago the caller began and ended to speak; None where they did not."""
        first, last = hearing.first_speech_at, hearing.last_speech_at
        return None if first is None or last is None else (self._now - first, self._now - last)

    def understand(self, recognize: Recognize) -> None:
        """Recognise what comes from now on with another recogniser."""
        self._recognize = recognize

    def close(self) -> None:
        """Stop what is under way; the call is over."""
        self._forget_decodes()

    def _forget_decodes(self) -> None:
        for task in self._decodes.values():
            task.cancel()
        self._decodes.clear()
        self._decoded.clear()

    # Effects of the turn-taker

    def _tell(self, event: TurnEvent, at: float | None = None) -> None:
        """Pass ``event`` on; what does not come from the line happens at its last frame."""
        if at is not None:
            self._now = max(self._now, at)
        for effect in self._turns.receive(event, self._now):
            self._perform(effect)

    def _perform(self, effect: Effect) -> None:
        listening = self._listening
        match effect:
            case signals.StopPrompt():
                if listening:
                    listening.barged_in = True
                self._stop_prompt()
            case signals.SpeechStarted(start):
                self._buffer.hold(start)
            case signals.StartDecode():
                self._start_decode(effect)
            case signals.DropDecode(generation):
                task = self._decodes.pop(generation, None)
                if task:
                    task.cancel()
                self._decoded.pop(generation, None)
            case signals.SpeechEnded() if listening:
                listening.ended = effect
                self._conclude_speech(listening)
            case signals.KeysEntered(keys) if listening:
                self._conclude(listening, self._keyed(keys, listening))
            case signals.NoInput() if listening:
                self._conclude(listening, Hearing(NoInput(), TurnResult.NOINPUT))

    def _conclude(self, listening: _Listening, hearing: Hearing) -> None:
        if not listening.result.done():
            listening.result.set_result(hearing)

    # Speech

    def _start_decode(self, effect: signals.StartDecode) -> None:
        if self._listening is None:
            return
        audio = self._buffer.cut(effect.start, effect.end)
        self._decodes[effect.generation] = self._group.create_task(
            self._decode(effect.generation, audio, self._listening)
        )

    async def _decode(self, generation: int, audio: Samples, listening: _Listening) -> None:
        outcome: Recognition | VoicebotError
        try:
            outcome = await self._recognize(audio, self._rate, listening.grammar)
            matched, can_continue = outcome.match, outcome.can_continue
        except VoicebotError as error:
            log.warning("recognition_failed", error=str(error))
            outcome, matched, can_continue = error, False, False
        if listening.result.done():
            return
        self._decoded[generation] = outcome
        if listening.ended is None:
            if isinstance(outcome, Recognition) and outcome.so_far:
                self._partial(outcome.so_far)
            self._tell(signals.DecodeArrived(generation, matched, can_continue))
        else:
            self._conclude_speech(listening)

    def _conclude_speech(self, listening: _Listening) -> None:
        """End the listen if its utterance has ended and has been recognised."""
        ended = listening.ended
        if ended is None or ended.generation not in self._decoded:
            return
        outcome = self._decoded[ended.generation]
        self._conclude(listening, self._spoken(outcome, ended, listening.barged_in))

    def _spoken(
        self, outcome: Recognition | VoicebotError, ended: signals.SpeechEnded, barged_in: bool
    ) -> Hearing:
        times = (ended.end, barged_in, ended.start)
        if isinstance(outcome, VoicebotError):
            return Hearing(RecognitionFailed(), TurnResult.NOMATCH, None, *times)
        best = outcome.best
        if best is None or not outcome.match:
            heard = Heard(outcome.free_text, None, outcome.confidence, Mode.SPEECH)
            return Hearing(NoMatch(heard.text), TurnResult.NOMATCH, heard, *times)
        heard = Heard(best.text, best.semantics, outcome.confidence, Mode.SPEECH, best.grammar)
        return Hearing(InputMatched(heard), TurnResult.MATCH, heard, *times)

    # Keys

    def _keyed(self, keys: str, listening: _Listening) -> Hearing:
        heard = read_keys(keys, listening.grammar, listening.keys)
        if heard is None:
            missed = Heard(keys, None, 0.0, Mode.DTMF)
            return Hearing(NoMatch(), TurnResult.NOMATCH, missed, None, listening.barged_in)
        return Hearing(InputMatched(heard), TurnResult.MATCH, heard, None, listening.barged_in)


def policy_for(listen: Listen, default: TurnPolicy) -> TurnPolicy:
    """The timeouts of ``listen``, the defaults where it has none."""

    def pick(value: int | None, otherwise: int) -> int:
        return otherwise if value is None else value

    return TurnPolicy(
        timeout_ms=pick(listen.timeout_ms, default.timeout_ms),
        completetimeout_ms=pick(listen.completetimeout_ms, default.completetimeout_ms),
        incompletetimeout_ms=pick(listen.incompletetimeout_ms, default.incompletetimeout_ms),
        maxspeechtimeout_ms=pick(listen.maxspeechtimeout_ms, default.maxspeechtimeout_ms),
        interdigittimeout_ms=pick(listen.interdigittimeout_ms, default.interdigittimeout_ms),
        termchar=listen.termchar,
    )


def read_keys(keys: str, grammar: ActiveGrammar, menu: Mapping[str, Json]) -> Heard | None:
    """What an entry means: the menu's keys first, then the grammars; None for a nomatch."""
    if keys in menu:
        return Heard(keys, menu[keys], 1.0, Mode.DTMF, "keys")
    match = grammar.match_keys(keys)
    if match is None:
        return None
    return Heard(keys, match.semantics, 1.0, Mode.DTMF, match.grammar)


def keys_progress(keys: str, grammar: ActiveGrammar, menu: Mapping[str, Json]) -> KeyProgress:
    """What ``keys`` is to the menu's keys and the grammars together."""
    in_grammar = _KEY_PROGRESS[grammar.keys_status(keys)]
    complete = keys in menu or in_grammar in {KeyProgress.COMPLETE, KeyProgress.COMPLETE_OPEN}
    open_ = in_grammar in {KeyProgress.PARTIAL, KeyProgress.COMPLETE_OPEN} or any(
        longer != keys and longer.startswith(keys) for longer in menu
    )
    if complete:
        return KeyProgress.COMPLETE_OPEN if open_ else KeyProgress.COMPLETE
    return KeyProgress.PARTIAL if open_ else KeyProgress.DEAD
