"""``voicebot token``: keys of programs to the API."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from voicebot.cli.records_of_staff import day, with_records
from voicebot.staff.model import Token
from voicebot.staff.roles import Scope

app = typer.Typer(no_args_is_help=True, help="Make, list and revoke keys of programs to the API.")

AsJson = Annotated[bool, typer.Option("--json", help="A JSON object a line.")]


@app.command()
def add(
    user: Annotated[str, typer.Argument(help="Whose token it is.", show_default=False)],
    title: Annotated[str, typer.Option(help="What it is for.")],
    scope: Annotated[list[Scope], typer.Option(help="What it may do. May be repeated.")],
    days: Annotated[float | None, typer.Option(help="How long; without: until revoked.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a token and print it, this once. It has some of its user's rights, and loses them with
    the user."""
    new = with_records(
        lambda records: records.register.add_token(
            user, title, scope, records.by, time.time(), days=days
        )
    )
    if as_json:
        typer.echo(json.dumps({**_plain(new.token), "secret": new.secret}, ensure_ascii=False))
    else:
        typer.echo(new.secret)


@app.command(name="list")
def list_tokens(
    user: Annotated[str | None, typer.Argument(help="Only this user's.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print tokens, the newest first; what they open is not shown."""
    tokens = with_records(lambda records: records.register.tokens(user))
    if as_json:
        for token in tokens:
            typer.echo(json.dumps(_plain(token), ensure_ascii=False))
        return
    Console(highlight=False, markup=False).print(_table(tokens))


@app.command()
def revoke(id: Annotated[str, typer.Argument(help="As `voicebot token list` has it.")]) -> None:
    """Let a token open nothing any more."""
    with_records(lambda records: records.register.revoke_token(id, records.by, time.time()))
    typer.echo(f"{id} opens nothing any more")


def _plain(token: Token) -> dict[str, object]:
    return {
        "id": token.id,
        "user": token.user,
        "title": token.title,
        "scopes": sorted(token.scopes),
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "used_at": token.used_at,
        "revoked_at": token.revoked_at,
    }


def _table(tokens: Sequence[Token]) -> Table:
    table = Table("id", "user", "title", "scopes", "good until", "last used", box=None)
    for token in tokens:
        scopes = " ".join(sorted(token.scopes))
        table.add_row(token.id, token.user, token.title, scopes, _life(token), day(token.used_at))
    return table


def _life(token: Token) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "it is revoked" if token.expires_at is None else day(token.expires_at)
