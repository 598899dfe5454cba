"""What it costs a call that supervisors could listen to it, and what each one who does costs.

Usage: ``python -m benchmarks.listening [--frames 50000] [--rounds 7]``

Every 20 ms a call passes a frame of the caller's and one of the bot's by `Earshot`, which gives
them to a recording and to supervisors. Timed are both frames together, with what the supervisors'
lines fetch, less the empty loop around them; each figure is the median of the rounds, which take
turns so that what else the machine does falls on all. ``of the frame`` is the share of the 20 ms.
Wanted: at most 5 µs where nobody listens, a four-thousandth of the time that there is.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from voicebot.desk.supervision import MOST_LISTENERS
from voicebot.media.frames import FRAME_S, frame_length
from voicebot.sessions.earshot import Earshot

RATE: Final = 8000
PAGE_RATE: Final = 16_000
"""A browser's line is wideband, so that each listener's sound is converted."""
WANTED_US: Final = 5.0


@dataclass
class Way:
    """One way of passing frames by; ``spent`` are µs for 20 ms of a call, one for each round."""

    name: str
    listeners: int | None
    spent: list[float] = field(default_factory=list)

    def measure(self, frames: int) -> None:
        earshot = Earshot(RATE)
        seats = [earshot.join(PAGE_RATE) for _ in range(self.listeners or 0)]
        noise = np.random.default_rng(3).integers(-9000, 9000, (2, 64, frame_length(RATE)))
        caller, bot = noise.astype(np.int16)
        passes = self.listeners is not None
        began = time.perf_counter()
        for number in range(frames):
            said, heard, at = caller[number % 64], bot[number % 64], number * FRAME_S
            if passes:
                earshot.sent(heard, at, secret=False)
                earshot.heard(said, at)
                for seat in seats:
                    seat.next_frame(at)
        self.spent.append(1e6 * (time.perf_counter() - began) / frames)

    @property
    def median(self) -> float:
        return statistics.median(self.spent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--frames", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    empty = Way("the empty loop", None)
    nobody = Way("nobody listens", 0)
    ways = [empty, nobody, Way("one listens", 1), Way(f"{MOST_LISTENERS} listen", MOST_LISTENERS)]
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for _ in range(asked.rounds):
        for way in ways:
            # A call that is listened to costs so much more that fewer frames say as much.
            way.measure(asked.frames // (10 if way.listeners else 1))
    for way in ways[1:]:
        cost = way.median - empty.median
        print(f"{way.name:<15} {cost:8.2f} µs   {100 * cost / (1e6 * FRAME_S):.4f} % of the frame")
    cost = nobody.median - empty.median
    print(f"nobody listens: {cost:.2f} µs of each 20 ms (wanted: {WANTED_US:.0f})")
    sys.exit(0 if cost <= WANTED_US else 1)


if __name__ == "__main__":
    main()
