"""Names of users: in any script, and one spelling for each."""

from __future__ import annotations

import unicodedata
from typing import Final

from voicebot.errors import StaffError

LONGEST: Final = 64
_SIGNS: Final = frozenset("._-@+")


def name_of(typed: str) -> str:
    """The name that somebody typed, however composed and capitalised (NFKC, case folded).

    Raises StaffError for what can be no name.
    """
    name = unicodedata.normalize("NFKC", typed[: 4 * LONGEST]).strip().casefold()
    name = unicodedata.normalize("NFKC", name)
    fits = 0 < len(name) <= LONGEST and len(typed) <= 4 * LONGEST
    if not fits or not all(_belongs(sign) for sign in name) or name[0] in _SIGNS:
        raise StaffError(
            f"a user's name has 1 to {LONGEST} letters and figures, with . _ - @ + between them"
        )
    return name


def _belongs(sign: str) -> bool:
    return sign in _SIGNS or unicodedata.category(sign)[0] in "LMN"
