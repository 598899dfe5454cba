"""A process that writes records without end, killed in the middle of it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def kill_after(lines: int, writer: Path, *arguments: str) -> int:
    """Run the program ``writer``, which prints the number of each thing that it has written; kill
    it with -9 after so many lines. Gives the last number that it printed."""
    with subprocess.Popen(
        [sys.executable, str(writer), *arguments], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        for _ in range(lines):
            line = process.stdout.readline()
            assert line, "the writer ended before it was killed"
        process.kill()
        # What it printed between our last line and the kill counts too.
        said = process.stdout.read().splitlines(keepends=True)
    assert process.returncode == -signal.SIGKILL
    whole = [each for each in said if each.endswith("\n")]
    return int(whole[-1] if whole else line)
