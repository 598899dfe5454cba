"""About how long words take to say, and how much of them a caller keeps in mind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from voicebot.types import Language

LONGEST_S: Final = 12.0
"""Seconds of speech that a caller keeps in mind."""

CHARACTERS_PER_S: Final = 16.5
"""Of languages in an alphabet; our own English voice speaks 17.5, other voices 16 to 20."""

CHARACTERS_PER_S_OF: Final[Mapping[str, float]] = {"zh": 4.0, "ja": 6.0, "ko": 6.5}
"""Of languages whose characters are syllables or words."""


def speaking_s(text: str, language: Language) -> float:
    """About how many seconds it takes to say ``text``."""
    rate = CHARACTERS_PER_S_OF.get(language.partition("-")[0].lower(), CHARACTERS_PER_S)
    return len(text) / rate
