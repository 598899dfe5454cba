"""What recording costs: processor time of a call, and the size of an hour, for each format.

    python -m benchmarks.recorder [--minutes 2]

Speech-like noise on both sides, in turns, is recorded as fast as it can be written; the time
counted is that of the whole process, the writing thread included.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Final, get_args

import numpy as np

from voicebot.media.recorder import Recorder
from voicebot.media.sound_writer import SoundFormat
from voicebot.types import CallId

RATE: Final = 8000
_TURN_FRAMES: Final = 150


def measure(kind: SoundFormat, minutes: float) -> tuple[float, float]:
    """Percent of a core for one call at real time, and megabytes an hour."""
    noise = np.random.default_rng(1).standard_normal(RATE) * 2000
    smooth = np.convolve(noise, np.ones(4) / 4, "same").astype(np.int16).reshape(-1, 160)
    quiet = np.zeros(160, np.int16)
    frames = round(minutes * 60 * 50)
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(Path(folder), kind, queue_blocks=1_000_000)
        recorder.start()
        began = time.process_time()
        recording = recorder.begin(CallId("bench"), RATE)
        for index in range(frames):
            voice = smooth[index % len(smooth)]
            bot_speaks = index // _TURN_FRAMES % 2
            recording.heard(quiet if bot_speaks else voice, index * 0.02)
            recording.sent(voice if bot_speaks else None, index * 0.02)
        recording.close()
        recorder.stop()
        used = time.process_time() - began
        size = (Path(folder) / recording.name).stat().st_size
    return used / (minutes * 60) * 100, size / minutes * 60 / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what recording costs.")
    parser.add_argument("--minutes", type=float, default=2)
    options = parser.parse_args()
    print(f"{'format':<10}{'% of a core':>13}{'MB an hour':>13}")
    for kind in get_args(SoundFormat):
        percent, size = measure(kind, options.minutes)
        print(f"{kind:<10}{percent:>13.2f}{size:>13.0f}")


if __name__ == "__main__":
    main()
