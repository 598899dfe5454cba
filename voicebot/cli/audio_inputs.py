"""What ``recognize`` and ``transcribe`` share: files to hear, and an engine that hears them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Final, TypeAlias, get_args

import typer

from voicebot.config import LanguageEngines, RecognizerName, Settings
from voicebot.engines import recognizer_spec
from voicebot.errors import AudioError, SpeechError, UsageError
from voicebot.speech.audio_file import read_speech
from voicebot.speech.recognizer import Recognizer
from voicebot.speech.worker_process import load_engine
from voicebot.types import Language, Samples

ENGINES: Final[tuple[RecognizerName, ...]] = get_args(RecognizerName)

SoundFiles: TypeAlias = Annotated[
    list[Path] | None, typer.Argument(help="Sound files, 8 or 16 kHz.", show_default=False)
]
ListFile: TypeAlias = Annotated[
    Path | None, typer.Option("--list", help="File that names sound files, one a line.")
]
Telephone: TypeAlias = Annotated[
    bool, typer.Option("--telephone", help="Pass the audio through 8 kHz G.711 first.")
]
Engine: TypeAlias = Annotated[str, typer.Option(help="moonshine or vosk; empty: as configured.")]
Model: TypeAlias = Annotated[
    str, typer.Option(help="Model of the engine: a name of `voicebot models`, or a folder.")
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print a JSON object a line.")]


def load_recognizer(
    engine: str, model: str, language: Language | None, settings: Settings
) -> Recognizer:
    """Load an engine by name, the one configured for ``language`` where ``engine`` is empty.

    ``model`` is a model's name or folder; empty: as configured, or the first installed one that
    speaks ``language`` (None: the configured language). Raises UsageError for an unknown engine,
    ModelError where the model cannot be loaded.
    """
    language = language or Language(settings.speech.language)
    configured = settings.speech.engines_for(language)
    if engine and engine not in ENGINES:
        raise UsageError(f"--engine {engine}: unknown engine. Known: {', '.join(ENGINES)}")
    chosen = next((name for name in ENGINES if name == engine), configured.recognizer)
    if not model and chosen == configured.recognizer:
        model = configured.model
    elif model and chosen == "moonshine":
        raise UsageError("--model: moonshine has but one model. Add --engine vosk")
    engines = LanguageEngines(recognizer=chosen, model=model)
    recognizer: Recognizer = load_engine(recognizer_spec(engines, language, settings))
    return recognizer


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
