"""One way to write a telephone number, so that a caller is known again.

Digits alone, with a leading ``+`` for numbers that are written with their country (``00`` is taken
for it). Names, and the numbers and words that networks send for withheld ones, give nothing:
whoever shares such a name would share a history.

Left out on purpose: making national numbers international. One carrier writes one caller's number
one way; rules for all countries belong to the SBC in front.
"""

from __future__ import annotations

import re
from typing import Final

from voicebot.types import Direction

SHORTEST: Final = 3
"""Digits of an extension."""
LONGEST: Final = 20
"""E.164 has 15; prefixes of carriers come on top."""

_URI: Final = re.compile(r"^(?:sips?|tel):([^@;?]*)", re.IGNORECASE)
_SEPARATORS: Final = re.compile(r"[\s().\-/]")
_NUMBER: Final = re.compile(r"\+?[0-9]+", re.ASCII)
_WITHHELD: Final = frozenset(
    {
        "266696687",  # anonymous
        "7378742833",  # restricted
        "2562533",  # blocked
        "8656696",  # unknown
        "86282452253",  # unavailable
        "7748283",  # private
        "94844353",  # withheld
    }
)
"""Words on a keypad, as some networks send them."""


def caller_number(caller: str) -> str:
    """The number in ``caller`` (a number, or a SIP or tel URI); empty where there is none."""
    uri = _URI.match(caller.strip())
    text = _SEPARATORS.sub("", uri[1] if uri else caller)
    if not _NUMBER.fullmatch(text):
        return ""
    if text.startswith("00"):
        text = f"+{text[2:]}"
    digits = text.removeprefix("+")
    withheld = digits in _WITHHELD or not digits.strip("0")
    return "" if withheld or not SHORTEST <= len(digits) <= LONGEST else text


def number_of(direction: Direction, caller: str, callee: str) -> str:
    """The number of the other side: who called us, or whom we called."""
    return caller_number(callee if direction == "outbound" else caller)
