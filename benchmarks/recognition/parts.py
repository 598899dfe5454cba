"""The parts of the benchmark, each a table or a few lines of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.recognition import sounds, utterances
from benchmarks.recognition.measure import Heard, Row, calibration, hear, summarise, table
from benchmarks.recognition.sphinx import PocketSphinx
from benchmarks.recognition.transcription import TEXTS, transcribe_phrases
from benchmarks.recognition.utterances import DEMO, GRAMMARS, NOISE_DB, Utterance
from voicebot.speech.moonshine.engine import MoonshineRecognizer
from voicebot.speech.recognizer import Recognizer
from voicebot.types import Samples

_WIDE: Final = 32


class Bench:
    """What the parts share: the data, the recogniser, what came out so far."""

    def __init__(self, data: Path, beam: int, *, quiet: bool) -> None:
        self.data = data
        self.recognizer = MoonshineRecognizer(beam=beam)
        self.idle_mb = _memory_mb()
        self.rows: list[Row] = []
        self.figures: dict[str, float] = {}
        self.heard: list[Heard] = []
        self._quiet = quiet

    @cached_property
    def digits(self) -> list[Utterance]:
        return utterances.digits(_folder(self.data / "digits"))

    @cached_property
    def orders(self) -> list[Utterance]:
        return utterances.orders(_folder(self.data / "commands"))

    def run(
        self, part: str, said: Sequence[Utterance], recognizer: Recognizer | None = None
    ) -> Row:
        """Recognise ``said`` and print the row."""
        heard = hear(recognizer or self.recognizer, said)
        if recognizer is None:
            self.heard += heard
        row = summarise(part, heard)
        lines = table([row]).splitlines()
        self.say(*(lines if not self.rows else lines[1:]))
        self.rows.append(row)
        return row

    def figure(self, name: str, value: float, line: str) -> None:
        self.figures[name] = value
        self.say(line)

    def say(self, *lines: str) -> None:
        if not self._quiet:
            print(*lines, sep="\n", flush=True)


def digits(bench: Bench) -> None:
    bench.run("digit", bench.digits)


def orders(bench: Bench) -> None:
    bench.run("orders", bench.orders)


def noise(bench: Bench) -> None:
    folder = _folder(bench.data / "commands")
    rows = [
        bench.run(f"orders, noise {db} dB", utterances.noisy_orders(folder, db)) for db in NOISE_DB
    ]
    for name, shares in (
        ("right", [row.right for row in rows]),
        ("accepted", [row.accepted for row in rows]),
    ):
        mean = float(np.mean(shares))
        bench.figure(f"noise_{name}", mean, f"mean over {NOISE_DB} dB: {mean:.1%} {name}")


def numbers(bench: Bench) -> None:
    _folder(sounds.ALLISON)
    bench.run("numbers of 4 to 8", utterances.numbers())


def long(bench: Bench) -> None:
    _folder(sounds.ALLISON)
    bench.run("numbers of 16, slowly", utterances.long_numbers())


def foreign(bench: Bench) -> None:
    """What is accepted of speech from outside the grammar, by kind of speech and grammar."""
    _folder(sounds.ALLISON)
    boolean = GRAMMARS.active(["builtin:boolean"])
    demo = DEMO.active(["request", "commands"])
    for name in ("digit", "digits", "coffee"):
        bench.run(f"prompts against {name}", utterances.announcements(GRAMMARS, name))
    bench.run("prompts against yes or no", utterances.announcements(GRAMMARS, "builtin:boolean"))
    bench.run("prompts against the demo", utterances.announcements(DEMO, "order_number"))
    bench.run("digits against yes or no", utterances.foreign(bench.digits, boolean))
    bench.run(
        "digits against coffee", utterances.foreign(bench.digits, GRAMMARS.active(["coffee"]), 3)
    )
    bench.run(
        "orders against digit", utterances.foreign(bench.orders, GRAMMARS.active(["digit"]), 3)
    )
    bench.run(
        "orders against digits", utterances.foreign(bench.orders, GRAMMARS.active(["digits"]), 3)
    )
    bench.run("orders against the demo", utterances.foreign(bench.orders, demo, 3))
    _rejection(bench)


def _rejection(bench: Bench) -> None:
    outside = [one for one in bench.heard if one.foreign]
    inside = [one for one in bench.heard if not one.foreign and one.right]
    taken = sum(one.match for one in outside) / len(outside)
    bench.figure("foreign_accepted", taken, f"speech from outside, accepted: {taken:.1%}")
    if inside:
        lost = sum(not one.match for one in inside) / len(inside)
        bench.figure("right_lost", lost, f"right answers of the parts above, lost: {lost:.1%}")


def calibrated(bench: Bench) -> None:
    """How far the confidences of all parts so far are from the truth."""
    if not bench.heard:
        digits(bench)
        orders(bench)
    error, bins = calibration(bench.heard)
    bench.say(bins)
    bench.figure("calibration_error", error, f"expected calibration error: {error:.1%}")


def transcription(bench: Bench) -> None:
    _folder(TEXTS)
    for name, least in (("phrases of three words or more", 3), ("all prompts", 1)):
        errors = transcribe_phrases(bench.recognizer, least_words=least)
        speed = errors.seconds / errors.audio_seconds
        bench.figure(
            f"word_error_{least}",
            errors.rate,
            f"free transcription, {name}: {errors.rate:.1%} of {errors.words} words wrong"
            f" ({errors.files} files, {speed:.3f} x real time)",
        )


def robustness(bench: Bench) -> None:
    """Every other order and every third digit, damaged in the ways of telephone lines."""
    chance = np.random.default_rng(7)
    damages: dict[str, Callable[[Samples], Samples]] = {
        "as recorded": lambda samples: samples,
        "soft, -36 dBFS": lambda samples: sounds.at_level(samples, -36),
        "loud, -10 dBFS": lambda samples: sounds.at_level(samples, -10),
        "clipped, 0 dBFS": lambda samples: sounds.at_level(samples, 0),
        "DC offset": sounds.shifted,
        "hum": sounds.hummed,
        "comfort noise": lambda samples: sounds.hissed(samples, chance),
        "3% of packets lost": lambda samples: sounds.with_gaps(samples, 0.03, chance),
    }
    said = [*bench.orders[::2], *bench.digits[::3]]
    for name, damage in damages.items():
        damaged = [one._replace(samples=sounds.line(damage(one.samples))) for one in said]
        bench.run(name, damaged)


def search(bench: Bench) -> None:
    """Where the default beam misses what a wide one finds: search errors."""
    wide = MoonshineRecognizer(beam=_WIDE)
    said = [*bench.orders, *utterances.noisy_orders(bench.data / "commands", 12)]
    missed = 0
    for one in said:
        narrow = bench.recognizer.recognize(one.samples, sounds.RATE, one.grammar).best
        other = wide.recognize(one.samples, sounds.RATE, one.grammar).best
        missed += (
            other is not None
            and (narrow is None or narrow.score < other.score)
            and (narrow is None or narrow.semantics != other.semantics)
        )
    share = missed / len(said)
    bench.figure("search_errors", share, f"search errors against a beam of {_WIDE}: {share:.1%}")


def sphinx(bench: Bench) -> None:
    """The other engine on the same audio and grammars; few orders, for it takes 15 s for one."""
    other = PocketSphinx(Path(__file__).parents[1] / "grammars")
    noisy = utterances.noisy_orders(_folder(bench.data / "commands"), 12)
    some = bench.orders[::12], noisy[::12]
    for name, engine in (("PocketSphinx", other), ("the same, ours", None)):
        bench.run(f"{name}: digit", bench.digits, engine)
        bench.run(f"{name}: orders", some[0], engine)
        bench.run(f"{name}: noise 12 dB", some[1], engine)


def _folder(path: Path) -> Path:
    if not path.exists():
        raise FileNotFoundError(f"no {path}")
    return path


def _memory_mb() -> float:
    for entry in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if entry.startswith("VmRSS:"):
            return int(entry.split()[1]) / 1024
    return 0.0
