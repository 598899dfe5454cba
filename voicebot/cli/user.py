"""``voicebot user``: who may sign in, and as what."""

from __future__ import annotations

import getpass
import json
import sys
import time
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from voicebot.cli.records_of_staff import day, with_records
from voicebot.errors import UsageError
from voicebot.staff.model import User
from voicebot.staff.roles import Role

app = typer.Typer(no_args_is_help=True, help="Add, list and change those who may sign in.")

Name = Annotated[str, typer.Argument(help="The user's name.", show_default=False)]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]
Temporary = Annotated[
    bool, typer.Option("--must-change", help="They choose another one when they sign in.")
]


@app.command()
def add(
    name: Name,
    role: Annotated[Role, typer.Option(help="What they work as.")],
    password_stdin: FromStdin = False,
    must_change: Temporary = False,
) -> None:
    """Add a user. The password is asked for twice."""
    password = _password(password_stdin)
    user = with_records(
        lambda records: records.register.add_user(
            name, role, password, records.by, time.time(), must_change=must_change
        )
    )
    typer.echo(f"{user.name} may sign in as {role}")


@app.command(name="list")
def list_users(
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object a line.")] = False,
) -> None:
    """Print all users."""
    users = with_records(lambda records: records.register.users())
    if as_json:
        for user in users:
            typer.echo(json.dumps(_plain(user), ensure_ascii=False))
        return
    Console(highlight=False, markup=False).print(_table(users))


@app.command()
def passwd(name: Name, password_stdin: FromStdin = False, must_change: Temporary = False) -> None:
    """Give a user another password; they are signed out everywhere."""
    password = _password(password_stdin)
    user = with_records(
        lambda records: records.register.set_password(
            name, password, records.by, time.time(), must_change=must_change
        )
    )
    typer.echo(f"{user.name} has another password")


@app.command()
def role(
    name: Name, role: Annotated[Role, typer.Argument(help="What they work as from now on.")]
) -> None:
    """Change what a user works as."""
    user = with_records(
        lambda records: records.register.set_role(name, role, records.by, time.time())
    )
    typer.echo(f"{user.name} works as {role}")


@app.command()
def disable(name: Name) -> None:
    """Sign a user out everywhere, and let them in no more; their tokens stop too."""
    user = with_records(lambda records: records.register.disable(name, records.by, time.time()))
    typer.echo(f"{user.name} may not sign in")


@app.command()
def enable(name: Name) -> None:
    """Let a disabled user sign in again."""
    user = with_records(lambda records: records.register.enable(name, records.by, time.time()))
    typer.echo(f"{user.name} may sign in")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask for a password; use --password-stdin")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise UsageError("the two passwords differ; nothing was changed")
    return password


def _plain(user: User) -> dict[str, object]:
    return {
        "name": user.name,
        "role": user.role,
        "disabled": user.disabled,
        "must_change_password": user.must_change,
        "created_at": user.created_at,
    }


def _table(users: Sequence[User]) -> Table:
    table = Table("name", "role", "since", "", box=None)
    for user in users:
        state = "disabled" if user.disabled else "must change password" if user.must_change else ""
        table.add_row(user.name, user.role, day(user.created_at), state)
    return table
