"""Finds card and identity numbers in what people say and write, and puts dots in their place. Pure.

A number may be written in digits of any script, in groups, or spoken in English or Chinese digit
words: 'four one one one', 'double four', 'forty one eleven', '四幺幺幺'. What counts:

- payment cards: 14 to 19 digits with the prefix and length of a card scheme (ISO/IEC 7812) and a
  right check digit (Luhn);
- Chinese resident identity numbers: 18 characters with a date of birth and a right check character
  (GB 11643, ISO 7064 MOD 11-2);
- American social security numbers: three, two and four digits, or any nine digits where the
  sentence names the number;
- bank accounts as IBAN (ISO 13616) with right check digits, written or spelled (`ibans`).

A number of another kind that happens to keep these rules is taken for one of them: of sixteen
digits that begin like a card one in ten. A number begins and ends where a word or a group of digits
does, and one behind a plus is a telephone number. What is said over several turns is found by
`numbers_in_pieces`. Left out on purpose: numbers without a check (a passport's, an American
account's).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Final

from voicebot.ibans import ibans_in
from voicebot.spoken_digits import TENS, WORDS, Group, runs
from voicebot.types import HIDDEN, Heard, Json

FEWEST: Final = 9
"""Digits of the shortest number that counts."""
_LENGTHS: Final = (19, 18, 17, 16, 15, 14, FEWEST)
_PLUS_WITHIN: Final = 12
"""Characters before a number in which a plus may stand."""

_FEWEST_HITS: Final = 3
"""Digits or words for some that any number has: 'triple nine triple nine triple nine'."""
_DIGITS = re.compile(
    r"\d|[零〇一幺二两三四五六七八九]|\b(?:"
    + "|".join(word for word in (*WORDS, *TENS) if word.isascii())
    + r")\b",
    re.IGNORECASE,
)
_PLUS = re.compile(r"(?:\+|\bplus)[\s(]*$", re.IGNORECASE)
_SOCIAL = re.compile(r"social\W+security|\bssn\b", re.IGNORECASE)
# Without regard to case `[A-Z]` has four letters more (a kelvin sign, a long s), but for ASCII.
_IBAN = re.compile(
    r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b", re.IGNORECASE | re.ASCII
)

_SCHEMES: Final = (
    (re.compile(r"4"), {16, 19}),  # Visa
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), {16}),  # Mastercard
    (re.compile(r"3[47]"), {15}),  # American Express
    (re.compile(r"30[0-5]|3[689]"), {14}),  # Diners Club
    (re.compile(r"35(2[89]|[3-8])"), {16, 17, 18, 19}),  # JCB
    (re.compile(r"6011|64[4-9]|65|62|50|5[678]|6[0-9]"), {16, 17, 18, 19}),  # Discover and others
)
_ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def masked(text: str) -> str:
    """``text`` with `HIDDEN` in place of each card and identity number."""
    spans = sorted(_found(text))
    if not spans:
        return text
    kept, end = [], 0
    for first, last in spans:
        if first >= end:
            kept += [text[end:first], HIDDEN]
        end = max(end, last)
    return "".join((*kept, text[end:]))


def masked_values(value: Json) -> Json:
    """The same for all texts and numbers in ``value``."""
    if isinstance(value, dict):
        return {name: masked_values(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [masked_values(inner) for inner in value]
    if isinstance(value, bool) or not isinstance(value, str | int):
        return value
    shown = masked(str(value))
    return value if shown == str(value) else shown


def masked_heard(heard: Heard) -> Heard:
    """The same for the words and the meaning of what was heard."""
    text, meaning = masked(heard.text), masked_values(heard.semantics)
    if text == heard.text and meaning == heard.semantics:
        return heard
    return Heard(text, meaning, heard.confidence, heard.mode, heard.grammar)


def _found(text: str) -> Iterator[tuple[int, int]]:
    if len(text) < FEWEST or len(list(islice(_DIGITS.finditer(text), _FEWEST_HITS))) < _FEWEST_HITS:
        return
    for match in _IBAN.finditer(text):
        if _is_iban(match[0]):
            yield match.span()
    yield from ibans_in(text)
    names_it = names_social(text)
    for run in runs(text):
        if sum(len(group.digits) for group in run) >= FEWEST:
            yield from _in_run(text, run, names_it)


def _in_run(text: str, run: Sequence[Group], names_it: bool) -> Iterator[tuple[int, int]]:
    """The numbers in groups of digits that follow each other, the longest at each place."""
    if is_telephone(text, run[0]):
        return
    digits = "".join(group.digits for group in run)
    # Where a number may begin or end: the group that begins there.
    group_at, place = {}, 0
    for index, group in enumerate(run):
        group_at[place] = index
        place += len(group.digits)
    group_at[place] = len(run)
    free = 0
    for place, first in group_at.items():
        if place < free:
            continue
        for length in _LENGTHS:
            behind = group_at.get(place + length)
            if behind is None:
                continue
            groups, number = run[first:behind], digits[place : place + length]
            if is_one(number) or _is_social(text, number, groups, run, names_it):
                yield groups[0].start, groups[-1].end
                free = place + length
                break


def is_one(digits: str) -> bool:
    """Whether ``digits`` ('X' may be the last) are a number that shows by itself what it is."""
    return _is_card(digits) or _is_chinese(digits)


def names_social(text: str) -> bool:
    """Whether ``text`` speaks of a social security number."""
    return _SOCIAL.search(text) is not None


def is_telephone(text: str, first: Group) -> bool:
    """Whether the number that begins with ``first`` stands behind a plus."""
    return _PLUS.search(text[max(0, first.start - _PLUS_WITHIN) : first.start]) is not None


def _is_card(digits: str) -> bool:
    sized = (prefix for prefix, sizes in _SCHEMES if len(digits) in sizes)
    return any(prefix.match(digits) for prefix in sized) and digits.isdecimal() and _luhn(digits)


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0 and bool(total)


def _is_chinese(digits: str) -> bool:
    if len(digits) != 18 or not digits[:17].isdecimal() or not "11" <= digits[:2] <= "82":
        return False
    try:
        born = date(int(digits[6:10]), int(digits[10:12]), int(digits[12:14]))
    except ValueError:
        return False
    rest = sum(int(each) * weight for each, weight in zip(digits, _ID_WEIGHTS, strict=False)) % 11
    return 1900 <= born.year < 2100 and digits[17] == "10X98765432"[rest]


def _is_social(
    text: str, digits: str, groups: Sequence[Group], run: Sequence[Group], names_it: bool
) -> bool:
    """Three, two and four digits between dashes or spaces; or nine digits where the sentence names
    the number."""
    if not can_be_social(digits):
        return False
    if names_it:
        return True
    written = text[groups[0].start : groups[-1].end]
    return len(run) == 3 and re.fullmatch(r"\d{3}([- ])\d{2}\1\d{4}", written) is not None


def can_be_social(digits: str) -> bool:
    """Whether an American social security number may have these digits."""
    if len(digits) != 9 or not digits.isdecimal():
        return False
    return digits[:3] not in {"000", "666"} and digits[0] != "9" and digits[3:5] != "00"


def _is_iban(text: str) -> bool:
    plain = text.replace(" ", "").upper()
    if not 15 <= len(plain) <= 34:
        return False
    return int("".join(str(int(each, 36)) for each in plain[4:] + plain[:4])) % 97 == 1
