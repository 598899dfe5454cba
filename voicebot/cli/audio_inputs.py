"""What ``recognize`` and ``transcribe`` share: files to hear, and an engine that hears them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import typer

from voicebot.config import SpeechSettings
from voicebot.errors import AudioError, SpeechError, UsageError
from voicebot.speech.audio_file import read_speech
from voicebot.speech.recognizer import Recognizer
from voicebot.types import Samples

ENGINES: Final = ("moonshine",)


def load_recognizer(engine: str, settings: SpeechSettings) -> Recognizer:
    """Load an engine by name, the configured one where ``engine`` is empty.

    Raises UsageError for an unknown name, ModelError where the model cannot be loaded.
    """
    name = engine or settings.recognizer
    if name not in ENGINES:
        raise UsageError(f"--engine {name}: unknown engine. Known: {', '.join(ENGINES)}")
    # Loading it takes the onnxruntime library in: not for `--help` and the other commands.
    from voicebot.speech.moonshine.engine import MoonshineRecognizer

    return MoonshineRecognizer(beam=settings.beam, confidence=settings.confidence)


def named_files(files: Sequence[Path] | None, list_file: Path | None) -> list[Path]:
    """The files on the command line, then those that ``list_file`` names, one a line.

    Raises UsageError where there are none, or the list cannot be read.
    """
    named = list(files or ())
    if list_file is not None:
        try:
            lines = list_file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"--list {list_file}: cannot be read ({error})") from None
        named += [Path(line.strip()) for line in lines if line.strip()]
    if not named:
        raise UsageError("no file to hear. Name files, or a list of them with --list")
    return named


def hear_each(
    files: Sequence[Path], telephone: bool, hear: Callable[[Path, Samples, int], str]
) -> None:
    """Print what ``hear`` makes of each file's samples and rate, a line each.

    A file that cannot be used gets a line on standard error, the others go on; raises typer.Exit
    with status 1 at the end when there was one.
    """
    failed = False
    for file in files:
        try:
            line = hear(file, *read_speech(file, telephone=telephone))
        except (AudioError, SpeechError) as error:
            typer.echo(f"voicebot: {error}", err=True)
            failed = True
        else:
            typer.echo(line)
    if failed:
        raise typer.Exit(1)
