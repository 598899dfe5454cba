"""Phrases that sound alike and mean different things.

Sentences that cover the grammar are pronounced and compared; what two of them have in common at
both ends is left out, for it tells nothing. To compare all pairs of a long list would take hours:
only sentences whose coarse sounds differ in one place at most (`sounds.skeleton`) are compared, and
so many pairs and no more.

Numbers sound like each other in every grammar that holds them, and so do letters: they have one
remedy, and are told in one line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from typing import Final, TypeAlias

from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.coverage import Sentence, coverage
from voicebot.grammar.lint.findings import Finding, Severity
from voicebot.grammar.lint.meaning import meaning, same
from voicebot.grammar.lint.sounds import Phonemes, distance, phonemes, skeleton
from voicebot.types import Json

Pronounce: TypeAlias = Callable[[str], str]
"""Gives the pronunciation of a word (see `sounds`); empty for what it cannot say."""

MOST_SENTENCES: Final = 20_000
MOST_PAIRS: Final = 100_000
MOST_COMPARED: Final = 300
"""Pairs whose meanings are worked out: each takes some milliseconds."""
MOST_FINDINGS: Final = 25
ALIKE: Final = 0.2
"""Distance a sound, of those that differ, up to which two phrases sound alike."""
_BUCKET: Final = 60

_PILOTS_LETTERS: Final = (
    "alfa bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar "
    "papa quebec romeo sierra tango uniform victor whiskey x-ray yankee zulu"
)
_SPELLING_ALPHABET: Final = {name[0]: name for name in _PILOTS_LETTERS.split()}
_DIGIT_BY_DIGIT: Final = {
    f"{stem}{ending}": f"{lead} {last}"
    for stem, digit in (
        ("thir", "three"), ("four", "four"), ("for", "four"), ("fif", "five"), ("six", "six"),
        ("seven", "seven"), ("eigh", "eight"), ("nine", "nine"),
    )
    for ending, lead, last in (("teen", "one", digit), ("ty", digit, "oh"))
}  # fmt: skip
_SMALL_NUMBERS: Final = (
    "zero oh one two three four five six seven eight nine ten eleven twelve hundred thousand"
)
_NUMBERS: Final = frozenset((*_SMALL_NUMBERS.split(), *_DIGIT_BY_DIGIT))
_TOLD: Final = 3
"""Pairs of numbers or letters that are named, of all that there are."""


@dataclass(frozen=True, slots=True)
class _Spoken:
    sentence: Sentence
    sounds: tuple[Phonemes, ...]
    """One for each word."""


def sound_alikes(grammar: CompiledGrammar, pronounce: Pronounce) -> Iterator[Finding]:
    """Give pairs of phrases that sound alike and mean different things, each pair once; all pairs
    of numbers as one finding, and all pairs of letters."""
    grouped: dict[str, list[_Difference]] = {}
    for pair in _alike(grammar, _speak(grammar, pronounce)):
        kind = _kind(pair)
        if kind is None:
            yield _finding(grammar, pair)
        else:
            grouped.setdefault(kind, []).append(pair)
    for kind, pairs in grouped.items():
        yield _finding(grammar, pairs[0]) if len(pairs) == 1 else _joint(grammar, kind, pairs)


def _alike(grammar: CompiledGrammar, spoken: Sequence[_Spoken]) -> Iterator[_Difference]:
    meanings: dict[int, Json | object] = {}
    told: set[frozenset[tuple[str, ...]]] = set()
    compared = 0
    for first, second in islice(_pairs(spoken), MOST_PAIRS):
        phrases = _difference(spoken[first], spoken[second])
        if phrases is None or phrases.key in told:
            continue
        compared += 1
        if compared > MOST_COMPARED or len(told) >= MOST_FINDINGS:
            return
        for number in (first, second):
            if number not in meanings:
                meanings[number] = meaning(grammar, spoken[number].sentence.words)
        if same(meanings[first], meanings[second]):
            continue
        told.add(phrases.key)
        yield phrases


def _kind(pair: _Difference) -> str | None:
    """What both phrases are made of, where it is nothing but numbers or letters."""
    words = [word for sentence in (pair.first, pair.second) for word in pair.phrase(sentence)]
    if all(word in _NUMBERS for word in words):
        return "numbers"
    return "letters" if all(word in _SPELLING_ALPHABET for word in words) else None


def _speak(grammar: CompiledGrammar, pronounce: Pronounce) -> list[_Spoken]:
    known: dict[str, Phonemes] = {}
    found: list[_Spoken] = []
    for sentence in islice(coverage(grammar), MOST_SENTENCES):
        for word in sentence.words:
            if word not in known:
                known[word] = phonemes(pronounce(word))
        sounds = tuple(known[word] for word in sentence.words)
        if all(sounds):
            found.append(_Spoken(sentence, sounds))
    return found


def _pairs(spoken: Sequence[_Spoken]) -> Iterator[tuple[int, int]]:
    """Give pairs whose skeletons are equal, or are when one place is left out of one or both."""
    buckets: dict[str, list[int]] = {}
    for number, each in enumerate(spoken):
        whole = skeleton([sound for word in each.sounds for sound in word])
        keys = {whole, *(whole[:place] + whole[place + 1 :] for place in range(len(whole)))}
        for key in keys:
            bucket = buckets.setdefault(key, [])
            if len(bucket) < _BUCKET:
                bucket.append(number)
    seen: set[tuple[int, int]] = set()
    for bucket in buckets.values():
        for pair in combinations(bucket, 2):
            if pair not in seen:
                seen.add(pair)
                yield pair


@dataclass(frozen=True, slots=True)
class _Difference:
    """Where two sentences differ: from word ``start`` to the words left at the end."""

    first: Sentence
    second: Sentence
    start: int
    left: int
    cost: float

    def phrase(self, sentence: Sentence) -> tuple[str, ...]:
        return sentence.words[self.start : len(sentence.words) - self.left]

    @property
    def key(self) -> frozenset[tuple[str, ...]]:
        return frozenset((self.phrase(self.first), self.phrase(self.second)))


def _difference(first: _Spoken, second: _Spoken) -> _Difference | None:
    """Give where two sentences differ, if they sound alike there."""
    words, others = first.sentence.words, second.sentence.words
    shorter = min(len(words), len(others))
    start = 0
    while start < shorter and words[start] == others[start]:
        start += 1
    left = 0
    while left < shorter - start and words[-1 - left] == others[-1 - left]:
        left += 1
    parts = [
        tuple(sound for word in each.sounds[start : len(each.sounds) - left] for sound in word)
        for each in (first, second)
    ]
    if not all(parts):
        return None
    most = ALIKE * max(map(len, parts))
    cost = distance(parts[0], parts[1], most)
    if cost > most:
        return None
    return _Difference(first.sentence, second.sentence, start, left, cost)


def _finding(grammar: CompiledGrammar, difference: _Difference) -> Finding:
    first, second = difference.first, difference.second
    document, at = first.places[difference.start]
    other_document, other = second.places[difference.start]
    phrase, sounding = (" ".join(difference.phrase(each)) for each in (first, second))
    file = grammar.documents[other_document].file
    alike = "sounds the same as" if difference.cost == 0 else "sounds like"
    return Finding(
        Severity.ADVICE,
        grammar.documents[document].error(
            at,
            f"'{phrase}' {alike} '{sounding}' at {file}:{other.line}:{other.column}",
            _suggestion(difference.phrase(first)),
        ),
    )


def _joint(grammar: CompiledGrammar, kind: str, pairs: Sequence[_Difference]) -> Finding:
    """One finding for ``pairs`` of one ``kind``, at the place of the first."""
    pairs = sorted(pairs, key=lambda pair: pair.cost)
    named = [
        " and ".join(f"'{' '.join(pair.phrase(each))}'" for each in (pair.first, pair.second))
        for pair in pairs[:_TOLD]
    ]
    if len(pairs) > _TOLD:
        named.append(f"{len(pairs) - _TOLD} pairs more")
    document, at = pairs[0].first.places[pairs[0].start]
    clear = "digit by digit" if kind == "numbers" else "with a word for each, such as bravo for b"
    return Finding(
        Severity.ADVICE,
        grammar.documents[document].error(
            at,
            f"{kind} sound alike: {', '.join(named)}",
            f"Ask callers to say them {clear}, or read the answer back.",
        ),
    )


def _suggestion(phrase: tuple[str, ...]) -> str:
    """Words that are hard to mistake: letters as pilots say them, numbers digit by digit."""
    clear = [_SPELLING_ALPHABET.get(word) or _DIGIT_BY_DIGIT.get(word) or word for word in phrase]
    if clear != list(phrase):
        return f'Say "{" ".join(clear)}" instead.'
    return f'Use another word for one of them, or a longer phrase: say "{" ".join(phrase)} ...".'
