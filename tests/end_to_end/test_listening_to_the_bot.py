"""A supervisor opens a call of the bot's from the wall, reads and hears it, and takes it over."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.end_to_end.test_desk import add_user, hears_the_agent, speaking
from tests.end_to_end.test_listening import HEARS, to_the_wall
from tests.peers.accessibility import PROBLEMS
from tests.peers.chromium import Chromium, chromium
from tests.peers.phone import dialled
from tests.peers.ports import free_ports
from tests.peers.server import ServerProcess
from tests.peers.shop import shop

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.peer,
    pytest.mark.model,
    pytest.mark.skipif(chromium() is None, reason="no browser (Debian: chromium)"),
]

FLOW = """\
start: order
steps:
  order:
    ask: Which order, please?
    keys: {"1": seventeen}
    store: order
    timeout_ms: 60000
    next: pin
  pin:
    ask: And your secret number?
    keys: {"2": two}
    sensitive: true
    store: pin
    timeout_ms: 60000
    next: more
  more: {ask: Anything else?, keys: {"3": three}, timeout_ms: 60000, next: bye}
  bye: {say: Goodbye., hangup: auto}
"""
LINES = "[...document.querySelectorAll('#lines li p')].map((each) => each.innerText).join(' / ')"


def application(folder: Path) -> Path:
    return shop(folder, FLOW, "queues: {support: {}, billing: {}}\n")


async def looks_good(browser: Chromium, name: str) -> None:
    """No problem of access at any width; the pictures are kept where somebody wants them."""
    kept = os.environ.get("SCREENSHOTS")
    for width, dark in ((1280, False), (1280, True), (360, False)):
        await browser.look(width, dark=dark)
        assert await browser.evaluate(PROBLEMS) == [], (name, width, dark)
        if kept:
            scheme = "dark" if dark else "light"
            await browser.screenshot(Path(kept) / f"listen-{name}-{width}-{scheme}.png")
    await browser.look(1280)


async def test_a_supervisor_follows_a_call_of_the_bots_and_takes_it_over(tmp_path: Path) -> None:
    ports, data = free_ports(20), tmp_path / "data"
    settings = {
        "SERVER__APPLICATION": str(application(tmp_path / "shop")),
        "WEBRTC__PORTS": f"{ports}-{ports + 19}",
    }
    async with ServerProcess(data, settings) as server:
        await add_user(data, "sue", "supervisor")
        async with Chromium(speaking(tmp_path / "supervisor.wav")) as browser:
            await to_the_wall(browser, server)
            async with dialled(server, "5550100") as caller:
                await caller.listen(timeout_s=60)
                await browser.until("document.querySelector('#stages a')")
                await looks_good(browser, "wall")
                await browser.click("#stages a")
                await browser.until("document.querySelector('#list button')")
                await looks_good(browser, "list")
                await browser.click("#list button")
                await browser.until(f"{LINES} == 'Which order, please?'")
                await browser.until("document.querySelector('#listening').ariaPressed == 'true'")
                speaks = asyncio.create_task(caller.say("I will send you a label"))
                assert await browser.evaluate(HEARS)
                await speaks
                await caller.listen(timeout_s=60)  # the bot asks again
                await caller.press("1")
                await browser.until("!document.querySelector('#secret').hidden")
                await looks_good(browser, "secret")
                await caller.press("2")
                await browser.until(f"{LINES}.endsWith('Anything else?')")
                await browser.until("document.querySelector('#secret').hidden")
                known = await browser.evaluate("document.querySelector('#facts').innerText")
                assert "seventeen" in known
                assert "two" not in known + await browser.evaluate(LINES)
                await looks_good(browser, "call")
                await browser.click("#talking")
                await looks_good(browser, "sure")
                await browser.click("#yes")
                await browser.until("document.querySelector('#standing.talking')")
                await hears_the_agent(caller)
                await browser.click("#leave")
                await caller.listen(timeout_s=60)
                await caller.press("3")
                await caller.ended(30)
            assert browser.console == []
        call = await server.finished_call("5550100")
    assert call["outcome"] == "transferred"
    assert call["turns"][-2]["prompt"] == "Anything else? Anything else?"
