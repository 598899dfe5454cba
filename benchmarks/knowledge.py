"""Knowledge: the demo's articles, asked in other words, and asked what they do not know.

    python -m benchmarks.knowledge [--data DIR] [--calibrate]

The questions in ``knowledge_questions/`` were written without looking at the wordings of the
articles or at any score, and nothing was tuned on them. Foreign questions are CLINC150's
validation texts. Printed are how often the best article is the right one, how often it is also
sure enough to be said, how often a wrong one is, and what part of foreign questions is refused.

``--calibrate`` fits the weights of `nlu.knowledge` anew, on other texts: each wording of each
article asked with that wording left out, the intents files of the demo (those that an article
answers, those that none does, and those out of scope) and CLINC150's training texts. It prints the
weights, and what five-fold cross-validation makes of several thresholds.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from voicebot.nlu.article_reader import load_articles
from voicebot.nlu.articles import Article
from voicebot.nlu.embeddings import SENTENCE, Encoder, Vectors
from voicebot.nlu.encoders import encoder_for
from voicebot.nlu.intent_reader import load_intents
from voicebot.nlu.knowledge import THRESHOLD, KnowledgeBase, rank, texts_of
from voicebot.types import Language

PROJECT = Path(__file__).parents[1]
SHARED = PROJECT.parent / "shared" / "data"
QUESTIONS = Path(__file__).with_name("knowledge_questions")
ENGLISH, CHINESE = Language("en-US"), Language("zh-CN")

ANSWERED = ("location", "delivery_time", "invoice")
"""Intents of the demo that have the name of the article that answers them."""
UNANSWERED = (
    "order_status",
    "cancel_order",
    "wrong_item",
    "stock",
    "agent",
    "damaged_parcel",
    "change_address",
)
_FOREIGN = 400
_FOLDS = 5
_THRESHOLDS = (0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
_SEED = 2026


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument("--calibrate", action="store_true")
    options = parser.parse_args()
    clinc = options.data / "clinc150"
    if not clinc.is_dir():
        print(f"without {clinc}: foreign questions of CLINC150 are left out")
    for language in (ENGLISH, CHINESE):
        articles = [each for each in load_articles(PROJECT, ENGLISH) if each.language == language]
        if options.calibrate:
            _calibrate(language, articles, clinc)
        else:
            _measure(language, articles, clinc)


def _measure(language: Language, articles: Sequence[Article], clinc: Path) -> None:
    encoder = encoder_for(language)
    begun = time.perf_counter()
    base = KnowledgeBase(articles, encoder)
    made = time.perf_counter() - begun
    held_out = json.loads((QUESTIONS / f"{language}.json").read_text(encoding="utf-8"))
    known = [(text, name) for name, texts in held_out["known"].items() for text in texts]
    begun = time.perf_counter()
    best = [(base.best(text, 1)[0], name) for text, name in known]
    each_ms = (time.perf_counter() - begun) / len(known) * 1000
    right = [found for found, name in best if found.article.name == name]
    wrong = [found for found, name in best if found.article.name != name]
    print(f"{language}: {len(articles)} articles, {len(known)} questions, threshold {THRESHOLD}")
    print(f"  best article is the right one      {len(right) / len(known):6.1%}")
    print(f"  ... and is said                    {_share(right) * len(right) / len(known):6.1%}")
    print(f"  a wrong one is said                {_share(wrong) * len(wrong) / len(known):6.1%}")
    _refused("shop's questions without an article", base, held_out["unknown"])
    if language == ENGLISH and clinc.is_dir():
        _refused("CLINC150 val", base, _texts(clinc / "val.json"))
        _refused("CLINC150 out-of-scope val", base, _texts(clinc / "oos_val.json"))
    print(f"  ms a question {each_ms:.1f}; all articles encoded in {made:.2f} s")


def _share(found: Sequence[object]) -> float:
    answers = [getattr(each, "answers", False) for each in found]
    return sum(answers) / len(answers) if answers else 0.0


def _refused(what: str, base: KnowledgeBase, texts: Sequence[str]) -> None:
    refused = sum(base.answer(text) is None for text in texts)
    print(f"  refused of {len(texts):5} {what:36} {refused / len(texts):6.1%}")


def _texts(path: Path) -> list[str]:
    return [text for text, _ in json.loads(path.read_text(encoding="utf-8"))]


# Calibration


@dataclass(frozen=True, slots=True)
class _Asked:
    """Signs of the best article [4], whether it is the right one, and how much that counts;
    ``known`` is whether any article is."""

    signs: Vectors
    right: bool
    known: bool
    weight: float


def _calibrate(language: Language, articles: Sequence[Article], clinc: Path) -> None:
    encoder = encoder_for(language)
    asked = [*_left_out(articles, encoder), *_others(language, articles, encoder, clinc)]
    signs = np.array([each.signs for each in asked], np.float64)
    right = np.array([each.right for each in asked], np.float64)
    weight = np.array([each.weight for each in asked])
    weights, bias = _fit(signs, right, weight)
    print(f"{language}: weights {np.round(weights, 2).tolist()}, bias {bias:.2f}")
    fold = np.random.default_rng(_SEED).permutation(len(asked)) % _FOLDS
    sure = np.zeros(len(asked))
    for number in range(_FOLDS):
        own, others = fold == number, fold != number
        weights, bias = _fit(signs[others], right[others], weight[others])
        sure[own] = 1 / (1 + np.exp(-(signs[own] @ weights + bias)))
    known = np.array([each.known for each in asked])
    print("  threshold  right of known  wrong of known  refused of unknown")
    for threshold in _THRESHOLDS:
        said = sure >= threshold
        answered = (said & (right > 0))[known].mean()
        mistaken = (said & (right == 0))[known].mean()
        print(f"  {threshold:9} {answered:15.1%} {mistaken:15.1%} {1 - said[~known].mean():19.1%}")


def _left_out(articles: Sequence[Article], encoder: Encoder) -> Iterator[_Asked]:
    """Each wording asked of the articles without it."""
    texts = texts_of(articles)
    vectors = encoder.encode(texts)
    row = 0
    for number, article in enumerate(articles):
        for wording in article.questions:
            rest = tuple(each for each in article.questions if each is not wording)
            without = [*articles]
            without[number] = replace(article, questions=rest)
            base = KnowledgeBase(without, encoder, np.delete(vectors, row, axis=0))
            yield _ask(base, wording.text, vectors[row], number, 1.0)
            row += 1


def _others(
    language: Language, articles: Sequence[Article], encoder: Encoder, clinc: Path
) -> Iterator[_Asked]:
    base = KnowledgeBase(articles, encoder)
    names = [article.name for article in articles]
    intents = load_intents(PROJECT / "intents" / f"{language}.yaml")
    wanted = [(each.text, -1, 1.0) for each in intents.out_of_scope]
    for name in ANSWERED:
        wanted += [(each.text, names.index(name), 0.5) for each in intents[name].examples]
    for name in UNANSWERED:
        wanted += [(each.text, -1, 0.5) for each in intents[name].examples]
    if language == ENGLISH and clinc.is_dir():
        foreign = _texts(clinc / "train.json") + _texts(clinc / "oos_train.json") * 20
        wanted += [(text, -1, 0.5) for text in random.Random(_SEED).sample(foreign, _FOREIGN)]
    vectors = encoder.encode([text for text, _, _ in wanted])
    for (text, right, weight), vector in zip(wanted, vectors, strict=True):
        yield _ask(base, text, vector, right, weight)


def _ask(base: KnowledgeBase, text: str, vector: Vectors, right: int, weight: float) -> _Asked:
    signs = base.signs(text, vector[:SENTENCE])
    best = int(rank(signs).argmax())
    return _Asked(signs[best], best == right, right >= 0, weight)


def _fit(
    signs: NDArray[np.float64], right: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Logistic regression with a little ridge, by Newton's method."""
    mean, spread = signs.mean(axis=0), signs.std(axis=0) + 1e-9
    inputs = np.hstack([(signs - mean) / spread, np.ones((len(signs), 1))])
    ridge = np.array([len(signs) * 1e-3] * signs.shape[1] + [1e-6])
    found = np.zeros(inputs.shape[1])
    for _ in range(50):
        sure = 1 / (1 + np.exp(-inputs @ found))
        slope = inputs.T @ (weight * (sure - right)) + ridge * found
        bend = (inputs * (weight * sure * (1 - sure))[:, None]).T @ inputs + np.diag(ridge)
        found -= np.linalg.solve(bend, slope)
    weights = found[:-1] / spread
    return weights, float(found[-1] - weights @ mean)


if __name__ == "__main__":
    main()
