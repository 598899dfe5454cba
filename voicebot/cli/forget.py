"""``voicebot forget``: delete all that is kept of one caller."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.cli.records import with_database
from voicebot.cli.records_of_staff import at_the_command_line
from voicebot.config import Settings
from voicebot.forgetting import PersonForgetting, note_forgotten
from voicebot.sessions.traces import Forgotten
from voicebot.storage.staff import SqlAuditLog


def forget(
    number: Annotated[str, typer.Argument(help="The number, as calls show it.")],
    yes: Annotated[
        bool, typer.Option("--yes", help="Delete it; without this it is shown.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Show what is kept of a caller and, with --yes, delete it."""

    async def work(settings: Settings, engine: AsyncEngine) -> Forgotten:
        forgetting = PersonForgetting(settings, engine)
        if not yes:
            return Forgotten(await forgetting.trace(number))
        forgotten = await forgetting.forget(number)
        await note_forgotten(SqlAuditLog(engine), at_the_command_line(), forgotten.traces)
        return forgotten

    found = with_database(work)
    if as_json:
        typer.echo(json.dumps({"deleted": yes, **asdict(found.traces), "left": found.left}))
        return
    typer.echo(_told(found, deleted=yes))


def _told(found: Forgotten, *, deleted: bool) -> str:
    if found.traces.is_empty and not found.left:
        return "Nothing is kept of this number."
    numbers = {name.replace("_", " "): count for name, count in asdict(found.traces).items()}
    lines = [f"{count:>8} {name}" for name, count in numbers.items() if count]
    if found.traces.going_on:
        lines.append("Calls that go on stay: forget the number again when they are over.")
    if found.left:
        lines.append(f"The number still stands in: {found.left}.")
    lines.append("Deleted." if deleted else "Nothing was deleted. Add --yes to delete it.")
    return "\n".join(lines)
