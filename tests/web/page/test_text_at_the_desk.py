"""Conversations in text on the desk's page, in a real browser without a microphone."""

from __future__ import annotations

import json

from tests.peers.accessibility import PROBLEMS
from tests.peers.chromium import Chromium
from tests.web.page.desk_site import NOW, SaidDesk, contact, desk_site, ringing
from voicebot.types import HIDDEN


def column(of: str) -> str:
    return f"document.querySelector('[data-contact={of}].column')"


def lines(of: str) -> str:
    each = "[dir=auto]:is(li > span)"
    return f"[...{column(of)}.querySelectorAll('.talk {each}')].map((line) => line.innerText)"


async def press(page: Chromium, key: str, modifiers: int = 0) -> None:
    text = {"Enter": "\r"}.get(key, "")
    for kind in ("keyDown", "keyUp"):
        await page.command(
            "Input.dispatchKeyEvent", type=kind, key=key, text=text if kind == "keyDown" else "",
            modifiers=modifiers,
        )  # fmt: skip


async def shows(page: Chromium, of: str, *words: str) -> None:
    """Wait until a conversation shows exactly these lines."""
    await page.until(f"JSON.stringify({lines(of)}) == JSON.stringify({json.dumps(words)})")


async def test_two_conversations_are_held_side_by_side_without_a_microphone() -> None:
    desk = SaidDesk(contacts=[contact("Maria")], rings=[ringing("Ben")])
    async with desk_site(desk), Chromium(plugged_in=False) as page:
        await page.look(1440, 900)
        await page.open(desk.url)
        await page.until(column("maria"))
        await desk.add("maria", "caller", "My lamp is broken")
        await shows(page, "maria", "My lamp is broken")

        # Accepting asks for no microphone, and the box is ready to write in.
        await page.type("a")
        assert (await desk.ordered("accept"))["contact"] == "ben"
        desk.rings = []
        desk.contacts.append(contact("Ben"))
        await desk.tell()
        await page.until(f"document.activeElement == {column('ben')}?.querySelector('textarea')")
        assert await page.evaluate("document.querySelector('#problem').innerText") == ""

        # Enter sends, and the line is shown once, however often it is told.
        await page.type("Hi")
        assert (await desk.ordered("typing"))["text"] == "1"
        await press(page, "Enter", modifiers=8)  # shift: a new line
        await page.type("you")
        await press(page, "Enter")
        said = await desk.ordered("say")
        assert (said["contact"], said["text"]) == ("ben", "Hi\nyou")
        await desk.add("ben", "agent", "Hi\nyou", said["key"])
        await desk.show("ben", 0)
        await shows(page, "ben", "Hi\nyou")

        # Who writes where nobody looks is counted; going there has seen it.
        desk.contacts[0]["unread"] = 1
        await desk.add("maria", "caller", "Hello?")
        await desk.tell()
        await page.until("document.title.startsWith('(1)')")
        assert await page.evaluate(f"{column('maria')}.querySelector('.unread').innerText") == (
            "1 new"
        )
        await press(page, "ArrowUp", modifiers=1)  # alt
        await page.until(f"document.activeElement == {column('maria')}.querySelector('textarea')")
        assert (await desk.ordered("seen"))["text"] == "2"

        # The knowledge goes into the box; nothing is sent by itself.
        await desk.send(
            "suggestions", contact="maria", question="My lamp is broken",
            articles=[{"title": "Broken", "text": "Send a photo.", "confidence": 0.9}],
        )  # fmt: skip
        await page.until("document.querySelector('#articles button')")
        await page.click("#articles button")
        draft = f"{column('maria')}.querySelector('textarea').value"
        await page.until(f"{draft} == 'Send a photo.'")
        desk.contacts[0]["writing"], desk.contacts[1]["there"] = True, False
        await desk.tell()
        await page.until(f"{column('ben')}.innerText.includes('Not on the page')")
        assert await page.evaluate(f"{column('maria')}.innerText.includes('Maria is writing')")
        log = f"{column('maria')}.querySelector('[role=log]')"
        await page.until(f"{log}.getAttribute('aria-live') == 'polite'")
        assert await page.evaluate(PROBLEMS) == []

        # A reload keeps the draft; a line that broke while sending sends the same key again.
        await page.evaluate("(window.stale = true)")
        await page.command("Page.reload")
        await page.until(f"!window.stale && {column('maria')} && {draft} == 'Send a photo.'")
        await shows(page, "maria", "My lamp is broken", "Hello?")
        desk.deaf.add("say")
        await page.evaluate(f"{column('maria')}.querySelector('form').requestSubmit()")
        first, again = await desk.ordered("say"), await desk.ordered("say")
        assert first["key"] == again["key"]
        await desk.add("maria", "agent", "Send a photo.", first["key"])
        await shows(page, "maria", "My lamp is broken", "Hello?", "Send a photo.")

        # A line that held a piece of a card number reads otherwise once that is known.
        before = await page.evaluate(lines("maria"))
        desk.lines["maria"][0]["text"] = HIDDEN
        await desk.show("maria", 0)
        await shows(page, "maria", HIDDEN, *before[1:])

        # What is refused comes back into the box.
        desk.refuses["say"] = "this conversation is over"
        await page.evaluate(f"{column('maria')}.querySelector('textarea').value = 'Bye'")
        await page.evaluate(f"{column('maria')}.querySelector('form').requestSubmit()")
        await page.until("document.querySelector('#problem').innerText.includes('is over')")
        assert await page.evaluate(draft) == "Bye"


async def test_a_narrow_desk_shows_one_conversation_and_ends_it() -> None:
    desk = SaidDesk(contacts=[contact("Maria"), contact("Ben", unread=2)])
    desk.agent |= {"state": "signed_out"}
    async with desk_site(desk), Chromium(granted=False) as page:
        await page.look(360)
        await page.open(desk.url)
        await page.until(column("ben"))
        shown = "[...document.querySelectorAll('.column')].filter((e) => e.offsetParent).length"
        assert await page.evaluate(shown) == 1
        assert await page.evaluate("document.querySelectorAll('#contacts button').length") == 2

        # Calls need the microphone, text does not.
        await page.click("#ready")
        await page.until("document.querySelector('#problem').innerText.includes('Text only')")
        await page.click("#ready-text")
        assert (await desk.ordered("ready"))["text"] == "text"

        await page.click("#contacts li:first-child button")
        await page.until(f"{column('maria')}.offsetParent && !{column('ben')}.offsetParent")
        assert await page.evaluate("document.querySelector('#hold').hidden")
        await page.click("#show-turn")
        await desk.ordered("targets")
        await page.until("document.querySelector('#target').value == 'support'")
        kinds = "[...document.querySelector('#kind').options].filter((e) => !e.disabled)"
        assert await page.evaluate(f"{kinds}.map((e) => e.value)") == ["queue", "flow"]
        await page.click("#send-on")
        sent_on = await desk.ordered("send_on")
        assert (sent_on["contact"], sent_on["kind"], sent_on["to"]) == ("maria", "queue", "support")
        await page.click("#end")
        assert (await desk.ordered("hang_up"))["contact"] == "maria"
        desk.contacts[0] |= {"over_at": NOW, "wrapping": True}
        await desk.tell()
        await page.until(f"{column('maria')}.querySelector('form').hidden")
        await page.until("document.querySelector('#finish').offsetParent")
        assert await page.evaluate(PROBLEMS) == []
        assert page.console == []
