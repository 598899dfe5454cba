"""From the paths of a beam search to hypotheses: words, meanings, confidences.

Many paths spell the same words ('Two.', '2', 'two'), and several sentences may mean the same
('a mocha please', 'one mocha'): their probabilities add up before anything is compared.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from voicebot.grammar.active import ActiveGrammar, Match, Progress
from voicebot.speech.moonshine.agreement import Words, slot_shares, word_shares
from voicebot.speech.moonshine.beam import EXCUSED, Found, Path
from voicebot.speech.moonshine.confidence import Evidence, trust
from voicebot.speech.moonshine.constraint import Constraint
from voicebot.speech.recognizer import HeardWord, Hypothesis

_NOTHING = -math.inf
_LEAST_TRUST = 1e-6


@dataclass(frozen=True, slots=True)
class Reading:
    """Words with the summed log-probability of their spellings, and the tokens of the best one.

    ``spoken`` is that log-probability before the speaker stops, at its best: what lies between it
    and ``score`` says how sure it is that nothing more was said. ``doubt`` and
    ``rank`` are as in `beam.Path`.
    """

    words: Words
    score: float
    tokens: int
    spoken: float
    doubt: float = 0.0

    @property
    def rank(self) -> float:
        return self.score + EXCUSED * self.doubt

    def trust(self, evidence: Evidence) -> float:
        """How far it can be believed, 0..1, before it is compared with other readings."""
        return trust(self.score, self.spoken, self.tokens, evidence)

    def weight(self, evidence: Evidence) -> float:
        """Its rank, as far as it can be believed: a reading that stops before the caller did may
        be the likeliest word by word."""
        return self.rank + math.log(max(self.trust(evidence), _LEAST_TRUST))


@dataclass(frozen=True, slots=True)
class Meaning:
    """The best reading of one meaning with its weight, ``best``, and the joint weight of all
    readings that mean it, ``rank``."""

    reading: Reading
    match: Match
    rank: float
    best: float


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
        return max(heads, key=lambda reading: reading.rank, default=None)


def gather(found: Found, constraint: Constraint) -> Readings:
    """Join the paths that spell the same words."""
    complete = _join(found.complete, constraint, partial=False)
    partial = _join(found.partial, constraint, partial=True)
    evidence = Evidence(found.free.score, len(found.free.tokens))
    return Readings(complete, partial, evidence)


def overruns(words: Sequence[str], grammar: ActiveGrammar) -> bool:
    """Whether ``words``, heard freely, are a whole sentence after which nothing can follow, and
    more. Figures count one by one."""
    single = [part for word in words for part in (word if word.isdecimal() else (word,))]
    for end in range(1, len(single)):
        progress = grammar.words_status(single[:end])
        if progress in {Progress.DEAD, Progress.COMPLETE}:
            return progress is Progress.COMPLETE
    return False


def hypotheses(readings: Readings, grammar: ActiveGrammar) -> tuple[Hypothesis, ...]:
    """Give the readings their meanings, join equal ones, best first.

    A hypothesis' confidence is shared with the other meanings in proportion to their probability;
    its words and slots are as sure as the share of the readings that agree on them.
    Raises GrammarError when a tag's script fails.
    """
    meanings = by_meaning(readings, grammar)
    total = reduce(add_logs, (meaning.rank for meaning in meanings), _NOTHING)
    evidence = readings.evidence
    spoken = [(each.words, math.exp(each.weight(evidence) - total)) for each in readings.complete]
    meant = [(one.match.semantics, math.exp(one.rank - total)) for one in meanings]
    found: list[Hypothesis] = []
    for one in meanings:
        sure = one.reading.trust(readings.evidence)
        words = one.reading.words
        shares = zip(words, word_shares(words, spoken), strict=True)
        slots = slot_shares(one.match.semantics, meant)
        found.append(
            Hypothesis(
                text=one.match.text,
                semantics=one.match.semantics,
                confidence=sure * math.exp(one.rank - total),
                score=one.rank,
                grammar=one.match.grammar,
                words=tuple(HeardWord(word, sure * share) for word, share in shares),
                slots={slot: sure * share for slot, share in slots.items()},
            )
        )
    return tuple(found)


def by_meaning(readings: Readings, grammar: ActiveGrammar) -> list[Meaning]:
    """Join the readings of one meaning, best first. Raises GrammarError when a script fails."""
    joined: dict[str, Meaning] = {}
    for reading in readings.complete:
        match = grammar.match_words(reading.words)
        if match is None:
            continue
        key = json.dumps([match.grammar, match.semantics], sort_keys=True)
        known = joined.get(key)
        rank = reading.weight(readings.evidence)
        if known is None or rank > known.best:
            total = rank if known is None else add_logs(known.rank, rank)
            joined[key] = Meaning(reading, match, total, rank)
        else:
            joined[key] = replace(known, rank=add_logs(known.rank, rank))
    return sorted(joined.values(), key=lambda meaning: -meaning.rank)


def add_logs(one: float, other: float) -> float:
    """The logarithm of the sum of two probabilities given by their logarithms."""
    greater, lesser = max(one, other), min(one, other)
    if greater == _NOTHING:
        return greater
    return greater + math.log1p(math.exp(lesser - greater))


def _join(paths: Iterable[Path], constraint: Constraint, *, partial: bool) -> tuple[Reading, ...]:
    joined: dict[Words, Reading] = {}
    for path in sorted(paths, key=lambda path: -path.rank):
        words = constraint.words(path.tokens, partial=partial) or ()
        known = joined.get(words)
        joined[words] = (
            Reading(
                words,
                add_logs(known.score, path.score),
                known.tokens,
                max(known.spoken, path.spoken),
                known.doubt,
            )
            if known
            else Reading(words, path.score, len(path.tokens), path.spoken, path.doubt)
        )
    return tuple(sorted(joined.values(), key=lambda reading: -reading.rank))
