"""From what Vosk heard to hypotheses: words, meanings, confidences.

Vosk gives its best sentences with log-likelihoods. Among themselves these make posteriors, which
are what its word confidences are sums of; what the grammar does not hold, silence and the unknown
word keep their share, so that a close rival outside the grammar lowers the confidence. How well the
best sentence explains the audio at all is judged against a decode without any grammar.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from voicebot.grammar.active import ActiveGrammar, Match
from voicebot.speech.recognizer import Hypothesis
from voicebot.speech.vosk.phrases import Phrases

_ENOUGH_WORSE: Final = 12.0
"""Log-likelihood a second below the free decode at which a reading is as likely as not: 80 in 100
right answers kept, 20 in 100 of what was outside the grammar; see docs/decisions/0011-vosk.md."""
_SLOPE: Final = 3.0


@dataclass(frozen=True, slots=True)
class Alternative:
    """One sentence that Vosk heard, in its model's words, and its log-likelihood."""

    text: str
    score: float


@dataclass(frozen=True, slots=True)
class FreeDecode:
    """The best sentence without a grammar and its log-likelihood; ``speech_s`` is the length of
    what both decodes heard, in seconds."""

    text: str
    score: float
    speech_s: float


def hypotheses(
    heard: Sequence[Alternative], free: FreeDecode, phrases: Phrases, grammar: ActiveGrammar
) -> tuple[Hypothesis, ...]:
    """The sentences of ``heard`` that ``grammar`` holds, those of one meaning joined, best first.

    Raises GrammarError when a tag's script fails.
    """
    if not heard:
        return ()
    top = max(alternative.score for alternative in heard)
    total = sum(math.exp(alternative.score - top) for alternative in heard)
    joined: dict[str, tuple[Match, float, float]] = {}
    for alternative in heard:
        words = phrases.read(alternative.text)
        match = grammar.match_words(words) if words else None
        if match is None:
            continue
        share = math.exp(alternative.score - top) / total
        meaning = json.dumps([match.grammar, match.semantics], sort_keys=True)
        first, score, so_far = joined.get(meaning, (match, alternative.score, 0.0))
        joined[meaning] = (first, score, so_far + share)
    found = [
        Hypothesis(
            text=match.text,
            semantics=match.semantics,
            confidence=min(1.0, share) * _fit(score, free),
            score=score,
            grammar=match.grammar,
        )
        for match, score, share in joined.values()
    ]
    return tuple(sorted(found, key=lambda hypothesis: -hypothesis.confidence))


def _fit(score: float, free: FreeDecode) -> float:
    deficit = (score - free.score) / max(free.speech_s, 0.1)
    logit = min(max((deficit + _ENOUGH_WORSE) / _SLOPE, -30.0), 30.0)
    return 1.0 / (1.0 + math.exp(-logit))
