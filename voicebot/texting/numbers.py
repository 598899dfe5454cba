"""Telephone numbers as messages are addressed: E.164 with the plus (ITU-T E.164, section 6).

Left out: which numbers exist, and which are mobile. That is the gateway's knowledge.
"""

from __future__ import annotations

import re

_SEPARATORS = re.compile(r"[\s().\-/]")
_E164 = re.compile(r"\+[1-9]\d{6,14}\Z", re.ASCII)


def as_e164(written: str, country_code: str = "") -> str | None:
    """``written`` as E.164, None where it is no number that a message could go to.

    ``country_code`` (digits) is put before a national number, whose leading zero is dropped;
    without one only international numbers (``+``, ``00``) will do.
    """
    number = _SEPARATORS.sub("", written.strip())
    if number.startswith("00"):
        number = "+" + number[2:]
    elif not number.startswith("+"):
        if not (country_code and number.isascii() and number.isdigit()):
            return None
        # A caller's number may come with its country code and without the plus.
        whole = number.startswith(country_code) and len(number) >= len(country_code) + 9
        number = f"+{number}" if whole else f"+{country_code}{number.removeprefix('0')}"
    return number if _E164.match(number) else None
