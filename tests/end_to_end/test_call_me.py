"""From text to a telephone: the whole server calls a number, and the call goes on with the text."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.peers.answering_bot import AnsweringBot
from tests.peers.server import ServerProcess

pytestmark = [pytest.mark.asyncio(loop_scope="function"), pytest.mark.model]


SETTINGS = """
[sip.providers.trunk]
servers = ["127.0.0.1:{port}"]
user = "shop"
password_env = "TRUNK_PASSWORD"
registers = false

[call_me]
prefixes = ["+1"]
"""


async def until(http: httpx.AsyncClient, talk: str, words: str, **wanted: str) -> dict[str, Any]:
    """Read until there is a line with ``words`` and these values."""
    async with asyncio.timeout(60):
        while True:
            view: dict[str, Any] = (await http.get(f"/api/chat/{talk}/lines")).json()
            lines = [line for line in view["lines"] if words in line["text"]]
            if any(all(line[key] == value for key, value in wanted.items()) for line in lines):
                return view
            await asyncio.sleep(0.1)


async def test_a_telephone_rings_and_goes_on_with_the_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUNK_PASSWORD", "secret")
    async with AnsweringBot(turns=3) as telephone:
        file = tmp_path / "voicebot.toml"
        port = telephone.target.rpartition(":")[2]
        file.write_text(SETTINGS.format(port=port))
        settings = {"CONFIG": str(file), "OUTBOUND__SCREENING_S": "0"}
        async with ServerProcess(tmp_path / "data", settings) as server:
            headers = {"Origin": server.http}
            async with httpx.AsyncClient(base_url=server.http, headers=headers) as http:
                talk = (await http.post("/api/chat/begin", json={})).json()["conversation"]
                written = {"id": "1", "text": "check my order"}
                await http.post(f"/api/chat/{talk}/messages", json=written)
                await until(http, talk, "What is your order number?", channel="web")
                asked = await http.post(f"/api/chat/{talk}/phone", json={"number": "+15550142"})
                assert asked.status_code == 202, asked.text
                view = await until(http, talk, "What is your order number?", channel="voice")
                assert view["over"]
                async with asyncio.timeout(60):
                    while view["call"] != "over":
                        await asyncio.sleep(0.1)
                        view = (await http.get(f"/api/chat/{talk}/lines")).json()
            (call,) = [each for each in await server.calls("") if each["callee"] == "+15550142"]
            assert call["direction"] == "outbound"
            assert call["turns"][0]["step"] == "ask_number"
