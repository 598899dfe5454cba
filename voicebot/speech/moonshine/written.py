"""The written forms of single English words: '16', '3rd', 'oz', and back again."""

from __future__ import annotations

from typing import Final

from voicebot.speech.moonshine.normalise import spelling

_UNIT_NAMES: Final = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEEN_NAMES: Final = (
    *("ten", "eleven", "twelve", "thirteen", "fourteen"),
    *("fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS_NAMES: Final = (
    *("twenty", "thirty", "forty", "fifty"),
    *("sixty", "seventy", "eighty", "ninety"),
)
_ORDINAL_NAMES: Final = (
    *("first", "second", "third", "fourth", "fifth"),
    *("sixth", "seventh", "eighth", "ninth"),
)
_TEENTH_NAMES: Final = (
    *("tenth", "eleventh", "twelfth", "thirteenth", "fourteenth"),
    *("fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"),
)
_ORDINAL_ENDINGS: Final = {1: "st", 2: "nd", 3: "rd"}

UNITS: Final = {"zero": "0", **{name: str(i) for i, name in enumerate(_UNIT_NAMES, start=1)}}
"""Digits: word to figure."""
TENS: Final = {name: str(i) for i, name in enumerate(_TENS_NAMES, start=2)}
"""'twenty' to '2': the first figure."""
ORDINALS: Final = {
    name: f"{i}{_ORDINAL_ENDINGS.get(i, 'th')}" for i, name in enumerate(_ORDINAL_NAMES, start=1)
}
"""'first' to '1st', up to ninth."""

_FIGURES: Final = {
    **UNITS,
    **{name: str(i) for i, name in enumerate(_TEEN_NAMES, start=10)},
    **{name: f"{figure}0" for name, figure in TENS.items()},
    **ORDINALS,
    **{name: f"{i}th" for i, name in enumerate(_TEENTH_NAMES, start=10)},
    **{f"{name[:-1]}ieth": f"{figure}0th" for name, figure in TENS.items()},
}
_SPOKEN: Final = {figure: name for name, figure in _FIGURES.items()} | {
    tens + unit: f"{tens_name} {unit_name}"
    for tens_name, tens in TENS.items()
    for unit_name, unit in UNITS.items()
    if unit != "0"
}
_SHORT: Final = {
    "oh": "0",
    "o": "0",
    "am": "a m",
    "pm": "p m",
    "o'clock": "00",
    "usd": "$",
    "eur": "€",
    "gbp": "£",
    "ok": "o k",
    "okay": "ok",
    "ounce": "oz",
    "ounces": "oz",
    "mister": "mr",
    "doctor": "dr",
    "versus": "vs",
}


def spellings(word: str) -> set[str]:
    """All forms in which ``word`` may be written, in the common form of `normalise`."""
    plain = spelling(word).strip()
    found = {plain, plain.replace("'", "")}
    for table in (_FIGURES, _SPOKEN, _SHORT):
        if word in table:
            found.add(table[word])
    return found - {""}
