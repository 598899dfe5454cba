"""A caller in a queue takes the link, opens it and hangs up: an agent writes to them in the end."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.end_to_end.test_desk import add_user
from tests.end_to_end.test_moved_to_text import IN_A_QUERY, NUMBER, link_in_the_outbox
from tests.end_to_end.test_text_to_an_agent import Desk, desk
from tests.peers.phone import Phone, dialled
from tests.peers.server import ServerProcess
from tests.peers.shop import agents, shop

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.peer, pytest.mark.model]

FLOW = """\
start: person
steps:
  person:
    transfer: queue:support
    while_waiting: {offer: {ask: Text?, keys: {"1": chat}, steps: {chat: offer}}}
    on_failure: nobody
    next: after
  offer:
    offer_text: Shall I send you a link?
    keys: {"1": true, "2": false}
    accepted: back
    declined: back
    unavailable: back
    in_text: which
  which: {ask: What is it about?, keys: {"1": lamp}, next: back}
  back: {return: true}
  nobody: {say: Nobody is there., hangup: auto}
  after: {say: "Goodbye.", hangup: auto}
"""
QUEUES = "queues:\n  support: {announce: false}\n"


async def until(holds: Callable[[Any], bool], look: Callable[[], Any]) -> Any:
    async with asyncio.timeout(30):
        while not holds(found := await look()):
            await asyncio.sleep(0.1)
    return found


async def one_agent(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """The data folder and the settings of a server with one queue and one agent."""
    data = tmp_path / "data"
    await add_user(data, "anna")
    application = shop(tmp_path / "shop", FLOW, QUEUES)
    config = agents(tmp_path, {"anna": ""})
    return data, {"SERVER__APPLICATION": str(application), "CONFIG": config}


async def takes_link(server: ServerProcess, phone: Phone) -> str:
    """A caller who waits takes the link; gives its token."""
    await until(lambda queues: queues[0]["waiting"] == 1, lambda: server.get("/api/queues"))
    await phone.press("1")  # the choice
    await phone.listen(timeout_s=30)
    await phone.press("1")  # yes to the offer
    await until(lambda outbox: bool(outbox["messages"]), lambda: server.get("/api/outbox"))
    return (await link_in_the_outbox(server)).removeprefix("/t/")


async def test_the_place_goes_along_and_the_records_tell_one_contact(tmp_path: Path) -> None:
    data, settings = await one_agent(tmp_path)
    async with ServerProcess(data, settings) as server, await desk(server) as line:
        anna = Desk(line)
        await anna.order("ready")
        await anna.order("pause", text="Lunch")
        chat = f"{server.http}/api/chat"
        async with httpx.AsyncClient(headers={"Origin": server.http}, timeout=30) as page:

            async def view() -> Any:
                return (await page.get(f"{chat}/{at}/lines")).json()

            async with dialled(server, NUMBER) as phone:
                token = await takes_link(server, phone)
                opened = (await page.post(f"{chat}/open", json={"token": token})).json()
                at = opened["conversation"]
                assert (await view())["waiting"] is None, "it is the call that waits"
            shown = await until(lambda found: found["waiting"] is not None, view)
            assert (shown["waiting"]["position"], shown["waiting"]["queue"]) == (1, "support")
            assert "You keep your place" in shown["lines"][-1]["text"]

            await anna.order("ready")
            contact = await anna.take()
            await anna.order("say", contact=contact, text="Hello, Anna here.", key="k1")
            shown = await until(lambda found: found["agent"] is not None, view)
            assert shown["lines"][-1]["text"] == "Hello, Anna here."
            await anna.order("hang_up", contact=contact)
            await until(lambda found: found["over"], view)
        call = await server.finished_call(IN_A_QUERY)
        (queue,) = await server.get("/api/queues")
        whole = (await server.get("/api/deflection"))["whole"]
        told = await server.get(f"/api/calls/{call['id']}")
    assert contact == call["id"]
    assert call["outcome"] == "moved_to_text"
    assert (queue["answered"], queue["abandoned"]) == (1, 0)
    stages = {stage for stage, count in whole.items() if isinstance(count, int) and count}
    assert {"offered", "accepted", "opened", "handed_on"} <= stages
    assert told["agent"] == "anna"


async def test_a_link_that_is_opened_after_the_server_died_leads_to_the_place(
    tmp_path: Path,
) -> None:
    data, settings = await one_agent(tmp_path)

    async def held() -> int:
        with closing(sqlite3.connect(data / "voicebot.db")) as database:
            wanted = "SELECT count(*) FROM held_places WHERE left_at IS NOT NULL"
            return int(database.execute(wanted).fetchone()[0])

    first = ServerProcess(data, settings)
    async with first:
        async with dialled(first, NUMBER) as phone:
            token = await takes_link(first, phone)
        await until(lambda count: count == 1, held)
        await first.kill()
    async with ServerProcess(data, settings) as second:
        assert (await second.get("/api/queues"))[0]["waiting"] == 0
        async with httpx.AsyncClient(headers={"Origin": second.http}, timeout=30) as page:
            chat = f"{second.http}/api/chat"
            opened = (await page.post(f"{chat}/open", json={"token": token})).json()

            async def view() -> Any:
                return (await page.get(f"{chat}/{opened['conversation']}/lines")).json()

            shown = await until(lambda found: found["waiting"] is not None, view)
            await until(lambda count: count == 0, held)
    assert (shown["waiting"]["position"], shown["waiting"]["queue"]) == (1, "support")
