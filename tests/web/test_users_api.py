"""Administrators change who may sign in, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from tests.staff.memory import Office
from tests.web.conftest import House
from voicebot.staff.model import Actor, Deed
from voicebot.staff.roles import Role, Scope
from voicebot.web.api.audit import audit_router
from voicebot.web.api.session import account_router, session_router
from voicebot.web.api.sign_in import Attempts, SignInSide, sign_in_router
from voicebot.web.api.users import users_router
from voicebot.web.staff_pages import staff_pages_router

PASSWORD = "correct horse battery"
BOSS = Actor("boss")
HERE = {"origin": "http://voicebot"}


@pytest.fixture
async def office() -> Office:
    office = Office()
    for name, role in (("anna", Role.SUPERVISOR), ("boss", Role.ADMIN)):
        await office.register.add_user(name, role, PASSWORD, BOSS, 0, must_change=False)
    office.log.lines.clear()
    return office


@pytest.fixture
def app(house: House, office: Office) -> FastAPI:
    side = SignInSide(office.desk, Attempts.per_minute(100), office.clock)
    routers = [
        sign_in_router(side),
        session_router(side),
        account_router(side, office.register),
        users_router(side, office.register),
        audit_router(office.log),
        staff_pages_router(),
    ]
    return house.app(*routers, staff=side)


def browser_of(app: FastAPI) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, client=("192.0.2.1", 5000))
    return httpx.AsyncClient(transport=transport, base_url="http://voicebot", headers=HERE)


async def sign_in(browser: httpx.AsyncClient, name: str, password: str = PASSWORD) -> int:
    answer = await browser.post("/api/sign-in", json={"name": name, "password": password})
    return answer.status_code


@pytest.fixture
async def boss(app: FastAPI, office: Office) -> AsyncIterator[httpx.AsyncClient]:
    async with browser_of(app) as browser:
        assert await sign_in(browser, "boss") == 200
        office.log.lines.clear()
        yield browser


async def standing(boss: httpx.AsyncClient, name: str) -> dict[str, object]:
    users = (await boss.get("/api/users")).raise_for_status().json()["users"]
    found: dict[str, object] = next(each for each in users if each["name"] == name)
    return found


async def test_a_new_user_signs_in_with_a_password_that_is_only_good_for_another(
    app: FastAPI, boss: httpx.AsyncClient, office: Office
) -> None:
    answer = await boss.post("/api/users", json={"name": "Carl", "role": "agent"})
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    first = answer.json()["password"]
    assert (await standing(boss, "carl"))["must_change_password"]
    async with browser_of(app) as carl:
        assert await sign_in(carl, "carl", first) == 200
        assert (await carl.get("/api/account/tokens")).status_code == 403
        change = {"old": first, "new": PASSWORD}
        assert (await carl.post("/api/account/password", json=change)).status_code == 200
        assert (await carl.get("/api/account/tokens")).status_code == 200
    assert ("boss", Deed.USER_ADDED, "carl (agent)") in office.log.deeds
    assert first not in repr(office.log.lines)


async def test_what_makes_no_user_is_told(boss: httpx.AsyncClient) -> None:
    for name, why in (("anna", "already"), ("no spaces", "letters"), ("x" * 65, "64")):
        answer = await boss.post("/api/users", json={"name": name, "role": "agent"})
        assert answer.status_code == 422
        assert why in answer.json()["detail"]
    assert (await boss.post("/api/users", json={"name": "d", "role": "king"})).status_code == 422
    for path in ("/password", "/tokens"):
        method = "GET" if path == "/tokens" else "POST"
        assert (await boss.request(method, f"/api/users/nobody{path}")).status_code == 422


async def test_a_locked_user_is_out_at_once_until_unlocked(
    app: FastAPI, boss: httpx.AsyncClient, office: Office
) -> None:
    async with browser_of(app) as anna:
        await sign_in(anna, "anna")
        assert (await standing(boss, "anna"))["sessions"] == 1
        assert (await boss.patch("/api/users/anna", json={"disabled": True})).status_code == 204
        assert (await anna.get("/api/session")).status_code == 401
        assert await sign_in(anna, "anna") == 403
        assert (await boss.patch("/api/users/anna", json={"disabled": False})).status_code == 204
        assert await sign_in(anna, "anna") == 200
    deeds = [deed for _, deed, _ in office.log.deeds]
    assert Deed.USER_DISABLED in deeds
    assert Deed.USER_ENABLED in deeds


async def test_a_role_holds_from_the_next_request_on(
    app: FastAPI, boss: httpx.AsyncClient, office: Office
) -> None:
    async with browser_of(app) as anna:
        await sign_in(anna, "anna")
        assert (await anna.get("/api/calls")).status_code == 200
        assert (await boss.patch("/api/users/anna", json={"role": "agent"})).status_code == 204
        assert (await anna.get("/api/calls")).status_code == 403
    assert ("boss", Deed.ROLE_CHANGED, "anna (supervisor to agent)") in office.log.deeds


async def test_nobody_takes_the_last_administrator_away(boss: httpx.AsyncClient) -> None:
    answer = await boss.patch("/api/users/boss", json={"role": "agent"})
    assert answer.status_code == 422
    assert "no administrator" in answer.json()["detail"]
    change = {"role": "admin", "disabled": True}
    assert (await boss.patch("/api/users/boss", json=change)).status_code == 422
    assert (await boss.post("/api/users/boss/password")).status_code == 422
    assert (await standing(boss, "boss"))["role"] == "admin"


async def test_another_password_ends_sessions_and_the_old_one(
    app: FastAPI, boss: httpx.AsyncClient
) -> None:
    async with browser_of(app) as anna:
        await sign_in(anna, "anna")
        given = (await boss.post("/api/users/anna/password")).json()["password"]
        assert (await anna.get("/api/session")).status_code == 401
        assert await sign_in(anna, "anna") == 403
        assert await sign_in(anna, "anna", given) == 200


async def test_signed_out_everywhere_by_an_administrator(
    app: FastAPI, boss: httpx.AsyncClient, office: Office
) -> None:
    async with browser_of(app) as anna:
        await sign_in(anna, "anna")
        assert (await boss.delete("/api/users/anna/sessions")).status_code == 204
        assert (await anna.get("/api/session")).status_code == 401
        assert await sign_in(anna, "anna") == 200
    assert ("boss", Deed.SIGNED_OUT_BY_ADMIN, "anna") in office.log.deeds


async def test_tokens_of_a_user_are_seen_and_revoked(
    boss: httpx.AsyncClient, office: Office
) -> None:
    new = await office.register.add_token("anna", "wall", [Scope.CALLS_READ], BOSS, office.now)
    (told,) = (await boss.get("/api/users/anna/tokens")).json()
    assert (told["title"], told["good"]) == ("wall", True)
    assert (await standing(boss, "anna"))["tokens"] == 1
    elsewhere = f"/api/users/boss/tokens/{new.token.id}"
    assert (await boss.delete(elsewhere)).status_code == 422
    assert (await boss.delete(f"/api/users/anna/tokens/{new.token.id}")).status_code == 204
    assert await office.desk.token(new.secret, office.now) is None


async def test_only_administrators_and_only_from_a_page_of_ours(
    app: FastAPI, boss: httpx.AsyncClient
) -> None:
    async with browser_of(app) as anna:
        await sign_in(anna, "anna")
        assert (await anna.get("/api/users")).status_code == 403
        assert (await anna.get("/users")).status_code == 403
    elsewhere = {"origin": "http://elsewhere.example"}
    answer = await boss.patch("/api/users/anna", json={"role": "admin"}, headers=elsewhere)
    assert answer.status_code == 403
    assert (await standing(boss, "anna"))["role"] == "supervisor"


async def test_the_audit_log_is_chosen_by_user_and_deed(boss: httpx.AsyncClient) -> None:
    await boss.patch("/api/users/anna", json={"role": "agent"})
    await boss.delete("/api/users/anna/sessions")
    found = (await boss.get("/api/audit", params={"who": "Boss", "deed": "role changed"})).json()
    assert [each["what"] for each in found["entries"]] == ["anna (supervisor to agent)"]
    assert (await boss.get("/api/audit", params={"who": "anna"})).json()["entries"] == []
    assert (await boss.get("/api/audit", params={"deed": "sneezed"})).status_code == 422
    assert "role changed" in (await boss.get("/api/audit/deeds")).json()["deeds"]


@pytest.mark.parametrize("page", ["users", "audit", "outbox"])
async def test_pages_come_with_what_they_are_made_of(boss: httpx.AsyncClient, page: str) -> None:
    answer = await boss.get(f"/{page}")
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    for part in (f"{page}.js", "lists.js", "lists.css"):
        assert (await boss.get(f"/staff/{part}")).status_code == 200


@pytest.mark.parametrize(
    "body", [b"1e999", b'{"name": 1e999}', b'{"name": "\\ud800", "role": "x"}', b'{"\\ud800": 1}']
)
async def test_what_json_can_bring_and_not_take_back_is_refused(
    boss: httpx.AsyncClient, body: bytes
) -> None:
    kind = {"content-type": "application/json"}
    answer = await boss.post("/api/users", content=body, headers=kind)
    assert answer.status_code == 422
    assert all(set(each) == {"type", "loc", "msg"} for each in answer.json()["detail"])


async def test_a_refused_password_is_not_repeated(boss: httpx.AsyncClient) -> None:
    change = {"old": PASSWORD, "new": ["much too secret"]}
    answer = await boss.post("/api/account/password", json=change)
    assert answer.status_code == 422
    assert "secret" not in answer.text
    assert PASSWORD not in answer.text
