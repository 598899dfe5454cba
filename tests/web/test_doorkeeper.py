"""Who gets past the doorkeeper: sessions, tokens, pages elsewhere, and lines that stay open."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from tests.staff.memory import BEARER, Office
from voicebot.errors import StorageError
from voicebot.staff.model import Actor
from voicebot.staff.roles import Role
from voicebot.staff.roles import Scope as Right
from voicebot.web.access import AccessRules, Door
from voicebot.web.doorkeeper import Doorkeeper, EntryPolicy
from voicebot.web.identity import IN_SCOPE, SessionCookie
from voicebot.web.origin import own_origin

PASSWORD = "correct horse battery"
BOSS = Actor("boss")
RULES = AccessRules(
    {
        "/open": Door.OPEN,
        "/mine": Door.STAFF,
        "/account": Door.BROWSER,
        "/calls": Right.CALLS_READ,
        "/audit": Right.AUDIT_READ,
        "/figures": Door.METRICS,
    }
)


@dataclass
class House:
    """An application that says who came; WebSockets and ``/mine/stream`` stay open."""

    office: Office = field(default_factory=Office)
    policy: EntryPolicy = field(default_factory=EntryPolicy)
    address: str = "192.0.2.1"
    came: int = 0
    inside: asyncio.Event = field(default_factory=asyncio.Event)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.came += 1
        if scope["type"] == "websocket" or scope["path"] == "/mine/stream":
            self.inside.set()
            await asyncio.Event().wait()
        who = scope[IN_SCOPE].name if IN_SCOPE in scope else "anybody"
        await PlainTextResponse(who)(scope, receive, send)

    @property
    def keeper(self) -> Doorkeeper:
        return Doorkeeper(self.app, self.office.desk, self.policy, self.office.clock, RULES)

    async def ask(
        self, path: str, headers: dict[str, str] | None = None, method: str = "GET"
    ) -> httpx.Response:
        transport = httpx.ASGITransport(self.keeper, client=(self.address, 5000))
        async with httpx.AsyncClient(transport=transport, base_url="http://voicebot") as client:
            raw = {key.encode(): value.encode("latin-1") for key, value in (headers or {}).items()}
            return await client.request(method, path, headers=raw)

    async def connect(self, path: str, headers: dict[str, str]) -> list[Message]:
        """Ask for a WebSocket; what was sent back until it is over."""
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "websocket.connect"}

        async def send(message: Message) -> None:
            sent.append(message)

        scope = {
            "type": "websocket",
            "path": path,
            "headers": Headers({"host": "voicebot", **headers}).raw,
            "client": (self.address, 5000),
            "query_string": b"",
            "scheme": "ws",
            "server": ("voicebot", 80),
        }
        await self.keeper(scope, receive, send)
        return sent


@pytest.fixture
async def house() -> House:
    house = House()
    for name, role in (("anna", Role.SUPERVISOR), ("boss", Role.ADMIN)):
        await house.office.register.add_user(name, role, PASSWORD, BOSS, 0, must_change=False)
    return house


@pytest.fixture
async def cookie(house: House) -> dict[str, str]:
    """Anna's browser."""
    signed_in = await house.office.desk.sign_in("anna", PASSWORD, "", house.office.now)
    assert signed_in is not None
    return {"cookie": f"voicebot={signed_in.secret}"}


HERE = {"origin": "http://voicebot"}


async def test_who_has_shown_nothing_gets_to_what_is_open_alone(house: House) -> None:
    assert (await house.ask("/open")).text == "anybody"
    for path in ("/mine", "/calls", "/account"):
        answer = await house.ask(path)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    for path in ("/nowhere", "/", "/Open", "//open"):  # counted, as what scanners ask for is
        assert (await house.ask(path)).status_code == 404
    assert house.came == 1


