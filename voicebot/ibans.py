"""Finds bank accounts as IBAN (ISO 13616) that are spelled or said, at once or over several turns.

Pure. A text is cut into chains of digits ('two nine', '29') and letters that stand alone ('n w b
k'), beside digits ('GB29') or in capitals. What is found has a country of the registry, its length
there, letters where its bank code has them, and right check digits (ISO 7064 MOD 97-10): of texts
that are none, one in many thousands passes. Left out on purpose: spelling alphabets ('golf bravo'),
and a caller who corrects a piece. One written as a group needs no registry (`personal_numbers`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from voicebot.spoken_digits import FILLERS, Group, runs

SHORTEST: Final = 15
LONGEST: Final = 34

_REGISTRY: Final = (
    "AD24 AE23 AL28 AT20 AZ28:4 BA20 BE16 BG22:4 BH22:4 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 "
    "DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18:2 FO18 FR27 GB22:4 GE22:2 GI23:4 GL18 GR27 "
    "GT28 HN28:4 HR21 HU28 IE22:4 IL23 IQ23:4 IS26 IT27:1 JO30:4 KW30:4 KZ20 LB28 LC32:4 LI21 "
    "LT20 LU20 LV21:4 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31:4 MU30:4 NI28:4 NL18:4 NO15 "
    "OM23 PK24:4 PL28 PS29:4 PT25 QA29:4 RO24:4 RS22 RU33 SA24 SC31:4 SD18 SE24 SI19 SK24 "
    "SM27:1 SO23 ST25 SV28:4 TL23 TN24 TR26 UA29 VA22 VG24:4 XK20 YE30:4"
)
"""Country, length, and how many letters its bank code begins with."""
_COUNTRIES: Final[Mapping[str, tuple[int, int]]] = {
    each[:2]: (int(each[2:4]), int(each[5:] or 0)) for each in _REGISTRY.split()
}
_WORD: Final = re.compile(r"[^\W\d_]+")
_LETTERS: Final = re.compile(r"\b[A-Za-z]\b|[A-Za-z]\d|\d[A-Za-z]|\b[A-Z]{2,}\b")
_HEAD: Final = 4
_BANK_CODE: Final = 4
"""Letters of a word that may be one, though it is written like any other."""


@dataclass(frozen=True, slots=True)
class Spelled:
    """Letters and digits that stand together in a text. ``is_word``: it may be a word as well."""

    groups: tuple[Group, ...]
    is_word: bool = False

    @property
    def text(self) -> str:
        return "".join(group.digits for group in self.groups)


def ibans_in(text: str) -> Iterator[tuple[int, int]]:
    """Where in ``text`` IBANs are spelled."""
    for found in spelled(text) if may_spell(text) else ():
        groups, first = found.groups, 0
        while first < len(groups):
            behind = _end_of_iban(groups, first)
            if behind is not None:
                yield groups[first].start, groups[behind - 1].end
            first = behind or first + 1


def _end_of_iban(groups: Sequence[Group], first: int) -> int | None:
    """The place behind the groups from ``first`` on that are an IBAN."""
    whole = ""
    for place in range(first, len(groups)):
        whole += groups[place].digits
        if len(whole) > LONGEST:
            return None
        if is_iban(whole):
            return place + 1
    return None


def may_spell(text: str) -> bool:
    """Whether there are letters in ``text`` that may be spelled: a quick look."""
    return _LETTERS.search(text) is not None


def spelled(text: str) -> list[Spelled]:
    """All chains of ``text`` in order; a letter among words is none ('wait a moment')."""
    digits = {group.start: group for group in chain.from_iterable(runs(text))}
    taken = [(group.start, group.end) for group in digits.values()]
    chains: list[list[Group]] = [[]]
    for match in _WORD.finditer(text):
        word, start, end = match[0], match.start(), match.end()
        if any(first <= start < last for first, last in taken) or word.lower() in FILLERS:
            continue
        digits[start] = Group(word.upper() if _is_letters(text, start, end) else "", start, end)
    for _, group in sorted(digits.items()):
        if group.digits:
            chains[-1].append(group)
        else:
            chains.append([])
    found = [Spelled(tuple(groups)) for groups in chains if groups]
    found = [each for each in found if len(each.text) > 1 or _is_alone(text, each.groups[0])]
    plain = text.strip(" .,!?")
    if not found and len(plain) == _BANK_CODE and plain.isascii() and plain.isalpha():
        start = text.index(plain)
        return [Spelled((Group(plain.upper(), start, start + len(plain)),), is_word=True)]
    return found


def _is_alone(text: str, group: Group) -> bool:
    return not any(each.isalpha() for each in text[: group.start] + text[group.end :])


def _is_letters(text: str, start: int, end: int) -> bool:
    """Whether a word is letters that are spelled."""
    word = text[start:end]
    if not word.isascii() or len(word) > LONGEST:
        return False
    beside = text[max(0, start - 1) : start] + text[end : end + 1]
    return len(word) == 1 or word.isupper() or any(each.isdecimal() for each in beside)


def is_iban(spelling: str) -> bool:
    """Whether ``spelling`` (capitals and digits; 0 may be an O where letters stand) is one."""
    if len(spelling) < SHORTEST:
        return False
    country, rest = spelling[:2].replace("0", "O"), spelling[2:]
    length, letters = _COUNTRIES.get(country, (0, 0))
    if len(spelling) != length or not spelling[2:_HEAD].isdecimal():
        return False
    bank = rest[2 : 2 + letters].replace("0", "O")
    if letters and not bank.isalpha():
        return False
    turned = bank + rest[2 + letters :] + country + rest[:2]
    return int("".join(str(int(each, 36)) for each in turned)) % 97 == 1
