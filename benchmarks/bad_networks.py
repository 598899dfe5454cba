"""Recognition over bad lines, against the same calls over a clean one.

Callers in one network namespace say digits to our SIP door in another; between them a line loses,
delays, doubles and reorders packets (`tests.peers.bad_line`; needs root). What the door gives to
the recogniser is cut where each digit was said, and recognised with the grammar of ten digits. The
bot's own speech is looked at as it leaves: holes in it, and how evenly it is paced. A line that
dies is timed. And ways to conceal losses are compared, without a network, on digits and orders.

    python -m benchmarks.bad_networks [--digits 120] [--lines NAME ...] [--concealment]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.recognition import utterances
from benchmarks.recognition.utterances import Utterance
from tests.peers import bad_line
from tests.peers.bad_line import CALLER, SERVER, BadLine, Sent, Spoiling
from voicebot.media import g711
from voicebot.media.concealment import Concealer
from voicebot.media.frames import frames_of
from voicebot.speech.moonshine.engine import MoonshineRecognizer
from voicebot.types import Samples

DATA = Path(__file__).parents[2] / "shared" / "data"
RATE = 8000
SLOT = 2 * RATE
BEFORE = round(0.7 * RATE)
CALLS = 6
GOAL_POINTS = 3.0
LINES = {
    "clean": Spoiling(),
    "5% lost": Spoiling(lost=0.05),
    "60 ms jitter": Spoiling(jitter_ms=60),
    "5% reordered, 2% doubled": Spoiling(reordered=0.05, doubled=0.02),
    "gaps of 300 ms": Spoiling(gap_ms=300, gap_every_s=8.0),
    "all but gaps": Spoiling(lost=0.05, jitter_ms=60, reordered=0.05, doubled=0.02),
}


@dataclass(frozen=True, slots=True)
class Called:
    """What came of the calls over one line: the audio of each, as the recogniser gets it, the RTP
    of the bot as it left, and what the door counted."""

    audio: list[Samples]
    sent: list[Sent]
    counts: str


def call(spoiling: Spoiling, recordings: Sequence[Samples]) -> Called:
    """Say the recordings, one to a call, all at once."""
    with tempfile.TemporaryDirectory() as name, BadLine() as line:
        folder = Path(name)
        files = []
        for number, recording in enumerate(recordings):
            files.append(folder / f"caller{number}.ulaw")
            files[-1].write_bytes(g711.encode(recording))
        bot = _start(
            line.at_server(sys.executable, "-m", "tests.peers.listening_bot", SERVER, name)
        )
        callers = _start(
            line.at_caller(
                sys.executable, "-m", "tests.peers.dictating_caller", f"sip:bot@{SERVER}", CALLER,
                *map(str, files),
            )
        )  # fmt: skip
        line.spoil(spoiling)
        callers.wait(timeout=600)
        audio = [np.load(_there(file.with_suffix(".npz")))["audio"] for file in files]
        bot.terminate()
        counts, _ = bot.communicate(timeout=30)
        return Called(audio, line.sent, counts.splitlines()[-1])


def _start(command: list[str]) -> subprocess.Popen[str]:
    """Run ``command`` until it says its first line."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    if not process.stdout.readline():
        raise SystemExit(f"{command[-1]}: ended at once")
    return process


def _there(file: Path, timeout_s: float = 20.0) -> Path:
    deadline = time.monotonic() + timeout_s
    while not file.exists():
        if time.monotonic() > deadline:
            raise SystemExit(f"{file.name} did not come")
        time.sleep(0.1)
    return file


def dictated(said: Sequence[Utterance]) -> Samples:
    """The utterances, each in a slot of its own."""
    whole = np.zeros(SLOT * len(said), np.int16)
    for number, utterance in enumerate(said):
        start = number * SLOT + BEFORE
        samples = utterance.samples[: SLOT - BEFORE]
        whole[start : start + len(samples)] = samples
    return whole