async def test_a_person_is_led_to_sign_in_and_back(house: House) -> None:
    answer = await house.ask("/calls?outcome=failed&x=1", {"accept": "text/html,*/*"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Fcalls%3Foutcome%3Dfailed%26x%3D1"


async def test_a_session_opens_what_its_role_may(house: House, cookie: dict[str, str]) -> None:
    for path in ("/mine", "/calls", "/account"):
        assert (await house.ask(path, cookie)).text == "anna"
    refused = await house.ask("/audit", cookie)
    assert (refused.status_code, "audit:read" in refused.text) == (403, True)
    assert (await house.ask("/nowhere", cookie)).status_code == 404


async def test_a_session_that_is_over_is_told(house: House, cookie: dict[str, str]) -> None:
    house.office.now += 3600
    answer = await house.ask("/mine", cookie)
    assert (answer.status_code, "any more" in answer.text) == (401, True)


@pytest.mark.parametrize("value", ["", "forged", "\xff\xfe", "a" * 5000, "voicebot=x; voicebot=y"])
async def test_a_forged_cookie_opens_nothing(house: House, value: str) -> None:
    answer = await house.ask("/mine", {"cookie": f"voicebot={value}"})
    assert (answer.status_code, house.came) == (401, 0)


async def test_a_token_of_less_scope_opens_less(house: House) -> None:
    new = await house.office.register.add_token("boss", "x", [Right.CALLS_READ], BOSS, 0)
    bearer = {"authorization": f"Bearer {new.secret}"}
    assert (await house.ask("/calls", bearer, "POST")).text == "boss"
    assert (await house.ask("/mine", bearer)).text == "boss"
    for path in ("/audit", "/account", "/figures"):
        assert (await house.ask(path, bearer)).status_code == 403


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer wrong", "Basic dGVzdGVyOng=", "vb_tester", "Bearer \xff"]
)
async def test_a_wrong_header_is_no_reason_to_look_at_the_cookie(
    house: House, cookie: dict[str, str], header: str
) -> None:
    answer = await house.ask("/mine", {**cookie, "authorization": header})
    assert (answer.status_code, house.came) == (401, 0)


# Pages elsewhere


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "http://evil.example",
        "http://voicebot.evil.example",
        "http://voicebot:81",
        "file://voicebot",
        "http://",
        "http://[",
        "http://evil.example\\@voicebot",
    ],
)
async def test_a_page_elsewhere_changes_nothing(
    house: House, cookie: dict[str, str], origin: str
) -> None:
    headers = {**cookie, **({"origin": origin} if origin else {})}
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = await house.ask("/mine", headers, method)
        assert (answer.status_code, house.came) == (403, 0)


async def test_our_own_page_and_those_of_the_settings_may(
    house: House, cookie: dict[str, str]
) -> None:
    assert (await house.ask("/mine", {**cookie, **HERE}, "POST")).text == "anna"
    secure = {**cookie, "origin": "https://voicebot"}  # something before us ends TLS
    assert (await house.ask("/mine", secure, "POST")).text == "anna"
    house.policy = EntryPolicy(origins=("https://crm.example",))
    listed = {**cookie, "origin": "https://crm.example"}
    assert (await house.ask("/mine", listed, "POST")).text == "anna"


async def test_a_token_needs_no_page(house: House) -> None:
    assert (await house.ask("/mine", BEARER, "POST")).text == "tester"


async def test_a_websocket_of_a_page_elsewhere_is_closed(
    house: House, cookie: dict[str, str]
) -> None:
    for headers in ({}, cookie, {**cookie, "origin": "http://evil.example"}, HERE):
        (sent,) = await house.connect("/mine", headers)
        assert (sent["type"], sent["code"]) == ("websocket.close", 1008)
    assert house.came == 0


def test_an_origin_is_ours_by_its_host() -> None:
    assert own_origin(Headers({"host": "h:1", "origin": "http://h:1"})) == "http://h:1"
    assert own_origin(Headers({"origin": "http://h:1"})) == ""
    assert own_origin(Headers({"host": "h:1"})) == ""


# Lines that stay open


