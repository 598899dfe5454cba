"""Runs utterances through a recogniser and counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from benchmarks.recognition import sounds
from benchmarks.recognition.utterances import Utterance
from voicebot.speech.recognizer import Recognition, Recognizer
from voicebot.turns.endpointing import DECODE_AFTER_S

COMPLETE_S: Final = 0.4
BINS: Final = 10


@dataclass(frozen=True, slots=True)
class Heard:
    """One utterance as it was heard. ``foreign``: it was not in the grammar at all."""

    right: bool
    match: bool
    confidence: float
    seconds: float
    audio_seconds: float
    foreign: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. Shares are 0..1, times in seconds; ``speed`` is decode time divided
    by audio time, ``left_p95`` what is left of it when the caller has been silent for
    completetimeout, since decoding begins in the pause."""

    part: str
    utterances: int
    right: float
    accepted: float
    speed: float
    p50: float
    p95: float
    left_p95: float


def hear(recognizer: Recognizer, utterances: Sequence[Utterance]) -> list[Heard]:
    """Recognise each. Right is the best reading with the meaning, or a rejection where foreign."""
    return [
        judge(recognizer.recognize(said.samples, sounds.RATE, said.grammar), said)
        for said in utterances
    ]


def judge(heard: Recognition, said: Utterance) -> Heard:
    foreign = said.meaning is None
    meant = heard.best is not None and heard.best.semantics == said.meaning
    return Heard(
        right=not heard.match if foreign else meant,
        match=heard.match,
        confidence=heard.best.confidence if heard.best else 0.0,
        seconds=heard.seconds,
        audio_seconds=heard.audio_seconds,
        foreign=foreign,
    )


def summarise(part: str, heard: Sequence[Heard]) -> Row:
    count = len(heard)
    times = [one.seconds for one in heard]
    p50, p95 = np.percentile(times, [50, 95])
    return Row(
        part,
        count,
        sum(one.right for one in heard) / count,
        sum(one.match and (one.right or one.foreign) for one in heard) / count,
        sum(times) / sum(one.audio_seconds for one in heard),
        float(p50),
        float(p95),
        max(0.0, float(p95) + DECODE_AFTER_S - COMPLETE_S),
    )


def table(rows: Sequence[Row]) -> str:
    head = (
        f"{'part':<26}{'n':>5}{'right':>8}{'accepted':>10}{'x real time':>13}"
        f"{'p50':>8}{'p95':>8}{'p95 left':>10}"
    )
    return "\n".join(
        [head]
        + [
            f"{row.part:<26}{row.utterances:>5}{row.right:>8.1%}{row.accepted:>10.1%}"
            f"{row.speed:>13.3f}{row.p50:>7.3f}s{row.p95:>7.3f}s{row.left_p95:>9.3f}s"
            for row in rows
        ]
    )


def calibration(heard: Sequence[Heard]) -> tuple[float, str]:
    """The expected calibration error (Naeini et al., 2015) and the bins as a table.

    For foreign speech no reading is right, so its confidence should be nought; it counts as if one
    caller of five said something foreign.
    """
    strangers = sum(one.foreign for one in heard)
    foreign_weight = (len(heard) - strangers) / strangers / 4 if strangers else 0.0
    weights = [foreign_weight if one.foreign else 1.0 for one in heard]
    edges = np.linspace(0, 1, BINS + 1)
    lines = [f"{'confidence':<14}{'n':>5}{'stated':>9}{'true':>8}"]
    error = 0.0
    for low, high in pairwise(edges):
        inside = [
            (one, weight)
            for one, weight in zip(heard, weights, strict=True)
            if low <= one.confidence < high or (high == 1 == one.confidence)
        ]
        total = sum(weight for _, weight in inside)
        if not total:
            continue
        stated = sum(one.confidence * weight for one, weight in inside) / total
        true = sum(weight for one, weight in inside if one.right and not one.foreign) / total
        error += total / sum(weights) * abs(stated - true)
        lines.append(f"{low:.1f} to {high:.1f}    {len(inside):>5}{stated:>9.2f}{true:>8.2f}")
    return error, "\n".join(lines)
