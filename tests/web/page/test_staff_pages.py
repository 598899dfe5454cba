"""The pages of sign-in in a real browser: from the first link to signing out."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from tests.peers.chromium import Chromium
from tests.peers.looks import looked_at
from tests.staff.memory import Office
from tests.web.conftest import House, serving
from voicebot.staff.model import Actor, Deed
from voicebot.staff.roles import Role
from voicebot.web.api.session import account_router, session_router
from voicebot.web.api.sign_in import Attempts, SignInSide, sign_in_router
from voicebot.web.staff_pages import staff_pages_router

PASSWORD = "correct horse battery"
BOSS = Actor("boss")
ON_SIGN_IN = "location.pathname == '/sign-in' && document.readyState == 'complete'"
ON_ACCOUNT = "location.pathname == '/account' && document.querySelector('#me')?.innerText"


@dataclass
class Site:
    office: Office
    url: str


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    office = Office()
    side = SignInSide(office.desk, Attempts.per_minute(100), office.clock)
    routers = (
        sign_in_router(side),
        session_router(side),
        account_router(side, office.register),
        staff_pages_router(),
    )
    async with serving(House(office=office).app(*routers, staff=side)) as url:
        yield Site(office, url)


async def fill(browser: Chromium, **fields: str) -> None:
    for name, value in fields.items():
        await browser.evaluate(f"document.querySelector('#{name}').value = {json.dumps(value)}")


async def sign_in(browser: Chromium, site: Site, query: str = "") -> None:
    await browser.open(f"{site.url}/sign-in{query}")
    await fill(browser, name="anna", password=PASSWORD)
    await browser.click("#submit")


async def add_anna(site: Site, *, must_change: bool = False) -> None:
    register, now = site.office.register, site.office.now
    await register.add_user("anna", Role.SUPERVISOR, PASSWORD, BOSS, now, must_change=must_change)


async def test_the_first_link_leads_to_the_account_and_its_secret_away(site: Site) -> None:
    secret = await site.office.desk.invite(site.office.now)
    async with Chromium() as browser:
        await browser.command("Page.navigate", url=f"{site.url}/sign-in#first={secret}")
        await browser.until(f"{ON_SIGN_IN} && document.title.startsWith('Welcome')")
        assert "first" not in await browser.evaluate("location.href")
        await fill(browser, name="Eva", password="short")
        await browser.click("#submit")
        await browser.until("document.querySelector('#problem').innerText.includes('10 to 256')")
        await fill(browser, password=PASSWORD)
        await browser.click("#submit")
        await browser.until(ON_ACCOUNT)
        assert await browser.evaluate("document.querySelector('#me').innerText") == "eva, admin"
        assert await browser.evaluate("document.cookie") == ""  # kept from scripts
        await browser.click("#sign-out")
        await browser.until(ON_SIGN_IN)
    assert [each.deed for each in site.office.log.lines] == [Deed.USER_ADDED, Deed.SIGNED_OUT]


async def test_a_wrong_password_is_told_and_a_strange_way_on_is_not_taken(site: Site) -> None:
    await add_anna(site)
    async with Chromium() as browser:
        await browser.open(f"{site.url}/sign-in?next=https://evil.example/")
        await fill(browser, name="anna", password="guess")
        await browser.click("#submit")
        await browser.until("document.querySelector('#problem').innerText.includes('is wrong')")
        await fill(browser, password=PASSWORD)
        await browser.click("#submit")
        await browser.until(ON_ACCOUNT)


async def test_a_token_is_made_shown_and_revoked(site: Site) -> None:
    await add_anna(site)
    async with Chromium() as browser:
        await sign_in(browser, site)
        await browser.until("document.querySelectorAll('#scopes input').length")
        await fill(browser, **{"token-title": "<b>wall</b>"})
        await browser.click("#scopes input[value='calls:read']")
        await browser.click("#token-form button[type=submit]")
        await browser.until("document.querySelector('#secret').innerText.startsWith('vb_')")
        await browser.until("document.querySelector('#tokens strong')")
        title = await browser.evaluate("document.querySelector('#tokens strong').innerText")
        assert title == "<b>wall</b>"
        await browser.click("#tokens button")
        await browser.until("document.querySelector('#tokens').innerText.includes('revoked')")
    (token,) = site.office.book.keys.values()
    assert token.revoked_at is not None


async def test_a_given_password_is_changed_before_all_else(site: Site) -> None:
    await add_anna(site, must_change=True)
    async with Chromium() as browser:
        await sign_in(browser, site, "?next=/api/calls")
        await browser.until(
            f"{ON_ACCOUNT} && document.querySelector('#must-change')?.hidden === false"
        )
        assert await browser.evaluate("document.querySelector('#tokens-part').hidden")
        await fill(browser, old=PASSWORD, new="another one entirely")
        await browser.click("#password-form button")
        await browser.until("document.querySelector('#password-done').innerText")
        await browser.until("!document.querySelector('#tokens-part').hidden")
    assert not site.office.book.people["anna"].must_change


@pytest.mark.parametrize("width", [360, 1280])
async def test_nothing_is_wider_than_the_screen_and_everything_has_a_name(
    site: Site, width: int
) -> None:
    await add_anna(site)
    async with Chromium() as browser:
        await browser.look(width, dark=width == 360)
        await browser.open(f"{site.url}/sign-in")
        await fits_and_is_named(browser)
        if width == 1280:
            await looked_at(browser, "sign-in")
        await sign_in(browser, site)
        await browser.until("document.querySelectorAll('#scopes input').length")
        await browser.until("document.querySelector('#sessions li')")
        await fits_and_is_named(browser)
        if width == 1280:
            await looked_at(browser, "account")


async def fits_and_is_named(browser: Chromium) -> None:
    assert await browser.evaluate("document.documentElement.scrollWidth <= innerWidth")
    nameless = await browser.evaluate(
        "[...document.querySelectorAll('input, select, button')].filter(e => e.checkVisibility())"
        ".filter(e => !(e.labels?.length || e.innerText.trim())).map(e => e.outerHTML)"
    )
    assert nameless == []
    small = await browser.evaluate(
        "[...document.querySelectorAll('button')].filter(e => e.checkVisibility())"
        ".filter(e => e.getBoundingClientRect().height < 44).map(e => e.outerHTML)"
    )
    assert small == []
    assert browser.console == []
