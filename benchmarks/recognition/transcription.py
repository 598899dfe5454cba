"""Free transcription of Asterisk's recorded phrases: word error rate at 8 kHz mu-law.

Both texts are brought into one form before they are compared: lower case, no punctuation, figures
as words (one by one from three figures on), star and pound for the keys, remarks in brackets left
out. A compound may be written as one word or two ('voice mail'); that is no error.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from num2words import num2words

from benchmarks.recognition import sounds
from voicebot.speech.recognizer import Recognizer

TEXTS: Final = Path("/usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz")
_SINGLE: Final = ("letters/", "digits/", "phonetic/", "silence/", "beep", "ascending", "descending")
_REMARK: Final = re.compile(r"\[[^\]]*\]|\([^)]*\)")
_WORD: Final = re.compile(r"[a-z']+|\d+|[*#]")
_INITIALS: Final = re.compile(r"\b(?:[a-z]\.)+(?:[a-z]\b)?")
_ALIKE: Final = {
    "*": "star",
    "#": "pound",
    "thru": "through",
    "ok": "okay",
    "www": "w w w",
    "represenatives": "representatives",
    "umute": "unmute",
}


@dataclass(frozen=True, slots=True)
class WordErrors:
    """``errors`` are substitutions, deletions and insertions among ``words`` spoken."""

    files: int
    words: int
    errors: int
    seconds: float
    audio_seconds: float

    @property
    def rate(self) -> float:
        return self.errors / max(self.words, 1)


def transcribe_phrases(recognizer: Recognizer, *, least_words: int = 1) -> WordErrors:
    """Transcribe every phrase of at least ``least_words`` words and count the errors."""
    files = words = errors = 0
    seconds = audio_seconds = 0.0
    for file, text in _phrases():
        spoken = normalise(text)
        if len(spoken) < least_words:
            continue
        heard = recognizer.transcribe(sounds.read(file), sounds.RATE)
        files, words = files + 1, words + len(spoken)
        errors += word_errors(spoken, normalise(heard.text))
        seconds += heard.seconds
        audio_seconds += heard.audio_seconds
    return WordErrors(files, words, errors, seconds, audio_seconds)


def _phrases() -> Iterator[tuple[Path, str]]:
    for entry in gzip.decompress(TEXTS.read_bytes()).decode("utf-8").splitlines():
        name, colon, text = entry.partition(":")
        file = sounds.ALLISON / f"{name}.wav"
        if colon and not name.startswith((";", *_SINGLE)) and file.is_file():
            yield file, text


def normalise(text: str) -> list[str]:
    """The words of ``text`` in the form in which they are compared."""
    plain = _REMARK.sub(" ", text.lower().replace("’", "'"))
    plain = _INITIALS.sub(lambda match: " ".join(re.findall("[a-z]", match[0])), plain)
    words: list[str] = []
    for word in _WORD.findall(plain):
        if word.isdigit():
            parts = [word] if len(word) < 3 else list(word)
            spoken = " ".join(str(num2words(int(part))) for part in parts)
            words += spoken.replace("-", " ").split()
        else:
            words += _ALIKE.get(word, word).strip("'").split()
    return words


def word_errors(spoken: list[str], heard: list[str]) -> int:
    """The least number of words to change, leave out or put in; compounds are free."""
    rows = [list(range(len(heard) + 1))]
    for i, word in enumerate(spoken, start=1):
        row = [i]
        for j, other in enumerate(heard, start=1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (word != other))
            if i > 1 and spoken[i - 2] + word == other:
                best = min(best, rows[-2][j - 1])
            if j > 1 and heard[j - 2] + other == word:
                best = min(best, rows[-1][j - 2])
            row.append(best)
        rows.append(row)
    return rows[-1][-1]
