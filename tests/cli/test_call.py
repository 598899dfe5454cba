"""``voicebot call`` against a real SIP door and a real event stream."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest
import typer
from fastapi import FastAPI
from typer.testing import CliRunner

from tests.peers.answering_bot import TONE, AnsweringBot
from tests.staff.memory import BEARER, Office
from voicebot.cli.call import call, moves_of, print_json, print_line
from voicebot.cli.caller_voice import Utterance
from voicebot.cli.conversation import Conversation, Line, Move, Pressed
from voicebot.errors import UsageError
from voicebot.telephony._api import Admission
from voicebot.telephony.sip_client import CallRefused
from voicebot.types import Outcome
from voicebot.web.api.events import events_router
from voicebot.web.doorkeeper import Doorkeeper, EntryPolicy
from voicebot.web.server import HttpServer

SPOKEN = Utterance("a tone", np.concatenate(TONE), "recorded")


@asynccontextmanager
async def _web(bot: AnsweringBot) -> AsyncIterator[str]:
    app = FastAPI()
    app.include_router(events_router(bot.feed))
    server = HttpServer(app, "127.0.0.1", 0)
    await server.start()
    yield server.url
    bot.feed.close()
    await server.stop()


async def test_a_conversation_is_told_line_by_line() -> None:
    lines: list[Line] = []
    async with AnsweringBot(turns=2) as bot, _web(bot) as url:
        moves: list[Move] = [SPOKEN, Pressed("5")]
        outcome = await Conversation(bot.target, url, moves, lines.append).run()
    assert outcome == "self_served"
    told = [(line.who, line.text) for line in lines if line.who != "bot"]
    assert told == [
        ("call", f"calling {bot.target}"),
        ("call", "answered"),
        ("caller", "a tone"),
        ("heard", "a tone (confidence 0.90)"),
        ("caller", "presses 5"),
        ("heard", "5 (dtmf)"),
        ("ended", "self_served (the bot hung up)"),
    ]
    prompts = [line for line in lines if line.who == "bot"]
    assert [line.text for line in prompts] == ["Beep. Beep."] * 3
    assert [line.latency_ms for line in prompts] == [None, 200.0, 200.0]
    assert lines == sorted(lines, key=lambda line: line.at)


async def test_a_bot_that_ends_early_ends_the_conversation() -> None:
    async with AnsweringBot(turns=1, outcome=Outcome.FAILED) as bot, _web(bot) as url:
        moves = [Pressed("1"), Pressed("2"), Pressed("3")]
        assert await Conversation(bot.target, url, moves, lambda _: None).run() == "failed"


async def test_a_refused_call_says_why() -> None:
    async with AnsweringBot(admission=Admission(False, 486)) as bot, _web(bot) as url:
        with pytest.raises(CallRefused, match="refused: 486"):
            await Conversation(bot.target, url, [], lambda _: None).run()


async def test_another_web_server_is_told_apart() -> None:
    server = HttpServer(FastAPI(), "127.0.0.1", 0)
    await server.start()
    with pytest.raises(UsageError, match="is no voicebot server"):
        await Conversation("sip:a@127.0.0.1:1", server.url, [], lambda _: None).run()
    await server.stop()


async def test_who_may_not_follow_calls_is_told_what_opens_them() -> None:
    office = Office()
    guarded = Doorkeeper(FastAPI(), office.desk, EntryPolicy(), office.clock)
    server = HttpServer(guarded, "127.0.0.1", 0)
    await server.start()
    for shown in ({}, {"Authorization": "Bearer of_yesterday"}):
        with pytest.raises(UsageError, match="VOICEBOT_STAFF__TOKEN"):
            await Conversation("sip:a@127.0.0.1:1", server.url, [], lambda _: None, shown).run()
    with pytest.raises(UsageError, match="is no voicebot server"):  # let in, to nothing
        await Conversation("sip:a@127.0.0.1:1", server.url, [], lambda _: None, BEARER).run()
    await server.stop()


async def test_without_a_server_the_way_to_start_one_is_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(UsageError, match="start one with 'voicebot serve'"):
        await Conversation("sip:a@127.0.0.1:1", url, [], lambda _: None).run()


def test_keys_that_no_telephone_has_are_refused() -> None:
    assert moves_of(["press 42#"]) == [Pressed("42#")]
    with pytest.raises(UsageError, match="'4x' are no keys"):
        moves_of(["press 4x"])


def test_a_line_shows_who_waited_how_long(capsys: pytest.CaptureFixture[str]) -> None:
    print_line(Line(12.34, "bot", "Thank you.", 480.4))
    assert capsys.readouterr().out == "  12.3 s  bot     Thank you.  after 480 ms\n"


def test_json_is_an_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_json(Line(1.0, "heard", "4271", None, {"result": "match"}))
    assert json.loads(capsys.readouterr().out) == {
        "at": 1.0,
        "who": "heard",
        "text": "4271",
        "latency_ms": None,
        "detail": {"result": "match"},
    }


def test_the_command_takes_its_addresses_from_the_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[str, str]] = []

    async def run(self: Conversation) -> str:
        asked.append((self._target, self._http))
        return "self_served"

    monkeypatch.setattr(Conversation, "run", run)
    monkeypatch.setenv("VOICEBOT_SIP__HOST", "0.0.0.0")
    monkeypatch.setenv("VOICEBOT_SIP__PORT", "5099")
    monkeypatch.setenv("VOICEBOT_SERVER__PORT", "8099")
    app = typer.Typer()
    app.command()(call)
    result = CliRunner().invoke(app, ["--say", "press 1"])
    assert result.exit_code == 0, result.output
    assert asked == [("sip:shop@127.0.0.1:5099", "http://127.0.0.1:8099")]


async def test_leaving_a_conversation_leaves_no_task_behind() -> None:
    before = asyncio.all_tasks()
    async with AnsweringBot(turns=1) as bot, _web(bot) as url:
        await Conversation(bot.target, url, [Pressed("1")], lambda _: None).run()
    assert asyncio.all_tasks() == before
