"""A process that writes records without end, killed in the middle of it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def kill_after(writer: Path, url: str, lines: int, *what: str) -> int:
    """Run the program ``writer``, which prints the number of each thing that it has written to the
    database ``url``; kill it with -9 after so many. Gives the last number that it printed. ``what``
    are arguments of the program."""
    with subprocess.Popen(
        [sys.executable, str(writer), url, *what], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        for _ in range(lines):
            line = process.stdout.readline()
            assert line, "the writer ended before it was killed"
        process.kill()
        # What it printed between our last line and the kill counts too.
        said = process.stdout.read().splitlines(keepends=True)
    assert process.returncode == -signal.SIGKILL
    whole = [line for line in said if line.endswith("\n")]
    return int(whole[-1] if whole else line)
