"""What the checks of grammars know of the recognisers that the settings choose.

An engine with a fixed vocabulary never hears a word that it lacks; Vosk drops it with no more than
a line in its log. For languages that Vosk hears its model is loaded and asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from voicebot.config import Settings
from voicebot.engines import recognizer_spec
from voicebot.errors import ModelError
from voicebot.grammar.lint.findings import Severity
from voicebot.grammar.lint.report import Engine
from voicebot.speech.grammar_check import engine_for
from voicebot.speech.worker_process import load_engine
from voicebot.types import Language

if TYPE_CHECKING:
    # Loading the library takes half a second: not where nobody uses it.
    from voicebot.speech.vosk.engine import VoskRecognizer


@dataclass(frozen=True, slots=True)
class VoskVocabulary:
    """A `grammar.lint.vocabulary.Vocabulary`: a word outside it is never heard."""

    recognizer: VoskRecognizer
    severity: Severity = Severity.PROBLEM

    def problem(self, word: str) -> str | None:
        if self.recognizer.unknown_words([word]):
            return "is not in the vocabulary of the recogniser"
        return None


@dataclass(slots=True)
class GrammarEngines:
    """Gives each language's engine, loaded once; ``missing`` are the models that are not there."""

    settings: Settings
    missing: dict[Language, ModelError] = field(default_factory=dict)
    _known: dict[Language, Engine] = field(default_factory=dict)

    def __call__(self, language: Language) -> Engine:
        if language not in self._known:
            self._known[language] = self._load(language)
        return self._known[language]

    def _load(self, language: Language) -> Engine:
        engine = engine_for(language)
        choice = self.settings.speech.engines_for(language)
        if choice.recognizer != "vosk":
            return engine
        try:
            recognizer: VoskRecognizer = load_engine(
                recognizer_spec(choice, language, self.settings)
            )
        except ModelError as error:
            self.missing[language] = error
            return engine
        return replace(engine, vocabulary=VoskVocabulary(recognizer))
