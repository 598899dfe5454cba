"""Fits the weights of `confidence`: ``python -m benchmarks.recognition.fit [--data ...]``.

Each recording is decoded along its own grammar or a foreign one; a logistic function of the
figures, times the share of the best meaning, is fitted to whether the best meaning is right.
Foreign speech counts so that four of five callers say something in the grammar. Every fifth
recording is left out in turn: the calibration error printed is that of recordings the weights have
not seen. Single words other than digits have no recordings: flite and espeak-ng say them.
"""

from __future__ import annotations

import argparse
import math
from functools import reduce
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.recognition import sounds, utterances
from benchmarks.recognition.utterances import DEMO, GRAMMARS, Utterance
from voicebot.speech.moonshine.conditioning import prepare
from voicebot.speech.moonshine.confidence import figures
from voicebot.speech.moonshine.engine import MoonshineRecognizer
from voicebot.speech.moonshine.readings import add_logs, by_meaning

Array: TypeAlias = NDArray[np.float64]

_FOLDS: Final = 5
_STEPS: Final = 4000
_FOREIGN_SHARE: Final = 0.2
_RIDGE: Final = 2e-4


def main() -> None:
    parser = argparse.ArgumentParser(description="Fit the weights of the confidence.")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    data = parser.parse_args().data
    recognizer = MoonshineRecognizer()
    found = [row for said in _material(data) if (row := _observe(recognizer, said)) is not None]
    rows = np.array(found)
    x, share, right, foreign = rows[:, :5], rows[:, 5], rows[:, 6], rows[:, 7] > 0
    weight = np.ones(len(rows))
    inside = 1 - _FOREIGN_SHARE
    weight[foreign] = (~foreign).sum() / foreign.sum() * _FOREIGN_SHARE / inside
    fold = np.arange(len(rows)) % _FOLDS
    unseen = np.zeros(len(rows))
    for k in range(_FOLDS):
        weights = _fit(x[fold != k], share[fold != k], right[fold != k], weight[fold != k])
        unseen[fold == k] = _predict(weights, x[fold == k], share[fold == k])
    print(f"{len(rows)} recordings, {int(foreign.sum())} of them foreign")
    print(f"calibration error, cross-validated: {_calibration_error(unseen, right, weight):.1%}")
    for threshold in (0.3, 0.4, 0.5, 0.6, 0.7):
        taken = float((unseen[foreign] >= threshold).mean())
        lost = float((unseen[right > 0] < threshold).mean())
        print(f"threshold {threshold}: foreign accepted {taken:.1%}, right lost {lost:.1%}")
    names = ("bias", "quality", "shortfall", "ending", "rivalry")
    for name, value in zip(names, _fit(x, share, right, weight), strict=True):
        print(f"{name:<10}{value:>8.2f}")


def _material(data: Path) -> list[Utterance]:
    digits, orders = utterances.digits(data / "digits"), utterances.orders(data / "commands")
    numbers = utterances.numbers()
    boolean = GRAMMARS.active(["builtin:boolean"])
    four = GRAMMARS.active(["builtin:digits?length=4"])
    longer = [said for said in numbers if len(str(said.meaning)) != 4]
    noisy = [said for db in (6, 12) for said in utterances.noisy_orders(data / "commands", db)]
    prompts = [
        said
        for store, name in (
            *((GRAMMARS, name) for name in ("digit", "digits", "coffee", "builtin:boolean")),
            (DEMO, "order_number"),
        )
        for said in utterances.announcements(store, name)
    ]
    demo = DEMO.active(["request", "commands"])
    answers = utterances.spoken(utterances.ANSWERS, boolean)
    commands = utterances.spoken(utterances.COMMANDS, demo)
    others = utterances.spoken(utterances.OTHER_WORDS, boolean)
    return [
        *(*digits, *orders, *numbers, *noisy, *prompts, *answers, *commands, *others),
        *utterances.foreign(commands, boolean),
        *utterances.foreign([*answers, *commands, *others], GRAMMARS.active(["digit"])),
        *utterances.foreign(digits, demo, 2),
        *utterances.foreign(digits, boolean),
        *utterances.foreign(longer, four),
        *utterances.foreign(orders, GRAMMARS.active(["digits"]), 2),
        *utterances.foreign(digits, GRAMMARS.active(["coffee"]), 4),
    ]


def _observe(recognizer: MoonshineRecognizer, said: Utterance) -> list[float] | None:
    """A row: one, the figures, the share of the best meaning, whether it is right, foreign."""
    pieces = prepare(said.samples, sounds.RATE)
    if not pieces:
        return None
    readings, _ = recognizer.read(said.samples, sounds.RATE, pieces, said.grammar)
    meanings = by_meaning(readings, said.grammar)
    if not meanings or readings.evidence.overrun:
        return None
    best = meanings[0]
    total = reduce(add_logs, (meaning.rank for meaning in meanings), -math.inf)
    reading = best.reading
    found = figures(reading.score, reading.spoken, reading.tokens, readings.evidence)
    foreign = said.meaning is None
    right = not foreign and best.match.semantics == said.meaning
    return [1.0, *found, math.exp(best.rank - total), float(right), float(foreign)]


def _predict(weights: Array, x: Array, share: Array) -> Array:
    found: Array = share / (1 + np.exp(-(x @ weights)))
    return found


def _fit(x: Array, share: Array, right: Array, weight: Array) -> Array:
    """Maximum likelihood by Adam (Kingma and Ba, 2015); only the bias may be negative."""
    weights, first, second = (np.zeros(x.shape[1]) for _ in range(3))
    for step in range(1, _STEPS + 1):
        sure = 1 / (1 + np.exp(-(x @ weights)))
        p = np.clip(sure * share, 1e-6, 1 - 1e-6)
        slope = (p - right) / (p * (1 - p)) * share * sure * (1 - sure)
        gradient = x.T @ (slope * weight) / len(x)
        gradient[1:] += _RIDGE * weights[1:]
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        move = first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
        weights = weights - 0.05 * move
        weights[1:] = np.maximum(weights[1:], 0)
    return weights


def _calibration_error(stated: Array, right: Array, weight: Array) -> float:
    bins = np.minimum((stated * 10).astype(int), 9)
    error = sum(abs(float(((stated - right) * weight)[bins == place].sum())) for place in range(10))
    return error / float(weight.sum())


if __name__ == "__main__":
    main()
