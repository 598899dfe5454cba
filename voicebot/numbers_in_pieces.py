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
  unless it is short or repeats itself.

The joined digits must be a number as in `personal_numbers`. Left out on purpose: IBANs, and a
caller who goes back and corrects a piece.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from voicebot.personal_numbers import (
    Group,
    can_be_social,
    is_one,
    is_telephone,
    names_social,
    runs,
)
from voicebot.types import HIDDEN, Json

MOST_TURNS: Final = 40
"""Turns that are looked back on: nineteen digits, one a turn, and as many without any."""
MOST_BETWEEN: Final = 3
LONG_PIECE: Final = 6
_MOST_DIGITS: Final = 19
_FEWEST_ELSEWHERE: Final = 3
"""Digits of a piece that is known again in what others say: two are a price or a size too."""
_FEWEST_AGAIN: Final = 4


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
    turn: int
    digits: str
    start: int
    end: int
    is_behind_plus: bool


def completed(turns: Sequence[Said]) -> InPieces | None:
    """The number whose last piece is in the last of ``turns`` (the oldest first), the longest; None
    where it completes none. Numbers that stand in one turn alone are not looked for."""
    found: list[_Piece] | None = None
    chosen: list[_Piece] = []
    for piece in _backwards(turns):
        chosen.insert(0, piece)
        if sum(len(each.digits) for each in chosen) > _MOST_DIGITS:
            break
        if len(chosen) > 1 and _are_one([turns[each.turn] for each in chosen], chosen):
            found = list(chosen)
    if found is None:
        return None
    texts = {each.turn: _hidden_in(turns[each.turn].text, each) for each in found}
    return InPieces("".join(each.digits for each in found), texts)


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
        run = max(found if turn == newest else found[::-1], key=lambda each: len(_digits(each)))
        yield _Piece(turn, _digits(run), run[0].start, run[-1].end, is_telephone(text, run[0]))
        if len(found) > 1 and turn != newest:
            return


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
    if len(one) != len(other):
        return False
    return sum(map(str.__ne__, one, other)) <= (len(one) > _FEWEST_AGAIN)


def _named(said: Sequence[Said]) -> bool:
    return any(names_social(each.text) or names_social(each.asked) for each in said)


def _repeats(digits: str) -> bool:
    """Whether ``digits`` are some of them over and over: '4242', '7777'."""
    return digits in (digits + digits)[1:-1]


def _hidden_in(text: str, piece: _Piece) -> str:
    return text[: piece.start] + HIDDEN + text[piece.end :]


def _digits(run: Sequence[Group]) -> str:
    return "".join(group.digits for group in run)
