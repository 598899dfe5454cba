"""What the checks of grammars need of the speech engines, by language."""

from __future__ import annotations

from functools import cache

from voicebot.errors import ModelError
from voicebot.grammar.lint.confusable import Pronounce
from voicebot.grammar.lint.report import Engine
from voicebot.grammar.lint.vocabulary import Vocabulary
from voicebot.speech.moonshine.dictionary import MoonshineDictionary
from voicebot.speech.phonemes import Pronouncer
from voicebot.types import Language


@cache
def engine_for(language: Language) -> Engine:
    """Give what there is for ``language``. What is not installed is not checked."""
    return Engine(_vocabulary(language), _pronounce(language))


def _vocabulary(language: Language) -> Vocabulary | None:
    if language.split("-")[0].lower() != "en":
        return None
    try:
        return MoonshineDictionary.load()
    except ModelError:
        return None


def _pronounce(language: Language) -> Pronounce | None:
    try:
        return Pronouncer(language)
    except ModelError:
        return None
