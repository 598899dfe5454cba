"""From the paths of a beam search to hypotheses: words, meanings, confidences.

Many paths spell the same words ('Two.', '2', 'two'), and several sentences may mean the same
('a mocha please', 'one mocha'): their probabilities add up before anything is compared.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

from voicebot.grammar.active import ActiveGrammar, Match
from voicebot.speech.moonshine.agreement import Words, slot_shares, word_shares
from voicebot.speech.moonshine.beam import Found, Path
from voicebot.speech.moonshine.confidence import Evidence, confidence
from voicebot.speech.moonshine.constraint import Constraint
from voicebot.speech.recognizer import HeardWord, Hypothesis

_NOTHING = -math.inf


@dataclass(frozen=True, slots=True)
class Reading:
    """Words with the summed log-probability of their spellings, and the tokens of the best one.

    ``spoken`` is that log-probability before the speaker stops, at its best: what lies between it
    and ``score`` says how sure it is that nothing more was said.
    """

    words: Words
    score: float
    tokens: int
    spoken: float


@dataclass(frozen=True, slots=True)
class Readings:
    """What one utterance may be, best first: whole sentences, and beginnings of sentences."""

    complete: tuple[Reading, ...]
    partial: tuple[Reading, ...]
    evidence: Evidence

    @property
    def best(self) -> Reading | None:
        """The likeliest of all; a sentence where it is as good as any beginning."""
        heads = (*self.complete[:1], *self.partial[:1])
        return max(heads, key=lambda reading: reading.score, default=None)


def gather(found: Found, constraint: Constraint) -> Readings:
    """Join the paths that spell the same words."""
    complete = _join(found.complete, constraint, partial=False)
    partial = _join(found.partial, constraint, partial=True)
    evidence = Evidence(
        free=found.free.score,
        free_tokens=len(found.free.tokens),
        partial=max((reading.score for reading in partial), default=_NOTHING),
        partial_words=max(
            (reading.score for reading in partial if reading.words), default=_NOTHING
        ),
    )
    return Readings(complete, partial, evidence)


def hypotheses(readings: Readings, grammar: ActiveGrammar) -> tuple[Hypothesis, ...]:
    """Give the readings their meanings, join equal ones, best first.

    A hypothesis' confidence is shared with the other meanings in proportion to their probability;
    its words and slots are as sure as the share of the readings that agree on them.
    Raises GrammarError when a tag's script fails.
    """
    joined = _by_meaning(readings.complete, grammar)
    total = reduce(add_logs, (score for _, _, score in joined), _NOTHING)
    spoken = [(reading.words, math.exp(reading.score - total)) for reading in readings.complete]
    meant = [(match.semantics, math.exp(score - total)) for _, match, score in joined]
    found: list[Hypothesis] = []
    for reading, match, score in joined:
        trust = confidence(reading.score, reading.spoken, reading.tokens, readings.evidence)
        shares = zip(reading.words, word_shares(reading.words, spoken), strict=True)
        slots = slot_shares(match.semantics, meant)
        found.append(
            Hypothesis(
                text=match.text,
                semantics=match.semantics,
                confidence=trust * math.exp(score - total),
                score=score,
                grammar=match.grammar,
                words=tuple(HeardWord(word, trust * share) for word, share in shares),
                slots={slot: trust * share for slot, share in slots.items()},
            )
        )
    return tuple(sorted(found, key=lambda hypothesis: -hypothesis.score))


def _by_meaning(
    readings: Iterable[Reading], grammar: ActiveGrammar
) -> list[tuple[Reading, Match, float]]:
    """The best reading of each meaning, with the summed log-probability of all that mean it."""
    joined: dict[str, tuple[Reading, Match, float]] = {}
    for reading in readings:
        match = grammar.match_words(reading.words)
        if match is None:
            continue
        meaning = json.dumps([match.grammar, match.semantics], sort_keys=True)
        if meaning in joined:
            first, first_match, score = joined[meaning]
            joined[meaning] = (first, first_match, add_logs(score, reading.score))
        else:
            joined[meaning] = (reading, match, reading.score)
    return list(joined.values())


def add_logs(one: float, other: float) -> float:
    """The logarithm of the sum of two probabilities given by their logarithms."""
    greater, lesser = max(one, other), min(one, other)
    if greater == _NOTHING:
        return greater
    return greater + math.log1p(math.exp(lesser - greater))


def _join(paths: Iterable[Path], constraint: Constraint, *, partial: bool) -> tuple[Reading, ...]:
    joined: dict[Words, Reading] = {}
    for path in sorted(paths, key=lambda path: -path.score):
        words = constraint.words(path.tokens, partial=partial) or ()
        known = joined.get(words)
        joined[words] = (
            Reading(
                words,
                add_logs(known.score, path.score),
                known.tokens,
                max(known.spoken, path.spoken),
            )
            if known
            else Reading(words, path.score, len(path.tokens), path.spoken)
        )
    return tuple(sorted(joined.values(), key=lambda reading: -reading.score))
