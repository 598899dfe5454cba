"""Chinese numbers and values: what is typed in figures becomes the words said for it.

Mandarin as spoken in China. num2words, which names the numbers of other languages, has no Chinese.
"""

from __future__ import annotations

import re
from typing import Final

DIGITS: Final = "零一二三四五六七八九"
LARGEST: Final = 10**12
"""Numbers from here on have no name here."""

_PLACES: Final = ("", "十", "百", "千")
_GROUPS: Final = ("", "万", "亿")
_DATE = re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_CLOCK = re.compile(r"(?<!\d)(\d{1,2})[:：](\d\d)(?!\d)")
_DECIMAL = re.compile(r"(?<!\d)(\d{1,9})\.(\d{1,6})(?!\d)")
_MINUS = re.compile(r"(?<![\w-])[-−](?=\d)")
_YUAN = re.compile(r"[¥￥]\s?(\d{1,9}(?:点\d{1,6})?)")


def number_name(number: int) -> str:
    """Name a number from 0 to below `LARGEST`: 12 is 十二, 1508 is 一千五百零八."""
    if number < 10:
        return DIGITS[number]
    name = ""
    groups = [number // 10_000**place % 10_000 for place in range(len(_GROUPS))]
    for place in reversed(range(len(_GROUPS))):
        if groups[place]:
            zero = "零" if name and groups[place] < 1000 else ""
            name += zero + _below_ten_thousand(groups[place]) + _GROUPS[place]
    return name.removeprefix("一") if name.startswith("一十") else name


def _below_ten_thousand(number: int) -> str:
    name, gap = "", False
    for place in reversed(range(len(_PLACES))):
        digit = number // 10**place % 10
        if digit:
            name += ("零" if gap else "") + DIGITS[digit] + _PLACES[place]
        gap = bool(name) and not digit
    return name


def spelled_out(text: str) -> str:
    """Write dates, times of day, amounts of yuan and decimals as they are said; their figures stay.

    '2026-03-05' is 2026年3月5号, '15:30' 15点30分, '¥19.99' 19点99元.
    """
    text = _DATE.sub(lambda date: f"{date[1]}年{int(date[2])}月{int(date[3])}号", text)
    text = _CLOCK.sub(_clock, text)
    text = _DECIMAL.sub(r"\1点\2", _MINUS.sub("负", text))
    return _YUAN.sub(r"\1元", text)


def _clock(found: re.Match[str]) -> str:
    minute = f"{int(found[2])}分" if found[2] != "00" else "整"
    zero = "零" if found[2][0] == "0" and found[2] != "00" else ""
    return f"{int(found[1])}点{zero}{minute}"
