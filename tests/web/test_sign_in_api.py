"""Signing in over HTTP, from the first administrator to signing out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI

from tests.staff.memory import BEARER, Office
from tests.web.conftest import House
from voicebot.errors import StorageError
from voicebot.staff.model import Actor, Deed
from voicebot.staff.roles import Role
from voicebot.web.api.audit import audit_router
from voicebot.web.api.session import account_router, session_router
from voicebot.web.api.sign_in import HOME, Attempts, SignInSide, own_place, sign_in_router
from voicebot.web.doorkeeper import EntryPolicy
from voicebot.web.identity import SessionCookie
from voicebot.web.staff_pages import staff_pages_router

PASSWORD = "correct horse battery"
OTHER = "another one entirely"
ANNA = {"name": "Anna", "password": PASSWORD}
HERE = {"origin": "http://voicebot"}
BOSS = Actor("boss")


@pytest.fixture
async def office() -> Office:
    office = Office()
    for name, role in (("anna", Role.SUPERVISOR), ("boss", Role.ADMIN)):
        await office.register.add_user(name, role, PASSWORD, BOSS, 0, must_change=False)
    office.log.lines.clear()
    return office


@pytest.fixture
def side(office: Office) -> SignInSide:
    return SignInSide(office.desk, Attempts.per_minute(5), office.clock, ticks=office.clock)


def app_of(house: House, office: Office, side: SignInSide) -> FastAPI:
    routers = (
        sign_in_router(side),
        session_router(side),
        account_router(side, office.register),
        audit_router(office.log),
        staff_pages_router(),
    )
    return house.app(*routers, staff=side)


def browser_of(app: FastAPI, address: str = "192.0.2.1") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, client=(address, 5000))
    return httpx.AsyncClient(transport=transport, base_url="http://voicebot", headers=HERE)


@pytest.fixture
def app(house: House, office: Office, side: SignInSide) -> FastAPI:
    return app_of(house, office, side)


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with browser_of(app) as browser:
        yield browser


async def test_signing_in_opens_and_signing_out_closes(
    browser: httpx.AsyncClient, office: Office
) -> None:
    assert (await browser.get("/api/calls")).status_code == 401
    me = (await browser.post("/api/sign-in", json=ANNA)).raise_for_status().json()
    assert (me["name"], me["role"], me["next"]) == ("anna", "supervisor", HOME)
    assert (await browser.get("/api/calls")).status_code == 200
    cookie = dict(browser.cookies)
    assert (await browser.delete("/api/session")).status_code == 204
    assert not browser.cookies
    kept = await browser.get("/api/calls", headers={"cookie": f"voicebot={cookie['voicebot']}"})
    assert kept.status_code == 401
    assert office.log.deeds == [("anna", Deed.SIGNED_IN, ""), ("anna", Deed.SIGNED_OUT, "")]
    assert {each.address for each in office.log.lines} == {"192.0.2.1"}


async def test_the_bare_address_leads_staff_in(browser: httpx.AsyncClient) -> None:
    page = {"accept": "text/html"}
    stranger = await browser.get("/", headers=page)
    assert (stranger.status_code, stranger.headers["location"]) == (303, "/sign-in?next=%2F")

    await browser.post("/api/sign-in", json=ANNA)
    known = await browser.get("/", headers=page)
    assert (known.status_code, known.headers["location"]) == (303, "/account")


async def test_the_cookie_is_kept_from_scripts_and_other_sites(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/api/sign-in", json=ANNA)
    words = answer.headers["set-cookie"].lower()
    for word in ("httponly", "samesite=lax", "path=/", "max-age=43200"):
        assert word in words
    assert "secure" not in words
    assert "domain" not in words
    assert answer.headers["cache-control"] == "no-store"
    assert answer.cookies["voicebot"] not in answer.text


async def test_by_https_the_cookie_never_goes_without(
    house: House, office: Office, side: SignInSide
) -> None:
    secure = replace(side, entry=EntryPolicy(SessionCookie(https=True)))
    async with browser_of(app_of(house, office, secure)) as browser:
        words = (await browser.post("/api/sign-in", json=ANNA)).headers["set-cookie"]
    assert words.startswith("__Host-voicebot=")
    assert "; Secure" in words


async def test_why_nobody_is_let_in_is_not_told(browser: httpx.AsyncClient, office: Office) -> None:
    await office.register.set_role("boss", Role.ADMIN, BOSS, 0)
    await office.register.disable("anna", BOSS, 0)
    tries = [
        ("anna", PASSWORD),  # right, but disabled
        ("boss", OTHER),
        ("nobody", OTHER),
        ("<no name at all>", "x"),
    ]
    answers = [
        await browser.post("/api/sign-in", json={"name": name, "password": password})
        for name, password in tries
    ]
    assert {(each.status_code, each.text) for each in answers} == {
        (403, '{"detail":"the name or the password is wrong"}')
    }
    assert not browser.cookies


@pytest.mark.parametrize("name", ["Anna", "nobody"])
async def test_who_guesses_is_slowed_down_whether_the_name_is_known_or_not(
    app: FastAPI, name: str
) -> None:
    """From a new address each time, so that only the name counts."""
    statuses = []
    for number in range(7):
        async with browser_of(app, f"198.51.100.{number}") as browser:
            wrong = {"name": [name, name.upper()][number % 2], "password": OTHER}
            statuses.append((await browser.post("/api/sign-in", json=wrong)).status_code)
    async with browser_of(app, "198.51.100.99") as browser:
        right = await browser.post("/api/sign-in", json={"name": name, "password": PASSWORD})
    assert statuses == [403] * 5 + [429] * 2
    assert right.status_code == 429
    assert int(right.headers["retry-after"]) > 0


async def test_an_address_that_tries_many_names_is_slowed_down(app: FastAPI) -> None:
    async with browser_of(app) as browser:
        answers = [
            await browser.post("/api/sign-in", json={"name": f"n{number}", "password": OTHER})
            for number in range(17)
        ]
    assert [each.status_code for each in answers] == [403] * 15 + [429] * 2
    async with browser_of(app, "192.0.2.2") as other:
        assert (await other.post("/api/sign-in", json=ANNA)).status_code == 200


async def test_guessing_the_old_password_is_slowed_down_too(browser: httpx.AsyncClient) -> None:
    await browser.post("/api/sign-in", json=ANNA)
    wrong = {"old": "x", "new": OTHER}
    answers = [await browser.post("/api/account/password", json=wrong) for _ in range(5)]
    assert [each.status_code for each in answers] == [403] * 4 + [429]


@pytest.mark.parametrize(
    "headers", [{"origin": "http://evil.example"}, {"origin": "null"}, {"origin": ""}]
)
async def test_nobody_is_signed_in_by_a_page_elsewhere(
    browser: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await browser.post("/api/sign-in", json=ANNA, headers=headers)
    assert (answer.status_code, dict(browser.cookies)) == (403, {})


async def test_a_session_that_was_planted_is_not_taken_on(
    browser: httpx.AsyncClient, app: FastAPI
) -> None:
    async with browser_of(app) as attacker:
        await attacker.post("/api/sign-in", json={"name": "boss", "password": PASSWORD})
        planted = attacker.cookies["voicebot"]
        await browser.post("/api/sign-in", json=ANNA, headers={"cookie": f"voicebot={planted}"})
        assert browser.cookies["voicebot"] != planted
        assert (await attacker.get("/api/session")).status_code == 401


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("", HOME),
        ("/desk", "/desk"),
        (
            "/desk?next=//evil.example",
            "/desk?next=//evil.example",
        ),
        ("https://evil.example/", HOME),
        ("//evil.example", HOME),
        ("///evil.example", HOME),
        ("/\\evil.example", HOME),
        ("\\\\evil.example", HOME),
        ("/\t/evil.example", HOME),
        ("\n//evil.example", HOME),
        ("javascript:alert(1)", HOME),
        ("desk", HOME),
        ("http://[", HOME),
        ("/" + "a" * 3000, HOME),
    ],
)
async def test_nobody_is_sent_elsewhere_after_signing_in(
    browser: httpx.AsyncClient, asked: str, given: str
) -> None:
    assert own_place(asked) == given
    me = await browser.post("/api/sign-in", json={**ANNA, "next": asked})
    assert me.json()["next"] == given


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "anna"},
        {"name": 1, "password": []},
        {**ANNA, "admin": True},
        [],
    ],
)
async def test_what_is_no_sign_in_is_told(browser: httpx.AsyncClient, body: object) -> None:
    assert (await browser.post("/api/sign-in", json=body)).status_code == 422


async def test_a_password_of_a_megabyte_is_just_wrong(browser: httpx.AsyncClient) -> None:
    answer = await browser.post(
        "/api/sign-in", json={"name": "x" * 100_000, "password": "x" * 900_000}
    )
    assert (answer.status_code, len(answer.content) < 200) == (403, True)


async def test_two_browsers_sign_in_at_once(app: FastAPI) -> None:
    async with browser_of(app) as one, browser_of(app) as two:
        answers = await asyncio.gather(
            one.post("/api/sign-in", json=ANNA), two.post("/api/sign-in", json=ANNA)
        )
        assert [each.status_code for each in answers] == [200, 200]
        assert (await one.get("/api/session")).json()["name"] == "anna"
        assert (await two.get("/api/session")).json()["name"] == "anna"
        assert len((await one.get("/api/account/sessions")).json()) == 2


async def test_another_password_signs_out_the_other_browser(app: FastAPI) -> None:
    async with browser_of(app) as one, browser_of(app) as two:
        await one.post("/api/sign-in", json=ANNA)
        await two.post("/api/sign-in", json=ANNA)
        weak = await one.post("/api/account/password", json={"old": PASSWORD, "new": "short"})
        assert (weak.status_code, "10 to 256" in weak.json()["detail"]) == (422, True)
        changed = await one.post("/api/account/password", json={"old": PASSWORD, "new": OTHER})
        assert changed.status_code == 200
        assert (await one.get("/api/session")).status_code == 200
        assert (await two.get("/api/session")).status_code == 401


async def test_all_other_browsers_can_be_signed_out(app: FastAPI) -> None:
    async with browser_of(app) as one, browser_of(app, "192.0.2.2") as two:
        await one.post("/api/sign-in", json=ANNA)
        await two.post("/api/sign-in", json=ANNA)
        sessions = (await one.get("/api/account/sessions")).json()
        assert sorted((each["address"], each["this"]) for each in sessions) == [
            ("192.0.2.1", True),
            ("192.0.2.2", False),
        ]
        assert (await one.delete("/api/account/sessions")).status_code == 204
        assert (await two.get("/api/session")).status_code == 401
        assert len((await one.get("/api/account/sessions")).json()) == 1


async def test_a_token_is_made_used_and_revoked(
    browser: httpx.AsyncClient, app: FastAPI, office: Office
) -> None:
    await browser.post("/api/sign-in", json=ANNA)
    wanted = {"title": "wallboard", "scopes": ["calls:read"], "days": 30}
    made = await browser.post("/api/account/tokens", json=wanted)
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    bearer = {"Authorization": f"Bearer {made.json()['secret']}"}
    async with browser_of(app) as program:
        assert (await program.get("/api/calls", headers=bearer)).status_code == 200
        assert (await program.get("/api/account/tokens", headers=bearer)).status_code == 403
    (listed,) = (await browser.get("/api/account/tokens")).json()
    assert made.json()["secret"] not in str(listed)
    assert listed["expires_at"] == office.now + 30 * 86_400
    gone = await browser.delete(f"/api/account/tokens/{listed['id']}")
    again = await browser.delete(f"/api/account/tokens/{listed['id']}")
    assert (gone.status_code, again.status_code) == (204, 404)
    assert (await browser.get("/api/calls", headers=bearer)).status_code == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"scopes": ["users:manage"]},
        {"scopes": ["everything"]},
        {"scopes": []},
        {"title": ""},
        {"days": 0},
        {"days": 1e9},
    ],
)
async def test_a_token_that_cannot_be_is_told(
    browser: httpx.AsyncClient, changes: dict[str, object]
) -> None:
    await browser.post("/api/sign-in", json=ANNA)
    wanted = {"title": "x", "scopes": ["calls:read"], "days": 1, **changes}
    assert (await browser.post("/api/account/tokens", json=wanted)).status_code == 422


async def test_the_audit_log_is_for_administrators(
    browser: httpx.AsyncClient, app: FastAPI
) -> None:
    await browser.post("/api/sign-in", json=ANNA)
    assert (await browser.get("/api/audit")).status_code == 403
    async with browser_of(app) as boss:
        await boss.post("/api/sign-in", json={"name": "boss", "password": PASSWORD})
        page = (await boss.get("/api/audit?limit=1")).json()
        assert (page["entries"][0]["who"], page["entries"][0]["deed"]) == ("boss", "signed in")
        rest = (await boss.get(f"/api/audit?before={page['before']}")).json()
        assert ([each["who"] for each in rest["entries"]], rest["before"]) == (["anna"], None)


# The first administrator


async def test_the_first_link_makes_an_administrator_once(house: House) -> None:
    office = Office()
    side = SignInSide(office.desk, Attempts.per_minute(5), office.clock, ticks=office.clock)
    secret = await office.desk.invite(office.now)
    async with browser_of(app_of(house, office, side)) as browser:
        wanted = {"name": "Eva", "password": PASSWORD, "secret": secret}
        weak = await browser.post("/api/sign-in/first", json={**wanted, "password": "short"})
        assert (weak.status_code, "10 to 256" in weak.json()["detail"]) == (422, True)
        me = await browser.post("/api/sign-in/first", json=wanted)
        assert (me.status_code, me.json()["role"]) == (200, "admin")
        assert (await browser.get("/api/audit")).status_code == 200
        again = await browser.post("/api/sign-in/first", json={**wanted, "name": "mallory"})
        assert (again.status_code, "voicebot user add" in again.json()["detail"]) == (403, True)
    assert list(office.book.people) == ["eva"]


async def test_guessing_the_link_is_slowed_down(browser: httpx.AsyncClient) -> None:
    guess = {"name": "eva", "password": PASSWORD, "secret": "guess"}
    answers = [await browser.post("/api/sign-in/first", json=guess) for _ in range(6)]
    assert [each.status_code for each in answers] == [403] * 5 + [429]


# Pages, and things that go wrong


async def test_the_pages_trust_nothing_from_elsewhere(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/sign-in")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert page.text.startswith("<!doctype html>")
    assert page.text.count("</head>") == 1
    for part in ("base.css", "staff.css", "sign-in.js", "account.js", "api.js", "icon.svg"):
        assert (await browser.get(f"/staff/{part}")).status_code == 200
    assert (await browser.get("/staff/..%2Fcall%2Fcall.js")).status_code == 404


async def test_the_account_page_leads_strangers_to_sign_in(browser: httpx.AsyncClient) -> None:
    html = {"accept": "text/html"}
    led = await browser.get("/account", headers=html)
    assert (led.status_code, led.headers["location"]) == (303, "/sign-in?next=%2Faccount")
    await browser.post("/api/sign-in", json=ANNA)
    assert "Your account" in (await browser.get("/account", headers=html)).text


async def test_records_that_are_away_are_told(
    browser: httpx.AsyncClient, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await browser.post("/api/sign-in", json=ANNA)

    async def fail(*_: object) -> None:
        raise StorageError("records of staff cannot be read: the disk went away")

    monkeypatch.setattr(office.book, "session", fail)
    answer = await browser.get("/api/session")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    monkeypatch.setattr(office.book, "user", fail)
    assert (await browser.post("/api/sign-in", json=ANNA)).status_code == 503


async def test_a_token_signs_nobody_out(browser: httpx.AsyncClient, office: Office) -> None:
    await browser.post("/api/sign-in", json=ANNA)
    assert (await browser.delete("/api/session", headers=BEARER)).status_code == 204
    assert len(office.book.open) == 1
