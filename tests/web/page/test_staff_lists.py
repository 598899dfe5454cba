"""Users and the audit log in a real browser, as an administrator works with them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest

from tests.peers.chromium import Chromium
from tests.peers.looks import looked_at
from tests.staff.memory import Office
from tests.web.conftest import House, serving
from tests.web.page.test_staff_pages import Site, fill, fits_and_is_named
from voicebot.staff.model import Actor
from voicebot.staff.roles import Role
from voicebot.texting.message import MessageState, TextMessage
from voicebot.texting.opt_out import Wish
from voicebot.types import CallId
from voicebot.web.api.audit import audit_router
from voicebot.web.api.session import session_router
from voicebot.web.api.sign_in import Attempts, SignInSide, sign_in_router
from voicebot.web.api.texting import TextingDesk, outbox_router
from voicebot.web.api.users import users_router
from voicebot.web.staff_pages import staff_pages_router

PASSWORD = "correct horse battery"
OF_ANNA = "[...document.querySelectorAll('#users > li')].find(e => e.innerText.startsWith('anna'))"


SENT = TextMessage(
    "m1",
    "sms",
    "+15550100",
    "Go on here: https://shop.example/t/x",
    0.0,
    900.0,
    CallId("c1"),
    MessageState.FAILED,
    tries=3,
    problem="the provider says error 30003",
)
WAITS = TextMessage("m2", "sms", "+15550177", "", 60.0, 900.0)


async def _report(message_id: str, state: MessageState, problem: str) -> bool:
    return False


async def _hear(number: str, text: str) -> Wish | None:
    return None


async def _latest(limit: int) -> Sequence[TextMessage]:
    return [WAITS, SENT]


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    office = Office()
    for name, role in (("anna", Role.SUPERVISOR), ("boss", Role.ADMIN)):
        await office.register.add_user(name, role, PASSWORD, Actor("boss"), 0, must_change=False)
    side = SignInSide(office.desk, Attempts.per_minute(100), office.clock)
    routers = (
        sign_in_router(side),
        session_router(side),
        outbox_router(TextingDesk(_report, _hear, _latest, "1", office.clock)),
        users_router(side, office.register),
        audit_router(office.log),
        staff_pages_router(),
    )
    async with serving(House(office=office).app(*routers, staff=side)) as url:
        yield Site(office, url)


async def test_an_administrator_adds_and_locks_and_finds_it_in_the_log(site: Site) -> None:
    async with Chromium() as browser:
        await browser.look(360, dark=True)
        await browser.open(f"{site.url}/sign-in?next=/users")
        await fill(browser, name="boss", password=PASSWORD)
        await browser.click("#submit")
        await browser.until("document.querySelectorAll('#users > li').length == 2")
        await fill(browser, name="<b>", role="agent")
        await browser.click("#add button")
        await browser.until("document.querySelector('#problem').innerText.includes('letters')")
        browser.console.clear()  # where Chromium notes every refusal
        await fill(browser, name="carl")
        await browser.click("#add button")
        await browser.until("document.querySelectorAll('#users > li').length == 3")
        first = await browser.evaluate("document.querySelector('#password').innerText")
        assert await site.office.desk.sign_in("carl", first, "", site.office.now)
        await browser.evaluate(f"{OF_ANNA}.querySelector('summary').click()")
        await browser.until(f"{OF_ANNA}.querySelector('details').open")
        await fits_and_is_named(browser)
        await looked_at(browser, "users")
        await browser.evaluate(
            f"[...{OF_ANNA}.querySelectorAll('button')].find(e => e.innerText == 'Lock').click()"
        )
        await browser.until(f"{OF_ANNA}.innerText.includes('locked')")
        assert site.office.book.people["anna"].disabled
        await browser.open(f"{site.url}/audit?who=boss&deed=user+disabled")
        await browser.until("document.querySelectorAll('#entries tr').length == 1")
        assert "anna" in await browser.evaluate("document.querySelector('#entries').innerText")
        await fits_and_is_named(browser)
        await looked_at(browser, "audit")


async def test_messages_lead_to_their_calls_and_say_what_went_wrong(site: Site) -> None:
    async with Chromium() as browser:
        await browser.open(f"{site.url}/sign-in?next=/outbox")
        await fill(browser, name="boss", password=PASSWORD)
        await browser.click("#submit")
        await browser.until("document.querySelectorAll('#messages li').length == 2")
        await looked_at(browser, "outbox")
        link = "document.querySelector('#messages a').getAttribute('href')"
        assert await browser.evaluate(link) == "/calls/c1"
        await fill(browser, search="0100")
        await browser.evaluate(
            "document.querySelector('#search').dispatchEvent(new Event('input'))"
        )
        await browser.until("document.querySelectorAll('#messages li').length == 1")
        said = await browser.evaluate("document.querySelector('#messages').innerText")
        assert "30003" in said
        assert "failed" in said
        assert browser.console == []
