"""Digits in what people say and write: of any script, in groups, or in English or Chinese words.

'four one one one', 'double four', 'forty one eleven', '四幺幺幺', '4111'. Pure. Left out on
purpose: words for a quantity ('four hundred'), in which nobody reads a code out; what digits mean.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_UNITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = (
    *("ten", "eleven", "twelve", "thirteen", "fourteen"),
    *("fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
TENS: Final = {
    word: str(ten)
    for ten, word in enumerate(
        ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"), 2
    )
}
WORDS: Final = {
    **{word: str(number) for number, word in enumerate(_UNITS)},
    **{word: str(number) for number, word in enumerate(_TEENS, 10)},
    **dict.fromkeys(("oh", "o", "nought", "naught"), "0"),
    **dict(zip("零一二三四五六七八九", "0123456789", strict=True)),
    "〇": "0",
    "幺": "1",
    "两": "2",
    "x": "X",
}
_TIMES: Final = {"double": 2, "triple": 3, "treble": 3}
FILLERS: Final = frozenset({"and", "then", "uh", "um", "er", "dash", "space", "hyphen"})

_PIECE = re.compile(
    r"(?P<digits>\d+)|(?P<chinese>[零〇一幺二两三四五六七八九])|(?P<word>[^\W\d_零〇一幺二两三四五六七八九]+)"
    r"|(?P<gap>[\s.,·/()\-\u2010-\u2015、，。]+)|(?P<other>.)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Group:
    """Digits that were said or written together, and where in the text."""

    digits: str
    start: int
    end: int


def runs(text: str) -> Iterator[list[Group]]:
    """Groups of digits with nothing between them but spaces, marks and fillers."""
    run: list[Group] = []
    times, since = 1, -1
    tens: Group | None = None
    for match in _PIECE.finditer(text):
        kind, piece = match.lastgroup, match[0].lower()
        if kind == "gap" or piece in FILLERS:
            continue
        if piece in _TIMES:
            times, since = _TIMES[piece], match.start()
            continue
        if piece in TENS:
            tens = Group(TENS[piece] + "0", match.start(), match.end())
            run.append(tens)
            continue
        digits = _plain(piece) if kind == "digits" else WORDS.get(piece, "")
        if not digits:
            if run:
                yield run
            run, tens, times = [], None, 1
            continue
        if tens is not None and kind == "word" and len(digits) == 1 and digits not in "0X":
            run[-1] = Group(tens.digits[0] + digits, tens.start, match.end())
        else:
            start = since if times > 1 else match.start()
            run.append(Group(digits * times, start, match.end()))
        tens, times = None, 1
    if run:
        yield run


def _plain(digits: str) -> str:
    """Digits of any script as those of ASCII."""
    return digits if digits.isascii() else "".join(str(unicodedata.digit(each)) for each in digits)