@pytest.mark.parametrize("path", ["/mine/stream", "/mine/socket"])
async def test_a_line_that_is_open_is_closed_when_the_session_ends(
    house: House, cookie: dict[str, str], path: str
) -> None:
    house.policy = EntryPolicy(ask_again_s=0.01)
    headers = {**cookie, **HERE}
    asking = house.ask if path.endswith("stream") else house.connect
    line = asyncio.ensure_future(asking(path, headers))
    await house.inside.wait()
    assert not line.done()
    await house.office.register.disable("anna", BOSS, house.office.now)
    async with asyncio.timeout(30):
        await asyncio.wait({line})
    if not line.cancelled():
        line.exception()


async def test_a_line_that_is_open_is_closed_when_the_right_to_it_ends(
    house: House, cookie: dict[str, str]
) -> None:
    house.policy = EntryPolicy(ask_again_s=0.01)
    line = asyncio.ensure_future(house.connect("/calls/socket", {**cookie, **HERE}))
    await house.inside.wait()
    assert not line.done()
    await house.office.register.set_role("anna", Role.AGENT, BOSS, house.office.now)
    async with asyncio.timeout(30):
        await asyncio.wait({line})
    if not line.cancelled():
        line.exception()


async def test_a_line_that_is_open_outlasts_a_database_that_is_away(
    house: House, cookie: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    house.policy = EntryPolicy(ask_again_s=0.01)
    line = asyncio.ensure_future(house.connect("/mine/socket", {**cookie, **HERE}))
    await house.inside.wait()
    asked = asyncio.Event()
    rounds = 0

    async def away(secret: str, now: float) -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 3:
            asked.set()
        raise StorageError("records of staff cannot be read")

    with monkeypatch.context() as outage:
        outage.setattr(house.office.desk, "session", away)
        async with asyncio.timeout(30):
            await asked.wait()
        assert not line.done()
    await house.office.register.disable("anna", BOSS, house.office.now)
    async with asyncio.timeout(30):
        assert await line == []


async def test_who_leaves_ends_what_was_served(house: House, cookie: dict[str, str]) -> None:
    line = asyncio.create_task(house.connect("/mine", {**cookie, **HERE}))
    await house.inside.wait()
    line.cancel()
    await asyncio.wait({line})
    assert len(asyncio.all_tasks()) == 1


# What goes before everything else


async def test_a_given_password_opens_nothing_but_its_change(house: House) -> None:
    office = house.office
    await office.register.set_password("anna", PASSWORD, BOSS, 0, must_change=True)
    signed_in = await office.desk.sign_in("anna", PASSWORD, "", office.now)
    assert signed_in is not None
    cookie = {"cookie": f"voicebot={signed_in.secret}"}
    assert (await house.ask("/account", cookie)).text == "anna"
    refused = await house.ask("/calls", cookie)
    assert (refused.status_code, "/account" in refused.text) == (403, True)
    led = await house.ask("/calls", {**cookie, "accept": "text/html"})
    assert (led.status_code, led.headers["location"]) == (303, "/account")


@pytest.mark.parametrize(
    ("setting", "address", "status"),
    [
        ("loopback", "127.0.0.1", 200),
        ("loopback", "::1", 200),
        ("loopback", "192.0.2.1", 401),
        ("open", "192.0.2.1", 200),
        ("closed", "127.0.0.1", 401),
    ],
)
async def test_figures_are_open_to_whom_the_setting_says(
    house: House, setting: Any, address: str, status: int
) -> None:
    house.policy = EntryPolicy(metrics=setting)
    house.address = address
    assert (await house.ask("/figures")).status_code == status
    assert (await house.ask("/figures", BEARER)).status_code == 200


async def test_by_https_the_cookie_has_another_name(house: House, cookie: dict[str, str]) -> None:
    house.policy = EntryPolicy(SessionCookie(https=True))
    assert (await house.ask("/mine", cookie)).status_code == 401
    secret = cookie["cookie"].removeprefix("voicebot=")
    safe = {"cookie": f"__Host-voicebot={secret}"}
    assert (await house.ask("/mine", safe)).text == "anna"


async def test_while_the_records_are_away_nobody_gets_in(
    house: House, cookie: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(key: str) -> None:
        raise StorageError("the disk went away")

    monkeypatch.setattr(house.office.book, "session", fail)
    with pytest.raises(StorageError):
        await house.ask("/mine", cookie)
    assert house.came == 0
