"""espeak-ng through pyttsx3: every language that has no better voice.

pyttsx3 is made for a desktop and needs care in a server: it is asked to write a file (it would
play the sound otherwise), its loop is run to the end of the utterance and not by ``runAndWait``
(which leaves after 10 ms, finished or not), ended from outside when espeak-ng never answers, its
chatter on standard output is swallowed, and an unknown voice, which it takes in silence, is
refused here. Each utterance gets a fresh engine, dismissed before the next is made: an engine
that lives on takes the next one's callback away when it is collected.

The library is the one of the package espeakng-loader, and the system's where that cannot be
loaded. espeak-ng is global to the process: one of these a process.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import espeakng_loader
import pyttsx3.engine
import soundfile

from voicebot.errors import ModelError, SpeechError
from voicebot.speech import level
from voicebot.speech.voices import espeak_languages, espeak_voice_name
from voicebot.types import Language, Samples

WORDS_PER_MINUTE = 165
LONGEST_TEXT = 2000
_ENGLISH = Language("en-US")
_DRIVER = "espeak"
_PATIENCE_S = 10.0


class Pyttsx3Synthesizer:
    """One espeak-ng voice. Not safe for use by several threads at once.

    ``voice`` is a name or identifier of espeak-ng ('en-us', 'gmw/de'); empty for the voice of
    ``language``. Raises ModelError where espeak-ng is missing or has no such voice.
    """

    def __init__(self, voice: str = "", language: Language = _ENGLISH) -> None:
        _load_library()
        try:
            with _engine() as engine:
                known = _voices(engine)
        except (OSError, RuntimeError, ImportError) as error:
            raise ModelError(
                "espeak-ng", "cannot be loaded", "Install the package espeak-ng."
            ) from error
        self._identifier = _choose(known, voice, language)
        self._language = language
        self._name = espeak_voice_name(voice, language)

    @property
    def voice(self) -> str:
        """Name and version of the voice, part of every cache key."""
        return self._name

    @property
    def language(self) -> Language:
        return self._language

    def synthesize(self, text: str, rate: int) -> Samples:
        """Speak ``text`` at ``rate`` Hz; see the `Synthesizer` contract.

        Text without any letter or digit gives an empty array.
        """
        if len(text) > LONGEST_TEXT:
            raise SpeechError(f"text of {len(text)} characters; {LONGEST_TEXT} are the most")
        if not any(sign.isalnum() for sign in text):
            return level.finish(level.SILENCE, rate, rate)
        with tempfile.TemporaryDirectory(prefix="voicebot-") as folder:
            file = Path(folder) / "speech.wav"
            self._write(text, file)
            try:
                signal, source_rate = soundfile.read(file, dtype="float32")
            except (soundfile.LibsndfileError, OSError) as error:
                raise SpeechError(f"the voice {self._name} gave no sound") from error
        return level.finish(signal, source_rate, rate)

    def _write(self, text: str, file: Path) -> None:
        try:
            with _engine() as engine, contextlib.redirect_stdout(io.StringIO()):
                engine.setProperty("voice", self._identifier)
                engine.setProperty("rate", WORDS_PER_MINUTE)
                engine.save_to_file(text, str(file))
                _run_to_the_end(engine)
        except Exception as error:
            # pyttsx3 and its driver raise whatever comes: assertions, ctypes and plain errors.
            raise SpeechError(f"the voice {self._name} failed: {type(error).__name__}") from error


@contextlib.contextmanager
def _engine() -> Iterator[pyttsx3.engine.Engine]:
    engine = pyttsx3.engine.Engine(_DRIVER)
    try:
        yield engine
    finally:
        del engine.proxy  # takes its callback out of espeak-ng now, not at some later collection


def _run_to_the_end(engine: pyttsx3.engine.Engine) -> None:
    """Speak what waits in ``engine``. Raises TimeoutError where espeak-ng does not end in time."""
    # Only the loop is ended from outside: espeak-ng, told by two threads to be quiet, never is.
    given_up = threading.Event()

    def give_up() -> None:
        given_up.set()
        engine.proxy._driver.endLoop()

    watch = threading.Timer(_PATIENCE_S, give_up)
    watch.start()
    try:
        engine.startLoop()
    finally:
        watch.cancel()
        watch.join()
        engine.endLoop()  # waits until espeak-ng's own thread is quiet
    if given_up.is_set():
        raise TimeoutError


def _load_library() -> None:
    """Put the packaged library where pyttsx3's driver finds it: by its name, already loaded."""
    with contextlib.suppress(OSError, RuntimeError):
        data = espeakng_loader.get_data_path()
        ctypes.CDLL(espeakng_loader.get_library_path())
        os.environ["ESPEAK_DATA_PATH"] = data


def _voices(engine: pyttsx3.engine.Engine) -> dict[str, str]:
    """Every name that a voice goes by, in lower case -> its identifier."""
    names: dict[str, str] = {}
    for voice in engine.getProperty("voices"):
        for name in (*(voice.languages or ()), voice.id, voice.name):
            names.setdefault(str(name).lower(), str(voice.id))
    return names


def _choose(known: dict[str, str], voice: str, language: Language) -> str:
    if voice:
        wanted = [voice.lower()]
    else:
        primary = language.lower().split("-")[0]
        wanted = espeak_languages(language)
        wanted += sorted(name for name in known if name.startswith(f"{primary}-"))
    for name in wanted:
        if name in known:
            return known[name]
    raise ModelError(
        f"espeak-ng voice '{voice or language}'",
        "there is no such voice",
        "`espeak-ng --voices` lists them.",
    )
