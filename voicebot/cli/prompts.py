"""``voicebot prompts``: render what the flows say ahead of time, list what may be recorded."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from voicebot.config import Settings, load_settings
from voicebot.errors import AudioError, VoicebotError
from voicebot.flows.reader import load_flows
from voicebot.nlu.article_reader import load_articles
from voicebot.said_ahead import said_ahead
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
    """The synthesiser of a language, loaded when the first segment needs it."""

    def __init__(self, settings: Settings, language: Language) -> None:
        self.language = language
        engines = settings.speech.engines_for(language)
        self._name = engines.synthesizer or settings.speech.synthesizer
        self._voice = engines.voice
        self._loaded: Synthesizer | None = None

    @property
    def voice(self) -> str:
        """Name of the voice, for the cache."""
        return voice_name(self._name, self._voice, self.language)

    async def __call__(self, text: str, rate: int) -> Samples:
        if self._loaded is None:
            self._loaded = load_synthesizer(self._name, self._voice, self.language)
        return self._loaded.synthesize(text, rate)


@dataclass(slots=True)
class _Tally:
    """What came of a build; ``bad`` are the recordings that cannot be used, ``unspoken`` says of
    languages why nothing speaks them here."""

    rendered: int = 0
    present: int = 0
    bad: list[str] = field(default_factory=list)
    unspoken: dict[Language, str] = field(default_factory=dict)


@app.command("build")
def build(folder: Folder = None, rates: Rate = [], as_json: AsJson = False) -> None:  # noqa: B006
    """Render every prompt that is the same in all calls into the cache, in all languages."""
    settings = load_settings()
    application = folder or settings.server.application
    flows = load_flows(application / "flows")
    first = flows[settings.calls.flow].language
    prompts = said_ahead(settings, flows, load_articles(application, first))
    tally = _Tally()
    with _progress(quiet=as_json) as progress:
        for language in dict.fromkeys([first, *flows.languages]):
            own = [prompt for prompt in prompts if prompt[1] == language]
            renderer = _renderer(settings, application, _Engine(settings, language))
            building = _build(renderer, own, rates or list(settings.call_rates), progress, tally)
            try:
                asyncio.run(building)
            except VoicebotError as error:
                if language == first:
                    raise
                tally.unspoken[language] = str(error)  # as a server that serves the others
    _tell(tally, settings, as_json)
    if tally.bad:
        raise typer.Exit(1)


def _tell(tally: _Tally, settings: Settings, as_json: bool) -> None:
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "rendered": tally.rendered,
                    "already_there": tally.present,
                    "unusable_recordings": tally.bad,
                    "unspoken": tally.unspoken,
                    "cache": str(settings.server.data / FOLDER),
                }
            )
        )
    else:
        typer.echo(f"{tally.rendered} rendered, {tally.present} were there already")
    for problem in tally.bad:
        typer.echo(problem, err=True)
    for language, problem in tally.unspoken.items():
        typer.echo(f"nothing rendered in {language}: {problem}", err=True)


@app.command("list")
def list_prompts(folder: Folder = None, as_json: AsJson = False) -> None:
    """List the texts that a recording may stand for, with the file name each would have."""
    settings = load_settings()
    application = folder or settings.server.application
    engine = _Engine(settings, Language(settings.speech.language))
    renderer = _renderer(settings, application, engine)
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
    return PromptRenderer(
        engine,
        engine.voice,
        recordings=find_recordings(application / "audio"),
        cache=PromptCache(settings.server.data / FOLDER),
    )


async def _build(
    renderer: PromptRenderer,
    prompts: Sequence[tuple[Prompt, Language]],
    rates: list[int],
    progress: Progress,
    tally: _Tally,
) -> None:
    wanted = renderer.static_segments(prompts)
    tally.bad += _unusable(wanted)
    bar = progress.add_task(f"prompts {prompts[0][1]}", total=len(wanted) * len(rates))
    rendered: set[Segment] = set()
    for rate in sorted(rates, reverse=True):  # a wide rendering serves narrow lines too
        missing = await renderer.warm(prompts, rate)
        progress.advance(bar, len(wanted) - len(missing))
        for segment in missing:
            await renderer.render(segment, rate)
            tally.rendered += segment not in rendered
            rendered.add(segment)
            progress.advance(bar)
    tally.present += len(wanted) - len(rendered)


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
