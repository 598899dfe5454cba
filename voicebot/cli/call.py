"""``voicebot call``: call a running server without a telephone and watch the conversation."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from voicebot.cli.caller_voice import utter
from voicebot.cli.conversation import Conversation, Line, Move, Pressed
from voicebot.cli.credentials import credentials
from voicebot.config import load_settings
from voicebot.errors import CallError

SCRIPT = ("4271", "goodbye")
"""What the caller says to the demo shop: an order number, and farewell."""

_STYLES = {"bot": "cyan", "caller": "green", "heard": "dim", "call": "dim", "ended": "bold"}


def call(
    to: Annotated[str, typer.Option(help="SIP address to call; default: this server's.")] = "",
    say: Annotated[
        list[str] | None,
        typer.Option(help="What to say, in turn; 'press 4271' presses keys. May be repeated."),
    ] = None,
    http: Annotated[str, typer.Option(help="The server's HTTP address.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object a line.")] = False,
) -> None:
    """Place a real SIP call to the running server with a recorded caller, and print what is said.

    Exits with 1 when the call was refused or failed.
    """
    settings = load_settings()
    target = to or f"sip:shop@{_reachable(settings.sip.host)}:{settings.sip.port}"
    address = http or f"http://{_reachable(settings.server.host)}:{settings.server.port}"
    moves = moves_of(say or SCRIPT)
    tell = print_json if as_json else print_line
    outcome = asyncio.run(_converse(target, address, moves, tell, credentials(settings, http)))
    if outcome == "failed":
        raise CallError("the call failed; the server's log says why")


def moves_of(script: Sequence[str]) -> list[Move]:
    """The caller's moves. Raises UsageError for keys that no telephone has."""
    return [
        Pressed(line.removeprefix("press ").strip()) if line.startswith("press ") else utter(line)
        for line in script
    ]


def print_line(line: Line) -> None:
    """One line for people: seconds, who, what, and how long the caller waited for it."""
    text = Text(f"{line.at:6.1f} s  ", style="dim")
    text.append(f"{line.who:<7} {line.text}", style=_STYLES.get(line.who, ""))
    if line.latency_ms is not None:
        text.append(f"  after {line.latency_ms:.0f} ms", style="dim")
    Console(soft_wrap=True, highlight=False).print(text)


def print_json(line: Line) -> None:
    """One line for programs: `Line` as a JSON object."""
    typer.echo(json.dumps(asdict(line), ensure_ascii=False))


async def _converse(
    target: str,
    http: str,
    moves: Sequence[Move],
    tell: Callable[[Line], None],
    shown: Mapping[str, str],
) -> str:
    return await Conversation(target, http, moves, tell, shown).run()


def _reachable(host: str) -> str:
    """An address to call for one that is listened on."""
    return "127.0.0.1" if host in {"0.0.0.0", "::", ""} else host
