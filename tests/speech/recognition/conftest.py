"""Grammars from a line of text, a spelled-out vocabulary, recorded digits, and the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest

from voicebot.grammar.active import ActiveGrammar
from voicebot.grammar.linker import SourceFile
from voicebot.grammar.store import compile_source
from voicebot.media.resample import resample
from voicebot.speech.audio_file import read_speech
from voicebot.speech.moonshine import assets
from voicebot.speech.moonshine.constraint import Vocabulary
from voicebot.speech.moonshine.engine import MoonshineRecognizer
from voicebot.speech.moonshine.tokenizer import Tokenizer
from voicebot.types import Language, Samples

ALLISON = Path("/usr/share/asterisk/sounds/en_US_f_Allison")
DATA = Path(__file__).parents[3] / "../shared/data"
HEADER = "#ABNF 1.0 UTF-8;\nlanguage en-US;\ntag-format <semantics/1.0>;\nroot $main;\n"

GrammarMaker: TypeAlias = Callable[[str], ActiveGrammar]
Speaker: TypeAlias = Callable[[Sequence[str]], Samples]


@pytest.fixture(scope="session")
def grammar() -> GrammarMaker:
    """Make a grammar of ``$main = <text>;`` and further rules."""

    def make(text: str) -> ActiveGrammar:
        source = SourceFile("test.gram", f"{HEADER}public $main = {text};\n".encode())
        compiled = compile_source(source, Path())
        return ActiveGrammar(compiled.key, Language("en-US"), [("test", compiled)])

    return make


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return Tokenizer.read(assets.locate().tokenizer)


@pytest.fixture(scope="session")
def vocabulary(tokenizer: Tokenizer) -> Vocabulary:
    return Vocabulary(tokenizer)


@pytest.fixture(scope="session")
def recognizer() -> MoonshineRecognizer:
    return MoonshineRecognizer()


@pytest.fixture(scope="session")
def say() -> Speaker:
    """Human recordings by name ('digits/4'), 200 ms apart, 8 kHz, with silence around them."""
    if not ALLISON.is_dir():
        pytest.skip("needs the Debian package asterisk-core-sounds-en-wav")

    def speak(names: Sequence[str]) -> Samples:
        pause = np.zeros(1600, np.int16)
        parts = [pause]
        for name in names:
            samples, rate = read_speech(ALLISON / f"{name}.wav")
            parts += [resample(samples, rate, 8000), pause]
        return np.concatenate(parts)

    return speak


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of recordings for development."""
    if not DATA.is_dir():
        pytest.skip(f"the recordings for development are not at {DATA}")
    return DATA
