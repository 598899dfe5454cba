"""Keys heard as tones: what is found, what speech and music are mistaken for one, and the cost.

Keys are rendered with the limits of ITU-T Q.24 through G.711. Talk-off is measured over recorded
prompts, music on hold, spoken orders and digits, and synthesised speech: half an hour and more.

    python -m benchmarks.dtmf [--data DIR]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from voicebot.cli.caller_voice import utter
from voicebot.media import g711
from voicebot.media.dtmf_detector import HIGH_HZ, LAYOUT, LOW_HZ, DtmfDetector
from voicebot.media.frames import FULL_SCALE, frames_of
from voicebot.media.resample import resample
from voicebot.types import Samples

RATE = 8000
GOAL_PER_HALF_HOUR = 1.0
GOAL_CORE = 0.05
SHARED = Path(__file__).parents[2] / "shared" / "data"
ASTERISK = Path("/usr/share/asterisk")
SWEEP: dict[str, dict[str, float]] = {
    "40 ms on, 40 ms off": {},
    "50 ms on, 50 ms off": {"on_ms": 50, "off_ms": 50},
    "-36 dBm0 a tone": {"low": -36, "high": -36},
    "0 dBm0 a tone (clipped)": {"low": 0, "high": 0},
    "high tone 4 dB above": {"low": -14},
    "high tone 8 dB below": {"high": -18},
    "1.5% off pitch": {"error": 0.015},
    "-36 dBm0, 1.5% off, 4 dB twist": {"low": -36, "high": -32, "error": 0.015},
    "14 dB over noise": {"noise": -27},
    "10 dB over noise": {"noise": -23},
}
TOO_SHORT = {"20 ms on (must not be found)": {"on_ms": 20.0, "off_ms": 60.0}}


def render(
    keys: str,
    chance: np.random.Generator,
    *,
    on_ms: float = 40,
    off_ms: float = 40,
    low: float = -10,
    high: float = -10,
    error: float = 0.0,
    noise: float | None = None,
) -> Samples:
    """Keys at a random place and phase; levels in dBm0, noise in dBFS."""
    clock = np.arange(round(on_ms * RATE / 1000)) / RATE
    parts = [np.zeros(chance.integers(0, 160))]
    for key in keys:
        row = next(number for number, keys_of in enumerate(LAYOUT) if key in keys_of)
        tones = ((LOW_HZ[row], low), (HIGH_HZ[LAYOUT[row].index(key)], high))
        sound = np.zeros(len(clock))
        for hertz, level in tones:
            pitch = 2 * np.pi * hertz * (1 + error * chance.choice([-1, 1]))
            amplitude = 2**0.5 * FULL_SCALE * 10 ** ((level - 6.2) / 20)
            sound += amplitude * np.sin(pitch * clock + chance.uniform(0, 6.28))
        parts += [sound, np.zeros(round(off_ms * RATE / 1000))]
    line = np.concatenate([*parts, np.zeros(RATE // 5)])
    if noise is not None:
        line += chance.standard_normal(len(line)) * FULL_SCALE * 10 ** (noise / 20)
    return g711.pass_through(np.clip(np.rint(line), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16))


def heard(samples: Samples) -> tuple[str, int]:
    """The keys found, and how many frames were silenced."""
    detector = DtmfDetector(RATE)
    keys, muted = "", 0
    for frame in frames_of(samples, RATE):
        listened = detector.feed(frame)
        keys += listened.key or ""
        muted += listened.samples is not frame
    return keys, muted


def sweep(entries: int = 50) -> None:
    chance = np.random.default_rng(7)
    print("keys found, of entries of ten")
    for name, limits in (SWEEP | TOO_SHORT).items():
        right = 0
        for _ in range(entries):
            keys = "".join(chance.choice(list("".join(LAYOUT)), 10))
            found = heard(render(keys, chance, **limits))[0]
            right += sum(a == b for a, b in zip(keys, found, strict=False))
        print(f"  {name:34} {right} of {entries * 10}")


def recordings(folder: Path) -> None:
    for file in sorted((folder / "dtmf").glob("*.wav")):
        samples, rate = soundfile.read(file, dtype="int16")
        print(f"  {file.name:34} {heard(resample(samples, rate, RATE))[0] or 'none'}")


def sounds(folder: Path) -> Iterator[tuple[str, Samples]]:
    """Everything that is no key, with its kind."""
    for kind, files in (
        ("prompts", sorted((ASTERISK / "sounds").glob("en_US_f_Allison/**/*.wav"))),
        ("music", sorted((ASTERISK / "moh").glob("*.wav"))),
        ("orders", sorted((folder / "commands").glob("*.flac"))),
        ("digits", sorted((folder / "digits").glob("*.flac"))),
    ):
        for file in files:
            samples, rate = soundfile.read(file, dtype="int16", always_2d=True)
            yield kind, g711.pass_through(resample(samples[:, 0].copy(), rate, RATE))
    for number in range(0, 10_000, 397):
        yield "synthesised", utter(f"{number:04d}").audio
    for text in SENTENCES:
        yield "synthesised", utter(text).audio


SENTENCES = (
    "two cappuccinos and a large latte with oat milk please",
    "i would like to speak to somebody about my order from last week",
    "my name is thirteen thousand four hundred and fifty six",
    "could you tell me when you are open on saturday and on sunday",
)


def talk_off(folder: Path) -> bool:
    seconds: dict[str, float] = {}
    keys: dict[str, int] = {}
    muted: dict[str, int] = {}
    spent = 0.0
    for kind, samples in sounds(folder):
        began = time.thread_time()
        found, silenced = heard(samples)
        spent += time.thread_time() - began
        seconds[kind] = seconds.get(kind, 0.0) + len(samples) / RATE
        keys[kind] = keys.get(kind, 0) + len(found)
        muted[kind] = muted.get(kind, 0) + silenced
    print("talk-off: keys found where there are none")
    for kind, length in seconds.items():
        print(
            f"  {kind:34} {keys[kind]} keys, {muted[kind]} frames silenced in {length / 60:.1f} min"
        )
    total = sum(seconds.values())
    rate = sum(keys.values()) / (total / 1800)
    core = 100 * spent / total
    print(
        f"  in all {rate:.2f} in 30 minutes of {total / 60:.0f} (goal below {GOAL_PER_HALF_HOUR})"
    )
    print(f"cost of one call: {core:.3f}% of a core (goal {GOAL_CORE}%)")
    return total >= 1800 and rate < GOAL_PER_HALF_HOUR


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=SHARED)
    options = parser.parse_args()
    sweep()
    print("recordings")
    recordings(options.data)
    if not talk_off(options.data):
        raise SystemExit("the goal was missed, or there was less than half an hour of sound")


if __name__ == "__main__":
    main()
