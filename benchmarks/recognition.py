"""How well and how fast speech is recognised: digits, digit strings, orders, and rejection.

    python -m benchmarks.recognition [--data ../shared/data] [--json]

All audio goes through 8 kHz mu-law first. What is measured:

- `digit`: isolated digits against a grammar of the ten (data: digits/);
- `orders`: spoken coffee orders, right when every slot is right (data: commands/);
- `orders, noise 10 dB`: the same with kitchen noise mixed in (data: commands/);
- `numbers`: 4 to 8 digits put together from Asterisk's recordings, pauses of 0 to 0.4 s;
- `foreign`: speech that is in none of the grammars, right when it is rejected: Asterisk's
  announcements, orders against digits and digits against orders.

'right' counts the best reading whether accepted or not, 'accepted' those right and accepted. Parts
whose recordings are not on this machine are left out, and said to be.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from voicebot.grammar.active import ActiveGrammar
from voicebot.grammar.store import GrammarStore
from voicebot.media import g711
from voicebot.media.resample import resample
from voicebot.speech.audio_file import read_speech
from voicebot.speech.moonshine.engine import MoonshineRecognizer
from voicebot.types import Json, Samples

ALLISON = Path("/usr/share/asterisk/sounds/en_US_f_Allison")
GRAMMARS = GrammarStore(Path(__file__).parent / "grammars")
_SEED = 2026
_NUMBERS = 60
_NOISE_DB = 10
_ANNOUNCEMENTS = 80

Utterance: TypeAlias = tuple[Samples, ActiveGrammar, Json]
"""Audio at 8 kHz, the grammar to hear it by, what it means (None: nothing in this grammar)."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. Shares are 0..1, times in seconds; ``speed`` is decode time divided
    by audio time."""

    part: str
    utterances: int
    right: float
    accepted: float
    speed: float
    p50: float
    p95: float


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure speech recognition.")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--beam", type=int, default=8)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    recognizer = MoonshineRecognizer(beam=options.beam)
    idle = _memory_mb()
    rows = [
        _measure(recognizer, part, utterances)
        for part, utterances in _parts(options.data)
        if utterances
    ]
    report = {"idle_mb": idle, "peak_mb": _peak_mb(), "rows": [asdict(row) for row in rows]}
    print(json.dumps(report) if options.json else _table(rows, idle))


def _parts(data: Path) -> Iterator[tuple[str, list[Utterance]]]:
    digits, orders = data / "digits", data / "commands"
    if digits.is_dir() and orders.is_dir():
        yield "digit", _digits(digits)
        yield "orders", _orders(orders)
        yield f"orders, noise {_NOISE_DB} dB", _noisy(_orders(orders), orders)
    else:
        print(f"left out: no digits/ and commands/ in {data}", file=sys.stderr)
    if ALLISON.is_dir():
        yield "numbers", _numbers()
        yield "foreign", _announcements()
    else:
        print(f"left out: no recordings in {ALLISON}", file=sys.stderr)
    if digits.is_dir() and orders.is_dir():
        yield "foreign: orders", _foreign(_orders(orders), "digit", "digits")
        yield "foreign: digits", _foreign(_digits(digits), "coffee", "digits")


def _digits(folder: Path) -> list[Utterance]:
    active = GRAMMARS.active(["digit"])
    return [(_read(file), active, file.name[0]) for file in sorted(folder.glob("*.flac"))]


def _orders(folder: Path) -> list[Utterance]:
    active = GRAMMARS.active(["coffee"])
    labels: dict[str, Json] = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    return [(_read(folder / name), active, slots) for name, slots in sorted(labels.items())]


def _noisy(clean: list[Utterance], folder: Path) -> list[Utterance]:
    chance = np.random.default_rng(_SEED)
    kitchen = _read(next(folder.glob("noise-*"))).astype(np.float64)
    found: list[Utterance] = []
    for samples, active, meaning in clean:
        start = int(chance.integers(0, len(kitchen) - len(samples)))
        noise = kitchen[start : start + len(samples)]
        gain = np.sqrt(np.mean(samples.astype(np.float64) ** 2) / np.mean(noise**2))
        mixed = samples + noise * gain * 10 ** (-_NOISE_DB / 20)
        found.append((np.clip(mixed, -32768, 32767).astype(np.int16), active, meaning))
    return found


def _numbers() -> list[Utterance]:
    chance = np.random.default_rng(_SEED)
    active = GRAMMARS.active(["digits"])
    spoken = [_without_silence(_read(ALLISON / f"digits/{digit}.wav")) for digit in range(10)]
    found: list[Utterance] = []
    for place in range(_NUMBERS):
        figures = chance.integers(0, 10, 4 + place % 5)
        longest = (0.05, 0.2, 0.4)[place % 3]
        parts = [_pause(0.2)]
        for figure in figures:
            parts += [spoken[figure], _pause(float(chance.uniform(0, longest)))]
        parts.append(_pause(0.3))
        found.append((np.concatenate(parts), active, "".join(map(str, figures))))
    return found


def _announcements() -> list[Utterance]:
    chance = np.random.default_rng(_SEED)
    folders = (ALLISON / "phonetic", ALLISON / "letters", ALLISON)
    files = sorted(
        file
        for folder in folders
        for file in folder.glob("*.wav")
        if not file.name.startswith(("silence", "beep", "ascending", "descending"))
    )
    names = (("digit",), ("digits",), ("coffee",))
    return [
        (_read(files[index]), GRAMMARS.active(names[place % 3]), None)
        for place, index in enumerate(chance.permutation(len(files))[:_ANNOUNCEMENTS])
    ]


def _foreign(utterances: list[Utterance], *names: str) -> list[Utterance]:
    return [
        (samples, GRAMMARS.active([names[place % len(names)]]), None)
        for place, (samples, _, _) in enumerate(utterances)
        if place % 3 == 0
    ]


def _read(file: Path) -> Samples:
    samples, rate = read_speech(file)
    return g711.pass_through(resample(samples, rate, g711.RATE))


def _without_silence(samples: Samples) -> Samples:
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > 300)
    return samples[loud[0] : loud[-1] + 1]


def _pause(seconds: float) -> Samples:
    return np.zeros(round(seconds * g711.RATE), np.int16)


def _measure(recognizer: MoonshineRecognizer, part: str, utterances: list[Utterance]) -> Row:
    right = accepted = 0
    times: list[float] = []
    for samples, active, meaning in utterances:
        heard = recognizer.recognize(samples, g711.RATE, active)
        times.append(heard.seconds)
        if meaning is None:
            good = not heard.match
            right, accepted = right + good, accepted + heard.match
        else:
            good = heard.best is not None and heard.best.semantics == meaning
            right, accepted = right + good, accepted + (good and heard.match)
    count = len(utterances)
    audio = sum(len(samples) for samples, _, _ in utterances) / g711.RATE
    p50, p95 = np.percentile(times, [50, 95])
    return Row(part, count, right / count, accepted / count, sum(times) / audio, p50, p95)


def _table(rows: list[Row], idle: float) -> str:
    lines = [
        f"{'part':<22}{'n':>5}{'right':>8}{'accepted':>10}{'x real time':>13}{'p50':>8}{'p95':>8}"
    ]
    lines += [
        f"{row.part:<22}{row.utterances:>5}{row.right:>8.1%}{row.accepted:>10.1%}{row.speed:>13.3f}"
        f"{row.p50:>7.3f}s{row.p95:>7.3f}s"
        for row in rows
    ]
    lines.append(f"memory: {idle:.0f} MB with the model loaded, {_peak_mb():.0f} MB at most")
    return "\n".join(lines)


def _memory_mb() -> float:
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
