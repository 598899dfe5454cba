"""Finds card and identity numbers that are said over several turns, four digits at a time. Pure.

What is asked is always: does the caller's newest turn complete a number? Its digits are joined with
those of the turns before it, as long as these hold digits and nothing that ends a number. So that
order numbers stay what they are:

- a piece is all the digits that stand together in a turn ('four two and then four two'), the most
  that do, whatever words stand around them; 'the next one' is none;
- only the first and the last turn may hold other digits too;
- between two pieces at most `MOST_BETWEEN` turns pass without any digit ('go on', silence);
- a piece of more than `LONG_PIECE` digits counts only where it did not answer what was asked, and
  beside others from the same question: order and telephone numbers are answers;
- the same piece again (or all but a digit of a long one) is a number that was not understood,
  unless it is short or repeats itself;
- a piece with a word that corrects ('no, 4 5 6 7', or a turn 'no' before it) stands for the one
  before it, or for an earlier one that differs from it in one digit.

The joined digits must be a number as in `personal_numbers`. IBANs: `ibans_in_pieces`. Left out on
purpose: corrections that name their place ('the third digit is a nine').
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

from voicebot.personal_numbers import (
    can_be_social,
    is_one,
    is_telephone,
    names_social,
)
from voicebot.spoken_digits import Group, runs
from voicebot.types import HIDDEN, Json

MOST_TURNS: Final = 40
"""Turns that are looked back on: nineteen digits, one a turn, and as many without any."""
MOST_BETWEEN: Final = 3
LONG_PIECE: Final = 6
_MOST_DIGITS: Final = 19
_FEWEST_ELSEWHERE: Final = 3
"""Digits of a piece that is known again in what others say: two are a price or a size too."""
_FEWEST_AGAIN: Final = 4
_MOST_CORRECTED: Final = 4
_CORRECTION: Final = re.compile(
    r"\b(?:no|nope|sorry|wrong|not|mean|meant|correction|instead|actually|rather)\b|不|错|錯",
    re.IGNORECASE,
)
"""What a caller says who takes back digits."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a caller said in one turn. ``question`` tells questions apart (the step of a flow); it
    is empty where nobody knows it, and where the turn answers it. ``asked`` is what the bot said
    before."""

    text: str
    question: str = ""
    asked: str = ""


@dataclass(frozen=True, slots=True)
class InPieces:
    """A number that was found: ``texts`` are the turns that hold a piece of it, by their place in
    what was looked at, with dots in its place."""

    digits: str
    texts: dict[int, str]


@dataclass(frozen=True, slots=True)
class _Piece:
    """``places`` are where it stands, by turn, with pieces that it corrects. ``corrects``: the one
    before it may be wrong."""

    turn: int
    digits: str
    places: tuple[tuple[int, int, int], ...]
    is_behind_plus: bool
    corrects: bool


def completed(turns: Sequence[Said]) -> InPieces | None:
    """The number whose last piece is in the last of ``turns`` (the oldest first), the longest; None
    where it completes none. Numbers that stand in one turn alone are not looked for."""
    newest_first = list(_backwards(turns))
    for pieces in _readings(newest_first):
        found = _longest(turns, pieces)
        if found is not None:
            spans: dict[int, list[tuple[int, int]]] = {}
            for turn, start, end in (place for each in found for place in each.places):
                spans.setdefault(turn, []).append((start, end))
            texts = {turn: _hidden_in(turns[turn].text, spans[turn]) for turn in spans}
            return InPieces("".join(each.digits for each in found), texts)
    return None


def _longest(turns: Sequence[Said], newest_first: Sequence[_Piece]) -> list[_Piece] | None:
    """The most of the pieces that are one number."""
    found: list[_Piece] | None = None
    chosen: list[_Piece] = []
    for piece in newest_first:
        chosen.insert(0, piece)
        if sum(len(each.digits) for each in chosen) > _MOST_DIGITS:
            break
        is_several = len(chosen) > 1 or len(piece.places) > 1
        if is_several and _are_one([turns[each.turn] for each in chosen], chosen):
            found = list(chosen)
    return found


def _readings(pieces: Sequence[_Piece]) -> Iterator[Sequence[_Piece]]:
    """The pieces as they were said; then with those left out that were corrected."""
    yield pieces
    doubted = [at for at, piece in enumerate(pieces[:-1]) if piece.corrects][:_MOST_CORRECTED]
    for count in range(1, len(doubted) + 1):
        for places in combinations(doubted, count):
            yield _corrected(pieces, places)
    newest = pieces[0] if pieces else None
    if newest is not None and newest.corrects:
        for at, piece in enumerate(pieces[1:], 1):
            if _differing(piece.digits, newest.digits) == 1:
                whole = replace(newest, turn=piece.turn, places=newest.places + piece.places)
                yield [*pieces[1:at], whole, *pieces[at + 1 :]]


def _corrected(pieces: Sequence[_Piece], places: Sequence[int]) -> list[_Piece]:
    """Without those before ``places``, as far as these are of their length."""
    left: list[_Piece] = []
    for at, piece in enumerate(pieces):
        last = left[-1] if left else None
        is_wrong = at - 1 in places and last is not None and last.corrects
        if is_wrong and last is not None and abs(len(last.digits) - len(piece.digits)) <= 1:
            left[-1] = replace(last, places=last.places + piece.places)
        else:
            left.append(piece)
    return left


def without(text: str, numbers: Sequence[str], fewest: int = _FEWEST_ELSEWHERE) -> str:
    """``text`` with dots in place of each piece of ``numbers`` of at least ``fewest`` digits."""
    if not numbers:
        return text
    for run in reversed(list(runs(text))):
        digits = _digits(run)
        if len(digits) >= fewest and any(digits in number for number in numbers):
            text = text[: run[0].start] + HIDDEN + text[run[-1].end :]
    return text


def values_without(value: Json, numbers: Sequence[str], fewest: int = _FEWEST_ELSEWHERE) -> Json:
    """The same for all texts and numbers in ``value``."""
    if isinstance(value, dict):
        return {name: values_without(inner, numbers, fewest) for name, inner in value.items()}
    if isinstance(value, list):
        return [values_without(inner, numbers, fewest) for inner in value]
    if isinstance(value, bool) or not isinstance(value, str | int):
        return value
    shown = without(str(value), numbers, fewest)
    return value if shown == str(value) else shown


def _backwards(turns: Sequence[Said]) -> Iterator[_Piece]:
    """The pieces that may belong together, the newest first."""
    newest = len(turns) - 1
    between = 0
    for turn in range(newest, max(-1, newest - MOST_TURNS), -1):
        text = turns[turn].text
        found = [run for run in runs(text) if not _is_only_a_word(text, run)]
        if not found:
            between += 1
            if turn == newest or between > MOST_BETWEEN:
                return
            continue
        between = 0
        right = _last_said(text, found)
        run = max(right if turn == newest else right[::-1], key=lambda each: len(_digits(each)))
        wrong = found[: len(found) - len(right)]
        spans = tuple((turn, each[0].start, each[-1].end) for each in (run, *wrong))
        said_before = [text[: run[0].start], *_without_digits_before(turns, turn)]
        corrects = any(map(_CORRECTION.search, said_before))
        yield _Piece(turn, _digits(run), spans, is_telephone(text, run[0]), corrects)
        if len(right) > 1 and turn != newest:
            return


def _last_said(text: str, found: list[list[Group]]) -> list[list[Group]]:
    """``found`` without those that are corrected in the same turn: 'four two, no, four three'."""
    for place in range(len(found) - 1, 0, -1):
        if _CORRECTION.search(text, found[place - 1][-1].end, found[place][0].start):
            return found[place:]
    return found


def _without_digits_before(turns: Sequence[Said], turn: int) -> Iterator[str]:
    for at in range(turn - 1, max(-1, turn - 1 - MOST_BETWEEN), -1):
        if any(runs(turns[at].text)):
            return
        yield turns[at].text


def _is_only_a_word(text: str, run: Sequence[Group]) -> bool:
    """Whether a digit is one of many words: 'that one, please'."""
    around = text[: run[0].start] + text[run[-1].end :]
    return len(_digits(run)) == 1 and any(each.isalpha() for each in around)


def _are_one(said: Sequence[Said], pieces: Sequence[_Piece]) -> bool:
    digits = "".join(each.digits for each in pieces)
    if not is_one(digits) and not (can_be_social(digits) and _named(said)):
        return False
    questions = {each.question for each in said}
    is_one_question = len(questions) == 1 and questions != {""}
    if not is_one_question and any(len(each.digits) > LONG_PIECE for each in pieces):
        return False
    return not pieces[0].is_behind_plus and not _is_said_again(pieces)


def _is_said_again(pieces: Sequence[_Piece]) -> bool:
    told = [each.digits for each in pieces]
    if len(set(told)) == 1:
        return not _repeats(told[0])
    plain = [each for each in told if len(each) >= _FEWEST_AGAIN and not _repeats(each)]
    return any(_are_alike(one, other) for one, other in combinations(plain, 2))


def _are_alike(one: str, other: str) -> bool:
    """Whether they are the same; of long ones a digit may have been misheard."""
    return _differing(one, other) <= (len(one) > _FEWEST_AGAIN)


def _differing(one: str, other: str) -> int:
    """In how many places two pieces of one length differ; of others in all."""
    return sum(map(str.__ne__, one, other)) if len(one) == len(other) else _MOST_DIGITS


def _named(said: Sequence[Said]) -> bool:
    return any(names_social(each.text) or names_social(each.asked) for each in said)


def _repeats(digits: str) -> bool:
    """Whether ``digits`` are some of them over and over: '4242', '7777'."""
    return digits in (digits + digits)[1:-1]


def _hidden_in(text: str, spans: Sequence[tuple[int, int]]) -> str:
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + HIDDEN + text[end:]
    return text


def _digits(run: Sequence[Group]) -> str:
    return "".join(group.digits for group in run)
