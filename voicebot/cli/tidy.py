"""``voicebot tidy``: delete now what is older than it is to be kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated

import typer

from voicebot.cli.records import with_database
from voicebot.privacy import RECORDINGS, RecordKeeping


def tidy(
    as_json: Annotated[bool, typer.Option("--json", help="Print the numbers as JSON.")] = False,
) -> None:
    """Delete what is older than the settings of retention say, and tell how much.

    A running server does the same every hour.
    """
    gone = with_database(lambda settings, engine: RecordKeeping(settings, engine).tidy())
    typer.echo(json.dumps(gone) if as_json else _told(gone))


def _told(gone: Mapping[str, int]) -> str:
    if not gone:
        return "Everything is kept for ever: the settings of [retention] give no days."
    unit = {RECORDINGS: "days of recordings"}
    return "\n".join(f"{rows:>8} {unit.get(kind, kind)}" for kind, rows in gone.items())
