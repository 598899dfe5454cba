"""How fast conversation tests run: 200 typed ones, and the demo's own, typed and spoken.

Whole processes are timed, as a designer runs them: start, reading, grammars, tests, report.

    python -m benchmarks.conversations [--tests 200] [--spoken]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.peers.server import ROOT

GOAL_S = 5.0
TEST = """\
  order {number}:
    talk:
      - says: where is my order
        heard: {{intent: order_status}}
        step: ask_number
      - says: four two seven one
        acts: {{find_order: {{number: "4271"}}}}
        passes: shipped
        bot: is on its way
      - silence: true
        result: noinput
      - says: no thanks
        outcome: self_served
"""


def run(path: Path, data: Path, *options: str) -> tuple[float, dict[str, Any]]:
    """Play the tests in ``path``; give the seconds it took and the report."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "voicebot.cli.main", "test", str(path), "--json", *options],
        cwd=ROOT,
        env={"VOICEBOT_SERVER__DATA": str(data), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - began
    if not done.stdout:
        sys.exit(done.stderr)
    report: dict[str, Any] = json.loads(done.stdout)
    return seconds, report


def typed(count: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("flows", "grammars", "actions"):
            (folder / part).symlink_to(ROOT / part)
        (folder / "conversations").mkdir()
        text = "tests:\n" + "".join(TEST.format(number=number) for number in range(count))
        (folder / "conversations" / "many.yaml").write_text(text)
        times = []
        for _ in range(3):
            seconds, report = run(folder, folder / "data")
            times.append(seconds)
    counts = report["counts"]
    print(f"{counts['passed']} of {counts['tests']} typed tests passed, 5 turns each")
    print(f"  whole run   {min(times):5.1f} s, best of 3 (goal {GOAL_S:g} s for 200)")
    print(f"  of it tests {report['seconds']:5.1f} s, {len(text.splitlines())} lines of YAML")


def demo() -> None:
    """The demo's own tests: in words that grammars and intents understand, in two languages."""
    with tempfile.TemporaryDirectory() as name:
        first, report = run(ROOT, Path(name))
        later = min(run(ROOT, Path(name))[0] for _ in range(3))
    counts = report["counts"]
    print(f"{counts['passed']} of {counts['tests']} typed tests of the demo passed")
    print(f"  first run   {first:5.1f} s, with training of its intents and all to be encoded")
    print(f"  a later one {later:5.1f} s, best of 3: {200 * later / counts['tests']:.1f} s for 200")


def spoken() -> None:
    with tempfile.TemporaryDirectory() as name:
        for options in (("--audio",), ("--audio", "--noise", "15", "--loss", "2")):
            seconds, report = run(ROOT, Path(name), *options)
            counts = report["counts"]
            calls_s = report["call_seconds"]
            print(f"{counts['passed']} of {counts['tests']} passed: {' '.join(options)}")
            print(f"  {calls_s:.0f} s of calls in {seconds:.0f} s")
            for test in report["tests"]:
                if not test["passed"]:
                    print(f"    {test['name']}: {test['failures'][0]['problem']}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", type=int, default=200)
    parser.add_argument("--spoken", action="store_true", help="the demo's tests by voice, too")
    options = parser.parse_args()
    typed(options.tests)
    demo()
    if options.spoken:
        spoken()


if __name__ == "__main__":
    main()
