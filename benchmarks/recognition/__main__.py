"""Measures speech recognition and prints the tables.

    python -m benchmarks.recognition [--parts orders noise ...] [--data ../shared/data] [--json]

All audio goes through 8 kHz mu-law first. 'right' counts the best reading whether accepted or not,
'accepted' those right and accepted; for foreign speech 'right' is a rejection and 'accepted' a
false acceptance. Parts whose recordings are not on this machine are left out, and said to be.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Final

from benchmarks.recognition import parts as every
from benchmarks.recognition.parts import Bench

PARTS: Final[dict[str, Callable[[Bench], None]]] = {
    "digits": every.digits,
    "orders": every.orders,
    "noise": every.noise,
    "numbers": every.numbers,
    "long": every.long,
    "foreign": every.foreign,
    "calibration": every.calibrated,
    "transcription": every.transcription,
    "robustness": every.robustness,
    "search": every.search,
    "sphinx": every.sphinx,
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure speech recognition.")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--beam", type=int, default=8)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    bench = Bench(options.data, options.beam, quiet=options.json)
    for name in options.parts:
        try:
            PARTS[name](bench)
        except (FileNotFoundError, ImportError) as error:
            print(f"left out: {name} ({error})", file=sys.stderr)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if options.json:
        report = {"peak_mb": peak, "rows": [asdict(row) for row in bench.rows], **bench.figures}
        print(json.dumps(report))
    else:
        print(f"memory: {bench.idle_mb:.0f} MB with the model loaded, {peak:.0f} MB at most")


if __name__ == "__main__":
    main()
