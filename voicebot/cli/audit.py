"""``voicebot audit``: who did what, when and from where."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from voicebot.cli.records_of_staff import day, with_records


def audit(
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="The newest so many.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object a line.")] = False,
) -> None:
    """Print the audit log, the newest first."""
    entries = with_records(lambda records: records.audit.entries(before=None, limit=limit))
    if as_json:
        for entry in entries:
            typer.echo(json.dumps(asdict(entry), ensure_ascii=False))
        return
    table = Table("when", "who", "did", "to", "from", box=None)
    for entry in entries:
        table.add_row(day(entry.at), entry.who, entry.deed, entry.what, entry.address)
    Console(highlight=False, markup=False).print(table)
