"""``voicebot user``, ``token`` and ``audit`` on a fresh database, and the link of ``serve``."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any, cast

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from voicebot.app import Server
from voicebot.cli import serve
from voicebot.cli.main import app
from voicebot.config import Settings, load_settings
from voicebot.errors import StaffError, UsageError
from voicebot.front_desk import FrontDesk
from voicebot.storage.database import open_database
from voicebot.storage.migrations import upgrade

PASSWORD = "correct horse battery\n"


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VOICEBOT_SERVER__DATA", str(tmp_path / "var"))


def _run(*command: str, given: str = "") -> Result:
    return CliRunner().invoke(app, list(command), input=given)


def _add(name: str, role: str, *options: str) -> Result:
    return _run("user", "add", name, "--role", role, "--password-stdin", *options, given=PASSWORD)


def _json(*command: str) -> list[Any]:
    return [json.loads(line) for line in _run(*command, "--json").output.splitlines()]


def test_users_are_added_listed_and_changed() -> None:
    assert _add("Eva", "admin").output == "eva may sign in as admin\n"
    _add("anna", "agent", "--must-change")
    assert _run("user", "role", "anna", "designer").exit_code == 0
    assert _run("user", "disable", "anna").output == "anna may not sign in\n"
    anna, eva = _json("user", "list")
    assert (anna["name"], anna["role"]) == ("anna", "designer")
    assert (anna["disabled"], anna["must_change_password"]) == (True, True)
    assert (eva["name"], eva["disabled"], eva["must_change_password"]) == ("eva", False, False)
    _run("user", "enable", "anna")
    _run("user", "passwd", "anna", "--password-stdin", given="another one entirely\n")
    assert _json("user", "list")[0]["must_change_password"] is False
    for word in ("anna", "designer"):
        assert word in _run("user", "list").output


def test_the_log_tells_who_did_it_at_the_command_line() -> None:
    _add("eva", "admin")
    made = _json("token", "add", "eva", "--title", "wall", "--scope", "calls:read")[0]
    _run("token", "revoke", made["id"])
    log = _json("audit")
    assert [each["deed"] for each in log] == ["token revoked", "token added", "user added"]
    assert all(each["who"].endswith("at the command line") for each in log)
    assert made["secret"] not in json.dumps(log)
    assert "eva (admin)" in _run("audit").output
    assert len(_json("audit", "--limit", "1")) == 1


def test_a_token_is_shown_once() -> None:
    _add("eva", "admin")
    secret = _run("token", "add", "eva", "--title", "[wall]", "--scope", "dial", "--days", "1")
    assert secret.output.startswith("vb_")
    (listed,) = _json("token", "list", "eva")
    assert (listed["title"], listed["scopes"]) == ("[wall]", ["dial"])
    assert secret.output.strip() not in json.dumps(listed)
    assert "[wall]" in _run("token", "list").output


@pytest.mark.parametrize(
    "command",
    [
        ("user", "disable", "eva"),
        ("user", "role", "nobody", "agent"),
        ("token", "add", "nobody", "--title", "x", "--scope", "dial"),
        ("token", "revoke", "none"),
    ],
)
def test_what_cannot_be_is_told_and_changes_nothing(command: tuple[str, ...]) -> None:
    _add("eva", "admin")
    assert isinstance(_run(*command).exception, StaffError)
    assert len(_json("audit")) == 1


def test_a_password_is_never_an_argument_and_is_asked_for_at_a_terminal_alone() -> None:
    assert isinstance(_run("user", "add", "eva", "--role", "admin").exception, UsageError)
    weak = _run("user", "add", "eva", "--role", "admin", "--password-stdin", given="short\n")
    assert "10 to 256" in str(weak.exception)
    assert _json("user", "list") == []


class _Server:
    """As much of a server as the welcome looks at."""

    http_url = "http://127.0.0.1:8080"

    def __init__(self, settings: Settings, front_desk: FrontDesk) -> None:
        self.settings = settings
        self.front_desk = front_desk


@pytest.mark.parametrize(
    ("format", "terminal", "shown"),
    [
        ("auto", True, True),
        ("console", False, True),
        ("auto", False, False),
        ("json", True, False),
    ],
)
async def test_the_first_link_is_shown_to_people_alone(
    format: str, terminal: bool, shown: bool
) -> None:
    settings = load_settings(environment={"VOICEBOT_LOG__FORMAT": format})
    url = "sqlite:///users.db"
    await upgrade(url)
    engine = open_database(url)
    server = cast("Server", _Server(settings, FrontDesk(settings, engine)))
    console = Console(file=io.StringIO(), force_terminal=terminal)
    entrance = await serve._entrance(server, console)
    await engine.dispose()
    assert ("#first=" in entrance) is shown
    assert "http://127.0.0.1:8080/sign-in" in entrance
