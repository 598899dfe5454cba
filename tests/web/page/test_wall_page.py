"""The live wall in a real browser: pictures as they come, a lost line, small and large screens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from tests.peers.chromium import Chromium
from tests.peers.looks import looked_at
from tests.staff.memory import Office
from tests.wall.pictures import NOW, a_wall
from tests.web.conftest import House, serving
from voicebot.alerts.model import AlertView, Mute
from voicebot.staff.model import Actor
from voicebot.staff.roles import Role
from voicebot.wall.board import Board
from voicebot.wall.model import Wall
from voicebot.web.api.alerts import alerts_router
from voicebot.web.api.session import session_router
from voicebot.web.api.sign_in import Attempts, SignInSide, sign_in_router
from voicebot.web.api.wall import encode, wall_router
from voicebot.web.staff_pages import staff_pages_router, wall_page_router

PASSWORD = "correct horse battery"
HOLD = (
    "window.holding = setInterval(() => dispatchEvent(new PointerEvent('pointerdown')), 50);"
    " dispatchEvent(new PointerEvent('pointerdown'))"
)
RELEASE = "clearInterval(window.holding); dispatchEvent(new PointerEvent('pointerup'))"
COMES = """new Promise((then) => {
  const other = new EventSource('/api/wall/events');
  other.addEventListener('wall', ({ data }) => {
    if (JSON.parse(data).queues[0].waiting !== %d) return;
    other.close();
    then(true);
  });
})"""
TOO_LONG = AlertView(
    "long line", "support", "support: callers waiting 12, limit 10", NOW - 200, NOW - 80, None
)
MUTED = AlertView("few contained", "", "containment 41 %, limit 60 %", NOW - 9000, NOW, NOW + 600)


@dataclass
class Line:
    """What the wall shows, to be changed by the test, and `AlertDesk`."""

    wall: Wall
    muted: tuple[Mute, ...] = ()
    rule_names: Sequence[str] = (TOO_LONG.name, MUTED.name)

    def compose(self) -> Wall:
        return self.wall

    async def refresh(self) -> None:
        """There are no records behind it."""

    def views(self) -> tuple[AlertView, ...]:
        return self.wall.alerts

    def mutes(self) -> tuple[Mute, ...]:
        return self.muted

    async def mute(self, name: str, queue: str, seconds: float, actor: Actor) -> Mute:
        mute = Mute("m1", name, queue, actor.who, NOW, NOW + seconds)
        self.muted = (mute,)
        self._show(mute, mute.until)
        return mute

    async def unmute(self, mute_id: str, actor: Actor) -> bool:
        self._show(self.muted[0], None)
        self.muted = ()
        return True

    def _show(self, mute: Mute, until: float | None) -> None:
        changed = [
            replace(each, muted_until=until) if mute.covers((each.name, each.queue)) else each
            for each in self.wall.alerts
        ]
        self.wall = replace(self.wall, alerts=tuple(changed))


@asynccontextmanager
async def served(line: Line, office: Office, port: int = 0) -> AsyncIterator[str]:
    """The pages and the wall of ``line``, on real HTTP."""
    side = SignInSide(office.desk, Attempts.per_minute(100), office.clock)
    board = Board(line.compose, line.refresh, encode)
    routers = (
        sign_in_router(side),
        session_router(side),
        staff_pages_router(),
        wall_router(board),
        alerts_router(line),
        wall_page_router(),
    )
    async with serving(House(office=office).app(*routers, staff=side), port) as url:
        try:
            yield url
        finally:
            board.close()


async def open_wall(browser: Chromium, url: str) -> None:
    await browser.open(f"{url}/sign-in?next=/supervisor")
    for name, value in {"name": "anna", "password": PASSWORD}.items():
        await browser.evaluate(f"document.querySelector('#{name}').value = '{value}'")
    await browser.click("#submit")
    await browser.until("document.querySelector('#line')?.textContent == 'Live'")


async def fits(browser: Chromium, width: int, *, dark: bool = False) -> None:
    await browser.look(width, 1080 if width > 600 else 740, dark=dark)
    await browser.until(f"innerWidth == {width}")
    assert await browser.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def mutes_and_unmutes(browser: Chromium, line: Line) -> None:
    await browser.evaluate("document.querySelector('#alerts select').value = '3600'")
    await browser.click("#alerts button[aria-label='Mute long line, support']")
    await browser.until("document.querySelectorAll('#alerts li.muted').length == 2")
    assert [(each.by, each.until - each.at) for each in line.muted] == [("anna", 3600)]
    await browser.click("#alerts button[aria-label='Unmute long line, support']")
    await browser.until("document.querySelectorAll('#alerts li.muted').length == 1")


async def nothing_moves_under_a_press(browser: Chromium, line: Line) -> None:
    """A link that is drawn anew between press and release would lose the click."""
    await browser.evaluate(HOLD)
    link = "document.querySelector('#queues li')"
    await browser.evaluate(f"window.pressed = {link}")
    line.wall = a_wall(waiting=8)
    assert await browser.evaluate(COMES % 8)
    assert await browser.evaluate(f"{link} === window.pressed")
    await browser.evaluate(RELEASE)
    await browser.until("document.querySelector('#queues dd').textContent == '8'")


async def test_the_wall_follows_the_line_and_comes_back_after_it_was_lost() -> None:
    line, office = Line(a_wall(alerts=(TOO_LONG, MUTED))), Office()
    actor = Actor("boss")
    await office.register.add_user(
        "anna", Role.SUPERVISOR, PASSWORD, actor, office.now, must_change=False
    )
    async with Chromium() as browser:
        async with served(line, office) as url:
            await open_wall(browser, url)
            for width, dark in ((1920, False), (360, True)):
                await fits(browser, width, dark=dark)
            nameless = await browser.evaluate(
                "[...document.querySelectorAll('main button, main select')]"
                ".filter(e => !e.ariaLabel).map(e => e.outerHTML)"
            )
            assert nameless == []
            await looked_at(browser, "wall")
            said = "document.querySelector('main').innerText"
            for words in ("62%", "under the target of 40%", "Pause (lunch)", "limit 10", "muted"):
                assert words in await browser.evaluate(said), words
            await mutes_and_unmutes(browser, line)
            line.wall = a_wall(waiting=7)
            await browser.until(f"{said}.includes('All is well')")
            await browser.until("document.querySelector('#queues dd').textContent == '7'")
            await nothing_moves_under_a_press(browser, line)
            port = int(url.rpartition(":")[2])
        await browser.until("document.querySelector('#line').classList.contains('lost')")
        lost = list(browser.console)
        line.wall = a_wall(waiting=9)
        async with served(line, office, port):
            await browser.until("document.querySelector('#queues dd').textContent == '9'")
            assert await browser.evaluate("document.querySelector('#line').textContent") == "Live"
        assert all("net::ERR" in each or "Failed to load" in each for each in lost), lost
