"""How words are pronounced, by espeak-ng's dictionaries: for checks of grammars, not for sound.

The library is that of the package espeakng-loader. It is global to the process, one language at a
time: not for a process that also speaks with it.
"""

from __future__ import annotations

import ctypes
import threading
from functools import lru_cache
from typing import Final

import espeakng_loader

from voicebot.errors import ModelError
from voicebot.speech.voices import espeak_languages
from voicebot.types import Language

_NO_SOUND: Final = 2
_DO_NOT_EXIT: Final = 0x8000
_UTF8: Final = 1
_IPA_PARTED_BY_UNDERSCORE: Final = 0x02 | ord("_") << 8
_lock = threading.Lock()


class Pronouncer:
    """Gives the phonemes of words in one language, see `Pronounce` of the grammar checks.

    Raises ModelError where espeak-ng cannot be loaded or does not know the language.
    """

    def __init__(self, language: Language) -> None:
        self._library = _library()
        self._known: dict[str, str] = {}
        self._voice = b""
        for name in espeak_languages(language):
            self._voice = name.encode()
            with _lock:
                if self._choose():
                    return
        raise ModelError(
            f"espeak-ng voice '{language}'",
            "there is no such voice",
            "`espeak-ng --voices` lists them.",
        )

    def __call__(self, word: str) -> str:
        """Give IPA phonemes parted by '_', words by spaces; empty for what cannot be said."""
        known = self._known.get(word)
        if known is None:
            with _lock:
                self._choose()
                known = self._known[word] = self._pronounce(word)
        return known

    def _choose(self) -> bool:
        return bool(self._library.espeak_SetVoiceByName(self._voice) == 0)

    def _pronounce(self, word: str) -> str:
        text = ctypes.create_string_buffer(word.encode())
        # The library moves the pointer from clause to clause, and to null at the end.
        rest = ctypes.c_void_p(ctypes.addressof(text))
        clauses: list[str] = []
        while rest.value:
            found = self._library.espeak_TextToPhonemes(
                ctypes.byref(rest), _UTF8, _IPA_PARTED_BY_UNDERSCORE
            )
            clauses.append((found or b"").decode("utf-8", errors="ignore").strip())
        return " ".join(clause for clause in clauses if clause)


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path()
    except (OSError, RuntimeError) as error:
        raise ModelError(
            "espeak-ng", "cannot be loaded", "Reinstall the package espeakng-loader."
        ) from error
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    library.espeak_TextToPhonemes.argtypes = [
        ctypes.POINTER(ctypes.c_void_p),
        ctypes.c_int,
        ctypes.c_int,
    ]
    if library.espeak_Initialize(_NO_SOUND, 0, str(data).encode(), _DO_NOT_EXIT) < 0:
        raise ModelError("espeak-ng", "cannot be started", "Reinstall the package espeakng-loader.")
    return library
