"""``voicebot outbox``: the messages in text that went out, or wait."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from voicebot.config import Settings, load_settings
from voicebot.logs import configure_logging
from voicebot.storage.database import open_database
from voicebot.storage.migrations import upgrade
from voicebot.storage.texts import SqlMessageStore
from voicebot.texting.message import TextMessage


def outbox(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many, the newest.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show messages in text, newest first, with what became of them.

    Without a gateway (texting.gateway = "outbox") this is where their links are found.
    """
    configure_logging("error")
    messages = asyncio.run(_latest(load_settings(), limit))
    if as_json:
        for message in messages:
            typer.echo(json.dumps(_as_json(message), ensure_ascii=False))
    else:
        _show(messages)


async def _latest(settings: Settings, limit: int) -> Sequence[TextMessage]:
    await upgrade(settings.database_url)
    engine = open_database(settings.database_url)
    try:
        return await SqlMessageStore(engine).latest(limit)
    finally:
        await engine.dispose()


def _as_json(message: TextMessage) -> dict[str, Any]:
    return {
        "id": message.id,
        "channel": message.channel,
        "recipient": message.recipient,
        "text": message.body,
        "state": message.state.value,
        "tries": message.tries,
        "created_at": datetime.fromtimestamp(message.created_at, UTC).isoformat(),
        "call": message.contact,
        "problem": message.problem,
    }


def _show(messages: Sequence[TextMessage]) -> None:
    console = Console()
    if not messages:
        console.print("No message has gone out.")
        return
    table = Table("when (UTC)", "to", "state", "text", box=None)
    for message in messages:
        when = datetime.fromtimestamp(message.created_at, UTC).strftime("%m-%d %H:%M:%S")
        state = f"{message.state} ({message.problem})" if message.problem else message.state.value
        table.add_row(when, message.recipient, state, message.body)
    console.print(table)
