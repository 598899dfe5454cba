"""Brings what the model writes and what a grammar spells into one form.

Lower case, no accents, letters, digits, apostrophes and signs of money; everything else is a
separator.
"""

from __future__ import annotations

import unicodedata
from typing import Final

SEPARATOR: Final = " "
_APOSTROPHES: Final = "'’ʼ"
_MONEY: Final = "$€£"


def spelling(text: str) -> str:
    """Give ``text`` in the common form; a run of separators becomes one space, kept at the ends."""
    characters: list[str] = []
    for character in unicodedata.normalize("NFKD", text).casefold():
        if character.isalnum() or character in _MONEY:
            characters.append(character)
        elif character in _APOSTROPHES:
            characters.append("'")
        elif unicodedata.combining(character):
            continue
        elif characters[-1:] != [SEPARATOR]:
            characters.append(SEPARATOR)
    return "".join(characters)
