"""Conversations in text over HTTP and WebSockets, by honest pages and by others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.sessions.chat_house import House, house
from tests.sessions.test_call_me import Lines, calls_of
from tests.sessions.test_chats import a_call
from tests.web.chat_server import SHOP_PAGE, ChatServer, chat_server
from voicebot.errors import StorageError
from voicebot.sessions.invitation import ConversationId
from voicebot.web.api.chat import STATUSES, ChatRules
from voicebot.web.api.chat_models import CallGrant
from voicebot.web.api.chat_socket import NO_MESSAGE


@pytest.fixture
def shop(tmp_path: Path) -> House:
    return house(tmp_path)


@pytest.fixture
async def server(shop: House) -> AsyncIterator[ChatServer]:
    async with chat_server(shop) as running:
        yield running


async def invited(server: ChatServer, *wishes: str) -> str:
    """The token of a link."""
    await server.chats.prepare(a_call(server.house, *wishes))
    return server.house.sent[-1]


async def opened(server: ChatServer, *wishes: str) -> str:
    token = await invited(server, *wishes)
    answer = await server.http.post("/api/chat/open", json={"token": token})
    assert answer.status_code == 200
    return str(answer.json()["conversation"])


async def write(server: ChatServer, talk: str, id_: str, text: str) -> httpx.Response:
    return await server.http.post(f"/api/chat/{talk}/messages", json={"id": id_, "text": text})


async def lines(server: ChatServer, talk: str, **query: Any) -> dict[str, Any]:
    answer = await server.http.get(f"/api/chat/{talk}/lines", params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def socket(server: ChatServer, talk: str, **headers: str) -> connect:
    cookies = "; ".join(f"{name}={value}" for name, value in server.http.cookies.items())
    sent = {"Origin": server.url, "Cookie": cookies, **headers}
    url = server.url.replace("http:", "ws:")
    return connect(f"{url}/api/chat/{talk}/socket", additional_headers=sent, proxy=None)


async def receive(page: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(20):
        return dict(json.loads(await page.recv()))


# The way it is meant


async def test_a_link_opens_where_the_call_stood_and_is_answered(server: ChatServer) -> None:
    talk = await opened(server, "delivery")
    view = await lines(server, talk)
    assert [(line["channel"], line["who"], line["text"]) for line in view["lines"]] == [
        ("voice", "bot", "What is it about?"),
        ("voice", "caller", "delivery"),
        ("web", "bot", "Which day?"),
    ]
    assert view["replies"] == ["Monday", "Tuesday", "Friday"]
    assert (await write(server, talk, "m1", "fryday")).json() == {"cursor": 4}
    view = await lines(server, talk, after=4)
    assert [line["text"] for line in view["lines"]] == ["Which size?"]
    assert view["facts"] == [
        {"name": "day", "label": "day of delivery", "value": "Friday", "editable": True}
    ]


async def test_the_key_is_a_cookie_that_scripts_and_other_sites_do_not_get(
    server: ChatServer,
) -> None:
    answer = await server.http.post("/api/chat/open", json={"token": await invited(server)})
    cookie = answer.headers["set-cookie"]
    for part in ("HttpOnly", "SameSite=strict", "Path=/api/chat"):
        assert part in cookie
    assert answer.json()["key"] == ""


async def test_a_page_of_the_list_gets_its_key_to_keep_and_no_cookie(server: ChatServer) -> None:
    page = {"Origin": SHOP_PAGE}
    answer = await server.http.post("/api/chat/begin", headers=page, json={})
    assert "set-cookie" not in answer.headers
    assert answer.headers["access-control-allow-origin"] == SHOP_PAGE
    begun = answer.json()
    path = f"/api/chat/{begun['conversation']}/lines"
    with_key = {**page, "Authorization": f"Bearer {begun['key']}"}
    assert (await server.http.get(path, headers=with_key)).status_code == 200
    assert (await server.http.get(path, headers=page)).status_code == 401


async def test_waiting_for_a_line_ends_with_the_line(server: ChatServer) -> None:
    talk = await opened(server)
    waiting = asyncio.create_task(lines(server, talk, after=2, wait_s=20))
    async with asyncio.timeout(30):
        while not server.chats.followed:
            await asyncio.sleep(0)
    await write(server, talk, "m1", "delivery")
    view = await waiting
    assert view["lines"][0]["text"] == "delivery"


async def test_events_carry_each_line_once(server: ChatServer) -> None:
    talk = await opened(server)
    seen: list[int] = []
    async with server.http.stream("GET", f"/api/chat/{talk}/events?after=0") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        async for line in answer.aiter_lines():
            if line.startswith("data: "):
                view = json.loads(line.removeprefix("data: "))
                seen += [each["cursor"] for each in view["lines"]]
                if view["cursor"] == 2:
                    await write(server, talk, "m1", "delivery")
                if view["cursor"] == 4:
                    break
    assert seen == [1, 2, 3, 4]


async def test_a_socket_hears_and_says(server: ChatServer) -> None:
    talk = await opened(server)
    async with socket(server, talk) as page:
        await page.send(json.dumps({"type": "hello", "after": 0}))
        assert (await receive(page))["cursor"] == 2
        for _ in range(2):  # the second is a repetition
            await page.send(json.dumps({"type": "say", "id": "m1", "text": "delivery"}))
        got = [await receive(page) for _ in range(3)]
        assert [each["cursor"] for each in got if each["type"] == "sent"] == [3, 3]
        (view,) = [each for each in got if each["type"] == "view"]
        assert [line["id"] for line in view["lines"]] == ["m1", ""]
        await page.send(json.dumps({"type": "say", "id": "m2", "text": "x", "fact": "day"}))
        refused = await receive(page)
        assert (refused["type"], refused["id"], refused["code"]) == ("refused", "m2", "fact")


async def test_the_grant_to_call_names_the_conversation(shop: House) -> None:
    asked: list[str] = []

    async def grant(conversation: ConversationId) -> CallGrant:
        asked.append(conversation)
        return CallGrant(token="t", expires_in_s=60, ice_servers=[])

    async with chat_server(shop, call_back=grant) as server:
        talk = await opened(server)
        answer = await server.http.post(f"/api/chat/{talk}/call")
        assert (answer.json()["token"], asked) == ("t", [talk])


async def test_where_no_browser_can_call_that_is_said(server: ChatServer) -> None:
    talk = await opened(server)
    answer = await server.http.post(f"/api/chat/{talk}/call")
    assert (answer.status_code, answer.json()["code"]) == (503, "voice")


# Links


async def test_two_people_on_one_link_are_one(server: ChatServer) -> None:
    token = await invited(server)
    first = await server.http.post("/api/chat/open", json={"token": token})
    again = await server.http.post("/api/chat/open", json={"token": token})
    assert first.json()["conversation"] == again.json()["conversation"]
    server.http.cookies.clear()
    other = await server.http.post("/api/chat/open", json={"token": token})
    assert (other.status_code, other.json()["code"]) == (410, "used")
    talk = first.json()["conversation"]
    assert (await server.http.get(f"/api/chat/{talk}/lines")).status_code == 401
    assert (await write(server, talk, "m1", "delivery")).status_code == 401


async def test_an_old_link_is_said_to_be_old(server: ChatServer) -> None:
    token = await invited(server)
    server.house.now += 1e6
    answer = await server.http.post("/api/chat/open", json={"token": token})
    assert (answer.status_code, answer.json()["code"]) == (410, "expired")


@pytest.mark.parametrize("token", ["", "x" * 32, "'; drop table conversations", "\x00", "é" * 32])
async def test_a_forged_link_is_unknown(server: ChatServer, token: str) -> None:
    await invited(server)
    answer = await server.http.post("/api/chat/open", json={"token": token})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown")


async def test_guessing_is_slowed_down(shop: House) -> None:
    async with chat_server(shop, ChatRules(opens_per_minute=5)) as server:
        token = await invited(server)
        for _ in range(5):
            answer = await server.http.post("/api/chat/open", json={"token": "x" * 32})
            assert answer.status_code == 404
        answer = await server.http.post("/api/chat/open", json={"token": token})
        assert (answer.status_code, answer.json()["code"]) == (429, "rate")
        assert int(answer.headers["retry-after"]) > 0


async def test_a_look_at_the_page_redeems_nothing(server: ChatServer) -> None:
    token = await invited(server)
    page = await server.http.get(f"/t/{token}")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert (await server.http.post("/api/chat/open", json={"token": token})).status_code == 200


async def test_no_secret_and_no_words_come_into_the_log(
    server: ChatServer, capfd: pytest.CaptureFixture[str]
) -> None:
    token = await invited(server)
    talk = (await server.http.post("/api/chat/open", json={"token": token})).json()["conversation"]
    (key,) = server.http.cookies.values()
    await server.http.get(f"/t/{token}")
    await write(server, talk, "m1", "delivery of my unicorn")
    out, err = capfd.readouterr()
    for secret in (token, key, "unicorn"):
        assert secret not in out + err


# A telephone


async def test_a_phone_is_called_by_who_holds_the_conversation(shop: House) -> None:
    phones = Lines()
    async with chat_server(shop, phones=lambda chats: calls_of(chats, phones)) as server:
        talk = await opened(server)
        answer = await server.http.get(f"/api/chat/{talk}/phone")
        assert answer.json() == {"offered": True, "ending": ""}
        answer = await server.http.post(f"/api/chat/{talk}/phone", json={"number": "+15550142"})
        assert answer.status_code == 202
        assert [order.target for order in phones.orders] == ["+15550142"]
        assert (await lines(server, talk))["call"] == "dialling"
        for body, code in (({"number": "+15550143"}, "calling"), ({"to": "1"}, "form")):
            answer = await server.http.post(f"/api/chat/{talk}/phone", json=body)
            assert (answer.status_code, answer.json()["code"]) == (STATUSES[code], code)
        stranger = httpx.AsyncClient(base_url=server.url, trust_env=False)
        async with stranger:
            answer = await stranger.post(f"/api/chat/{talk}/phone", json={"number": "+15550142"})
        assert answer.status_code == 401
    assert len(phones.orders) == 1


async def test_where_no_phone_is_called_that_is_said(server: ChatServer) -> None:
    talk = await opened(server)
    answer = await server.http.get(f"/api/chat/{talk}/phone")
    assert answer.json() == {"offered": False, "ending": ""}
    answer = await server.http.post(f"/api/chat/{talk}/phone", json={"number": "+15550142"})
    assert (answer.status_code, answer.json()["code"]) == (503, "voice")


# Other pages


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", f"{SHOP_PAGE}.evil"])
async def test_other_pages_may_not_open_or_begin(server: ChatServer, origin: str) -> None:
    token = await invited(server)
    for path, body in (("open", {"token": token}), ("begin", {})):
        answer = await server.http.post(f"/api/chat/{path}", json=body, headers={"Origin": origin})
        assert (answer.status_code, answer.json()["code"]) == (403, "origin")
        assert "access-control-allow-origin" not in answer.headers


async def test_another_page_with_our_cookie_gets_no_socket(server: ChatServer) -> None:
    talk = await opened(server)
    async with socket(server, talk, Origin="https://evil.example") as page:
        with pytest.raises(ConnectionClosed):
            await receive(page)
        assert (page.close_code, page.close_reason) == (4403, "origin")


async def test_only_pages_of_the_list_are_let_in_before_they_ask(server: ChatServer) -> None:
    for origin, status in ((SHOP_PAGE, 204), ("https://evil.example", 403)):
        answer = await server.http.options("/api/chat/begin", headers={"Origin": origin})
        assert answer.status_code == status


async def test_without_a_link_there_is_no_conversation_where_none_is_wanted(shop: House) -> None:
    async with chat_server(shop, ChatRules(fresh=False)) as server:
        answer = await server.http.post("/api/chat/begin", json={})
        assert answer.json()["code"] == "unknown"


# Odd messages


@pytest.mark.parametrize(
    "body, status",
    [
        ({"id": "m", "text": "x" * 3_000}, 413),
        ({"id": "m", "text": "x" * 1_000_000}, 413),
        ({"id": "m", "text": "  "}, 422),
        ({"id": "", "text": "hello"}, 422),
        ({"id": "m" * 100, "text": "hello"}, 422),
        ({"id": "<script>", "text": "hello"}, 422),
        ({"id": "m", "text": "hello", "admin": True}, 422),
        ({"id": "m", "text": ["hello"]}, 422),
        ([], 422),
    ],
)
async def test_an_odd_message_is_refused_and_the_conversation_goes_on(
    server: ChatServer, body: Any, status: int
) -> None:
    talk = await opened(server)
    answer = await server.http.post(f"/api/chat/{talk}/messages", json=body)
    assert answer.status_code == status
    assert set(answer.json()) == {"detail", "code"}
    assert (await write(server, talk, "m1", "delivery")).status_code == 200


async def test_script_in_a_message_stays_text(server: ChatServer) -> None:
    talk = await opened(server)
    await write(server, talk, "m1", "<img src=x onerror=alert(1)>")
    answer = await server.http.get(f"/api/chat/{talk}/lines")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["lines"][2]["text"] == "<img src=x onerror=alert(1)>"


async def test_a_message_after_the_end_is_refused(server: ChatServer) -> None:
    talk = await opened(server)
    await write(server, talk, "m1", "bye")
    assert (await lines(server, talk))["over"]
    answer = await write(server, talk, "m2", "hello?")
    assert (answer.status_code, answer.json()["code"]) == (410, "over")


async def test_a_flood_of_messages_is_slowed_down(shop: House) -> None:
    async with chat_server(shop, ChatRules(messages_per_minute=3)) as server:
        talk = await opened(server)
        codes = [(await write(server, talk, f"m{n}", "delivery")).status_code for n in range(5)]
        assert codes == [200, 200, 200, 429, 429]


@pytest.mark.parametrize(
    "said",
    [
        *("no json", "[]", "1", '{"type": "say"}', '{"type": "hello", "after": "x"}'),
        *("[" * 16_000, "x" * 17_000, b"{}"),
    ],
)
async def test_a_socket_that_says_anything_else_is_closed(
    server: ChatServer, said: str | bytes
) -> None:
    talk = await opened(server)
    async with socket(server, talk) as page:
        await page.send(said)
        with pytest.raises(ConnectionClosed):
            await receive(page)
        assert page.close_code == NO_MESSAGE
    assert (await write(server, talk, "m1", "delivery")).status_code == 200


async def test_a_socket_without_the_key_is_closed(server: ChatServer) -> None:
    talk = await opened(server)
    async with socket(server, talk, Cookie="") as page:
        await page.send(json.dumps({"type": "hello", "after": 0, "key": "x" * 32}))
        with pytest.raises(ConnectionClosed):
            await receive(page)
        assert page.close_reason == "key"


async def test_a_huge_message_on_a_socket_is_no_message(server: ChatServer) -> None:
    talk = await opened(server)
    async with socket(server, talk) as page:
        await page.send(json.dumps({"type": "hello", "after": 0}))
        await receive(page)
        await page.send(json.dumps({"type": "say", "id": "m", "text": "x" * 1_000_000}))
        with pytest.raises(ConnectionClosed):
            await receive(page)
    assert (await lines(server, talk))["cursor"] == 2


async def test_nobody_keeps_the_server_from_stopping(shop: House) -> None:
    async with chat_server(shop) as server:
        talk = await opened(server)
        async with socket(server, talk) as page:
            await page.send(json.dumps({"type": "hello", "after": 0}))
            await receive(page)
            async with asyncio.timeout(20):
                await server.chats.stop()
                with pytest.raises(ConnectionClosed):
                    await receive(page)


async def test_a_database_that_is_away_is_told_to_the_page_and_in_the_log(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> int:
        raise StorageError("conversations cannot be written: database or disk is full")

    talk = await opened(server)
    monkeypatch.setattr(server.chats, "say", full)
    with capture_logs() as logged:
        answer = await write(server, talk, "m1", "hours")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert [line["problem"] for line in logged if line["event"] == "storage_failed"] == [
        "conversations cannot be written: database or disk is full"
    ]
