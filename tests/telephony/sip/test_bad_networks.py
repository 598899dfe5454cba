"""Calls over a line between two network namespaces that a test spoils."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.peers import bad_line, sipp
from tests.peers.bad_line import CALLER, SERVER, BadLine, Spoiling
from voicebot.grammar.store import GrammarStore
from voicebot.media import g711
from voicebot.types import Samples

ROOT = Path(__file__).parents[3]
DIGITS = ROOT / "../shared/data/digits"
RATE = 8000
SLOT = 2 * RATE
BEFORE = round(0.7 * RATE)
ALL_AT_ONCE = Spoiling(lost=0.05, jitter_ms=60, reordered=0.05, doubled=0.02)

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(bool(bad_line.missing()), reason=bad_line.missing() or "-"),
]


@contextmanager
def running(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """``command``, which says a line when it has begun; ended with the test."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline(), "ended at once"
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=20)


def bot(line: BadLine, folder: Path, *options: str) -> list[str]:
    return line.at_server(
        sys.executable, "-m", "tests.peers.listening_bot", SERVER, str(folder), *options
    )


def callers(line: BadLine, files: list[Path], *options: str) -> list[str]:
    command = [sys.executable, "-m", "tests.peers.dictating_caller", f"sip:bot@{SERVER}", CALLER]
    return line.at_caller(*command, *map(str, files), *options)


def there(file: Path, timeout_s: float = 20.0) -> dict[str, np.ndarray]:
    """What the bot left of a call, once it is there."""
    deadline = time.monotonic() + timeout_s
    while not file.exists():
        assert time.monotonic() < deadline, f"{file.name} did not come"
        time.sleep(0.05)
    return dict(np.load(file))


def calls_over(
    spoiling: Spoiling, recordings: list[Samples], folder: Path
) -> tuple[list[Samples], BadLine]:
    files = [folder / f"caller{number}.ulaw" for number in range(len(recordings))]
    for file, recording in zip(files, recordings, strict=True):
        file.write_bytes(g711.encode(recording))
    with (
        BadLine() as line,
        running(bot(line, folder)),
        running(callers(line, files)) as calling,
    ):
        line.spoil(spoiling)
        calling.wait(timeout=120)
        return [there(file.with_suffix(".npz"))["audio"] for file in files], line


@pytest.mark.model
@pytest.mark.skipif(not DIGITS.is_dir(), reason="the digit recordings are not here")
def test_digits_are_understood_over_a_line_that_loses_delays_and_reorders(tmp_path: Path) -> None:
    from voicebot.speech.moonshine.engine import MoonshineRecognizer

    files = sorted(DIGITS.glob("*.flac"))[::8]
    shares = [files[number::5] for number in range(5)]
    recordings = []
    for share in shares:
        whole = np.zeros(SLOT * len(share), np.int16)
        for number, file in enumerate(share):
            samples, _ = soundfile.read(file, dtype="int16")
            start = number * SLOT + BEFORE
            samples = samples[: SLOT - BEFORE]
            whole[start : start + len(samples)] = samples
        recordings.append(whole)
    recognizer = MoonshineRecognizer()
    grammar = GrammarStore(ROOT / "benchmarks" / "grammars").active(["digit"])

    def wrong(calls: list[Samples]) -> int:
        count = 0
        for audio, share in zip(calls, shares, strict=True):
            for number, file in enumerate(share):
                cut = audio[number * SLOT : (number + 1) * SLOT + BEFORE // 2]
                best = recognizer.recognize(cut, RATE, grammar).best
                count += best is None or best.semantics != file.name[0]
        return count

    heard, _ = calls_over(ALL_AT_ONCE, recordings, tmp_path)
    # 30 digits: one more is within 3.4 points, and the line is another one each time.
    assert wrong(heard) <= wrong([g711.pass_through(said) for said in recordings]) + 2


def test_the_bots_speech_has_no_holes_however_bad_the_line(tmp_path: Path) -> None:
    _, line = calls_over(ALL_AT_ONCE, [np.full(4 * RATE, 4000, np.int16)] * 3, tmp_path)
    assert len(line.sent) > 3 * 150
    for port in {packet.to_port for packet in line.sent}:
        stream = [packet for packet in line.sent if packet.to_port == port]
        for one, two in pairwise(stream):
            assert (two.sequence - one.sequence) & 0xFFFF == 1
            step = (two.timestamp - one.timestamp) & 0xFFFFFFFF
            # Only a machine that is too busy leaves frames out, and then for as long as it was.
            assert step == 160 or step / RATE <= two.at - one.at + 0.06


def test_a_stall_of_300_ms_costs_time_and_no_speech(tmp_path: Path) -> None:
    chance = np.random.default_rng(9)
    said = chance.normal(0, 3000, 6 * RATE).astype(np.int16)
    [heard], _ = calls_over(Spoiling(gap_ms=300, gap_every_s=3.0), [said], tmp_path)
    # Lost in two or three gaps, and nothing beside them.
    loud = np.abs(heard.reshape(-1, 160).astype(int)).max(axis=1) > 500
    assert 6 * 50 - 3 * 15 - 10 <= np.count_nonzero(loud) <= 6 * 50 + 15


def test_a_line_that_dies_is_noticed_in_the_set_time(tmp_path: Path) -> None:
    file = tmp_path / "caller.ulaw"
    file.write_bytes(b"\x90" * RATE * 20)
    with (
        BadLine() as line,
        running(bot(line, tmp_path, "--media-timeout", "1.5")),
        running(callers(line, [file], "--stay")),
    ):
        time.sleep(1.0)
        line.spoil(Spoiling(lost=1.0))
        call = there(file.with_suffix(".npz"))
    assert bool(call["failed"])
    assert str(call["reason"]) == "no audio from the caller for 1.5 s"
    assert 1.3 <= float(call["silent_s"]) <= 2.0


@pytest.mark.skipif(sipp.PROGRAM is None, reason=sipp.MISSING)
def test_a_real_phone_talks_over_a_bad_line(tmp_path: Path) -> None:
    said = tmp_path / "said.ulaw"
    said.write_bytes(b"\x90\x10" * RATE * 3)
    scenario = tmp_path / "caller.xml"
    written = (ROOT / "tests" / "peers" / "scenarios" / "speaking_caller.xml").read_text()
    for key, value in {"caller": "sipp", "audio": str(said), "stay_ms": "4000"}.items():
        written = written.replace(f"[{key}]", value)
    scenario.write_text(written)
    assert sipp.PROGRAM is not None
    with BadLine() as line, running(bot(line, tmp_path)):
        line.spoil(ALL_AT_ONCE)
        command = [
            sipp.PROGRAM, f"{SERVER}:5060", "-sf", str(scenario), "-i", CALLER, "-mi", CALLER,
            "-m", "1", "-nostdin", "-timeout", "30s",
        ]  # fmt: skip
        done = subprocess.run(
            line.at_caller(*command), cwd=tmp_path, capture_output=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stdout[-500:]
        call = there(tmp_path / "sipp.npz")
    loud = np.abs(call["audio"].reshape(-1, 160).astype(int)).max(axis=1) > 500
    assert np.count_nonzero(loud) > 3 * 50
    assert not bool(call["failed"])
