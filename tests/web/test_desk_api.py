"""``/api/desk/socket`` of a real HTTP server: who may come, what is told, and what is refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.desk.office import Office, join
from tests.staff.memory import Office as Staff
from tests.web.shelf import Shelf
from voicebot.errors import StorageError
from voicebot.sessions.feed import EventFeed
from voicebot.staff.model import Actor
from voicebot.staff.roles import Role
from voicebot.web.api.desk import NO_AGENT, NO_MESSAGE, TOO_MANY, desk_router
from voicebot.web.api.sign_in import Attempts, SignInSide
from voicebot.web.application import create_app
from voicebot.web.server import HttpServer

PASSWORD = "correct horse battery"


@dataclass
class Site:
    office: Office
    staff: Staff
    server: HttpServer

    async def cookie(self, name: str, role: Role = Role.AGENT) -> str:
        boss = Actor("boss")
        await self.staff.register.add_user(name, role, PASSWORD, boss, 0, must_change=False)
        signed_in = await self.staff.desk.sign_in(name, PASSWORD, "", self.staff.now)
        assert signed_in is not None
        return f"voicebot={signed_in.secret}"

    def socket(self, cookie: str, origin: str = "") -> connect:
        headers = {"Origin": origin or self.server.url, "Cookie": cookie}
        url = self.server.url.replace("http", "ws", 1) + "/api/desk/socket"
        return connect(url, additional_headers=headers, proxy=None)


@dataclass
class Page:
    """An agent's page: remembers the last state, and what came beside it."""

    line: ClientConnection
    state: dict[str, Any] = field(default_factory=dict)
    number: int = 0

    async def until(self, **wanted: Any) -> dict[str, Any]:
        """Read until a message with these values has come."""
        async with asyncio.timeout(30):
            while True:
                message: dict[str, Any] = json.loads(await self.line.recv())
                if message["type"] == "state":
                    self.state = message
                if all(message.get(key) == value for key, value in wanted.items()):
                    return message

    async def order(self, what: str, **more: Any) -> dict[str, Any]:
        self.number += 1
        await self.line.send(json.dumps({"id": self.number, "do": what, **more}))
        return await self.until(id=self.number)

    async def state_with(self, key: str) -> list[dict[str, Any]]:
        """The state, once there is something at ``key``."""
        while not self.state.get(key):
            await self.until(type="state")
        found: list[dict[str, Any]] = self.state[key]
        return found


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    office, staff = Office("anna", "bert"), Staff()
    app = create_app(
        archive=Shelf(),
        feed=EventFeed(),
        readiness=dict,
        metric_sources=[],
        version="1",
        staff=SignInSide(staff.desk, Attempts.per_minute(100), staff.clock),
        routers=[desk_router(office.desks, office.lines)],
    )
    server = HttpServer(app, "127.0.0.1", 0, linger_s=1)
    await server.start()
    yield Site(office, staff, server)
    await office.close()
    await server.stop()


async def closed(line: ClientConnection) -> int | None:
    """The code with which the server closes."""
    async with asyncio.timeout(30):
        with suppress(ConnectionClosed):
            async for _ in line:
                pass
    return line.close_code


async def test_strangers_other_pages_and_those_without_the_right_get_no_desk(site: Site) -> None:
    anna, designer = await site.cookie("anna"), await site.cookie("dora", Role.DESIGNER)
    for cookie, origin in (("", ""), (anna, "https://evil.example"), (designer, "")):
        with pytest.raises(InvalidStatus):
            async with site.socket(cookie, origin):
                pass


async def test_who_is_no_agent_is_told_so(site: Site) -> None:
    async with site.socket(await site.cookie("zoe", Role.SUPERVISOR)) as line:
        assert await closed(line) == NO_AGENT


async def test_from_ready_to_done_in_two_windows(site: Site) -> None:
    cookie = await site.cookie("anna")
    async with site.socket(cookie) as one, site.socket(cookie) as two:
        page, other = Page(one), Page(two)
        assert (await page.order("ready"))["type"] == "done"
        place = await site.office.arrive(intent="return")
        for window in (page, other):
            (ringing,) = await window.state_with("ringing")
            assert (ringing["contact"], ringing["intent"]) == ("caller", "return")
        right = (await page.order("accept", contact="caller"))["data"]
        refused = await other.order("accept", contact="caller")
        assert refused["detail"] == "another of your windows is answering this call"
        agent = await site.office.pages.call(right["token"])
        joined = await join(site.office, "anna", agent)
        (contact,) = await other.state_with("contacts")
        assert contact["codes"] == ["solved", "later"]
        card = (await page.order("card", contact="caller"))["data"]
        assert (card["contact"], card["complete"]) == ("caller", True)
        targets = (await page.order("targets"))["data"]
        assert targets == {
            "queues": ["support", "billing"],
            "agents": [{"name": "bert", "free": False}],
            "names": [],
            "numbers": False,
        }
        found = (await page.order("look_up", contact="caller", text="parcels"))["data"]
        assert found["articles"][0]["title"] == "About parcels"
        note = {"contact": "caller", "code": "solved", "text": "Label sent."}
        assert (await page.order("note", **note))["type"] == "done"
        await other.until(type="state")
        assert (await page.order("hang_up", contact="caller"))["type"] == "done"
        await joined.end()
        await place.leave("over")
        assert (await page.order("finish", contact="caller"))["type"] == "done"
        assert (await page.order("finish", contact="caller"))["type"] == "refused"
    (kept,) = site.office.records.notes
    assert (kept.agent, kept.code, kept.text) == ("anna", "solved", "Label sent.")


@pytest.mark.parametrize(
    ("order", "says"),
    [
        ({"do": "dance"}, "do"),
        ({"do": "ready", "more": 1}, "more"),
        ({"do": "hold", "contact": "nobody"}, "not on your desk"),
        ({"do": "pause", "text": "Lunch"}, "not signed in"),
        ({"do": "send_on", "kind": "agent", "to": "bert"}, "cannot be asked"),
        ({"do": "note", "contact": "nobody"}, "not on your desk"),
    ],
)
async def test_what_makes_no_sense_is_refused_in_a_sentence(
    site: Site, order: dict[str, Any], says: str
) -> None:
    async with site.socket(await site.cookie("anna")) as line:
        await line.send(json.dumps({"id": 7, **order}))
        refused = await Page(line).until(type="refused")
        assert refused["id"] == 7
        assert says in refused["detail"]


async def test_a_note_that_cannot_be_kept_is_told(site: Site) -> None:
    async with site.socket(await site.cookie("anna")) as line:
        page = Page(line)
        await page.order("ready")
        await site.office.arrive()
        right = (await page.order("accept", contact="caller"))["data"]
        await site.office.pages.call(right["token"])
        await page.state_with("contacts")
        site.office.records.problem = StorageError("the disk is full")
        refused = await page.order("note", contact="caller", text="x")
        assert "could not be written down" in refused["detail"]
        wrong = await page.order("note", contact="caller", code="gone")
        assert "no code 'gone'" in wrong["detail"]


async def test_what_is_no_message_ends_the_line_and_too_many_windows_are_told(site: Site) -> None:
    cookie = await site.cookie("anna")
    for message in ("{", b"{}", "[" * 16_000):
        async with site.socket(cookie) as line:
            await line.send(message)
            assert await closed(line) == NO_MESSAGE, message[:2]
    lines = [await site.socket(cookie) for _ in range(9)]
    assert await closed(lines[-1]) == TOO_MANY
    for each in lines[:-1]:
        await each.close()
