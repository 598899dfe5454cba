"""What ``voicebot test --audio`` needs: engines in this process, and voices of callers."""

from __future__ import annotations

import re
import shutil
from functools import cache, lru_cache

from voicebot.application import pronouncer
from voicebot.cli.audio_inputs import load_recognizer
from voicebot.cli.caller_voice import synthetic
from voicebot.config import Settings
from voicebot.errors import UsageError
from voicebot.grammar.store import GrammarStore
from voicebot.nlu.library import IntentLibrary
from voicebot.rehearsal.spoken_call import AtOnce, Pipeline, Voice
from voicebot.rehearsal.telephone_line import LineQuality
from voicebot.sessions.comprehension import Comprehension
from voicebot.sessions.grammars import ListenGrammars
from voicebot.speech.cache import FOLDER as PROMPT_FOLDER
from voicebot.speech.cache import PromptCache
from voicebot.speech.prompts import PromptRenderer
from voicebot.speech.recordings import find_recordings
from voicebot.speech.synthesizer import Synthesizer
from voicebot.speech.voices import espeak_languages, load_synthesizer, voice_name
from voicebot.turns.signals import TurnPolicy
from voicebot.types import Language, Samples

_FLITE_VOICES = ("slt", "rms", "awb")
_DIGITS = re.compile(r"\d(?=\d)")
_KEPT = 500


def pipeline(
    store: GrammarStore, intents: IntentLibrary, settings: Settings, quality: LineQuality
) -> Pipeline:
    """All that a bot hears and speaks with, loaded into this process.

    The recogniser is that of the configured language. Raises ModelError where it cannot be loaded.
    """
    recognizer = load_recognizer("", "", None, settings)
    recordings = find_recordings(settings.server.application / "audio")
    rendered = PromptCache(settings.server.data / PROMPT_FOLDER)

    @cache
    def renderer(language: Language) -> PromptRenderer:
        engines = settings.speech.engines_for(language)
        engine = engines.synthesizer or settings.speech.synthesizer

        @cache
        def synthesizer() -> Synthesizer:
            return load_synthesizer(engine, engines.voice, language)

        async def synthesize(text: str, rate: int) -> Samples:
            return synthesizer().synthesize(text, rate)

        name = voice_name(engine, engines.voice, language)
        return PromptRenderer(synthesize, name, recordings=recordings, cache=rendered)

    grammars = ListenGrammars(store, executor=AtOnce(), pronounce=pronouncer)
    return Pipeline(
        recognize=recognizer.recognize,
        renderer=renderer,
        grammars=grammars,
        turns=TurnPolicy(**settings.turns.model_dump()),
        quality=quality,
        comprehension=Comprehension(grammars, intents, AtOnce()),
    )


def voices(language: Language) -> list[str]:
    """The callers' voices that this machine has for ``language``, as PROGRAM:VOICE."""
    found = []
    if language.split("-")[0] == "en" and shutil.which("flite"):
        found += [f"flite:{voice}" for voice in _FLITE_VOICES]
    if shutil.which("espeak-ng"):
        found.append(f"espeak-ng:{espeak_languages(language)[0]}")
    return found


def voice_of(voice: str) -> Voice:
    """``voice``, digits spoken one by one. Raises UsageError for a voice that is not there."""
    program, _, name = voice.partition(":")
    if program not in {"flite", "espeak-ng"}:
        raise UsageError(f"--voice {voice}: write flite:VOICE or espeak-ng:VOICE")
    if not shutil.which(program):
        raise UsageError(f"--voice {voice}: the program {program} is not installed")

    @lru_cache(_KEPT)
    def speak(text: str) -> Samples:
        return synthetic(_DIGITS.sub(r"\g<0> ", text), program, name)

    return Voice(voice, speak)
