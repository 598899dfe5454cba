"""How well a model does on texts it has not seen, and what a designer can do about it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from voicebot.errors import UsageError
from voicebot.nlu.embeddings import unit_length
from voicebot.nlu.intent_set import ENOUGH_EXAMPLES, OUT_OF_SCOPE, plain
from voicebot.nlu.intents import IntentModel, ScoredIntent, Understanding
from voicebot.nlu.training import Labelled

_TIMED = 300
"""Texts that are timed, each understood by itself as in a call."""


@dataclass(frozen=True, slots=True)
class Confusion:
    """Texts of ``meant`` that were taken for ``taken``: how many, and one of them."""

    meant: str
    taken: str
    count: int
    text: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Shares are 0..1, None where the test holds nothing to take them from.

    ``accuracy`` is over all texts, an out-of-scope text being right when it is refused.
    ``in_scope_accuracy`` is over the others: refused counts as wrong. ``oos_recall`` is the share
    of out-of-scope texts that were refused, ``oos_precision`` that of refused texts that were out
    of scope. ``ms_per_utterance`` is of `IntentModel.understand`, one text after the other.
    """

    texts: int
    accuracy: float
    in_scope_accuracy: float | None
    oos_recall: float | None
    oos_precision: float | None
    ms_per_utterance: float
    confusions: tuple[Confusion, ...]


def evaluate(model: IntentModel, test: Labelled) -> Evaluation:
    """Try ``model`` on labelled texts. Raises UsageError where there are none."""
    if not test:
        raise UsageError("there is no text to test on")
    found = model.classify([text for text, _ in test])
    meant = np.array([name for _, name in test])
    taken = np.array([one.name if model.accepts(one) else OUT_OF_SCOPE for one in found])
    right = meant == taken
    outside, refused = meant == OUT_OF_SCOPE, taken == OUT_OF_SCOPE
    return Evaluation(
        texts=len(test),
        accuracy=float(right.mean()),
        in_scope_accuracy=_mean(right[~outside]),
        oos_recall=_mean(refused[outside]),
        oos_precision=_mean(outside[refused]),
        ms_per_utterance=_time(model, [text for text, _ in test]),
        confusions=_confusions(test, taken.tolist()),
    )


def _mean(of: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float | None:
    return float(of.mean()) if len(of) else None


def _time(model: IntentModel, texts: Sequence[str]) -> float:
    some = texts[:: max(1, len(texts) // _TIMED)][:_TIMED]
    model.understand(some[0])
    begun = time.perf_counter()
    for text in some:
        model.understand(text)
    return (time.perf_counter() - begun) / len(some) * 1000


def _confusions(test: Labelled, taken: Sequence[str]) -> tuple[Confusion, ...]:
    counts: Counter[tuple[str, str]] = Counter()
    shown: dict[tuple[str, str], str] = {}
    for (text, meant), name in zip(test, taken, strict=True):
        if meant != name:
            counts[meant, name] += 1
            shown.setdefault((meant, name), text)
    return tuple(Confusion(*pair, count, shown[pair]) for pair, count in counts.most_common())


@dataclass(frozen=True, slots=True)
class Doubt:
    """An example that is more like another intent's example than like any of its own."""

    text: str
    intent: str
    other: str
    like: str
    likeness: float


def doubtful_examples(model: IntentModel, least: float = 0.75) -> tuple[Doubt, ...]:
    """Examples that look misplaced: the nearest other example is of another intent, at a cosine of
    ``least`` or more (from the middle of all), and none of their own is as near. Nearest first."""
    examples = model.scorer.examples
    vectors = unit_length(examples.vectors - examples.vectors.mean(axis=0))
    doubts = []
    for row, label in enumerate(examples.labels):
        if label < 0:
            continue
        likeness = vectors @ vectors[row]
        likeness[row] = -1
        nearest = int(likeness.argmax())
        other = examples.labels[nearest]
        if other in (label, -1) or likeness[nearest] < least:
            continue
        names = model.names[label], model.names[other]
        text, like = examples.texts[row], examples.texts[nearest]
        doubts.append(Doubt(text, *names, like, float(likeness[nearest])))
    return tuple(sorted(doubts, key=lambda doubt: -doubt.likeness))


def advice(labelled: Labelled, model: IntentModel, evaluation: Evaluation | None) -> list[str]:
    """What to change in the examples, one sentence each, the most useful first."""
    counts = Counter(name for _, name in labelled)
    found = _contradictions(labelled)
    for name, count in sorted(counts.items(), key=lambda item: item[1]):
        if name != OUT_OF_SCOPE and count < ENOUGH_EXAMPLES:
            plural = "example" if count == 1 else "examples"
            found.append(f"{name}: only {count} {plural}; give {ENOUGH_EXAMPLES} or more")
    for confusion in evaluation.confusions[:5] if evaluation else ():
        if confusion.count > 1 and OUT_OF_SCOPE not in (confusion.meant, confusion.taken):
            found.append(
                f"{confusion.meant} is taken for {confusion.taken} {confusion.count} times: "
                f"add examples to {confusion.meant} like '{confusion.text}'"
            )
    for doubt in doubtful_examples(model)[:5]:
        found.append(
            f"'{doubt.text}' ({doubt.intent}) is most like '{doubt.like}' ({doubt.other}): "
            "does it sit in the right intent?"
        )
    if OUT_OF_SCOPE not in counts:
        found.append("no out-of-scope examples: some make refusals surer")
    return found


def _contradictions(labelled: Labelled) -> list[str]:
    seen: dict[str, str] = {}
    found = []
    for text, name in labelled:
        other = seen.setdefault(plain(text), name)
        if other != name:
            found.append(f"'{text}' is an example of {other} and of {name}: keep it in one")
    return found


def most_like(found: ScoredIntent) -> str:
    """Why the intent was chosen, as a sentence."""
    return f'because it is like "{found.because}" ({found.likeness:.2f})'


def explained(found: Understanding) -> str:
    """What a text was understood as, and because of which examples: a line for each intent."""
    lines = [
        f"{intent.name} ({intent.confidence:.2f}) "
        f"'{found.text[intent.start : intent.end]}': matched {most_like(intent)}"
        for intent in found.intents
    ]
    if found.guess:
        guess = found.guess
        lines = [f"out of scope; nearest {guess.name} ({guess.confidence:.2f}) {most_like(guess)}"]
    return "\n".join(lines) or "out of scope: there are no words in it"
