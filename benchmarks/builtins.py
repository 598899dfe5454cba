"""How well the built-in grammars are heard: values said by a person and by two synthesisers.

    python -m benchmarks.builtins [--types date time ...] [--voices recorded flite espeak-ng]
                                  [--each 40] [--misses]

All audio goes through 8 kHz mu-law. ``recorded`` is put together word by word from Asterisk's
human recordings with short pauses (Debian: asterisk-core-sounds-en-wav); it has numbers, days,
months, 'a m', 'p m' and 'dollars' but not 'half past', so it says only values that need no other
words. The synthesisers say whole sentences. Values are drawn at random with a fixed seed, and each
is said in one of the forms that people use (`builtin_values`). 'right' counts the best reading
whether accepted or not, 'accepted' those right and accepted, 'wrong' those accepted and not right.
Voices that are not on this machine are left out. ``--misses`` prints what was not right, with what
the model would write without a grammar.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.builtin_values import TODAY, VALUES, Draw
from voicebot.cli.caller_voice import joined, recording, synthetic
from voicebot.grammar.active import ActiveGrammar
from voicebot.grammar.store import GrammarStore
from voicebot.media import g711
from voicebot.speech.moonshine.engine import MoonshineRecognizer
from voicebot.types import Json, Samples

_SEED = 2026
_GAP_MS = 60
_DRAWS = 4_000
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_NUMBERS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen", "twenty"),
)
_ORDINALS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"),
    *("tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth"),
    *("seventeenth", "eighteenth", "nineteenth", "twentieth"),
)
_TENS = ("thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_CLIPS = {
    **{name: f"digits/{number}" for number, name in enumerate(_NUMBERS)},
    **{name: f"digits/{number}" for number, name in zip(range(30, 100, 10), _TENS, strict=True)},
    **{name: f"digits/h-{number}" for number, name in enumerate(_ORDINALS, 1)},
    **{name: f"digits/mon-{number}" for number, name in enumerate(_MONTHS)},
    **{name: f"digits/day-{number}" for number, name in enumerate(_DAYS)},
    **dict.fromkeys(("thirtieth",), "digits/h-30"),
    "am": "digits/a-m",
    "pm": "digits/p-m",
    "o'clock": "digits/oclock",
    "and": "vm-and",
    **{name: f"digits/{name}" for name in ("hundred", "thousand", "million", "minus", "oh")},
    **{name: f"digits/{name}" for name in ("dollars", "today", "tomorrow", "yesterday")},
    "hours": "hours",
}


def recorded(text: str) -> Samples | None:
    """Say ``text`` with a person's words; None where one was not recorded."""
    clips = [recording(_CLIPS[word]) if word in _CLIPS else None for word in text.split()]
    found = [clip for clip in clips if clip is not None]
    return joined(found, _GAP_MS) if len(found) == len(clips) else None


def synthesised(program: str) -> Callable[[str], Samples | None]:
    def say(text: str) -> Samples | None:
        return synthetic(text.replace(" am", " A M").replace(" pm", " P M"), program)

    return say


VOICES: dict[str, Callable[[str], Samples | None]] = {
    "recorded": recorded,
    "flite": synthesised("flite"),
    "espeak-ng": synthesised("espeak-ng"),
}


@dataclass(slots=True)
class Row:
    """One line of the table, in utterances; ``seconds`` of decoding and of ``audio``."""

    kind: str
    voice: str
    count: int = 0
    right: int = 0
    accepted: int = 0
    wrong: int = 0
    seconds: float = 0.0
    audio: float = 0.0
    misses: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        right, accepted, wrong = (
            number / self.count for number in (self.right, self.accepted, self.wrong)
        )
        speed = self.seconds / self.audio
        return (
            f"{self.kind:<10}{self.voice:<11}{self.count:>4}{right:>8.1%}{accepted:>10.1%}"
            f"{wrong:>8.1%}{speed:>10.3f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the built-in grammars.")
    parser.add_argument("--types", nargs="+", choices=VALUES, default=tuple(VALUES))
    parser.add_argument("--voices", nargs="+", choices=VOICES, default=tuple(VOICES))
    parser.add_argument("--each", type=int, default=40)
    parser.add_argument("--misses", action="store_true")
    options = parser.parse_args()
    recognizer = MoonshineRecognizer()
    store = GrammarStore(Path("grammars"))
    print(
        f"{'type':<10}{'voice':<11}{'n':>4}{'right':>8}{'accepted':>10}{'wrong':>8}{'x real':>10}"
    )
    for voice in options.voices:
        if not _is_here(voice):
            print(f"left out: no {voice} on this machine", file=sys.stderr)
            continue
        for kind in options.types:
            query = f"?today={TODAY:%Y%m%d}" if kind == "date" else ""
            active = store.active([f"builtin:{kind}{query}"])
            row = _measure(recognizer, active, Row(kind, voice), options.each)
            if row.count:
                print(row, flush=True)
            if options.misses:
                print("".join(f"    {miss}\n" for miss in row.misses), end="", flush=True)


def _is_here(voice: str) -> bool:
    return recording("digits/1") is not None if voice == "recorded" else bool(shutil.which(voice))


def _measure(recognizer: MoonshineRecognizer, active: ActiveGrammar, row: Row, each: int) -> Row:
    for said, value, samples in _utterances(VALUES[row.kind], VOICES[row.voice], each):
        heard = recognizer.recognize(samples, g711.RATE, active)
        good = heard.best is not None and heard.best.semantics == value
        row.count += 1
        row.right += good
        row.accepted += good and heard.match
        row.wrong += heard.match and not good
        row.seconds += heard.seconds
        row.audio += heard.audio_seconds
        if not (good and heard.match):
            best = heard.best.text if heard.best else "nothing"
            row.misses.append(
                f"{said!r} ({value}) heard as {best!r} {heard.confidence:.2f}, "
                f"freely {heard.free_text!r}"
            )
    return row


def _utterances(
    draw: Draw, say: Callable[[str], Samples | None], count: int
) -> Iterator[tuple[str, Json, Samples]]:
    chance = random.Random(_SEED)
    found = 0
    for _ in range(_DRAWS):
        said, value = draw(chance)
        samples = say(said)
        if samples is not None:
            yield said, value, g711.pass_through(samples)
            found += 1
        if found == count:
            return


if __name__ == "__main__":
    main()
