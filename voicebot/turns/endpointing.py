"""When an utterance is over: silence, weighed by what the grammar makes of the words so far.

VoiceXML 2.0 appendix D: ``completetimeout`` where the words match and nothing can follow,
``incompletetimeout`` otherwise. Ours differs in one point: words that match but could go on wait
for the mean of the two. Full incompletetimeout makes every menu choice with an optional 'please'
feel deaf; completetimeout alone would cut a number that is dictated in groups.

So that the grammar's opinion is there in time, the audio is decoded tentatively a moment into each
pause. Each pause that turned out to be none makes the next one be awaited a little longer: callers
who pause between words keep doing so, and every decode costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from voicebot.turns.signals import TurnPolicy

DECODE_AFTER_S: Final = 0.18
"""Silence before the first tentative decode: longer than the closure of a 't', shorter than the
completetimeout by what a decode takes."""
DECODE_BACKOFF_S: Final = 0.04
DECODE_AFTER_MOST_S: Final = 0.30


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the grammar says of the words so far."""

    matched: bool
    can_continue: bool


@dataclass(frozen=True, slots=True)
class Silence:
    """The silence that ends an utterance, and what the end is then called."""

    seconds: float
    reason: Literal["complete", "incomplete"]


def silence_to_end(
    verdict: Verdict | None, completetimeout_s: float, incompletetimeout_s: float
) -> Silence:
    """The silence to wait for; without a verdict that of an incomplete utterance."""
    if verdict is None or not verdict.matched:
        return Silence(incompletetimeout_s, "incomplete")
    if verdict.can_continue:
        return Silence((completetimeout_s + incompletetimeout_s) / 2, "complete")
    return Silence(completetimeout_s, "complete")


def decode_after_s(pauses: int, completetimeout_s: float) -> float:
    """Silence before a tentative decode, after ``pauses`` that turned out to be none."""
    wait_s = min(DECODE_AFTER_S + pauses * DECODE_BACKOFF_S, DECODE_AFTER_MOST_S)
    return min(wait_s, completetimeout_s)


@dataclass(frozen=True, slots=True)
class Patience:
    """The timeouts of one listen, in seconds."""

    complete_s: float
    incomplete_s: float
    maxspeech_s: float

    @classmethod
    def of(cls, policy: TurnPolicy) -> Patience:
        return cls(
            policy.completetimeout_ms / 1000,
            policy.incompletetimeout_ms / 1000,
            policy.maxspeechtimeout_ms / 1000,
        )


class Utterance:
    """One utterance while it goes on: first speech, then a pause with its decode, and so on.

    Times as in `turns.signals`. ``start`` and ``end`` bound the speech heard so far.
    """

    def __init__(self, start: float, now: float, patience: Patience) -> None:
        self.start = start
        self.end = now
        self._patience = patience
        self._silent_since = now
        self._cut = start + patience.maxspeech_s
        self._pauses = 0
        self._generation: int | None = None
        self._verdict: Verdict | None = None

    @property
    def generation(self) -> int | None:
        """The decode made in the present pause; None while the caller speaks."""
        return self._generation

    @property
    def deadline(self) -> float:
        """When the pause begins, or the utterance ends, if no more speech comes."""
        if self._generation is None:
            wait_s = decode_after_s(self._pauses, self._patience.complete_s)
        else:
            wait_s = self._silence.seconds
        return min(self._cut, self._silent_since + wait_s)

    @property
    def _silence(self) -> Silence:
        return silence_to_end(self._verdict, self._patience.complete_s, self._patience.incomplete_s)

    def go_on(self, now: float) -> None:
        """Speech lasts until ``now``; a decode made before says nothing of the whole."""
        self.end = self._silent_since = now
        if self._generation is not None:
            self._pauses += 1
        self._generation = self._verdict = None

    def pause(self, generation: int) -> None:
        """The words so far are being decoded as ``generation``."""
        self._generation = generation

    def judge(self, verdict: Verdict) -> None:
        self._verdict = verdict

    def ending(self, now: float) -> Literal["complete", "incomplete", "maxspeech"]:
        """Why the utterance ends at ``now``, its deadline."""
        return "maxspeech" if now >= self._cut else self._silence.reason

    def restart_clocks(self, now: float) -> None:
        """The caller is back from hold: silence and length count anew."""
        self._silent_since = now
        self._cut = now + self._patience.maxspeech_s
