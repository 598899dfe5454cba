"""What goes into the turn-taker and what comes out: plain frozen data.

Times are seconds on the clock whose ``now`` is passed in. A frame's time is that of its arrival,
so it holds the 20 ms of sound before it. Timeouts and their names are VoiceXML 2.1's (section 6.3
of VoiceXML 2.0, appendix D).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from voicebot.turns.digits import KeyProgress


@dataclass(frozen=True, slots=True)
class TurnPolicy:
    """How patient one listen is.

    ``timeout_ms``            silence after the prompt (or the beginning) before a noinput
    ``completetimeout_ms``    silence that ends an utterance which the grammar holds
    ``incompletetimeout_ms``  silence that ends one that it does not hold (yet)
    ``maxspeechtimeout_ms``   longest utterance, from its beginning
    ``interdigittimeout_ms``  longest pause between two keys
    ``termchar``              key that ends an entry; empty for none
    """

    timeout_ms: int = 5000
    completetimeout_ms: int = 400
    incompletetimeout_ms: int = 1200
    maxspeechtimeout_ms: int = 20_000
    interdigittimeout_ms: int = 3000
    termchar: str = "#"


# What the turn-taker is told


@dataclass(frozen=True, slots=True)
class ListenStarted:
    """Listen for keys, and for speech where ``speech`` says so.

    ``keys_progress`` tells what a string of keys is to the active grammars; it must be quick.
    """

    policy: TurnPolicy
    keys_progress: Callable[[str], KeyProgress]
    speech: bool = True


@dataclass(frozen=True, slots=True)
class ListenCancelled:
    """Stop listening without a result."""


@dataclass(frozen=True, slots=True)
class PromptStarted:
    """A prompt begins to be heard; ``bargein`` says whether the caller may interrupt it."""

    bargein: bool = True


@dataclass(frozen=True, slots=True)
class PromptFinished:
    """The prompt is over, played or stopped. Does nothing where none is playing, since it may
    cross a `StopPrompt` on the way."""


@dataclass(frozen=True, slots=True)
class FrameHeard:
    """20 ms from the caller; ``speech`` as the voice activity detector has it."""

    speech: bool


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """One of `voicebot.types.KEYS`."""

    key: str


@dataclass(frozen=True, slots=True)
class DecodeArrived:
    """The recognition of a `StartDecode` is there: whether a grammar holds it, and whether the
    grammar lets more words follow. Generations that were dropped are ignored."""

    generation: int
    matched: bool
    can_continue: bool


@dataclass(frozen=True, slots=True)
class HoldChanged:
    """The caller put us on hold or came back: timers stop, and start afresh."""

    held: bool


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Nothing happened, but `TurnTaker.next_deadline` is reached: for lines that send no frames."""


TurnEvent: TypeAlias = (
    ListenStarted
    | ListenCancelled
    | PromptStarted
    | PromptFinished
    | FrameHeard
    | KeyPressed
    | DecodeArrived
    | HoldChanged
    | TimePassed
)


# What the turn-taker wants done


@dataclass(frozen=True, slots=True)
class StopPrompt:
    """The caller barged in: send no more of this prompt, nor of those queued behind it."""

    reason: Literal["speech", "key"]


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The caller has been speaking since ``at``: keep the audio from there on."""

    at: float


@dataclass(frozen=True, slots=True)
class StartDecode:
    """Recognise the caller's audio from ``start`` to ``end``; the caller may still go on."""

    generation: int
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class DropDecode:
    """The caller went on (or pressed a key, or nobody listens): forget this decode."""

    generation: int


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """The utterance is over, and the decode of ``generation`` is its result.

    That decode has always been started by a `StartDecode` with the same times, at the latest just
    before. ``end`` is the end of the last speech frame, whence turn latency is counted.
    """

    generation: int
    start: float
    end: float
    reason: Literal["complete", "incomplete", "maxspeech"]


@dataclass(frozen=True, slots=True)
class NoInput:
    """The caller did nothing in time."""


@dataclass(frozen=True, slots=True)
class KeysEntered:
    """An entry by keys, without the termchar. It may be empty (the termchar alone) or unknown to
    the grammar (``dead``): then it is a nomatch."""

    keys: str
    reason: Literal["complete", "termchar", "interdigit", "dead"]


Result: TypeAlias = SpeechEnded | NoInput | KeysEntered
"""The one effect that ends a listen."""

Effect: TypeAlias = StopPrompt | SpeechStarted | StartDecode | DropDecode | Result
