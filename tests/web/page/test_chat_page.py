"""The page of a conversation in a real browser: reloads, sleep, hard networks, two tabs."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.peers.chromium import Chromium
from tests.peers.looks import looked_at
from tests.sessions.chat_house import SHOP, House, house
from tests.sessions.test_call_me import Lines, calls_of
from tests.sessions.test_chats import a_call
from tests.web.chat_server import ChatServer, chat_server
from voicebot.sessions.call_me import CallMe
from voicebot.sessions.chat_opening import Opened
from voicebot.sessions.chat_records import Who
from voicebot.sessions.chats import Chats
from voicebot.sessions.invitation import ConversationId
from voicebot.sessions.outbound import DialReport
from voicebot.sessions.spoken_lines import SpokenLine
from voicebot.types import HIDDEN, CallId, Language
from voicebot.web.api.chat import ChatRules

PROJECT = Path(__file__).parents[3]
pytestmark = pytest.mark.peer

LINES = "[...document.querySelectorAll('.log:not(.waiting) .line p')].map((p) => p.innerText)"
CONNECTED = "document.querySelector('.status')?.textContent == 'Connected'"
NO_SOCKETS = "window.WebSocket = class { constructor() { throw new Error('not here'); } };"
NO_STREAMS = (
    "const real = fetch; window.fetch = (url, options) => String(url).includes('/events')"
    " ? Promise.reject(new TypeError('not here')) : real(url, options);"
)


@pytest.fixture
def shop(tmp_path: Path) -> House:
    return house(tmp_path)


@pytest.fixture
async def server(shop: House) -> AsyncIterator[ChatServer]:
    async with chat_server(shop) as running:
        yield running


async def link(server: ChatServer, *wishes: str) -> str:
    await server.chats.prepare(a_call(server.house, *wishes))
    return f"{server.url}/t/{server.house.sent[-1]}"


async def write(page: Chromium, text: str) -> None:
    await page.evaluate(
        f"(() => {{ document.querySelector('.write textarea').value = {text!r};"
        " document.querySelector('.write').requestSubmit(); })()"
    )


async def says(page: Chromium, *words: str) -> None:
    """Wait until the page shows exactly these lines."""
    await page.until(f"JSON.stringify({LINES}) == JSON.stringify({list(words)!r})")


async def test_it_opens_where_the_call_stood_and_goes_on(server: ChatServer) -> None:
    async with Chromium() as page:
        await page.look(360)
        await page.open(await link(server, "delivery"))
        await says(page, "What is it about?", "delivery", "Which day?")
        assert await page.evaluate("document.querySelectorAll('.by').length") == 2
        await page.click(".replies button:nth-child(3)")
        await says(page, "What is it about?", "delivery", "Which day?", "Friday", "Which size?")
        assert await page.evaluate("document.querySelector('.facts').textContent") == (
            "day of deliveryFridayChange"
        )
        assert await page.evaluate("document.documentElement.scrollWidth") == 360
        await looked_at(page, "chat")
        assert page.console == []


async def test_a_card_is_shown_as_text_with_its_picture_and_answers(
    server: ChatServer,
) -> None:
    shutil.copy(PROJECT / "images" / "parcel.png", server.house.folder)
    server.house.flow = SHOP.replace(
        '"We open at {hours}.",',
        """Here they are., card: {title: "<b>Our</b> hours", image: parcel.png, alt: A parcel,
        lines: {Opens: "{hours}"}, links: {Map: "https://shop.example/map"},
        replies: [delivery]},""",
    )
    async with Chromium() as page:
        await page.look(360)
        await page.open(await link(server))
        await page.until(CONNECTED)
        await write(page, "opening hours")
        await page.until("document.querySelector('.card img')?.naturalWidth > 0")
        assert await page.evaluate(
            "[...document.querySelectorAll('.card :is(strong, dt, dd, a, button)')]"
            ".map((each) => each.innerText)"
        ) == ["<b>Our</b> hours", "Opens", "nine", "Map", "delivery"]
        assert await page.evaluate("document.querySelector('.card img').alt") == "A parcel"
        await looked_at(page, "chat-card")
        assert await page.evaluate("document.documentElement.scrollWidth") == 360
        await page.click(".card button")
        await page.until(f"{LINES}.at(-1) == 'Which day?'")
        assert await page.evaluate("document.querySelector('.card button').disabled")
        assert page.console == []


async def test_a_phone_is_called_and_nobody_answers(shop: House) -> None:
    phones, calls = Lines(), []

    def called(chats: Chats) -> CallMe:
        calls.append(calls_of(chats, phones))
        return calls[0]

    async with chat_server(shop, phones=called) as server, Chromium() as page:
        await page.look(360)
        conversation = (await server.chats.prepare(a_call(shop))).conversation
        await page.open(f"{server.url}/t/{shop.sent[-1]}")
        await page.until("document.querySelector('button.phone')")
        await page.click("button.phone")
        await page.evaluate(
            "(() => { document.querySelector('.number input').value = '+8825550142';"
            " document.querySelector('.number').requestSubmit(); })()"
        )
        await page.until("document.querySelector('.fault').innerText.includes('that country')")
        assert await page.evaluate("document.documentElement.scrollWidth") == 360
        await page.evaluate(
            "(() => { document.querySelector('.number input').value = '+1 555 0142';"
            " document.querySelector('.number').requestSubmit(); })()"
        )
        await page.until("document.querySelector('.status').innerText.includes('your phone')")
        assert [order.target for order in phones.orders] == ["+15550142"]
        calls[0].over(DialReport(CallId("call1"), "no answer"))
        await page.until("document.querySelector('.note')?.innerText.includes('Nobody answered')")
        await write(page, "delivery")
        await page.until(f"{LINES}.at(-1) == 'Which day?'")
        await server.chats.leave_for_voice(conversation)
        await server.chats.spoken(conversation, [SpokenLine(Who.BOT, "And which size?", 5.0)])
        await page.until(f"{LINES}.at(-1) == 'And which size?'")
        assert await page.evaluate("document.querySelectorAll('.by').length") == 1
        assert await page.evaluate("document.querySelector('button.phone').hidden")


async def test_a_secret_is_dots_on_the_page_and_is_not_kept_there(server: ChatServer) -> None:
    plain, secret = "ask: Which day?,", "ask: Which day?, sensitive: true,"
    server.house.flow = server.house.flow.replace(plain, secret)
    async with Chromium() as page:
        await page.open(await link(server, "delivery"))
        await page.until("document.querySelector('.write textarea.secret')")
        # What is sent and not answered yet is dots too, and not in the browser's store.
        await write(page, "friday")
        kept = "JSON.stringify(sessionStorage).includes('friday')"
        assert not await page.evaluate(f"document.body.innerText.includes('friday') || {kept}")
        await says(page, "What is it about?", "delivery", "Which day?", HIDDEN, "Which size?")
        assert not await page.evaluate("document.querySelector('.write textarea.secret')")
        assert await page.evaluate("document.querySelector('.facts').textContent") == ""
        assert page.console == []


async def test_pieces_of_a_card_number_leave_the_page_once_it_is_known(server: ChatServer) -> None:
    pieces = ("4539", "5787", "6362", "1486")
    async with Chromium() as page:
        await page.open(await link(server))
        await page.until(CONNECTED)
        for piece in pieces[:3]:
            await write(page, piece)
            await page.until(f"{LINES}.includes('{piece}')")
        await write(page, pieces[3])
        await page.until(f"{LINES}.filter((each) => each == '{HIDDEN}').length == 4")
        assert not await page.evaluate(f"{LINES}.some((each) => {list(pieces)}.includes(each))")
        assert page.console == []


async def test_a_fact_is_corrected_on_the_page(server: ChatServer) -> None:
    async with Chromium() as page:
        await page.open(await link(server, "delivery"))
        await page.until(CONNECTED)
        await write(page, "friday")
        await page.until("document.querySelector('.facts button')")
        await page.evaluate("document.querySelector('.known').open = true")
        await page.click(".facts button")
        await page.evaluate(
            "(() => { document.querySelector('.facts input').value = 'monday';"
            " document.querySelector('.facts form').requestSubmit(); })()"
        )
        await page.until("document.querySelector('.facts dd span')?.innerText == 'Monday'")


async def test_screen_readers_hear_new_lines_and_text_runs_its_own_way(server: ChatServer) -> None:
    async with Chromium() as page:
        await page.open(await link(server))
        await page.until(CONNECTED)
        await write(page, "<img src=x onerror=document.title='gone'> שלום")
        await page.until("document.querySelectorAll('.line.caller').length == 1")
        log = "document.querySelector('[role=log]')"
        assert await page.evaluate(f"{log}.getAttribute('aria-live')") == "polite"
        assert await page.evaluate(f"{log}.querySelectorAll('img').length") == 0
        assert await page.evaluate("document.title") == "Chat with us"
        directions = "[...document.querySelectorAll('.line p')].every((p) => p.dir == 'auto')"
        assert await page.evaluate(directions)


async def test_the_page_speaks_the_language_of_the_conversation(server: ChatServer) -> None:
    contact = replace(a_call(server.house, "delivery"), language=Language("zh-CN"))
    invitation = await server.chats.prepare(contact)
    async with Chromium() as page:
        await page.open(f"{server.url}/t/{invitation.url.rpartition('/')[2]}")
        await page.until("document.querySelector('.status').textContent == '已连接'")
        await page.until("document.querySelectorAll('.line').length == 3")
        shown = "(selector) => document.querySelector(selector)"
        assert await page.evaluate("[document.documentElement.lang, document.title]") == [
            "zh-Hans",
            "与我们聊天",
        ]
        assert await page.evaluate(f"({shown})('.chat').dir") == "ltr"
        assert await page.evaluate(f"({shown})('.write textarea').placeholder") == "您的消息"
        assert await page.evaluate(f"({shown})('.write button').textContent") == "发送"
        assert await page.evaluate(f"({shown})('.log').getAttribute('aria-label')") == "与我们聊天"
        assert await page.evaluate(f"({shown})('.line.caller .who').textContent") == "您"
        assert await page.evaluate(f"({shown})('.line p').lang") == "zh-CN"
        assert page.console == []


async def test_a_language_without_words_of_the_page_has_english_ones(server: ChatServer) -> None:
    contact = replace(a_call(server.house, "delivery"), language=Language("he-IL"))
    invitation = await server.chats.prepare(contact)
    async with Chromium() as page:
        await page.open(f"{server.url}/t/{invitation.url.rpartition('/')[2]}")
        await page.until(CONNECTED)
        await page.until("document.querySelectorAll('.line').length == 3")
        assert await page.evaluate("document.querySelector('.chat').lang") == "en"
        assert await page.evaluate("document.querySelector('.line p').lang") == "he-IL"


async def test_all_languages_of_the_page_have_the_same_words(server: ChatServer) -> None:
    names = (
        "const names = (words) => Object.entries(words).flatMap(([name, value]) =>"
        " typeof value == 'object' ? names(value).map((inner) => `${name}.${inner}`) : [name])"
        ".sort();"
    )
    async with Chromium() as page:
        await page.open(await link(server))
        same = await page.evaluate(
            f"(async () => {{ {names} const {{ ENGLISH }} = await import('/chat/words.js');"
            " const { default: others } = await import('/chat/languages.js');"
            " const words = await Promise.all(others.map((each) =>"
            " import(`/chat/words-${each}.js`)));"
            " return words.map((each) => each.default.language + ' ' + (JSON.stringify("
            "names(ENGLISH)) == JSON.stringify(names(each.default)))); })()"
        )
        assert same == ["ar true", "zh-Hans true"]


async def test_a_language_that_runs_from_right_to_left_turns_the_page(server: ChatServer) -> None:
    contact = replace(a_call(server.house, "delivery"), language=Language("ar-EG"))
    invitation = await server.chats.prepare(contact)
    async with Chromium() as page:
        await page.look(360)
        await page.open(f"{server.url}/t/{invitation.url.rpartition('/')[2]}")
        await page.until("document.querySelector('.status').textContent == 'متصل'")
        await page.until("document.querySelectorAll('.line').length == 3")
        assert await page.evaluate("document.querySelector('.chat').dir") == "rtl"
        assert await page.evaluate("document.documentElement.lang") == "ar"
        edges = (
            "['.line.caller', '.line.bot', '.write button', '.write textarea', '.chat h1']"
            ".map((name) => document.querySelector(name).getBoundingClientRect())"
            ".map(({ left, right }) => (left + right) / 2 < 180)"
        )
        assert await page.evaluate(edges) == [True, False, True, False, False]
        assert await page.evaluate("document.documentElement.scrollWidth") == 360
        assert page.console == []


async def test_a_reload_and_a_second_tab_show_every_line_once(server: ChatServer) -> None:
    async with Chromium() as page:
        address = await link(server)
        await page.open(address)
        await page.until(CONNECTED)
        await write(page, "delivery")
        said = ["Hello.", "What is it about?", "delivery", "Which day?"]
        await says(page, *said)
        await page.command("Page.reload")
        await says(page, *said)
        tab = await page.tab()
        await tab.open(address)
        await says(tab, *said)
        await tab.until(CONNECTED)
        await write(tab, "friday")
        said += ["friday", "Which size?"]
        await says(tab, *said)
        await says(page, *said)


async def test_a_second_person_with_the_link_is_refused_politely(server: ChatServer) -> None:
    address = await link(server)
    async with Chromium() as page, Chromium() as other:
        await page.open(address)
        await page.until(CONNECTED)
        await other.open(address)
        await other.until("document.body.innerText.includes('This link was opened before')")
        assert await other.evaluate(LINES) == []


@pytest.mark.parametrize("lacking", [NO_SOCKETS, NO_SOCKETS + NO_STREAMS], ids=["sse", "polling"])
async def test_networks_that_let_little_through_will_do(server: ChatServer, lacking: str) -> None:
    async with Chromium() as page:
        await page.command("Page.addScriptToEvaluateOnNewDocument", source=lacking)
        await page.open(await link(server))
        await page.until(CONNECTED)
        await write(page, "delivery")
        await says(page, "Hello.", "What is it about?", "delivery", "Which day?")


async def test_what_is_written_without_a_network_is_sent_when_it_is_back(shop: House) -> None:
    async with chat_server(shop) as server:
        port = server.server.port
        address = await link(server)
        page = Chromium()
        await page.__aenter__()
        await page.open(address)
        await page.until(CONNECTED)
    try:
        await page.until("!document.querySelector('.status').textContent.includes('Connected')")
        await write(page, "delivery")
        await page.until("document.querySelectorAll('.waiting .line').length == 1")
        async with chat_server(shop, port=port):
            await says(page, "Hello.", "What is it about?", "delivery", "Which day?")
            await page.until("document.querySelectorAll('.waiting .line').length == 0")
    finally:
        await page.close()


async def test_what_is_written_before_the_link_is_open_is_not_lost(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_open, opens = asyncio.Event(), server.chats.open

    async def slowly(secret: str, keys: Callable[[ConversationId], str]) -> Opened:
        await may_open.wait()
        return await opens(secret, keys)

    monkeypatch.setattr(server.chats, "open", slowly)
    async with Chromium() as page:
        await page.open(await link(server))
        await page.until("document.querySelector('.write:not([hidden])')")
        await write(page, "delivery")
        await page.until("document.querySelector('.log.waiting .line')")
        may_open.set()
        await says(page, "Hello.", "What is it about?", "delivery", "Which day?")
        assert await page.evaluate("document.querySelectorAll('.log.waiting .line').length") == 0


async def test_the_page_is_small(server: ChatServer) -> None:
    async with Chromium() as page:
        await page.open(await link(server))
        await page.until(CONNECTED)
        sizes = "performance.getEntriesByType('resource').concat(performance.getEntriesByType("
        total = await page.evaluate(
            f"{sizes}'navigation')).reduce((sum, each) => sum + each.encodedBodySize, 0)"
        )
        assert 5_000 < total <= 100_000


async def test_the_widget_lives_in_a_page_of_its_own_origin(shop: House, tmp_path: Path) -> None:
    async with chat_server(shop, ChatRules(origins=())) as other:
        embedding = other.url  # a page of another origin: another port of this machine
        rules = ChatRules(origins=(embedding,))
        async with chat_server(shop, rules) as server, Chromium() as page:
            await page.open(f"{embedding}/healthz")
            await page.evaluate(
                "(() => { const s = document.createElement('script');"
                f" s.src = '{server.url}/widget.js'; document.body.append(s); }})()"
            )
            shadow = "document.body.lastElementChild.shadowRoot"
            await page.until(f"{shadow}?.querySelector('.launch')")
            await page.evaluate(f"{shadow}.querySelector('.launch').click()")
            await page.until(f"{shadow}.querySelector('.log')?.innerText.includes('Hello.')")
            assert await page.evaluate("document.cookie") == ""
            assert await page.evaluate("document.querySelectorAll('.chat').length") == 0
            await page.evaluate(
                f"(() => {{ {shadow}.querySelector('.write textarea').value = 'good bye';"
                f" {shadow}.querySelector('.write').requestSubmit(); }})()"
            )
            again = f"[...{shadow}.querySelectorAll('.actions button:not([hidden])')]"
            await page.until(f"{again}.some((each) => each.innerText == 'New conversation')")
            await page.evaluate(f"{again}.at(-1).click()")
            await page.until(f"{shadow}.querySelector('.log')?.innerText.includes('Hello.')")
            assert not await page.evaluate(
                f"{shadow}.querySelector('.chat').innerText.includes('bye')"
            )
