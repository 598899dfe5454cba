"""``voicebot graph``: a picture of the flows, with what real calls did where there are records."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from voicebot.config import load_settings
from voicebot.drawing.boxes import chart
from voicebot.drawing.mermaid import mermaid
from voicebot.drawing.svg import svg
from voicebot.drawing.traffic import Traffic
from voicebot.errors import StorageError, UsageError
from voicebot.flows.model import FlowSet
from voicebot.flows.reader import load_flows
from voicebot.sessions.records import CallQuery, Cursor
from voicebot.storage.archive import SqlCallArchive
from voicebot.storage.database import open_database, sqlite_file

PAGE = 200


class Notation(StrEnum):
    SVG = "svg"
    MERMAID = "mermaid"


def graph(
    folder: Annotated[
        Path | None, typer.Argument(help="Application folder; the configured one if left out.")
    ] = None,
    flow: Annotated[
        list[str] | None, typer.Option(help="Only this flow; may be repeated. Default: all.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; else standard output.")
    ] = None,
    notation: Annotated[
        Notation | None,
        typer.Option("--format", help="Default: by the file's name, svg where that tells nothing."),
    ] = None,
    database: Annotated[
        str,
        typer.Option(
            help="Count the calls of this database on the ways, such as sqlite:///var/voicebot.db."
        ),
    ] = "",
    since: Annotated[
        datetime | None,
        typer.Option(help="Count only calls that began at this time (UTC) or later."),
    ] = None,
    version: Annotated[
        str, typer.Option(help="Count only calls of this version of the application.")
    ] = "",
) -> None:
    """Draw the flows as SVG or Mermaid."""
    settings = load_settings()
    flows = load_flows((folder or settings.server.application) / "flows")
    wanted = [flows[name] for name in flow] if flow else list(flows)
    traffic = None
    if database:
        traffic = asyncio.run(_traffic(flows, database, since, version))
        typer.echo(traffic.summary, err=True)
    elif since is not None or version:
        raise UsageError("--since and --version choose calls. Name their --database")
    charts = [chart(each, traffic.counts if traffic else None) for each in wanted]
    drawn = mermaid(charts) if _notation(notation, output) is Notation.MERMAID else svg(charts)
    if output is None:
        typer.echo(drawn, nl=False)
        return
    try:
        output.write_text(drawn, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}") from None


def _notation(wanted: Notation | None, output: Path | None) -> Notation:
    if wanted is not None:
        return wanted
    told = output is not None and output.suffix.lower() in {".mmd", ".mermaid", ".md"}
    return Notation.MERMAID if told else Notation.SVG


async def _traffic(flows: FlowSet, url: str, since: datetime | None, version: str) -> Traffic:
    traffic = Traffic(flows)
    file = sqlite_file(url)
    if file is not None and not file.exists():
        raise StorageError(f"{file}: no such file; a server that has answered calls makes it")
    engine = open_database(url)
    try:
        archive = SqlCallArchive(engine)
        query = CallQuery(since=since.replace(tzinfo=UTC).timestamp() if since else None)
        after: Cursor | None = None
        while True:
            page = await archive.list_calls(query, after=after, limit=PAGE)
            for call in page.calls:
                if not version or call.version == version:
                    traffic.add(call)
            if page.next is None:
                return traffic
            after = page.next
    finally:
        await engine.dispose()
