"""The pages on past calls in a real browser: from a number to its calls, usable by everybody."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.peers.chromium import Chromium
from tests.peers.looks import looked_at
from tests.web.page.review_site import RECORDED, WRITTEN, ReviewSite, review_site
from voicebot.sessions.chat_records import ChatChange, ChatLine, ChatRecord, Who
from voicebot.sessions.invitation import ConversationId
from voicebot.staff.model import Actor, Deed
from voicebot.staff.roles import Role
from voicebot.types import Language

PASSWORD = "correct horse battery"
INTERVAL = "/history?interval=custom&from=2026-11-13&to=2026-11-21"

SPOTS = """import("/staff/lessons.js").then(async ({ showMisunderstood }) => {
  const place = { file: "flows/main.yaml", line: 1, column: 1 };
  const spots = ["a", "b", "c", "d"].map((step, far) => (
    { flow: "main", step, count: 9 - far, place, grammars: [place], intents: null }));
  const cluster = {
    count: 30, text: "no", language: "en-US", kinds: {}, examples: [], calls: ["x"], spots };
  const real = window.fetch;
  window.fetch = async () => Response.json(
    { turns: 30, complete: true, pending: 0, next_offset: null, clusters: [cluster] });
  const main = document.createElement("div");
  await showMisunderstood(main, {}, () => true);
  window.fetch = real;
  const folded = [...main.querySelectorAll("details p")].length;
  return [main.querySelectorAll("p.meta > span:first-child").length, folded,
    [...main.querySelectorAll("summary")].at(-1).textContent];
})"""
TICKS = """import("/staff/charts.js").then(({ lines }) => [...lines({
  title: "Calls", head: "Day", points: [{ name: "Monday", value: 67 }], write: String,
}).querySelectorAll("svg text")].slice(0, 3).map((each) => each.textContent))"""


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[ReviewSite]:
    async with review_site(tmp_path) as site:
        register, boss = site.office.register, Actor("boss")
        await register.add_user(
            "anna", Role.SUPERVISOR, PASSWORD, boss, site.office.now, must_change=False
        )
        yield site


async def _come_in(browser: Chromium, site: ReviewSite, place: str) -> None:
    """Sign in on the way to ``place``."""
    await browser.open(f"{site.url}/sign-in")
    await browser.evaluate(
        "fetch('/api/sign-in', {method: 'POST', headers: {'content-type': 'application/json'}, "
        f"body: {json.dumps(json.dumps({'name': 'anna', 'password': PASSWORD, 'next': ''}))}}})"
        ".then(answer => answer.status)"
    )
    await browser.open(f"{site.url}{place}")


async def test_every_number_leads_to_its_calls_and_each_to_what_was_said(site: ReviewSite) -> None:
    async with Chromium() as browser:
        await _come_in(browser, site, INTERVAL)
        await browser.until("document.querySelectorAll('#week td a').length")
        assert await browser.evaluate("document.querySelectorAll('#time a circle').length") > 3
        assert await browser.evaluate(TICKS) == ["0", "40", "80"], "figures that read well"
        row = (
            "[...document.querySelectorAll('#sums tr')].find(e => /^Transferred/.test(e.innerText))"
        )
        number = int(await browser.evaluate(f"{row}.querySelector('a').innerText"))
        await browser.evaluate(f"{row}.querySelector('a').click()")
        await browser.until("document.querySelectorAll('#found tbody tr').length")
        assert (
            await browser.evaluate("document.querySelectorAll('#found tbody tr').length") == number
        )
        # The newest of them is the one that was recorded.
        await browser.evaluate("document.querySelector('#found a').click()")
        await browser.until("document.querySelector('#audio')?.hidden === false")
        text = await browser.evaluate("document.body.innerText")
        assert "<b>I want to talk to a person</b>" in text
        assert "Sent it again." in text
        assert not [each for each in site.office.log.deeds if each[1] is Deed.RECORDING_PLAYED]
        await browser.click("#turn-1 button")
        await browser.until("document.querySelector('#audio').readyState >= 2")
        assert ("anna", Deed.RECORDING_PLAYED, RECORDED) in site.office.log.deeds
        await browser.open(f"{site.url}/calls?q=%22talk+to+a+person%22&who=caller")
        await browser.until("document.querySelector('#found mark')")
        place = await browser.evaluate("document.querySelector('#found a').getAttribute('href')")
        assert place == f"/calls/{RECORDED}#turn-1"
        assert browser.console == []


async def test_all_pages_can_be_used_by_everybody(site: ReviewSite) -> None:
    ready = {
        "history": (f"{INTERVAL}&show=funnel+misunderstood+offers+actions", "#actions tbody tr"),
        "calls": ("/calls", "#found tbody tr"),
        "search": ("/calls?q=refund", "#found mark"),
        "one-call": (f"/calls/{RECORDED}", "#timeline svg"),
        "listed-calls": (f"/calls?ids={RECORDED},{WRITTEN}", "#found tbody tr"),
    }
    async with Chromium() as browser:
        await _come_in(browser, site, "/calls")
        for name, (place, last) in ready.items():
            await browser.look(1280, 900)
            await browser.open(f"{site.url}{place}")
            await browser.until(f"document.querySelector({last!r})")
            await browser.evaluate(
                "document.querySelectorAll('details').forEach(each => { each.open = true; })"
            )
            places = "[...document.querySelectorAll('td .place')]"
            await browser.until(f"{places}.every(e => e.clientHeight < 60)")
            await looked_at(browser, name)
            # It was opened wide and is narrow now: letters of drawings keep their size.
            assert await browser.evaluate(
                "[...document.querySelectorAll('svg.fitted')]"
                ".every(e => e.viewBox.baseVal.width <= innerWidth)"
            ), name
        assert browser.console == []


async def test_misunderstood_words_lead_to_their_calls_and_what_they_come_to_now(
    site: ReviewSite,
) -> None:
    async with Chromium() as browser:
        await _come_in(browser, site, f"{INTERVAL}&door=chat&show=misunderstood+funnel")
        await browser.until("document.querySelector('#misunderstood article')")
        assert await browser.evaluate(SPOTS) == [4, 2, "2 more steps"]
        words = await browser.evaluate("document.querySelector('#misunderstood').innerText")
        assert "voucher does not work" in words
        assert "refund" not in words, "that was said on the telephone"
        place = "[...document.querySelectorAll('#misunderstood a')].at(-1)"
        await browser.evaluate(f"{place}.click()")
        await browser.until("document.querySelectorAll('#found tbody tr').length === 1")
        await browser.click("#replay button")
        await browser.until("document.querySelector('#replay tbody tr')")
        assert "takes another way" in await browser.evaluate(
            "document.querySelector('#replay').innerText"
        )
        await browser.evaluate("document.querySelector('#found a').click()")
        await browser.until("document.querySelector('#turns .badge')")
        text = await browser.evaluate("document.body.innerText")
        assert "Conversation with" in text
        assert "written on our page" in text
        assert browser.console == []


async def test_what_came_of_offers_of_text_leads_to_the_contacts(site: ReviewSite) -> None:
    async with Chromium() as browser:
        await _come_in(browser, site, f"{INTERVAL}&show=offers")
        await browser.until("document.querySelectorAll('#offers tbody tr').length === 2")
        declined = "[...document.querySelectorAll('#offers tbody tr')].at(-1).cells[2]"
        assert await browser.evaluate(f"{declined}.innerText") == "1"
        await browser.evaluate(f"{declined}.querySelector('a').click()")
        await browser.until("document.querySelectorAll('#found tbody tr').length === 1")
        place = await browser.evaluate("document.querySelector('#found a').getAttribute('href')")
        assert place == f"/calls/{RECORDED}"
        assert browser.console == []


async def test_text_that_goes_on_comes_to_the_page_of_its_call(site: ReviewSite) -> None:
    talk = ChatRecord(
        ConversationId("t1"), "main", Language("en-US"), "one", {}, 1.0, 9.0, contact=RECORDED
    )
    goes_on = "document.querySelector('#goes-on').innerText"
    last = "[...document.querySelectorAll('#turns li')].at(-1)?.innerText ?? ''"
    async with Chromium() as browser:
        asked = ChatLine(1, site.office.now, "web", Who.BOT, "Which day suits you?")
        await site.texts.create(replace(talk, cursor=1), [asked])
        await _come_in(browser, site, f"/calls/{RECORDED}")
        await browser.until(f"({last}).includes('Which day suits you?')")
        await browser.until(f"{goes_on}.includes('goes on in text')")
        more = replace(asked, cursor=2, text="Or another one?")
        over = replace(talk, cursor=2)
        assert await site.texts.commit(ChatChange(over, 1, [more]))
        await browser.until(f"({last}).includes('Or another one?')")
        assert await site.texts.commit(ChatChange(replace(over, ended_at=20.0), 2))
        await browser.until(f"{goes_on} == ''")
        assert browser.console == []
