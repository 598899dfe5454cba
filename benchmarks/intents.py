"""Intents: CLINC150's validation texts, from all examples, from ten an intent, and as heard.

    python -m benchmarks.intents [--data DIR] [--few 10] [--spoken N]

Trains from nothing (no cache) on CLINC150's train and out-of-scope train texts and tests on the
validation ones: 150 intents, 15,000 examples. ``few`` trains on so many examples of each intent,
drawn with a fixed seed. ``--spoken N`` has N validation texts said by voices that are not ours,
passes them through 8 kHz mu-law and writes them down with our recogniser. The table then shows the
same texts as written and as heard, with the share of words that were heard wrong, and each once
more with nothing refused: what a question that asks back would offer.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from voicebot.cli.caller_voice import RATE, synthetic
from voicebot.grammar.near import distance
from voicebot.grammar.words import normalise_words
from voicebot.media import g711
from voicebot.nlu.embeddings import Encoder
from voicebot.nlu.encoders import encoder_for
from voicebot.nlu.evaluation import evaluate
from voicebot.nlu.intents import IntentModel
from voicebot.nlu.training import Labelled, train_model
from voicebot.speech.moonshine.engine import MoonshineRecognizer
from voicebot.types import Language

SHARED = Path(__file__).parents[2] / "shared" / "data"
ENGLISH = Language("en-US")
VOICES = (("flite", "slt"), ("flite", "rms"), ("espeak-ng", "en-gb"))
_SEED = 2026
_LINE = "{:28} {:>7} {:>9} {:>11} {:>14} {:>9} {:>8}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument("--few", type=int, default=10)
    parser.add_argument("--spoken", type=int, default=0, metavar="N")
    options = parser.parse_args()
    folder = options.data / "clinc150"
    if not folder.is_dir():
        sys.exit(f"needs {folder}")
    outside = _read(folder / "oos_train.json")
    everything = _read(folder / "train.json")
    test = [*_read(folder / "val.json"), *_read(folder / "oos_val.json")]
    encoder = encoder_for(ENGLISH)
    print(
        _LINE.format("", "texts", "in scope", "oos recall", "oos precision", "ms/text", "train s")
    )
    model = _train("all examples", [*everything, *outside], test, encoder)
    if options.spoken:
        _spoken(model, random.Random(_SEED).sample(test, min(options.spoken, len(test))))
        return
    _train("... without out-of-scope", everything, test, encoder)
    few = _few(everything, options.few)
    _train(f"{options.few} examples an intent", [*few, *outside], test, encoder)


def _read(path: Path) -> list[tuple[str, str]]:
    return [(text, intent) for text, intent in json.loads(path.read_text(encoding="utf-8"))]


def _few(labelled: Labelled, each: int) -> list[tuple[str, str]]:
    by_intent: dict[str, list[str]] = defaultdict(list)
    for text, intent in labelled:
        by_intent[intent].append(text)
    chance = random.Random(_SEED)
    return [(text, name) for name in by_intent for text in chance.sample(by_intent[name], each)]


def _train(name: str, labelled: Labelled, test: Labelled, encoder: Encoder) -> IntentModel:
    begun = time.perf_counter()
    model = train_model(labelled, ENGLISH, encoder)
    _print(name, model, test, time.perf_counter() - begun)
    return model


def _print(name: str, model: IntentModel, test: Labelled, seconds: float | None = None) -> None:
    found = evaluate(model, test)
    shares = (found.in_scope_accuracy, found.oos_recall, found.oos_precision)
    figures = ["-" if share is None else f"{share:.1%}" for share in shares]
    took = "" if seconds is None else f"{seconds:.0f}"
    print(_LINE.format(name, found.texts, *figures, f"{found.ms_per_utterance:.1f}", took))


def _spoken(model: IntentModel, texts: Labelled) -> None:
    recognizer = MoonshineRecognizer()
    unrefused = replace(model, gate=replace(model.gate, threshold=0.0))
    _print("as written", model, texts)
    for program, voice in VOICES:
        if shutil.which(program) is None:
            print(f"{program} is not installed")
            continue
        heard = []
        for text, intent in texts:
            line = g711.decode(g711.encode(synthetic(text, program, voice)))
            heard.append((recognizer.transcribe(line, RATE).text, intent))
        wrong = _wrong_words([text for text, _ in texts], [text for text, _ in heard])
        _print(f"{voice} ({wrong:.0%} of words wrong)", model, heard)
        _print("... nothing refused", unrefused, heard)


def _wrong_words(said: Sequence[str], heard: Sequence[str]) -> float:
    """The word error rate, 0 to 1 and more."""
    pairs = [(normalise_words(a), normalise_words(b)) for a, b in zip(said, heard, strict=True)]
    return sum(distance(a, b) for a, b in pairs) / sum(len(a) for a, _ in pairs)


if __name__ == "__main__":
    main()
