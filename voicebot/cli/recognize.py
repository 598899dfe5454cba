"""``voicebot recognize``: hear recorded utterances along a grammar."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from voicebot.cli.audio_inputs import (
    AsJson,
    Engine,
    ListFile,
    Model,
    SoundFiles,
    Telephone,
    hear_each,
    load_recognizer,
    named_files,
)
from voicebot.config import load_settings
from voicebot.grammar.active import ActiveGrammar
from voicebot.grammar.store import GrammarStore, load_file
from voicebot.speech.recognizer import Hypothesis, Recognition
from voicebot.types import Json, Language, Samples


def recognize(
    grammar: Annotated[
        list[str],
        typer.Option(
            help="Grammar file, name in the application's grammars/, or builtin:...; "
            "may be given several times, the first to win."
        ),
    ],
    files: SoundFiles = None,
    list_file: ListFile = None,
    telephone: Telephone = False,
    engine: Engine = "",
    model: Model = "",
    nbest: Annotated[int, typer.Option(min=1, max=50, help="Readings to give of each.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Recognize the utterance in each of FILES along a grammar.

    What was heard best is printed also where it is rejected ('match' is false then).
    """
    settings = load_settings()
    named = named_files(files, list_file)
    active = _active(grammar, settings.server.application / "grammars")
    recognizer = load_recognizer(engine, model, active.language, settings)

    def hear(file: Path, samples: Samples, rate: int) -> str:
        result = recognizer.recognize(samples, rate, active, nbest=nbest)
        return json.dumps(_report(file, result)) if as_json else _line(file, result)

    hear_each(named, telephone, hear)


def _active(names: Sequence[str], folder: Path) -> ActiveGrammar:
    """Activate grammars by name, or by file where the name is one."""
    if not any(_is_file_name(name) for name in names):
        return GrammarStore(folder).active(names)
    store = GrammarStore(folder)
    parts = [
        (Path(name).stem, load_file(Path(name)))
        if _is_file_name(name)
        else (name, store.load(name))
        for name in names
    ]
    key = hashlib.sha256(repr([(name, part.key) for name, part in parts]).encode()).hexdigest()
    return ActiveGrammar(key, Language(parts[0][1].main.language), parts)


def _is_file_name(name: str) -> bool:
    return not name.startswith("builtin:") and (Path(name).suffix != "" or "/" in name)


def _report(file: Path, result: Recognition) -> dict[str, Json]:
    best = result.best
    return {
        "file": str(file),
        "match": result.match,
        "text": best.text if best else "",
        "semantics": best.semantics if best else None,
        "confidence": round(result.confidence, 4),
        "nbest": [_hypothesis(hypothesis) for hypothesis in result.nbest],
        "free_text": result.free_text,
        "seconds": round(result.seconds, 4),
        "audio_seconds": round(result.audio_seconds, 4),
    }


def _hypothesis(hypothesis: Hypothesis) -> Json:
    return {
        "text": hypothesis.text,
        "semantics": hypothesis.semantics,
        "confidence": round(hypothesis.confidence, 4),
        "grammar": hypothesis.grammar,
        "words": [
            {"text": word.text, "confidence": round(word.confidence, 4)}
            for word in hypothesis.words
        ],
        "slots": {slot: round(sure, 4) for slot, sure in hypothesis.slots.items()},
    }


def _line(file: Path, result: Recognition) -> str:
    best = result.best
    if best is None or not result.match:
        return f"{file}: no match (it sounds like: {result.free_text or 'nothing'})"
    return f"{file}: {best.text} -> {json.dumps(best.semantics)} ({result.confidence:.2f})"
