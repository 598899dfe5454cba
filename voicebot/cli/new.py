"""``voicebot new``: a small application to begin with.

It passes `check` and answers calls as it is. The files lie in `voicebot/scaffold`, a folder for
each language; another language is another folder there.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Final

import typer

from voicebot.errors import UsageError

WRITTEN_FOR: Final = "en-US"
"""The tag that the files carry, and that gives way to the one asked for."""

DOTTED: Final = "gitignore"
"""Lies in the package without its dot, so that it ignores nothing there."""

REGARDED_AS_EMPTY: Final = {".git"}


def new(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to be made.")],
    language: Annotated[
        str, typer.Option(help="Language of the application, a BCP 47 tag.")
    ] = WRITTEN_FOR,
) -> None:
    """Write a small application into DIR, which is made where it is not there."""
    source = _source(language)
    _make_empty(folder)
    for name, content in sorted(_files(source, "")):
        file = folder / name.replace(WRITTEN_FOR, language)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content.replace(WRITTEN_FOR, language), encoding="utf-8")
        typer.echo(file)
    typer.echo(f"\nNow: cd {folder} && voicebot check && voicebot try")


def _source(language: str) -> Traversable:
    templates = files("voicebot") / "scaffold"
    source = templates / language.split("-")[0].lower()
    if not source.is_dir() or not language.replace("-", "").isalnum():
        known = sorted(each.name for each in templates.iterdir() if (each / "flows").is_dir())
        raise UsageError(
            f"there is no application to begin with in '{language}'. Take one of "
            f"{', '.join(known)}, and translate it"
        )
    return source


def _make_empty(folder: Path) -> None:
    """Raises UsageError where ``folder`` holds anything, or cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = {each.name for each in folder.iterdir()} - REGARDED_AS_EMPTY
    except OSError as error:
        raise UsageError(f"{folder} cannot be made: {error.strerror}") from None
    if held:
        raise UsageError(f"{folder} is not empty. Name a new folder")


def _files(folder: Traversable, below: str) -> Iterator[tuple[str, str]]:
    """Every file of ``folder`` with its path in the new application."""
    for each in folder.iterdir():
        if each.is_dir():
            yield from _files(each, f"{below}{each.name}/")
        else:
            name = f".{DOTTED}" if each.name == DOTTED else each.name
            yield below + name, each.read_text(encoding="utf-8")
