"""The ways to write the next words of a network: as words, and as figures where they are numbers.

'sixteen' is also ``16``, 'twenty third' ``23rd``, 'two thousand five hundred' ``2500``. Figures of
a large number come one part after the other: the first part says how many digits are still due.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from voicebot.grammar.active import WordNetwork
from voicebot.speech.moonshine.written import ORDINALS, TENS, UNITS, spellings

HUNDREDS: Final = 2
"""Digits that are due after the figures of the hundreds."""
_THOUSANDS: Final = 3


class Reading(NamedTuple):
    """One way to spell the next word or words from a state of the network.

    ``due`` digits must still follow to finish the number (``1`` for 'one hundred' wants two).
    ``joins`` where it may stand against a neighbour that also joins.
    """

    spelling: str
    words: tuple[str, ...]
    target: int
    due: int
    weight: float
    joins: bool


def readings(network: WordNetwork, state: int, due: int = 0) -> Iterator[Reading]:
    """All ways to spell what may come next in ``state``, with ``due`` digits of a number open."""
    if due == 0:
        yield from _words(network, state)
        yield from _compounds(network, state)
        yield from _large_numbers(network, state)
    elif due == HUNDREDS:
        yield Reading("00", (), state, 0, 0.0, joins=True)
        yield from _below_hundred(network, state, "")
    else:
        yield Reading("000", (), state, 0, 0.0, joins=True)
        yield from _below_hundred(network, state, "0")
        yield from _hundreds(network, state, most=9)


def _words(network: WordNetwork, state: int) -> Iterator[Reading]:
    for word, (target, weight) in network.arcs(state).items():
        for text in spellings(word):
            joins = text.isdigit() or len(text) == 1
            yield Reading(text, (word,), target, 0, weight, joins)


def _compounds(network: WordNetwork, state: int) -> Iterator[Reading]:
    """'twenty three' as 23, 'twenty third' as 23rd."""
    for word, (between, weight) in network.arcs(state).items():
        if word not in TENS:
            continue
        for unit, (target, more) in network.arcs(between).items():
            digits = ORDINALS.get(unit) or UNITS.get(unit, "0")
            if digits != "0":
                text = TENS[word] + digits
                yield Reading(text, (word, unit), target, 0, weight + more, joins=True)


def _below_hundred(network: WordNetwork, state: int, before: str) -> Iterator[Reading]:
    """What may follow 'hundred' or 'thousand': two digits, an 'and' before them or not."""
    places: list[tuple[int, tuple[str, ...], float]] = [(state, (), 0.0)]
    if "and" in network.arcs(state):
        target, weight = network.arcs(state)["and"]
        places.append((target, ("and",), weight))
    for place, words, weight in places:
        for reading in (*_words(network, place), *_compounds(network, place)):
            if reading.spelling.isdigit() and int(reading.spelling) > 0:
                yield reading._replace(
                    spelling=before + reading.spelling.zfill(2),
                    words=words + reading.words,
                    weight=weight + reading.weight,
                )


def _hundreds(network: WordNetwork, state: int, most: int = 99) -> Iterator[Reading]:
    """'three hundred' as 3, 'fifteen hundred' as 15, two digits due; from 1 to ``most`` hundred."""
    for reading in (*_words(network, state), *_compounds(network, state)):
        digits = "1" if reading.words == ("a",) else reading.spelling
        following = network.arcs(reading.target)
        if "hundred" in following and digits.isdigit() and 0 < int(digits) <= most:
            target, weight = following["hundred"]
            words = (*reading.words, "hundred")
            yield Reading(digits, words, target, HUNDREDS, reading.weight + weight, joins=True)


def _large_numbers(network: WordNetwork, state: int) -> Iterator[Reading]:
    yield from _hundreds(network, state)
    for reading in (*_words(network, state), *_compounds(network, state)):
        digits = "1" if reading.words == ("a",) else reading.spelling
        if not digits.isdigit() or int(digits) == 0:
            continue  # before looking further: what follows each name of a long list is much
        following = network.arcs(reading.target)
        if "thousand" in following:
            target, weight = following["thousand"]
            words = (*reading.words, "thousand")
            yield Reading(digits, words, target, _THOUSANDS, reading.weight + weight, joins=True)
