"""English numerals as rules of a grammar, shared by the types that count.

Names of numbers carry no tags: what they are worth is looked up by their text in the table
`WORTH`, so that all of them lead to one state of the compiled network and not each to its own.
"""

from __future__ import annotations

from collections.abc import Container

UNITS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TEENS = (
    *("ten", "eleven", "twelve", "thirteen", "fourteen"),
    *("fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
ORDINAL_UNITS = (
    *("first", "second", "third", "fourth", "fifth"),
    *("sixth", "seventh", "eighth", "ninth"),
)
ORDINAL_TEENS = (
    *("tenth", "eleventh", "twelfth", "thirteenth", "fourteenth"),
    *("fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"),
)

NAMES: dict[str, int] = {
    **dict.fromkeys(("zero", "oh", "nought"), 0),
    **{name: value for value, name in enumerate(UNITS, 1)},
    **{name: value for value, name in enumerate(TEENS, 10)},
    **{name: 10 * value for value, name in enumerate(TENS, 2)},
    **{name: value for value, name in enumerate(ORDINAL_UNITS, 1)},
    **{name: value for value, name in enumerate(ORDINAL_TEENS, 10)},
    "twentieth": 20,
    "thirtieth": 30,
    "thousand": 1_000,
    "million": 1_000_000,
}
"""What the name of a number is worth."""

WORTH = "{!{var WORTH = {" + ", ".join(f"{name}: {n}" for name, n in NAMES.items()) + "};}!};\n"
"""A tag for the header of a grammar that uses these rules."""

_HEADER = (
    "#ABNF 1.0 UTF-8;\nlanguage en-US;\nmode {mode};\nroot $main;\ntag-format <semantics/1.0>;\n"
)


def voice(rules: str) -> str:
    """Write the document of a spoken grammar; its root is ``$main``."""
    return _HEADER.format(mode="voice") + WORTH + rules


def keypad(rules: str) -> str:
    """Write the document of a keyed grammar; its root is ``$main``."""
    return _HEADER.format(mode="dtmf") + rules


def one_of(names: tuple[str, ...]) -> str:
    return " | ".join(names)


BELOW_HUNDRED = f"""\
$unit = {one_of(UNITS)};
$teen = {one_of(TEENS)};
$ten = {one_of(TENS)};
$two_digits = $teen {{out = WORTH[rules.latest()]}}
  | $ten {{out = WORTH[rules.latest()]}} [$unit {{out += WORTH[rules.latest()]}}];
$below_hundred = $unit {{out = WORTH[rules.latest()]}} | $two_digits;
"""
"""``$two_digits`` is 10 to 99, ``$below_hundred`` 1 to 99; ``$unit``, ``$teen`` and ``$ten`` give
their text."""

CARDINAL = (
    BELOW_HUNDRED
    + """\
$below_thousand = $below_hundred
  | (a {out = 100} | $unit {out = 100 * WORTH[rules.latest()]}) hundred
    [[and] $below_hundred {out += rules.latest()}];
$below_million = $below_thousand
  | (a {out = 1000} | $below_thousand {out = 1000 * rules.latest()}) thousand
    [[and] $below_thousand {out += rules.latest()}]
  | $two_digits {out = 100 * rules.latest()} hundred [[and] $below_hundred {out += rules.latest()}];
$cardinal = $below_million
  | (a {out = 1000000} | $below_thousand {out = 1000000 * rules.latest()}) million
    [[and] $below_million {out += rules.latest()}];
$digit = zero | oh | $unit;
$fraction = {out = ''} ($digit {out += WORTH[meta.latest().text]})<1->
  | $two_digits {out = '' + rules.latest()};
$part = [a | one] half {out = 0.5} | (a | one) quarter {out = 0.25} | three quarters {out = 0.75};
$scale = thousand | million;
"""
)
"""``$cardinal`` is 1 to 999,999,999 ('fifteen hundred' too), ``$fraction`` the digits after a point
as text, ``$part`` a half or quarters, ``$scale`` the text of what a decimal may count."""


UNUSUAL = 0.05
"""Weight of ending after a number of digits that is not usual."""

DIAL = """\
{!{
function dial(text) {
  var words = text.split(' '), digits = '';
  for (var i = 0; i < words.length; i++) {
    var word = words[i], value = WORTH[word], more = WORTH[words[i + 1]];
    if (word === 'double' || word === 'triple') {
      digits += word === 'triple' ? '' + more + more + more : '' + more + more;
      i++;
    } else if (word === 'hundred') digits += '00';
    else if (word === 'thousand') digits += '000';
    else if (word === 'extension' || word === 'ext' || word === 'x') digits += 'x';
    else if (value > 19 && more > 0 && more < 10) { digits += value + more; i++; }
    else if (word !== 'plus') digits += value;
  }
  return digits;
}
}!};
"""
"""``dial(text)`` gives the digits of words said one by one or in groups.

It reads the text of the whole utterance: a rule that had a tag after the call of the next one would
have to come back to it, and each way to say the digits before would have network states of its own.
"""


def digit_chain(least: int, most: int) -> str:
    """Write rules ``$after0`` to ``$afterN``: from ``least`` to ``most`` digits, no tags.

    A digit may be said as 'double seven' or 'triple five'. One rule for each number of digits read
    so far: the length is exact, and a rule called at the end of another needs no memory.
    """
    rules = [f"$digit = {one_of(('zero', 'oh', *UNITS))};\n"]
    for read in range(most):
        ways = [
            f"{name}$digit{rest('$after', read + times, least, most)}"
            for times, name in ((1, ""), (2, "double "), (3, "triple "))
            if read + times <= most
        ]
        rules.append(f"$after{read} = {' | '.join(ways)};\n")
    return "".join(rules)


def rest(rule: str, read: int, least: int, most: int, usual: Container[int] | None = None) -> str:
    """Write what follows when ``read`` of ``least`` to ``most`` digits were read.

    Ending elsewhere than after a ``usual`` number of digits has less weight. Not ``[$after5]``:
    after a repeat comes a silent move, and the call would not be the last thing.
    """
    if read == most:
        return ""
    if read < least:
        return f" {rule}{read}"
    weight = 1 if usual is None or read in usual else UNUSUAL
    return f" (/{weight}/ $NULL | /1/ {rule}{read})"
