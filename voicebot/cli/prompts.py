"""``voicebot prompts``: render what the flows say ahead of time, list what may be recorded."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from voicebot.config import Settings, load_settings
from voicebot.errors import AudioError
from voicebot.flows.reader import load_flows
from voicebot.sessions.last_words import everything_said
from voicebot.speech.cache import FOLDER, PromptCache
from voicebot.speech.prompts import PromptRenderer
from voicebot.speech.recordings import find_recordings, read_recording, slug
from voicebot.speech.segments import Segment
from voicebot.speech.synthesizer import Synthesizer
from voicebot.speech.voices import load_synthesizer, voice_name
from voicebot.types import Language, Prompt, Samples

app = typer.Typer(no_args_is_help=True)

Folder = Annotated[
    Path | None, typer.Argument(help="Application folder; the configured one if left out.")
]
Rate = Annotated[
    list[int],
    typer.Option("--rate", help="Samples a second; may be repeated. Default: those of the doors."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


class _Engine:
    """The synthesiser, loaded when the first segment needs it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.speech
        self._loaded: Synthesizer | None = None

    async def __call__(self, text: str, rate: int) -> Samples:
        if self._loaded is None:
            speech = self._settings
            self._loaded = load_synthesizer(
                speech.synthesizer, speech.voice, Language(speech.language)
            )
        return self._loaded.synthesize(text, rate)


@dataclass(slots=True)
class _Tally:
    """What came of a build; ``bad`` are the recordings that cannot be used."""

    rendered: int
    present: int
    bad: list[str]


@app.command("build")
def build(folder: Folder = None, rates: Rate = [], as_json: AsJson = False) -> None:  # noqa: B006
    """Render every prompt that is the same in all calls into the cache."""
    settings = load_settings()
    application = folder or settings.server.application
    # One voice is loaded: what it cannot speak is left to recordings.
    tongue = settings.speech.language.split("-")[0]
    prompts = [
        (prompt, language)
        for prompt, language in everything_said(load_flows(application / "flows"))
        if language.split("-")[0] == tongue
    ]
    renderer = _renderer(settings, application, _Engine(settings))
    with _progress(quiet=as_json) as progress:
        tally = asyncio.run(_build(renderer, prompts, rates or list(settings.call_rates), progress))
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "rendered": tally.rendered,
                    "already_there": tally.present,
                    "unusable_recordings": tally.bad,
                    "cache": str(settings.server.data / FOLDER),
                }
            )
        )
    else:
        typer.echo(f"{tally.rendered} rendered, {tally.present} were there already")
    for problem in tally.bad:
        typer.echo(problem, err=True)
    if tally.bad:
        raise typer.Exit(1)


@app.command("list")
def list_prompts(folder: Folder = None, as_json: AsJson = False) -> None:
    """List the texts that a recording may stand for, with the file name each would have."""
    settings = load_settings()
    application = folder or settings.server.application
    renderer = _renderer(settings, application, _Engine(settings))
    listed: dict[Path, Segment] = {}
    for prompt, language in everything_said(load_flows(application / "flows")):
        for segment in renderer.static_segments([(prompt, language)]):
            name = Path("audio") / language / f"{slug(segment.source)}.wav"
            listed.setdefault(segment.recording or name, segment)
    for name, segment in listed.items():
        recorded = segment.recording is not None
        if as_json:
            entry = {"text": segment.source, "file": str(name), "recorded": recorded}
            typer.echo(json.dumps(entry, ensure_ascii=False))
        else:
            typer.echo(f"{'recorded' if recorded else '-':8}  {name}  {segment.source}")


def _renderer(settings: Settings, application: Path, engine: _Engine) -> PromptRenderer:
    speech = settings.speech
    return PromptRenderer(
        engine,
        voice_name(speech.synthesizer, speech.voice, Language(speech.language)),
        recordings=find_recordings(application / "audio"),
        cache=PromptCache(settings.server.data / FOLDER),
    )


async def _build(
    renderer: PromptRenderer,
    prompts: Iterable[tuple[Prompt, Language]],
    rates: list[int],
    progress: Progress,
) -> _Tally:
    wanted = renderer.static_segments(prompts)
    bad = _unusable(wanted)
    rendered: set[Segment] = set()
    bar = progress.add_task("prompts", total=len(wanted) * len(rates))
    for rate in sorted(rates, reverse=True):  # a wide rendering serves narrow lines too
        missing = await renderer.warm(prompts, rate)
        progress.advance(bar, len(wanted) - len(missing))
        for segment in missing:
            await renderer.render(segment, rate)
            rendered.add(segment)
            progress.advance(bar)
    return _Tally(len(rendered), len(wanted) - len(rendered), bad)


def _unusable(segments: Iterable[Segment]) -> list[str]:
    problems = []
    for path in dict.fromkeys(s.recording for s in segments if s.recording is not None):
        try:
            read_recording(path, 8000)
        except AudioError as error:
            problems.append(str(error))
    return problems


def _progress(*, quiet: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=quiet,
    )
