"""A conversation in text on the demo shop, and from its page back to voice at the same step."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.peers.chromium import Chromium, chromium
from tests.peers.server import ServerProcess

pytestmark = [
    pytest.mark.asyncio(loop_scope="function"),
    pytest.mark.peer,
    pytest.mark.model,
]

WRITE = (
    "(() => {{ document.querySelector('.write textarea').value = {!r};"
    " document.querySelector('.write').requestSubmit(); }})()"
)


async def test_the_page_calls_back_to_where_the_text_stood(tmp_path: Path) -> None:
    if chromium() is None:
        pytest.skip("no browser (Debian: chromium)")
    async with ServerProcess(tmp_path, {"WEBRTC__PORTS": "23100-23199"}) as server:
        async with Chromium() as page:
            await page.open(f"{server.http}/t/")
            log = "document.querySelector('.log').innerText"
            await page.until(f"{log}.includes('What can I do for you?')")
            await page.evaluate(WRITE.format("chekc my order"))
            await page.until(f"{log}.includes('What is your order number?')")
            await page.click(".call")
            await page.until(
                "document.querySelectorAll('.by').length == 1"
                " && [...document.querySelectorAll('.line.bot p')].pop()"
                ".innerText.includes('What is your order number?')",
                within_s=40,
            )
            assert await page.evaluate("document.querySelector('.write').hidden")
            await page.click(".call")
            await page.until("document.querySelector('.status').textContent.includes('ended')")
            assert page.console == []
        call = await server.finished_call("web", timeout_s=20)
        steps = [(turn["channel"], turn["step"]) for turn in call["turns"]]
        assert steps[0] == ("web", "main_menu")
        assert next(step for channel, step in steps if not channel) == "ask_number"
        assert await server.metric("voicebot_text_came_back_total") == 1
