"""``voicebot transcribe``: write down recorded speech, without a grammar."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from voicebot.cli.audio_inputs import hear_each, load_recognizer, named_files
from voicebot.config import load_settings
from voicebot.types import Language, Samples


def transcribe(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Sound files, 8 or 16 kHz.", show_default=False)
    ] = None,
    list_file: Annotated[
        Path | None, typer.Option("--list", help="File that names sound files, one a line.")
    ] = None,
    telephone: Annotated[
        bool, typer.Option("--telephone", help="Pass the audio through 8 kHz G.711 first.")
    ] = False,
    engine: Annotated[str, typer.Option(help="moonshine or vosk; empty: as configured.")] = "",
    model: Annotated[
        str, typer.Option(help="Model of the engine: a name of `voicebot models`, or a folder.")
    ] = "",
    language: Annotated[
        str, typer.Option(help="BCP 47 tag, such as ko-KR; empty: as configured.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object a line.")] = False,
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
