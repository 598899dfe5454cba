"""What it costs to listen for all slots of a form at once, and how well sentences are heard.

    python -m benchmarks.forms [--numbers 20] [--voices flite espeak-ng] [--misses]

The demo's form of a return (order number, reason, remedy, day), said by synthesisers other than
ours, through 8 kHz mu-law. 'alone' are plain order numbers heard along their own grammar, 'open'
the same numbers while every slot and every correction may be said; the difference is the price of a
form. 'several' are sentences with two to four values, 'corrections' those that change one. 'right'
counts the best reading whether accepted or not, 'wrong' what was accepted and not right.
"""

from __future__ import annotations

import argparse
import random
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from voicebot.cli.caller_voice import synthetic
from voicebot.flows.commands import FormGrammar, SlotGrammar
from voicebot.grammar.active import ActiveGrammar
from voicebot.grammar.store import GrammarStore
from voicebot.media import g711
from voicebot.sessions.grammars import ListenGrammars
from voicebot.speech.moonshine.engine import MoonshineRecognizer
from voicebot.types import Json, Language, Samples

_SEED = 2026
_TODAY = date(2026, 3, 4)
_SLOTS = (
    SlotGrammar("number", ("order_number",), ("order", "order number", "number")),
    SlotGrammar("reason", ("return_reason",), ("reason",)),
    SlotGrammar("remedy", ("return_remedy",), ("refund or exchange",)),
    SlotGrammar("day", ("builtin:date?when=future&today=20260304",), ("day", "date", "pick up")),
)
_SEVERAL = (
    "one five oh eight because it is broken",
    "order two eight four six on friday",
    "it doesn't fit and i'd like a refund",
    "a refund please and on monday",
    "an exchange please, it's the wrong size",
    "fifteen oh eight, it is faulty, a refund, on friday",
    "two eight four six, wrong size, exchange",
    "an exchange and tomorrow",
    "on monday because it is damaged",
    "it was damaged, and i'd like my money back on tuesday",
)
_CORRECTIONS = (
    "no, the fifteenth",
    "no, i meant friday",
    "not tuesday, wednesday",
    "wednesday, not tuesday",
    "change the day to friday",
    "no, i said exchange",
    "actually make it monday",
    "no sorry, two eight four six",
    "the day is wrong",
    "no, that's wrong",
)


@dataclass(slots=True)
class _Score:
    said: int = 0
    right: int = 0
    wrong: int = 0
    seconds: list[float] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--numbers", type=int, default=20)
    parser.add_argument("--voices", nargs="*", default=["flite", "espeak-ng"])
    parser.add_argument("--misses", action="store_true")
    options = parser.parse_args()
    grammars = ListenGrammars(GrammarStore(Path(__file__).parents[1] / "grammars"))
    form = FormGrammar(_SLOTS, Language("en-US"))
    started = time.perf_counter()
    whole = grammars.now(["order_number", form])
    print(f"compiled in {time.perf_counter() - started:.2f} s")
    alone = grammars.now(["order_number"])
    numbers = list(_numbers(options.numbers))
    sets: list[tuple[str, Iterable[str], ActiveGrammar]] = [
        ("alone", numbers, alone),
        ("open", numbers, whole),
        ("several", _SEVERAL, whole),
        ("corrections", _CORRECTIONS, whole),
    ]
    recognizer = MoonshineRecognizer()
    voices = [voice for voice in options.voices if shutil.which(voice)]
    print(f"{'set':12} {'said':>5} {'right':>6} {'wrong':>6} {'median s':>9}")
    for name, sentences, grammar in sets:
        score = _Score()
        for voice in voices:
            for text in sentences:
                _hear(text, synthetic(text, voice), grammar, recognizer, score, options.misses)
        middle = sorted(score.seconds)[len(score.seconds) // 2] if score.seconds else 0.0
        print(f"{name:12} {score.said:5} {score.right:6} {score.wrong:6} {middle:9.2f}")


def _numbers(count: int) -> Iterator[str]:
    names = ("oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    chosen = random.Random(_SEED)
    for _ in range(count):
        digits = [chosen.randrange(1, 10), *(chosen.randrange(10) for _ in range(3))]
        yield " ".join(names[digit] for digit in digits)


def _hear(
    text: str,
    audio: Samples,
    grammar: ActiveGrammar,
    recognizer: MoonshineRecognizer,
    score: _Score,
    misses: bool,
) -> None:
    wanted = grammar.match_words([text], _TODAY)
    assert wanted is not None, f"the grammar does not hold '{text}'"
    started = time.perf_counter()
    result = recognizer.recognize(g711.pass_through(audio), 8000, grammar)
    score.seconds.append(time.perf_counter() - started)
    best: Json = result.best.semantics if result.best is not None else None
    right = _plain(best) == _plain(wanted.semantics)
    score.said += 1
    score.right += right
    score.wrong += result.match and not right
    if misses and not right:
        print(f"  '{text}' was heard as '{result.best.text if result.best else ''}'")


def _plain(meaning: Json) -> Json:
    """One value is the same whether a slot's own grammar held it or the form's."""
    if isinstance(meaning, dict) and meaning.get("filled") and not meaning.get("corrected"):
        filled = meaning["filled"]
        if isinstance(filled, dict) and len(filled) == 1:
            return next(iter(filled.values()))
    return meaning


if __name__ == "__main__":
    main()
