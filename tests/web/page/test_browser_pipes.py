"""The pipes that a browser is driven by reach it, whatever numbers they happen to have."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys

import pytest

from tests.peers.chromium import PLACE_PIPES

ECHO = "import os; os.write(4, os.read(3, 100))"


@pytest.mark.parametrize("numbers", [(60, 61), (61, 60), (51, 52), (52, 51), (4, 3)])
def test_pipes_of_any_number_become_the_two_that_a_browser_knows(numbers: tuple[int, int]) -> None:
    asked, to_browser = os.pipe()
    from_browser, into = os.pipe()
    os.write(to_browser, b"hello")
    given = {wanted: fcntl.fcntl(pipe, fcntl.F_DUPFD, 100) for wanted, pipe in zip(
        numbers, (asked, into), strict=True
    )}  # fmt: skip
    moves = "".join(f"os.dup2({pipe}, {wanted});" for wanted, pipe in given.items())
    program = [sys.executable, "-c", PLACE_PIPES, *map(str, numbers), sys.executable, "-c", ECHO]
    start = f"import os; {moves} os.execv({program[0]!r}, {program!r})"
    ran = subprocess.run([sys.executable, "-c", start], pass_fds=given.values(), timeout=60)
    for pipe in (asked, to_browser, into, *given.values()):
        os.close(pipe)
    with os.fdopen(from_browser, "rb") as answer:
        assert (ran.returncode, answer.read()) == (0, b"hello")
