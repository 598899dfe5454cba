"""``voicebot transcribe``: write down recorded speech, without a grammar."""

from __future__ import annotations

import json
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
from voicebot.types import Language, Samples


def transcribe(
    files: SoundFiles = None,
    list_file: ListFile = None,
    telephone: Telephone = False,
    engine: Engine = "",
    model: Model = "",
    language: Annotated[
        str, typer.Option(help="BCP 47 tag, such as ko-KR; empty: as configured.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Write down what is said in each of FILES, of any length."""
    settings = load_settings()
    named = named_files(files, list_file)
    recognizer = load_recognizer(engine, model, Language(language) if language else None, settings)

    def hear(file: Path, samples: Samples, rate: int) -> str:
        transcript = recognizer.transcribe(samples, rate)
        if not as_json:
            return f"{file}: {transcript.text}"
        report = {
            "file": str(file),
            "text": transcript.text,
            "words": list(transcript.words),
            "seconds": round(transcript.seconds, 4),
            "audio_seconds": round(transcript.audio_seconds, 4),
        }
        return json.dumps(report)

    hear_each(named, telephone, hear)
