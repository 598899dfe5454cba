"""Which words of grammars the configured recogniser can never hear.

An engine with a fixed vocabulary drops such words, Vosk with no more than a line in its log. For
grammars in its languages `voicebot check` loads the model and tells each word with its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from voicebot.config import Settings
from voicebot.engines import recognizer_spec
from voicebot.errors import GrammarError, ModelError, VoicebotError
from voicebot.grammar.ast import Position, Token
from voicebot.grammar.compiled import NOTHING, CompiledGrammar
from voicebot.grammar.words import normalise_words
from voicebot.speech.vosk.engine import VoskRecognizer
from voicebot.speech.wire import VOSK
from voicebot.speech.worker_process import load_engine
from voicebot.types import Language

_REMEDY = "Write it in words that callers use, or choose a model that knows it."


def unheard_words(
    grammars: Iterable[CompiledGrammar], settings: Settings
) -> Iterator[VoicebotError]:
    """A GrammarError for the first place of each word that its grammar's recogniser lacks.

    A model that is missing is one ModelError for its language.
    """
    loaded: dict[str, VoskRecognizer | None] = {}
    told: set[tuple[str, str]] = set()
    for grammar in grammars:
        language = grammar.main.language
        if grammar.main.mode != "voice":
            continue
        if language not in loaded:
            try:
                loaded[language] = _load(language, settings)
            except ModelError as error:
                loaded[language] = None
                yield error
        recognizer = loaded[language]
        if recognizer is not None:
            yield from _of_grammar(grammar, recognizer, told)


def _load(language: str, settings: Settings) -> VoskRecognizer | None:
    """The engine that hears ``language``, None where it spells and knows every word."""
    engines = settings.speech.engines_for(language)
    if engines.recognizer != "vosk":
        return None
    spec = recognizer_spec(engines, Language(language), settings)
    assert spec.engine == VOSK
    recognizer = load_engine(spec)
    assert isinstance(recognizer, VoskRecognizer)
    return recognizer


def _of_grammar(
    grammar: CompiledGrammar, recognizer: VoskRecognizer, told: set[tuple[str, str]]
) -> Iterator[GrammarError]:
    for document, text, at in _tokens(grammar):
        file = grammar.documents[document].file
        for word in recognizer.unknown_words(normalise_words(text)):
            if (file, word) not in told:
                told.add((file, word))
                problem = f"'{word}' is not in the vocabulary of the recogniser"
                yield GrammarError(file, at.line, at.column, problem, _REMEDY)


def _tokens(grammar: CompiledGrammar) -> Iterator[tuple[int, str, Position]]:
    """Every word as written, with the index of the document that it stands in."""
    for rule in grammar.rules:
        seen = {rule.start}
        pending = [rule.start]
        while pending:
            state = grammar.states[pending.pop()]
            arcs = [arc for ways in state.words.values() for arc in ways]
            for output in {arc.output for arc in arcs} - {NOTHING}:
                token = grammar.outputs[output]
                if isinstance(token, Token):
                    yield rule.document, token.text, token.at
            targets = [arc.target for arc in arcs] + [move.target for move in state.moves]
            for target in targets:
                if target not in seen:
                    seen.add(target)
                    pending.append(target)
