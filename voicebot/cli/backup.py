"""``voicebot backup`` and ``voicebot restore``: all records in one file, and back."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from voicebot.backup import back_up
from voicebot.backup import restore as put_back
from voicebot.backup_file import Contents
from voicebot.config import load_settings
from voicebot.logs import configure_logging


def backup(
    file: Annotated[Path, typer.Argument(help="Where to write it, such as voicebot.tar.gz.")],
    recordings: Annotated[bool, typer.Option("--recordings", help="With recordings.")] = False,
    application: Annotated[
        bool, typer.Option("--application", help="With the application's files.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a backup; a server may run meanwhile."""
    configure_logging("error")
    contents = back_up(
        load_settings(), file, recordings=recordings, application=application, replace=force
    )
    typer.echo(f"{file}: {_told(contents)}")


def restore(
    file: Annotated[Path, typer.Argument(help="What `voicebot backup` wrote.")],
    force: Annotated[
        bool, typer.Option("--force", help="Put aside the database and recordings there are.")
    ] = False,
) -> None:
    """Check a backup and put it back; voicebot must not run meanwhile."""
    configure_logging("error")
    restored = put_back(load_settings(), file, force=force, now=datetime.now())
    typer.echo(f"Restored {_told(restored.contents)}.")
    for path in restored.before:
        typer.echo(f"What was there before is now {path}.")
    if restored.application is not None:
        typer.echo(f"The application's files are in {restored.application}.")


def _told(contents: Contents) -> str:
    parts = [f"the {contents.kind} database"]
    if contents.recordings:
        parts.append(f"{contents.recordings} recordings")
    if contents.application:
        parts.append(f"{contents.application} files of the application")
    return f"{', '.join(parts)} (voicebot {contents.version}, {contents.made_at})"
