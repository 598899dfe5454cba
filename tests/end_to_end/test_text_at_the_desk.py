"""A caller writes, and an agent without a microphone answers: two pages of one whole server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.end_to_end.test_desk import QUEUES, add_user, sign_in
from tests.end_to_end.test_text_and_back import WRITE
from tests.peers.chromium import Chromium, chromium
from tests.peers.server import ServerProcess
from tests.peers.shop import agents, shop

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.peer,
    pytest.mark.model,
]

FLOW = """\
start: wants
steps:
  wants:
    ask: Shall I get you a person?
    grammar: builtin:boolean
    next: {"true": to_agent, "false": nobody}
  to_agent:
    set: {order: "17"}
    matter: {about: return, number: "{order}"}
    next: in_line
  in_line:
    transfer: queue:support
    context: {order: "{order}"}
    on_failure: nobody
    next: afterwards
  nobody: {say: Nobody is there., hangup: auto}
  afterwards: {say: "Thank you, {transfer.to}.", hangup: auto}
"""
SAID = (
    "JSON.stringify([...document.querySelectorAll('.log:not(.waiting) .line:not(.bot) p')]"
    ".map((line) => line.innerText))"
)
SEEN = (
    "JSON.stringify([...document.querySelectorAll('.column .talk li:not(.bot) > [dir=auto]')]"
    ".map((line) => line.innerText))"
)
BOX = "document.querySelector('.column textarea')"


async def answer(desk: Chromium, text: str) -> None:
    await desk.evaluate(f"{BOX}.value = {text!r}; {BOX}.form.requestSubmit()")


async def both_show(desk: Chromium, caller: Chromium, *lines: str) -> None:
    """Wait until both pages show what the two wrote, each line once."""
    await caller.until(f"{SAID} == JSON.stringify({json.dumps(lines)})", within_s=30)
    await desk.until(f"{SEEN} == JSON.stringify({json.dumps(lines)})", within_s=30)


@pytest.mark.skipif(chromium() is None, reason="no browser (Debian: chromium)")
async def test_a_caller_and_an_agent_write_to_each_other_over_reloads_and_the_flow_goes_on(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    settings = {
        "SERVER__APPLICATION": str(shop(tmp_path / "shop", FLOW, QUEUES)),
        "CONFIG": agents(tmp_path, {"anna": "voice = 0"}),
    }
    async with ServerProcess(data, settings) as server:
        await add_user(data, "anna")
        async with Chromium(plugged_in=False) as desk, Chromium() as caller:
            await sign_in(desk, server)
            await desk.click("#ready")
            await desk.until("document.querySelector('#presence').innerText == 'Ready'")
            await caller.look(360)
            await caller.open(f"{server.http}/t/")
            await caller.until("document.querySelector('.log').innerText.includes('a person?')")
            await caller.evaluate(WRITE.format("yes"))
            await caller.until("document.querySelector('.person button')?.offsetParent")

            await desk.until("document.querySelector('#ringing').innerText.includes('Return')")
            await desk.until("document.querySelector('#talk').innerText.includes('Caller: yes')")
            await desk.type("a")
            await desk.until(BOX)
            await caller.until("document.querySelector('.person').innerText.includes('anna')")
            await answer(desk, "Hello, what is broken?")
            await both_show(desk, caller, "yes", "Hello, what is broken?")
            await caller.evaluate(WRITE.format("the lamp"))
            await both_show(desk, caller, "yes", "Hello, what is broken?", "the lamp")

            # Both pages are loaded anew in the middle, with a draft in the agent's box.
            await desk.click(".column textarea")
            await desk.type("You get a ")
            await caller.until("!document.querySelector('.typing').hidden")
            for page in (desk, caller):
                await page.evaluate("(window.stale = true)")
                await page.command("Page.reload")
            await desk.until(f"!window.stale && {BOX}?.value == 'You get a '")
            await caller.until("!window.stale && document.querySelector('.line.agent .by')")
            await both_show(desk, caller, "yes", "Hello, what is broken?", "the lamp")
            hide = "Object.defineProperty(document, 'hidden', {get: () => true})"
            await caller.evaluate(f"Boolean({hide})")  # the caller looks at another tab
            await answer(desk, "You get a new one")
            await caller.until("document.title == '(1) Chat with us'")
            await caller.evaluate(WRITE.format("thank you"))
            said = ["yes", "Hello, what is broken?", "the lamp"]
            await caller.until("document.querySelectorAll('.line.agent').length == 2")
            await desk.until("document.querySelectorAll('.column .talk .caller').length == 3")
            assert sorted(json.loads(await desk.evaluate(SEEN))[3:]) == [
                "You get a new one",
                "thank you",
            ]
            assert json.loads(await caller.evaluate(SAID)) == json.loads(await desk.evaluate(SEEN))
            assert json.loads(await caller.evaluate(SAID))[:3] == said

            # The agent sends the caller back into the flow, on a way of the queue.
            await desk.evaluate("document.querySelector('#show-turn').click()")
            await desk.until("document.querySelector('#target').value")
            await desk.evaluate(
                "kind.value = 'flow'; kind.dispatchEvent(new Event('change'));"
                " document.querySelector('#send-on').click()"
            )
            await caller.until(
                "document.querySelector('.log').innerText.includes('Thank you, survey.')"
            )
            await desk.until("document.querySelector('#finish').offsetParent")
            await desk.evaluate("document.querySelector('#finish').click()")
            await desk.until("!document.querySelector('#finish').offsetParent")
            assert caller.console == []
            assert desk.console == []
            assert await server.metric("voicebot_records_failed_total") == 0
