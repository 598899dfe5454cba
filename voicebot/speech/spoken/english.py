"""English number, date, time and money words, in US style: 'one hundred five', not 'and five'.

Pure functions from parsed values to words. Punctuation is used for the ear: a comma is a short
pause. Leaves out on purpose: numbers of 10^15 and more (read digit by digit), Roman numerals.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time
from decimal import Decimal

from voicebot.speech.spoken.reading import Money

_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
)
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = ("", "thousand", "million", "billion", "trillion")
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SYMBOLS = {
    "*": "star",
    "#": "pound",
    "-": "dash",
    "_": "underscore",
    ".": "dot",
    "@": "at",
    "/": "slash",
    "+": "plus",
    "&": "and",
}

_UNITS: dict[str, tuple[str, str, str, str]] = {
    "USD": ("dollar", "dollars", "cent", "cents"),
    "CAD": ("Canadian dollar", "Canadian dollars", "cent", "cents"),
    "AUD": ("Australian dollar", "Australian dollars", "cent", "cents"),
    "NZD": ("New Zealand dollar", "New Zealand dollars", "cent", "cents"),
    "EUR": ("euro", "euros", "cent", "cents"),
    "GBP": ("pound", "pounds", "penny", "pence"),
    "CHF": ("franc", "francs", "centime", "centimes"),
    "MXN": ("peso", "pesos", "centavo", "centavos"),
    "INR": ("rupee", "rupees", "paisa", "paise"),
    "JPY": ("yen", "yen", "", ""),
    "KRW": ("won", "won", "", ""),
    "CNY": ("yuan", "yuan", "", ""),
}
"""Currency -> one unit, many units, one hundredth, many hundredths ('' where none are said)."""


def cardinal(number: int) -> str:
    """105 -> 'one hundred five'; -3 -> 'minus three'. Beyond 10^15 digit by digit."""
    if number < 0:
        return f"minus {cardinal(-number)}"
    if number >= 1000 ** len(_SCALES):
        return " ".join(_ONES[int(digit)] for digit in str(number))
    if number < 1000:
        return _below_thousand(number)
    groups: list[str] = []
    for scale in _SCALES:
        number, group = divmod(number, 1000)
        if group:
            groups.append(f"{_below_thousand(group)} {scale}".strip())
    return " ".join(reversed(groups))


def _below_thousand(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    words = [_ONES[hundreds], "hundred"] if hundreds else []
    if rest >= 20:
        tens, ones = divmod(rest, 10)
        words.append(_TENS[tens] + (f"-{_ONES[ones]}" if ones else ""))
    elif rest or not hundreds:
        words.append(_ONES[rest])
    return " ".join(words)


def ordinal(number: int) -> str:
    """21 -> 'twenty-first', 100 -> 'one hundredth'."""
    words = cardinal(number)
    cut = max(words.rfind(" "), words.rfind("-")) + 1
    head, last = words[:cut], words[cut:]
    if last in _ORDINALS:
        return head + _ORDINALS[last]
    return head + (last[:-1] + "ieth" if last.endswith("y") else last + "th")


def decimal(number: Decimal) -> str:
    """3.50 -> 'three point five zero'; 3 -> 'three'; -0.5 -> 'minus zero point five'."""
    text = f"{abs(number):f}"
    whole, _, fraction = text.partition(".")
    words = cardinal(int(whole))
    if fraction:
        words += " point " + " ".join(_ONES[int(digit)] for digit in fraction)
    return f"minus {words}" if number < 0 else words


def digits(groups: Sequence[str]) -> str:
    """('42', '71') -> 'four two, seven one': a short pause between the groups."""
    return ", ".join(" ".join(_character(sign) for sign in group) for group in groups)


def spell(text: str) -> str:
    """'AB12' -> 'A, B, one, two'. A lone 'A' needs the comma after it to sound as the letter."""
    signs = [_character(sign) for sign in text if not sign.isspace()]
    spelled = ", ".join(signs)
    return f"{spelled}," if signs and signs[-1] == "A" else spelled


def _character(sign: str) -> str:
    if sign.isascii() and sign.isdigit():
        return _ONES[int(sign)]
    return _SYMBOLS.get(sign, sign.upper())


def money(amount: Money) -> str:
    """19.99 USD -> 'nineteen dollars and ninety-nine cents'; 0.05 -> 'five cents'."""
    one, many, cent, cents = _UNITS.get(amount.currency) or (*[amount.unit_name("en")] * 2, "", "")
    value = abs(amount.amount)
    sign = "minus " if amount.amount < 0 else ""
    if not cents:
        return f"{sign}{decimal(_plain(value))} {one if value == 1 else many}"
    whole, hundredths = divmod(int((value * 100).to_integral_value()), 100)
    parts = []
    if whole or not hundredths:
        parts.append(f"{cardinal(whole)} {one if whole == 1 else many}")
    if hundredths:
        parts.append(f"{cardinal(hundredths)} {cent if hundredths == 1 else cents}")
    return sign + " and ".join(parts)


def _plain(value: Decimal) -> Decimal:
    """Drop a fraction that is all zeros: nobody says 'one hundred point zero zero yen'."""
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value


def year(number: int) -> str:
    """2026 -> 'twenty twenty-six', 2005 -> 'two thousand five', 1905 -> 'nineteen oh five'."""
    century, rest = divmod(number, 100)
    if not 1000 <= number <= 9999 or (century % 10 == 0 and rest < 10):
        return cardinal(number)
    if rest == 0:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {'oh ' if rest < 10 else ''}{cardinal(rest)}"


def day(when: date, *, weekday: bool, with_year: bool) -> str:
    """'Tuesday, November third', 'November third, twenty twenty-seven'."""
    words = f"{_MONTHS[when.month - 1]} {ordinal(when.day)}"
    if weekday:
        words = f"{_WEEKDAYS[when.weekday()]}, {words}"
    return f"{words}, {year(when.year)}" if with_year else words


def month(number: int) -> str:
    """1 -> 'January'."""
    return _MONTHS[number - 1]


def clock(when: time) -> str:
    """15:30 -> 'three thirty p.m.', 15:05 -> 'three oh five p.m.', 12:00 -> 'noon'.

    The full stops make both engines read 'a.m.' as letters and not as a word.
    """
    if when.minute == 0 and when.hour in (0, 12):
        return "noon" if when.hour else "midnight"
    hour = cardinal(when.hour % 12 or 12)
    half = "a.m." if when.hour < 12 else "p.m."
    if when.minute == 0:
        return f"{hour} {half}"
    return f"{hour} {'oh ' if when.minute < 10 else ''}{cardinal(when.minute)} {half}"