def right(recognizer: MoonshineRecognizer, audio: Samples, said: Sequence[Utterance]) -> int:
    """How many of ``said`` are heard in ``audio``, a slot for each."""
    found = 0
    for number, utterance in enumerate(said):
        cut = audio[number * SLOT : (number + 1) * SLOT + BEFORE // 2]
        best = recognizer.recognize(cut, RATE, utterance.grammar).best if len(cut) else None
        found += best is not None and best.semantics == utterance.meaning
    return found


def speech_of_the_bot(sent: Sequence[Sent]) -> str:
    """Holes in numbers and timestamps, and the spacing of packets."""
    holes, gaps = 0, []
    for port in {packet.to_port for packet in sent}:
        stream = [packet for packet in sent if packet.to_port == port]
        for one, two in pairwise(stream):
            step = (
                (two.sequence - one.sequence) & 0xFFFF,
                (two.timestamp - one.timestamp) & 2**32 - 1,
            )
            holes += step != (1, 160)
            gaps.append((two.at - one.at) * 1000)
    p99 = float(np.percentile(gaps, 99))
    return f"{len(sent)} packets, {holes} holes, spacing p99 {p99:.1f} ms, max {max(gaps):.1f} ms"


def lines(names: Sequence[str], digits: int, data: Path) -> None:
    everything = utterances.digits(data / "digits")
    chosen = everything[:: max(1, len(everything) // digits)][:digits]
    shares = [chosen[number::CALLS] for number in range(CALLS)]
    recordings = [dictated(share) for share in shares]
    recognizer = MoonshineRecognizer()
    clean: float | None = None
    for name in names:
        called = call(LINES[name], recordings)
        found = sum(
            right(recognizer, audio, share)
            for audio, share in zip(called.audio, shares, strict=True)
        )
        percent = 100 * found / len(chosen)
        clean = percent if clean is None else clean
        against = f"{percent - clean:+.1f} points, goal -{GOAL_POINTS:g}"
        print(f"{name:26} {percent:5.1f}% of {len(chosen)} digits ({against}), {called.counts}")
        print(f"{'':26} the bot: {speech_of_the_bot(called.sent)}", flush=True)


def dead_line(timeout_s: float = 3.0) -> None:
    with tempfile.TemporaryDirectory() as name, BadLine() as line:
        file = Path(name) / "caller.ulaw"
        file.write_bytes(b"\x90" * RATE * 2)
        bot = _start(
            line.at_server(
                sys.executable, "-m", "tests.peers.listening_bot", SERVER, name,
                "--media-timeout", str(timeout_s),
            )
        )  # fmt: skip
        caller = _start(
            line.at_caller(
                sys.executable, "-m", "tests.peers.dictating_caller", f"sip:bot@{SERVER}", CALLER,
                str(file), "--stay",
            )
        )  # fmt: skip
        time.sleep(2.0)
        line.spoil(Spoiling(lost=1.0))
        ended = np.load(_there(file.with_suffix(".npz")))
        print(f"dead line: '{ended['reason']}', {ended['silent_s']:.2f} s (set {timeout_s:g} s)")
        caller.terminate()
        bot.terminate()
        caller.wait()
        bot.wait()


# Ways to conceal


def silent(frames: Sequence[Samples], lost: Sequence[bool]) -> list[Samples]:
    return [np.zeros_like(f) if gone else f for f, gone in zip(frames, lost, strict=True)]


def repeated(frames: Sequence[Samples], lost: Sequence[bool]) -> list[Samples]:
    """The last frame again, fading over 60 ms."""
    out, last, run = [], np.zeros_like(frames[0]), 0
    for frame, gone in zip(frames, lost, strict=True):
        run = run + 1 if gone else 0
        last = last if gone else frame
        out.append((last * max(0.0, 1 - run / 3)).astype(np.int16) if gone else frame)
    return out


def by_pitch(frames: Sequence[Samples], lost: Sequence[bool]) -> list[Samples]:
    concealer = Concealer(RATE)
    return [
        concealer.conceal(len(frame)) if gone else concealer.heard(frame)
        for frame, gone in zip(frames, lost, strict=True)
    ]


WAYS: dict[str, Callable[[Sequence[Samples], Sequence[bool]], list[Samples]]] = {
    "silence": silent,
    "last frame, fading": repeated,
    "pitch (ours)": by_pitch,
}


def concealment(data: Path) -> None:
    recognizer = MoonshineRecognizer()
    for part, said in (
        ("digits", utterances.digits(data / "digits")),
        ("orders", utterances.orders(data / "commands")),
    ):
        for share in (0.0, 0.05, 0.1, 0.2):
            for name, way in WAYS.items() if share else [("nothing lost", silent)]:
                chance = np.random.default_rng(11)
                found = 0
                for utterance in said:
                    frames = frames_of(utterance.samples, RATE)
                    lost = (chance.random(len(frames)) < share).tolist()
                    audio = np.concatenate(way(frames, lost))
                    best = recognizer.recognize(audio, RATE, utterance.grammar).best
                    found += best is not None and best.semantics == utterance.meaning
                print(
                    f"{part}, {share:4.0%} lost, {name:20} {100 * found / len(said):5.1f}% right",
                    flush=True,
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--digits", type=int, default=120)
    parser.add_argument("--lines", nargs="*", choices=LINES, default=list(LINES))
    parser.add_argument("--concealment", action="store_true", help="compare ways to conceal, only")
    parser.add_argument("--data", type=Path, default=DATA)
    options = parser.parse_args()
    if options.concealment:
        concealment(options.data)
        return
    if why := bad_line.missing():
        print(f"skipped: {why}")
        return
    lines(options.lines, options.digits, options.data)
    dead_line()


if __name__ == "__main__":
    main()
