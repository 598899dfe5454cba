"""``builtin:phone``: a telephone number, as its digits; ``x`` stands before an extension.

Digits are said one by one, doubled or tripled, or in groups: 'eight hundred', 'five fifty five',
'forty two seventeen'. 'Twenty two' is 22, never 20 and 2. Any length is taken, those usual in North
America a little sooner.
"""

from __future__ import annotations

from typing import TypeAlias

from voicebot.grammar.builtin.numerals import BELOW_HUNDRED, DIAL, keypad, rest, voice
from voicebot.grammar.builtin.parameters import Parameters

LEAST, MOST = 3, 15
"""Digits of a number without its extension: 911 to E.164's longest."""

USUAL = (3, 7, 10, 11)
"""Digits of numbers in North America, the likelier ones: '807' may be eight oh seven or eight
hundred seven, and often only the length tells."""

_Ways: TypeAlias = tuple[tuple[str, int, str, range | tuple[int, ...]], ...]
"""Weight, number of digits, what is said for them, and after how many digits that may be."""

_ANYWHERE = range(MOST)
_CODES = (0, 1, 3, 4)
"""Where an area code or an exchange can begin, after a 1 or not: 'eight hundred'."""
_LINES = (3, 6, 7)
"""Where the last four can begin: 'five thousand', 'twelve hundred'."""

_FROM_ONE: _Ways = (
    ("1", 1, "$unit", _ANYWHERE),
    ("0.3", 3, "$unit hundred", _CODES),
    ("0.3", 4, "$unit thousand", _LINES),
)
_OTHERS: _Ways = (
    ("1", 1, "(zero | oh)", _ANYWHERE),
    ("1", 2, "double $digit", _ANYWHERE),
    ("1", 3, "triple $digit", _ANYWHERE),
    ("0.3", 2, "$teen", _ANYWHERE),
    ("0.3", 4, "$teen hundred", _LINES),
    ("0.3", 2, "$ten $unit", _ANYWHERE),
)
_BARE_TEN: _Ways = (("0.3", 2, "$ten", _ANYWHERE),)

_MAIN = """\
$main = [plus] $after0 [(extension | ext | x) ([double | triple] $digit | $two_digits)<1-6>]
  {out = dial(meta.current().text)};
$digit = zero | oh | $unit;
"""

_KEYS = f"""\
$main = $digit<{LEAST}-{MOST}> ["*" $digit<1-6>]
  {{out = meta.current().text.split(' ').join('').replace('*', 'x')}};
$digit = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;
"""


def make(_parameters: Parameters) -> tuple[str, str]:
    """Take no parameters."""
    rules = "".join(_after(read) for read in range(MOST))
    return voice(DIAL + _MAIN + rules + BELOW_HUNDRED), keypad(_KEYS)


def _after(read: int) -> str:
    """Write the rules for what follows ``read`` digits.

    ``$after`` is all of it; ``$other`` leaves out what begins with one to nine: nothing else may
    follow a bare 'twenty'.
    """
    others = [*_ways(read, _OTHERS, "$after"), *_ways(read, _BARE_TEN, "$other")]
    from_one = _ways(read, _FROM_ONE, "$after")
    return (
        f"$after{read} = {' | '.join(from_one)} | /1/ $other{read};\n"
        f"$other{read} = {' | '.join(others)};\n"
    )


def _ways(read: int, ways: _Ways, following: str) -> list[str]:
    return [
        f"/{weight}/ {said}{rest(following, read + digits, LEAST, MOST, USUAL)}"
        for weight, digits, said, places in ways
        if read in places and read + digits <= MOST
    ]
