"""``voicebot dial`` against the real API, with nobody behind it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fastapi import FastAPI
from typer.testing import CliRunner, Result

from voicebot.cli.credentials import credentials
from voicebot.cli.main import app
from voicebot.config import load_settings
from voicebot.errors import UsageError, VoicebotError
from voicebot.local_key import remove_key, write_key
from voicebot.sessions.outbound import DialOrder, DialReport
from voicebot.types import CallId, Language
from voicebot.web.api.dial import DialDesk, dial_router
from voicebot.web.server import HttpServer


class Desk:
    """Gives the reports one after the other, the last for ever."""

    def __init__(self, *reports: DialReport) -> None:
        self._reports = list(reports)
        self.orders: list[DialOrder] = []

    def order(self, order: DialOrder) -> DialReport:
        self.orders.append(order)
        return DialReport(CallId("c1"))

    def report(self, call_id: CallId) -> DialReport:
        return self._reports.pop(0) if len(self._reports) > 1 else self._reports[0]


@asynccontextmanager
async def serving(desk: Desk) -> AsyncIterator[str]:
    web = FastAPI()
    english = Language("en-US")
    web.include_router(
        dial_router(
            DialDesk(
                desk.order,
                desk.report,
                lambda: ("main",),
                "main",
                lambda flow: english,
                30.0,
            )
        )
    )
    server = HttpServer(web, "127.0.0.1", 0)
    await server.start()
    yield server.url
    await server.stop()


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VOICEBOT_OUTBOUND__TOKEN", "sesame")


async def dialled(desk: Desk, *options: str) -> Result:
    async with serving(desk) as url:
        command = ["dial", "sip:bob@127.0.0.1", "--http", url, *options]
        return await asyncio.to_thread(CliRunner().invoke, app, command)


async def test_who_answered_is_told() -> None:
    desk = Desk(
        DialReport(CallId("c1"), "answered"), DialReport(CallId("c1"), "answered", "machine")
    )
    result = await dialled(desk, "--caller", "100")
    assert (result.exit_code, result.output) == (
        0,
        "answered by an answering machine (call c1)\n",
    )
    assert (desk.orders[0].target, desk.orders[0].caller) == ("sip:bob@127.0.0.1", "100")


async def test_why_nobody_answered_is_told_and_the_exit_code_says_so() -> None:
    result = await dialled(Desk(DialReport(CallId("c1"), "busy", "", 486)), "--json")
    assert result.exit_code == 1
    assert json.loads(result.output) == {
        "id": "c1",
        "state": "busy",
        "answered_by": "",
        "status": 486,
    }


async def test_an_unknown_flow_is_told() -> None:
    result = await dialled(Desk(DialReport(CallId("c1"))), "--flow", "x")
    assert isinstance(result.exception, VoicebotError)
    assert str(result.exception) == ("the server refused: there is no flow 'x'; known here: main")


def test_without_a_token_it_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("VOICEBOT_OUTBOUND__TOKEN")
    monkeypatch.setenv("VOICEBOT_SERVER__DATA", str(tmp_path))
    result = CliRunner().invoke(app, ["dial", "sip:bob@127.0.0.1"])
    assert isinstance(result.exception, UsageError)
    assert "VOICEBOT_STAFF__TOKEN" in str(result.exception)


def test_without_a_server_it_says_so() -> None:
    result = CliRunner().invoke(app, ["dial", "sip:b@127.0.0.1", "--http", "http://127.0.0.1:9"])
    assert "no server answers" in str(result.exception)


def test_the_key_of_this_machine_is_shown_to_this_machine_alone(tmp_path: Path) -> None:
    write_key(tmp_path, "vb_local")
    settings = load_settings(environment={"VOICEBOT_SERVER__DATA": str(tmp_path)})
    shown = {"Authorization": "Bearer vb_local"}
    assert (tmp_path / "local.key").stat().st_mode & 0o777 == 0o600
    assert credentials(settings) == credentials(settings, "http://127.0.0.1:8080") == shown
    assert credentials(settings, "http://elsewhere.example") == {}
    remove_key(tmp_path, "vb_of_another_server")
    assert credentials(settings) == shown
    remove_key(tmp_path, "vb_local")
    assert credentials(settings) == {}


def test_a_token_of_the_settings_wins_over_the_key(tmp_path: Path) -> None:
    write_key(tmp_path, "vb_local")
    environment = {"VOICEBOT_SERVER__DATA": str(tmp_path), "VOICEBOT_OUTBOUND__TOKEN": "sesame"}
    settings = load_settings(environment=environment)
    assert credentials(settings, dials=True) == {"Authorization": "Bearer sesame"}
    assert credentials(settings) == {"Authorization": "Bearer vb_local"}
    settings = load_settings(environment=environment | {"VOICEBOT_STAFF__TOKEN": "vb_mine"})
    assert credentials(settings, "http://elsewhere.example") == {"Authorization": "Bearer vb_mine"}
