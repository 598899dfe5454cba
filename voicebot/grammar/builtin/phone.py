"""``builtin:phone``: a telephone number, as its digits; ``x`` stands before an extension.

Digits are said one by one, doubled or tripled, or in groups: 'eight hundred', 'five fifty five',
'forty two seventeen'. 'Twenty two' is 22, never 20 and 2.
"""

from __future__ import annotations

from typing import TypeAlias

from voicebot.grammar.builtin.numerals import BELOW_HUNDRED, DIAL, keypad, rest, voice
from voicebot.grammar.builtin.parameters import Parameters

LEAST, MOST = 3, 15
"""Digits of a number without its extension: 911 to E.164's longest."""

_Ways: TypeAlias = tuple[tuple[str, int, str], ...]
"""Weight, number of digits, and what is said for them."""

_FROM_ONE: _Ways = (("1", 1, "$unit"), ("0.3", 3, "$unit hundred"), ("0.3", 4, "$unit thousand"))
_OTHERS: _Ways = (
    ("1", 1, "(zero | oh)"),
    ("1", 2, "double $digit"),
    ("1", 3, "triple $digit"),
    ("0.3", 2, "$teen"),
    ("0.3", 4, "$teen hundred"),
    ("0.3", 2, "$ten $unit"),
)
_BARE_TEN: _Ways = (("0.3", 2, "$ten"),)

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
        f"/{weight}/ {said}{rest(following, read + digits, LEAST, MOST)}"
        for weight, digits, said in ways
        if read + digits <= MOST
    ]
