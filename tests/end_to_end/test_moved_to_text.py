"""Calls that are offered to go on in text: the link in the outbox, the page behind it, the figures.

One caller opens the link and is served there; another takes it and never opens it.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.peers.phone import dialled
from tests.peers.server import ServerProcess

pytestmark = [
    pytest.mark.asyncio(loop_scope="function"),
    pytest.mark.peer,
    pytest.mark.model,
]

NUMBER = "+15550142"
IN_A_QUERY = NUMBER.replace("+", "%2B")


async def call_and_take_the_link(server: ServerProcess) -> dict[str, Any]:
    """Ask for an order, say yes to text, and hang up; gives the record of the call."""
    async with dialled(server, NUMBER) as phone:
        await phone.listen()
        for keys in ("4271#", "1", "1"):  # the order; yes to the offer; yes to the number
            await phone.press(keys)
            await phone.listen()
    return await server.finished_call(IN_A_QUERY)


async def link_in_the_outbox(server: ServerProcess) -> str:
    """The link that was sent, without the server's own part."""
    (message,) = (await server.get("/api/outbox"))["messages"]
    assert (message["channel"], message["recipient"]) == ("sms", NUMBER)
    found = re.search(rf"{re.escape(server.http)}(/t/\S+)", message["text"])
    assert found is not None
    return found[1]


async def funnel(server: ServerProcess, stage: str) -> dict[str, Any]:
    """The deflection of the day, once one contact has come to ``stage``."""
    async with asyncio.timeout(30):
        while True:
            whole: dict[str, Any] = (await server.get("/api/deflection"))["whole"]
            if whole[stage]:
                return whole
            await asyncio.sleep(0.1)


def reached(whole: dict[str, Any]) -> set[str]:
    return {stage for stage, count in whole.items() if isinstance(count, int) and count}


async def test_a_caller_takes_the_link_and_is_served_in_text(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path) as server:
        call = await call_and_take_the_link(server)
        assert call["outcome"] == "moved_to_text"
        assert (await server.get(f"/api/calls/{call['id']}"))["outcome"] == "moved_to_text"

        token = (await link_in_the_outbox(server)).removeprefix("/t/")
        async with httpx.AsyncClient(
            base_url=f"{server.http}/api/chat", headers={"Origin": server.http}
        ) as page:
            opened = (await page.post("/open", json={"token": token})).raise_for_status()
            at = opened.json()["conversation"]
            view = (await page.get(f"/{at}/lines")).raise_for_status().json()
            assert "4271" in {fact["value"] for fact in view["facts"]}
            spoken = [line["text"] for line in view["lines"] if line["channel"] == "voice"]
            typed = [line["text"] for line in view["lines"] if line["channel"] == "web"]
            assert any("Shall I text you the details?" in line for line in spoken)
            assert typed[0].startswith("Order 4271")
            await page.post(f"/{at}/messages", json={"id": "1", "text": "no thanks"})
            view = (await page.get(f"/{at}/lines")).raise_for_status().json()
            assert view["over"]

        whole = await funnel(server, "served")
        assert reached(whole) == {"offered", "accepted", "opened", "served", "deflected"}
        report = await server.get("/api/deflection")
        assert report["by_intent"]["tracking"] == whole
        assert (await server.finished_call(IN_A_QUERY))["outcome"] == "moved_to_text"


async def test_a_caller_takes_the_link_and_never_opens_it(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path, {"TEXT__LINK_S": "2"}) as server:
        call = await call_and_take_the_link(server)
        whole = await funnel(server, "gave_up")
        assert reached(whole) == {"offered", "accepted", "gave_up"}
        assert whole["deflection_rate"] == 0
        assert (await server.get(f"/api/calls/{call['id']}"))["outcome"] == "moved_to_text"
